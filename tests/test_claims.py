"""What the published claims need of training: the rows, weights, rewards and updates behind them."""

import json

import numpy as np
import pytest
import tensorflow as tf

from seqgan_tf.algorithms import discriminator
from seqgan_tf.algorithms.registry import ALGORITHMS
from seqgan_tf.config import Config
from seqgan_tf.data.corpus import Corpus
from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.policies.chunked import Scorer
from seqgan_tf.rewards.monte_carlo import carried_back
from seqgan_tf.running.experiment import run
from seqgan_tf.training.state import TrainState

T, V = 4, 6
D_UPDATES = 8  # of one epoch on one set: 16 rows and 16 samples in batches of 4
VOCABULARY = Vocabulary([str(i) for i in range(V)], tokens='id')


def rows(*tokens, count=16):
    """Rows of random tokens among the given ones."""
    return np.random.default_rng([count, *tokens]).choice(tokens, size=(count, T)).astype(np.int32)


# No part has a token of another.
DISJOINT = Corpus(rows(0, 1), rows(2, 3, count=5), rows(4, count=5), VOCABULARY)
RANDOM = Corpus(rows(*range(V)), rows(*range(V), count=15), rows(*range(V), count=14), VOCABULARY)


def begin(corpus=RANDOM, **settings):
    """The state of a small run, and the algorithm's reports."""
    small = dict(
        sequence_length=T,
        batch_size=4,
        embedding_dim=3,
        hidden_dim=4,
        discriminator_embedding_dim=3,
        generator_learning_rate=0.05,
        mle_epochs=0,
        discriminator_rounds=1,
        adversarial_rounds=1,
        discriminator_epochs=1,
        d_steps=1,
        num_rollouts=1,
        precision='float32',
        jit='off',
    )
    config = Config(**small | settings)
    state = TrainState(config, corpus.vocabulary)
    return state, ALGORITHMS[config.algorithm](state, corpus, config)


def write_only(generator, token):
    """Makes a generator write nothing but one token."""
    generator.head.kernel.assign(tf.zeros(generator.head.kernel.shape))
    generator.head.bias.assign(50.0 * tf.one_hot(token, V))


def weights(network):
    return [v.numpy() for v in network.variables]


def updates(state):
    """Of generator by likelihood, generator by policy gradient, and discriminator."""
    optimizers = state.mle_optimizer, state.policy_optimizer, state.discriminator_optimizer
    return tuple(int(optimizer.iterations) for optimizer in optimizers)


def equal(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


class TestDiscriminator:
    """The generator writes one sequence alone, so every metric can be computed by hand."""

    written = np.full([5, T], 5, np.int32)

    def held_out(self, discriminator, real):
        """Cross-entropy and accuracy on real rows and as many written ones."""
        p = np.concatenate([discriminator.prob_real(real), 1 - discriminator.prob_real(self.written[: len(real)])])
        return -np.mean(np.log(p)), np.mean(p > 0.5)

    def test_held_out_figures_are_of_validation_rows_and_rewards_are_its_probabilities(self):
        settings = dict(discriminator_learning_rate=3e-4, adversarial_rounds=2, g_steps=3, d_steps=2)
        state, reports = begin(DISJOINT, discriminator_epochs=2, **settings)
        write_only(state.generator, 5)
        reward = None
        for report in reports:
            if report.phase == 'adversarial':
                assert 0.001 < reward < 0.4  # far from 1 - D and from log D
                assert report.metrics['reward'] == pytest.approx(reward, rel=1e-3)
            loss, accuracy = self.held_out(state.discriminator, DISJOINT.validation)
            assert report.metrics['d_held_out_loss'] == pytest.approx(loss, rel=1e-3)
            assert report.metrics['d_held_out_accuracy'] == pytest.approx(accuracy)
            for other in (DISJOINT.train[:5], DISJOINT.test):
                assert abs(self.held_out(state.discriminator, other)[0] - loss) > 0.01 * loss
            reward = float(state.discriminator.prob_real(self.written)[0])
        assert (report.phase, report.round) == ('adversarial', 2)
        assert updates(state) == (0, 2 * 3, (1 + 2 * 2) * 2 * D_UPDATES)

    @pytest.fixture
    def sets(self, monkeypatch):
        """(positives, negatives) of every epoch."""
        seen = []

        class Epoch:
            def __init__(self, *_):
                pass

            def __call__(self, positives, negatives, seed):
                seen.append((positives.numpy(), negatives.numpy()))
                return {}

            def score(self, positives, negatives):
                return {}

        monkeypatch.setattr(discriminator, 'DiscriminatorEpoch', Epoch)
        return seen

    def test_each_set_is_drawn_anew_and_read_k_times(self, sets):
        distinct = np.array([[i // V, i % V, 0, 0] for i in range(16)], np.int32)
        corpus = Corpus(distinct, RANDOM.validation, RANDOM.test, VOCABULARY)
        _, reports = begin(corpus, negatives=6, discriminator_epochs=2, discriminator_rounds=8, adversarial_rounds=0)
        list(reports)
        assert len(sets) == 2 * 8
        for first, second in zip(sets[::2], sets[1::2]):
            assert equal(first, second)
        positives, negatives = ([part.tobytes() for part in parts] for parts in zip(*sets[::2]))
        assert len(set(positives)) == len(set(negatives)) == 8
        for real, _ in sets:
            assert len({tuple(row) for row in real}) == 6 and {tuple(row) for row in real} <= set(map(tuple, distinct))
        assert len({tuple(row) for real, _ in sets for row in real}) > 12  # of 16


# Adversarial rounds


def test_controls_are_seqgan_without_a_part_of_it():
    """A frozen discriminator stays as its pretraining left it.

    Shuffled rewards are those of other rows: their mean is the same, and the loss is not.
    """
    after, first = {}, {}
    for name, control in dict(frozen=dict(freeze_discriminator=True), shuffled=dict(reward='shuffled')).items():
        state, reports = begin(negatives=8, adversarial_rounds=2, **control)
        after[name] = [(report, weights(state.discriminator)) for report in reports]
        assert updates(state) == (0, 2, {'frozen': 1, 'shuffled': 1 + 2}[name] * D_UPDATES // 2)
        first[name] = after[name][1][0].metrics
    pretrained, *later = ([found for _, found in after[name]] for name in after)
    assert all(equal(pretrained[0], found) for found in pretrained[1:])
    assert not equal(pretrained[0], later[0][-1])
    assert first['shuffled']['reward'] == pytest.approx(first['frozen']['reward'], rel=1e-5)
    assert abs(first['shuffled']['pg_loss'] - first['frozen']['pg_loss']) > 1e-4


def test_the_random_control_has_uniform_rewards():
    """Of 4 rows in each of 40 updates: a mean of 0.5, with a standard error of 0.023."""
    _, reports = begin(reward='random', g_steps=40)
    (reward,) = [report.metrics['reward'] for report in reports]
    assert reward == pytest.approx(0.5, abs=0.1) and reward != 0.5


def test_the_constant_control_the_rollout_policy_and_the_running_mean():
    """The constant control trains no discriminator.

    The roll-out policy is the pretrained generator, then moves half the way at the end of a round.
    The running mean is the constant reward from the second update on.
    """
    settings = dict(mle_epochs=1, adversarial_rounds=2, adversarial_mle_steps=3, rollout_decay=0.5)
    state, reports = begin(reward='constant', baseline='ewma', **settings)
    kept = [(report, weights(state.generator), weights(state.rollout_policy)) for report in reports]
    assert [report.phase for report, _, _ in kept] == ['mle', 'adversarial', 'adversarial']
    expected = kept[0][1]
    for report, generator, rollout_policy in kept[1:]:
        expected = [(beta + theta) / 2 for beta, theta in zip(expected, generator)]
        for here, there in zip(rollout_policy, expected, strict=True):
            np.testing.assert_allclose(here, there, atol=1e-6)
        assert report.metrics['reward'] == 1
    assert not equal(kept[0][1], kept[1][1]) and not equal(kept[1][1], kept[2][1])
    first, second = (abs(report.metrics['pg_loss']) for report, _, _ in kept[1:])
    assert first > 1 and second < 1e-4  # 16 tokens of some ln 6 nats each; nothing
    assert updates(state) == (4 + 2 * 3, 2, 0)


def test_rollouts_are_those_of_the_rollout_policy_and_as_many_as_set():
    """One policy writes 3 alone, the other 5, and the reward is the share of 3.

    It is asked once for the batch, and N times for each prefix.
    """
    seen = []

    def share(tokens):
        seen.append(len(tokens))
        return tf.reduce_mean(tf.cast(tokens == 3, tf.float32), axis=1)

    config = Config(sequence_length=T, num_rollouts=6, hidden_dim=4, embedding_dim=3, jit='off')
    state = TrainState(config, VOCABULARY)
    write_only(state.rollout_policy, 3)
    write_only(state.generator, 5)
    values = carried_back(state, config, share)(tf.zeros([2, T], tf.int32), tf.constant([1, 2]))
    np.testing.assert_allclose(values, [[0.75, 0.5, 0.25, 0.0]] * 2, atol=1e-6)
    assert sum(seen) == 2 + 2 * 6 * (T - 1)


def test_the_reward_of_pg_bleu_is_against_training_rows():
    state, reports = begin(Corpus(rows(5), rows(2), rows(3), VOCABULARY), algorithm='pg_bleu')
    write_only(state.generator, 5)
    assert [report.metrics['reward'] for report in reports] == [1]


# Likelihood


def test_likelihood_steps_in_rounds_are_the_pretraining_going_on():
    """Six batches in each of two rounds are three more epochs, bit for bit."""
    longer, reports = begin(algorithm='mle', mle_epochs=4)
    list(reports)
    settings = dict(reward='constant', g_steps=0, adversarial_mle_steps=6, adversarial_rounds=2)
    state, reports = begin(mle_epochs=1, **settings)
    list(reports)
    assert equal(weights(longer.generator), weights(state.generator))


def test_scheduled_sampling_begins_with_true_tokens_and_ends_with_its_own():
    """The first epoch is that of MLE. With a decay of 1 all others read samples alone."""
    runs = [dict(algorithm='mle'), dict(algorithm='scheduled_sampling', truth_decay=1.0)]
    plain, fed = (
        [(r, weights(state.generator)) for r in reports] for state, reports in (begin(mle_epochs=3, **s) for s in runs)
    )
    assert [report.metrics['truth_rate'] for report, _ in fed] == [1, 0, 0]
    assert [equal(a, b) for (_, a), (_, b) in zip(plain, fed)] == [True, False, False]


@pytest.mark.parametrize('epochs, patience, ended_early', [(40, 2, True), (4, 9, False)])
def test_early_stopping_ends_with_the_weights_that_are_best_on_validation_rows(epochs, patience, ended_early):
    """Already at the report of the last epoch, where a run evaluates and saves."""
    state, reports = begin(algorithm='mle', mle_epochs=epochs, mle_patience=patience, generator_learning_rate=0.2)
    scorer = Scorer(state.generator, 'off')
    reported, measured = zip(*((report.metrics['nll_validation'], scorer.nll(RANDOM.validation)) for report in reports))
    assert bool(state.ended_early) == ended_early and len(reported) <= epochs
    assert reported[:-1] == pytest.approx(measured[:-1], rel=1e-5)
    assert min(reported) < reported[-1] - 0.01, 'the last epoch must not be the best, or this shows nothing'
    for value in (measured[-1], scorer.nll(RANDOM.validation), float(state.best_nll)):
        assert value == pytest.approx(min(reported), rel=1e-5)


def test_a_run_that_stopped_early_ends_with_its_best_weights_and_others_start_from_them(tmp_path):
    """The later run makes one update of almost no size, so its metrics are those of its start."""
    common = dict(vocab_size=12, sequence_length=5, num_sequences=64, held_out=32, batch_size=16, jit='off')
    common |= dict(eval_samples=16, mle_epochs=60, mle_patience=2, generator_learning_rate=0.1)
    run(Config(algorithm='mle', workdir=str(tmp_path / 'mle'), **common))
    later = dict(reward='constant', adversarial_rounds=1, policy_learning_rate=1e-30, d_steps=0)
    run(Config(workdir=str(tmp_path / 'later'), start_from=str(tmp_path / 'mle'), **common | later))

    text = {name: (tmp_path / name / 'metrics.jsonl').read_text() for name in ('mle', 'later')}
    lines = {name: [json.loads(line) for line in text[name].splitlines()] for name in text}
    curve = [line['nll_validation'] for line in lines['mle'] if line['phase'] == 'mle']
    assert len(curve) < 60 and min(curve) < curve[-2] - 1e-3
    assert lines['mle'][-2]['nll_test'] == pytest.approx(lines['mle'][-1]['nll_test'], rel=1e-5)
    for name in lines:
        assert lines[name][-1]['phase'] == 'final'
        assert lines[name][-1]['nll_validation'] == pytest.approx(min(curve), rel=1e-5)
