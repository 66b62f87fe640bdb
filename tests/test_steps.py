"""Each compiled update against one written by hand, and what it must leave alone."""

import itertools

import keras
import numpy as np
import pytest
import reference
import tensorflow as tf

from seqgan_tf import randomness
from seqgan_tf.algorithms.seqgan import DiscriminatorPhase
from seqgan_tf.config import Config
from seqgan_tf.data.corpus import Corpus
from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.models.discriminator import Discriminator
from seqgan_tf.models.generator import Generator
from seqgan_tf.policies import sampling
from seqgan_tf.rewards.monte_carlo import carried_back
from seqgan_tf.rewards.rollout import action_values
from seqgan_tf.training import losses
from seqgan_tf.training.discrimination import DiscriminatorEpoch
from seqgan_tf.training.likelihood import MLEStep, ScheduledSamplingStep
from seqgan_tf.training.reinforce import PolicyGradientStep
from seqgan_tf.training.state import TrainState

V, T, B, N = 6, 4, 5, 2
SEED = tf.constant([7, 8], tf.int64)
PYTHON_OPS = {'PyFunc', 'PyFuncStateless', 'EagerPyFunc'}


def adam(network, learning_rate=0.01):
    optimizer = keras.optimizers.Adam(learning_rate, epsilon=1e-8)
    optimizer.build(network.trainable_variables)
    return optimizer


def tiny_generator(end_id=None, seed=0):
    return Generator(V, 3, 4, initializer_stddev=0.7, end_id=end_id, seed=seed)


def log_probs(generator, tokens):
    """log p [B, T] of each token."""
    rows = zip(generator(tokens).numpy(), tokens.numpy())
    return np.array([[reference.log_softmax(l)[token] for l, token in zip(*row)] for row in rows])


def tiny_discriminator(dropout=0.0, seed=0):
    return Discriminator(V, T, 3, ((1, 4), (2, 4)), dropout, seed)


def random_tokens(rows, seed=0):
    return np.random.default_rng(seed).integers(V, size=(rows, T)).astype(np.int32)


def values_of(*holders):
    return [v.numpy() for holder in holders for v in holder.variables]


def assert_equal(before, after):
    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a, b)


def assert_all_changed(before, after):
    assert all(np.any(a != b) for a, b in zip(before, after, strict=True))


def hand_update(weights, gradients, clip_norm, moments, step, learning_rate=0.01):
    """Clipping by the true global norm and Adam, in NumPy: new weights, and the norm before clipping."""
    gradients = [tf.convert_to_tensor(g).numpy().astype(np.float64) for g in gradients]
    norm = np.sqrt(sum(np.sum(g**2) for g in gradients))
    gradients = [g * min(1, clip_norm / norm) for g in gradients]
    return reference.adam(weights, gradients, moments, step, learning_rate), norm


def zero_moments(network):
    return [(0.0, 0.0)] * len(network.trainable_variables)


def node_ops(function):
    """The op types of a concrete function and of all functions in its library."""
    graph = function.graph.as_graph_def()
    return {node.op for node in graph.node} | {node.op for f in graph.library.function for node in f.node_def}


def traces(function):
    return function.experimental_get_tracing_count()


class TestMLE:
    @pytest.mark.parametrize('clip_norm, end_id, jit', [(5.0, None, 'auto'), (0.05, 1, 'auto'), (0.05, 1, 'off')])
    def test_is_the_hand_written_update(self, clip_norm, end_id, jit):
        generator, twin = tiny_generator(end_id), tiny_generator(end_id)
        step, moments = MLEStep(generator, adam(generator), clip_norm, jit), zero_moments(twin)
        for i in range(1, 4):
            tokens = random_tokens(B, i)
            ended = np.cumsum(tokens == end_id, axis=1) - (tokens == end_id) if end_id is not None else np.zeros([B, T])
            with tf.GradientTape() as tape:
                nll = tf.reduce_mean(losses.token_nll(twin(tokens), tokens)[ended == 0])
            weights, norm = hand_update(
                twin.get_weights(), tape.gradient(nll, twin.trainable_variables), clip_norm, moments, i
            )
            twin.set_weights(weights)
            metrics = step(tokens)
            np.testing.assert_allclose(metrics['nll'], nll, rtol=1e-5)
            np.testing.assert_allclose(metrics['grad_norm'], norm, rtol=1e-4)
            assert (norm > clip_norm) == (clip_norm < 1)
            for a, b in zip(generator.get_weights(), twin.get_weights()):
                np.testing.assert_allclose(a, b, atol=2e-5)
        assert traces(step._step) == 1

    def test_learns(self):
        generator = tiny_generator()
        step = MLEStep(generator, adam(generator, 0.05), 5.0, 'off')
        nll = [float(step(np.tile([[1, 2, 3, 4]], [B, 1]))['nll']) for _ in range(40)]
        assert nll[-1] < 0.2 < 1 < nll[0]


class TestScheduledSampling:
    @pytest.mark.parametrize('jit', ['auto', 'off', 'on'])
    @pytest.mark.parametrize('end_id', [None, 1])
    def test_with_true_tokens_alone_it_is_maximum_likelihood_bit_for_bit(self, end_id, jit):
        generator, twin = tiny_generator(end_id), tiny_generator(end_id)
        step, mle = ScheduledSamplingStep(generator, adam(generator), 5.0, jit), MLEStep(twin, adam(twin), 5.0, jit)
        for i in range(3):
            metrics, expected = step(random_tokens(B, i), 1.0, randomness.fold_in(SEED, i)), mle(random_tokens(B, i))
            assert {name: float(value) for name, value in metrics.items()} == {
                name: float(value) for name, value in expected.items()
            }
            assert_equal(values_of(twin), values_of(generator))
        assert traces(step._step) == 1

    def test_without_true_tokens_it_reads_its_own_samples(self):
        """With probability 0 nothing of the truth is fed; the draws follow the generator's own law."""
        generator, rows = Generator(3, 3, 4, initializer_stddev=0.7), 6000
        step = ScheduledSamplingStep(generator, adam(generator), 5.0, 'off')
        fed = [step._feed(tf.fill([rows, 2], token), tf.constant(0.0), SEED).numpy() for token in (0, 2)]
        np.testing.assert_array_equal(*fed)
        law = reference.completions(generator, (), 2)
        counts = np.array([np.sum(np.all(fed[0] == s, axis=1)) for s in law])
        expected = rows * np.array(list(law.values()))
        assert np.sum((counts - expected) ** 2 / expected) < 30  # chi-square of 8 degrees: p = 2e-4

    def test_the_share_of_true_tokens_is_the_rate(self):
        generator, true = tiny_generator(), np.full([4000, T], 2, np.int32)
        generator.head.bias.assign([0.0, 0.0, -1e9, 0.0, 0.0, 0.0])  # never draws the true token
        step = ScheduledSamplingStep(generator, adam(generator), 5.0, 'off')
        for rate in (0.25, 0.9):
            fed = step._feed(tf.constant(true), tf.constant(rate), SEED).numpy()
            np.testing.assert_allclose(np.mean(fed == 2, axis=0), rate, atol=0.03)
            assert abs(np.corrcoef((fed == 2).T.astype(float))[0, 1]) < 0.05  # a coin for each token, not for each row

    def test_reads_on_after_an_end_that_it_drew(self):
        generator = tiny_generator(end_id=1)
        generator.head.bias.assign([0.0, 50.0, 0.0, 0.0, 0.0, 0.0])  # always draws the end
        fed = (
            ScheduledSamplingStep(generator, adam(generator), 5.0, 'off')
            ._feed(tf.fill([500, T], 3), tf.constant(0.5), SEED)
            .numpy()
        )
        assert np.any((fed[:, 0] == 1) & (fed[:, 1] == 3))

    def test_is_one_compiled_call_without_python(self):
        generator = tiny_generator()
        step = ScheduledSamplingStep(generator, adam(generator), 5.0)
        assert (
            not node_ops(step._step.get_concrete_function(tf.zeros([B, T], tf.int32), tf.constant(1.0), SEED))
            & PYTHON_OPS
        )


class PolicyGradientBench:
    """A step, its networks, and their initial values to go back to."""

    def __init__(self, jit, end_id, baseline, kl_coef=0.0):
        self.baseline, self.kl_coef = baseline, kl_coef
        self.reference = tiny_generator(end_id, seed=2) if kl_coef else None
        self.generator, self.rollout_policy = tiny_generator(end_id), tiny_generator(end_id, seed=1)
        self.discriminator = tiny_discriminator(dropout=0.25)
        self.optimizer = adam(self.generator)
        self.running_mean = tf.Variable([0.0, 0.0]) if baseline == 'ewma' else None
        self.step = PolicyGradientStep(
            self.generator,
            self.search,
            self.optimizer,
            5.0,
            B,
            T,
            baseline=baseline,
            reference=self.reference,
            kl_coef=kl_coef,
            running_mean=self.running_mean,
            jit=jit,
        )
        self.initial = values_of(self.generator, self.optimizer)

    def search(self, tokens, seed):
        return action_values(self.rollout_policy, self.discriminator.prob_real, tokens, N, seed)

    def reset(self):
        for variable, value in zip((*self.generator.variables, *self.optimizer.variables), self.initial, strict=True):
            variable.assign(value)
        if self.running_mean is not None:
            self.running_mean.assign([0.0, 0.0])
        return self


@pytest.fixture(
    scope='module',
    params=[
        ('auto', None, 'none'),
        ('off', 1, 'none'),
        ('on', 1, 'per_step'),
        ('auto', 1, 'ewma'),
        ('auto', 1, 'whitened'),
        ('off', 1, 'none', 0.3),
        ('on', None, 'per_step', 0.3),
    ],
    ids=str,
)
def any_bench(request):
    return PolicyGradientBench(*request.param)


@pytest.fixture
def bench(any_bench):
    return any_bench.reset()


class TestPolicyGradient:
    def test_is_the_hand_written_update(self, bench):
        """The same for every `jit`: sampling, roll-outs, rewards, loss, clipping and Adam, each called on its own."""
        twin, moments = tiny_generator(bench.generator.end_id), zero_moments(bench.generator)
        means = []
        for i in range(1, 4):
            seed = randomness.fold_in(SEED, i)
            tokens = sampling.sample(twin, B, T, randomness.fold_in(seed, 0))
            values = bench.search(tokens, randomness.fold_in(seed, 1)).numpy()
            mask = sampling.valid_mask(tokens, twin.end_id)
            if bench.kl_coef:
                ratios = log_probs(twin, tokens) - log_probs(bench.reference, tokens)
                ratios *= mask.numpy()
                for t in range(T):
                    values[:, t] -= bench.kl_coef * ratios[:, t:].sum(axis=1)
            if bench.baseline == 'whitened':
                counted = values[mask == 1]
                values = (values - counted.mean()) / counted.std()
            if bench.baseline == 'per_step':
                values -= np.ma.masked_array(values, mask.numpy() == 0).mean(axis=0).filled(0)
            if bench.baseline == 'ewma':  # of the batches before, the newest weighing most
                means.append(values[mask == 1].mean())
                values -= np.average(means[:-1], weights=0.92 ** np.arange(i - 1)[::-1]) if i > 1 else 0
            with tf.GradientTape() as tape:
                logits = twin(tokens)
                loss = losses.policy_gradient_loss(logits, tokens, values, mask)
            weights, norm = hand_update(
                twin.get_weights(), tape.gradient(loss, twin.trainable_variables), 5.0, moments, i
            )
            entropies = [
                [-np.sum(reference.softmax(l) * reference.log_softmax(l)) for l in row] for row in logits.numpy()
            ]

            metrics = bench.step(seed)
            expected = {
                'pg_loss': loss,
                'reward': tf.reduce_mean(bench.discriminator.prob_real(tokens)),
                'grad_norm': norm,
                'entropy': np.sum(entropies * mask.numpy()) / np.sum(mask),
            }
            if bench.kl_coef:
                expected['kl'] = ratios.sum() / np.sum(mask)
            assert metrics.keys() == expected.keys()
            for name, value in expected.items():
                np.testing.assert_allclose(metrics[name], value, rtol=1e-4, err_msg=name)
            twin.set_weights(weights)
            for a, b in zip(bench.generator.get_weights(), twin.get_weights()):
                np.testing.assert_allclose(a, b, atol=1e-4)

    def test_leaves_discriminator_and_rollout_policy_untouched(self, bench):
        others, generator = values_of(bench.discriminator, bench.rollout_policy), values_of(bench.generator)
        bench.step(SEED)
        assert_equal(others, values_of(bench.discriminator, bench.rollout_policy))
        assert_all_changed(generator, values_of(bench.generator))

    def test_same_seed_and_weights_give_the_same_bits(self, bench):
        results = []
        for seed in (SEED, SEED, SEED + 1):
            bench.reset()
            metrics = [bench.step(randomness.fold_in(seed, i)) for i in range(2)]
            results.append(
                values_of(bench.generator, bench.optimizer) + [float(v) for m in metrics for v in m.values()]
            )
        assert_equal(results[0], results[1])
        assert any(np.any(a != b) for a, b in zip(results[0], results[2]))

    def test_traces_once(self, bench):
        for i in range(3):
            bench.step(randomness.fold_in(SEED, i))
        assert [traces(f) for f in (bench.step._step, bench.step._apply)] == [1, 1]

    def test_is_one_compiled_call_without_python(self, bench):
        ops = node_ops(bench.step._step.get_concrete_function(SEED))
        assert not ops & PYTHON_OPS
        assert {'StatelessWhile', 'While'} & ops and 'ResourceApplyAdam' not in ops and 'AssignSubVariableOp' in ops

    def test_equal_values_are_whitened_to_nothing(self):
        generator = tiny_generator()
        ones = lambda tokens, seed: tf.ones(tokens.shape)
        before = values_of(generator)
        PolicyGradientStep(generator, ones, keras.optimizers.SGD(1.0), 5.0, B, T, baseline='whitened')(SEED)
        assert_equal(before, values_of(generator))

    def test_the_divergence_has_its_exact_gradient(self):
        """Without a reward the update follows -grad KL(G to m), by enumeration of all sequences."""
        rows, size, reference_policy = 40_000, 3, Generator(3, 2, 3, initializer_stddev=0.7, seed=5)
        generator = Generator(3, 2, 3, initializer_stddev=0.7, seed=4)
        sequences = tf.constant(list(itertools.product(range(size), repeat=3)))
        with tf.GradientTape() as tape:
            log_ratio = sampling.sequence_log_prob(generator, sequences)
            log_ratio -= sampling.sequence_log_prob(reference_policy, sequences)
            divergence = tf.reduce_sum(tf.exp(sampling.sequence_log_prob(generator, sequences)) * log_ratio)
        exact = tape.gradient(divergence, generator.trainable_variables)
        before = values_of(generator)
        zeros = lambda tokens, seed: tf.zeros(tokens.shape)
        optimizer = keras.optimizers.SGD(1.0 / rows)
        step = PolicyGradientStep(
            generator, zeros, optimizer, 1e9, rows, 3, reference=reference_policy, kl_coef=1.0, jit='off'
        )
        step(SEED)
        for gradient, start, end in zip(exact, before, values_of(generator)):
            np.testing.assert_allclose(start - end, tf.convert_to_tensor(gradient), atol=0.02)

    @pytest.mark.parametrize('given', [dict(kl_coef=0.1), dict(reference=tiny_generator())])
    def test_a_reference_goes_with_its_weight(self, given):
        with pytest.raises(ValueError, match='a reference goes with kl_coef above 0. Received: kl_coef='):
            PolicyGradientStep(tiny_generator(), None, None, 5.0, B, T, **given)

    def test_raises_the_expected_reward(self):
        """The share of one token: about 1 / V at first, nearly all in the end."""
        generator, policy = Generator(V, 3, 4), Generator(V, 3, 4)
        reward = lambda tokens: tf.reduce_mean(tf.cast(tokens == 3, tf.float32), axis=1)
        step = PolicyGradientStep(
            generator,
            lambda tokens, seed: action_values(policy, reward, tokens, N, seed),
            adam(generator, 0.05),
            5.0,
            16,
            T,
            jit='off',
        )
        rewards = []
        for i in range(40):
            rewards.append(float(step(randomness.fold_in(SEED, i))['reward']))
            for beta, theta in zip(policy.variables, generator.variables):
                beta.assign(theta)
        assert np.mean(rewards[:3]) < 0.4 and np.mean(rewards[-3:]) > 0.8


class CountingDiscriminator(tf.Module):
    """Counts how often each row is trained on; a row's first token is its index, and it is real where that is below `positives`."""

    def __init__(self, rows, positives):
        super().__init__()
        self.counts, self.positives = tf.Variable(tf.zeros([rows])), positives
        self.scale = keras.Variable(1.0)
        self.trainable_variables_, self.losses = [self.scale], []

    @property
    def trainable_variables(self):
        return self.trainable_variables_

    def __call__(self, tokens, dropout_seed=None, dtype=tf.float32):
        if dropout_seed is not None:
            self.counts.assign_add(tf.reduce_sum(tf.one_hot(tokens[:, 0], self.counts.shape[0]), axis=0))
        return self.scale * tf.where(tokens[:, 0] < self.positives, 1.0, -1.0)

    def l2_penalty(self):
        return tf.square(self.scale)


class TestDiscriminatorEpoch:
    @pytest.mark.parametrize('rows, batch_size', [(8, 4), (7, 4), (3, 6), (5, 3)])
    def test_each_row_is_used_at_most_once(self, rows, batch_size):
        """Positives with label 1, negatives with label 0, and the remainder left out."""
        discriminator, tokens = (
            CountingDiscriminator(2 * rows, rows),
            np.repeat(np.arange(2 * rows)[:, None], T, axis=1).astype(np.int32),
        )
        epoch, left_out = DiscriminatorEpoch(discriminator, adam(discriminator), 0.0, batch_size, 'off'), set()
        for i in range(6):
            discriminator.counts.assign(tf.zeros([2 * rows]))
            metrics = epoch(tokens[:rows], tokens[rows:], randomness.fold_in(SEED, i))
            counts = discriminator.counts.numpy()
            assert counts.max() == 1 and counts.sum() == 2 * rows // batch_size * batch_size
            assert metrics['d_accuracy'] == 1
            left_out.add(tuple(np.flatnonzero(counts == 0)))
        assert len(left_out) > 1 or 2 * rows % batch_size == 0
        assert traces(epoch._epoch) == 1

    @pytest.mark.parametrize('jit', ['auto', 'off', 'on'])
    def test_one_batch_is_the_hand_written_update(self, jit):
        """Cross-entropy with positives as 1, half the squares of the output layer, Adam, and no clipping."""
        discriminator, twin = tiny_discriminator(), tiny_discriminator()
        positives, negatives, labels = random_tokens(3), random_tokens(3, 1), np.array([1, 1, 1, 0, 0, 0], np.float32)
        epoch, moments = DiscriminatorEpoch(discriminator, adam(discriminator), 2.0, 6, jit), zero_moments(twin)
        for i in range(1, 3):
            with tf.GradientTape() as tape:
                logits = twin(np.concatenate([positives, negatives]))
                loss = losses.discriminator_loss(logits, labels)
                penalized = loss + 2.0 * sum(
                    tf.reduce_sum(tf.square(v.value)) / 2 for v in twin.head.trainable_variables
                )
            gradients = tape.gradient(penalized, twin.trainable_variables)
            weights, _ = hand_update([v.numpy() for v in twin.trainable_variables], gradients, np.inf, moments, i)
            metrics = epoch(positives, negatives, randomness.fold_in(SEED, i))
            np.testing.assert_allclose(metrics['d_loss'], loss, rtol=1e-4)
            np.testing.assert_allclose(metrics['d_accuracy'], np.mean((logits.numpy() > 0) == (labels == 1)), rtol=1e-6)
            for variable, value in zip(twin.trainable_variables, weights):
                variable.assign(value)
            for a, b in zip(discriminator.trainable_variables, twin.trainable_variables):
                np.testing.assert_allclose(a.numpy(), b.numpy(), atol=1e-4)

    @pytest.mark.parametrize('jit', ['auto', 'off', 'on'])
    def test_products_in_bfloat16_round_the_gradients_alone(self, jit):
        """Weights, moments and losses are float32, and gradients are those of float32 but for rounding."""
        positives, negatives, losses_of = random_tokens(3), random_tokens(3, 1), {}
        moments = {}
        for dtype in (tf.float32, tf.bfloat16):
            discriminator = tiny_discriminator()
            optimizer = adam(discriminator)
            epoch = DiscriminatorEpoch(discriminator, optimizer, 2.0, 6, jit, dtype)
            losses_of[dtype] = epoch(positives, negatives, SEED)['d_loss']
            assert {v.dtype for v in (*discriminator.trainable_variables, *optimizer._momentums)} == {'float32'}
            # After one update of Adam the first moment is (1 - beta_1) times the gradient.
            moments[dtype] = [10 * m.numpy() for m in optimizer._momentums]
        np.testing.assert_allclose(losses_of[tf.bfloat16], losses_of[tf.float32], rtol=0.02)
        rounded, exact = (np.concatenate([m.ravel() for m in moments[dtype]]) for dtype in (tf.bfloat16, tf.float32))
        assert 0 < np.linalg.norm(rounded - exact) < 0.05 * np.linalg.norm(exact)

    def test_same_seed_gives_the_same_bits(self):
        results = []
        discriminator = tiny_discriminator(dropout=0.5)
        optimizer = adam(discriminator)
        epoch, initial = DiscriminatorEpoch(discriminator, optimizer, 0.2, 4), values_of(discriminator, optimizer)
        for seed in (SEED, SEED, SEED + 1):
            for variable, value in zip((*discriminator.variables, *optimizer.variables), initial, strict=True):
                variable.assign(value)
            metrics = epoch(random_tokens(8), random_tokens(8, 1), seed)
            results.append(values_of(discriminator, optimizer) + [float(value) for value in metrics.values()])
        assert traces(epoch._epoch) == traces(epoch._apply) == 1
        assert_equal(results[0], results[1])
        assert any(np.any(a != b) for a, b in zip(results[0], results[2]))

    def test_learns_and_scores_without_dropout(self):
        discriminator, untrained = (tiny_discriminator(dropout=0.5) for _ in range(2))
        epoch = DiscriminatorEpoch(discriminator, adam(discriminator, 0.02), 0.0, 4, 'off')
        positives, negatives = np.full([8, T], 2, np.int32), np.full([6, T], 3, np.int32)
        before = epoch.score(positives, negatives)
        for i in range(30):
            epoch(positives, negatives, randomness.fold_in(SEED, i))
        after, again = (epoch.score(positives, negatives) for _ in range(2))
        assert after['d_held_out_loss'] < 0.2 < before['d_held_out_loss'] and after['d_held_out_accuracy'] == 1
        assert after == again
        p = np.concatenate([1 - untrained.prob_real(positives), untrained.prob_real(negatives)])
        np.testing.assert_allclose(before['d_held_out_loss'], -np.mean(np.log(1 - p)), rtol=1e-4)
        np.testing.assert_allclose(before['d_held_out_accuracy'], np.mean(p < 0.5), rtol=1e-6)
        assert [traces(f) for f in (epoch._epoch, epoch._score)] == [1, 1]


@pytest.fixture
def setup():
    config = Config(
        sequence_length=T,
        batch_size=4,
        embedding_dim=3,
        hidden_dim=4,
        discriminator_embedding_dim=3,
        num_rollouts=2,
        discriminator_epochs=1,
        jit='off',
    )
    vocabulary = Vocabulary([str(i) for i in range(V)], tokens='id')
    rows = random_tokens(8)
    return TrainState(config, vocabulary), Corpus(rows, rows[:3], rows[:3], vocabulary), config


class TestState:
    """Steps on a TrainState: each phase changes its own network and optimizer, and nothing else."""

    def test_discriminator_epoch_leaves_the_generator_untouched(self, setup):
        state, corpus, config = setup
        others = state.generator, state.rollout_policy, state.mle_optimizer, state.policy_optimizer
        phase, before, discriminator = (
            DiscriminatorPhase(state, corpus, config),
            values_of(*others),
            values_of(state.discriminator),
        )
        metrics = phase() | phase.held_out()
        assert all(np.isfinite(value) for value in metrics.values())
        assert_equal(before, values_of(*others))
        assert_all_changed(discriminator, values_of(state.discriminator))

    def test_generator_step_leaves_the_rest_untouched(self, setup):
        state, _, config = setup
        others = state.discriminator, state.rollout_policy, state.mle_optimizer, state.discriminator_optimizer
        step = PolicyGradientStep(
            state.generator,
            carried_back(state, config, state.discriminator.prob_real),
            state.policy_optimizer,
            config.clip_norm,
            config.batch_size,
            T,
            jit=config.jit,
        )
        before, generator = values_of(*others), values_of(state.generator)
        step(state.next_seed())
        assert_equal(before, values_of(*others))
        assert_all_changed(generator, values_of(state.generator))
