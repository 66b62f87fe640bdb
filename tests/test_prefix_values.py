"""Prefix networks: one number for every prefix, its training against exact laws on toy policies, and what it gives a policy gradient."""

import itertools

import keras
import numpy as np
import pytest
import reference
import tensorflow as tf
from reference import MarkovChain, Reward

from seqgan_tf import randomness
from seqgan_tf.models.generator import Generator
from seqgan_tf.models.prefix_network import PrefixNetwork
from seqgan_tf.policies import sampling
from seqgan_tf.rewards.learned import learned_values
from seqgan_tf.training import losses
from seqgan_tf.training.best_weights import BestWeights
from seqgan_tf.training.prefix_values import PrefixEpoch, causal_figures, value_figures
from seqgan_tf.training.reinforce import PolicyGradientStep

V, T, B, END = 3, 3, 6, 1
SEED = tf.constant([7, 8], tf.int64)


def adam(network, learning_rate=0.01):
    optimizer = keras.optimizers.Adam(learning_rate, epsilon=1e-8)
    optimizer.build(network.trainable_variables)
    return optimizer


def network(size=4, seed=0, spread=0.7):
    made = PrefixNetwork(V, 3, size, seed=seed)
    made.set_weights([np.random.default_rng(seed).normal(scale=spread, size=w.shape) for w in made.get_weights()])
    return made


def random_tokens(rows, length=T, seed=0):
    return np.random.default_rng(seed).integers(V, size=(rows, length)).astype(np.int32)


def ended(tokens):
    """The tokens, with nothing but end tokens after the first one; and the mask of those that count."""
    after = np.cumsum(tokens == END, axis=1) - (tokens == END) > 0
    return np.where(after, END, tokens).astype(np.int32), (~after).astype(np.float32)


# The network


def test_step_and_call_give_the_same_numbers():
    net, tokens = network(), random_tokens(B, 7)
    state, whole = net.initial_state(B), net(tokens).numpy()
    for t in range(7):
        number, state = net.step(tokens[:, t], state)
        np.testing.assert_allclose(number, whole[:, t], rtol=1e-5, atol=1e-6)
    assert whole.shape == (B, 7) and np.ptp(whole) > 0.1


def test_a_number_does_not_depend_on_later_tokens():
    net, tokens = network(), random_tokens(B, 7)
    for t in range(7):
        other = np.concatenate([tokens[:, : t + 1], (tokens[:, t + 1 :] + 1) % V], axis=1)
        np.testing.assert_array_equal(net(other)[:, : t + 1], net(tokens)[:, : t + 1])
        other[:, t] = (tokens[:, t] + 1) % V
        assert np.all(net(other)[:, t] != net(tokens)[:, t])


def test_taken_over_weights_have_read_the_same_inputs():
    """After the same tokens the LSTM is in the very state of the generator's, which reads `start_id` first."""
    generator = Generator(V, 3, 4, initializer_stddev=0.7, start_id=2)
    net = PrefixNetwork(V, 3, 4, start_id=2, seed=1)
    head = net.head.get_weights()
    net.take_over(generator)
    tokens = random_tokens(B, 5)
    mine, (_, other) = (
        net.initial_state(B),
        generator.step(tf.fill([B], 2), generator.initial_state(B)),
    )
    for t in range(5):
        np.testing.assert_array_equal(mine, other)
        _, mine = net.step(tokens[:, t], mine)
        _, other = generator.step(tokens[:, t], other)
    for before, after in zip(head, net.head.get_weights()):
        np.testing.assert_array_equal(before, after)


def test_eager_graph_and_xla_agree():
    net, tokens = network(), random_tokens(B, 7)
    for jit in (False, True):
        np.testing.assert_allclose(tf.function(net, jit_compile=jit)(tokens), net(tokens), rtol=1e-4, atol=1e-5)


def test_it_is_rebuilt_from_its_settings():
    net = PrefixNetwork(V, 3, 4, start_id=2, seed=5)
    again = PrefixNetwork.from_config(net.get_config())
    np.testing.assert_array_equal(again(random_tokens(2)), net(random_tokens(2)))


@pytest.mark.parametrize('name, value', [('vocab_size', 1), ('embedding_dim', 0), ('hidden_dim', 0), ('start_id', 3)])
def test_an_impossible_size_is_named(name, value):
    with pytest.raises(ValueError, match=f'{name} must .*Received: {name}={value}'):
        PrefixNetwork(**dict(vocab_size=V, embedding_dim=3, hidden_dim=4) | {name: value})


# Its training


@pytest.mark.parametrize('jit', ['auto', 'off'])
@pytest.mark.parametrize('loss', [losses.value_loss, losses.causal_loss], ids=lambda f: f.__name__)
def test_one_batch_is_the_hand_written_update(loss, jit):
    """The mean over the positions up to the end, with the sequence's target at each, and Adam."""
    net, twin = network(), network()
    tokens, mask = ended(random_tokens(B, 5))
    targets = np.array([1, 1, 0, 1, 0, 0], np.float32)
    epoch = PrefixEpoch(net, adam(net), loss, B, END, jit)
    moments = [(0.0, 0.0)] * 6
    for i in range(1, 3):
        with tf.GradientTape() as tape:
            numbers, wanted = twin(tokens), targets[:, None]
            if loss is losses.value_loss:
                each = (numbers - wanted) ** 2
            else:
                each = -tf.math.log_sigmoid(numbers) * wanted - tf.math.log_sigmoid(-numbers) * (1 - wanted)
            mean = tf.reduce_mean(each[mask == 1])
        gradients = [tf.convert_to_tensor(g).numpy() for g in tape.gradient(mean, twin.trainable_variables)]
        np.testing.assert_allclose(epoch(tokens, targets, randomness.fold_in(SEED, i)), mean, rtol=1e-4)
        twin.set_weights(reference.adam(twin.get_weights(), gradients, moments, i, 0.01))
        for a, b in zip(net.get_weights(), twin.get_weights()):
            np.testing.assert_allclose(a, b, atol=1e-4)
    assert mask.sum() < mask.size and epoch._epoch.experimental_get_tracing_count() == 1


def test_sequences_must_fill_a_batch():
    net = network()
    with pytest.raises(ValueError, match='the rows must fill a batch of 7. Received: 6 rows'):
        PrefixEpoch(net, adam(net), losses.value_loss, 7, None)(random_tokens(6), tf.zeros([6]), SEED)


def prefixes(policy, least=0.0):
    """{prefix: probability} of all prefixes whose sequence has not ended before their last token."""
    found = {}
    for length in range(1, T + 1):
        for prefix in itertools.product(range(V), repeat=length):
            p = reference.probability(policy, prefix)
            if END not in prefix[:-1] and p > least:
                found[prefix] = p
    return found


def number(net, prefix):
    return float(net(tf.constant([prefix]))[0, -1])


def test_a_trained_value_network_is_the_expected_reward_of_every_prefix():
    policy, reward = MarkovChain.random(V, end_id=END), Reward(T, V)
    net = PrefixNetwork(V, 8, 16)
    epoch = PrefixEpoch(net, adam(net, 0.02), losses.value_loss, 250, END)
    for i in range(100):
        tokens = sampling.sample(policy, 2000, T, randomness.fold_in(SEED, i))
        epoch(tokens, reward(tokens), randomness.fold_in(SEED, 1000 + i))
    exact = {prefix: reference.exact_action_value(policy, reward, prefix, T)[0] for prefix in prefixes(policy, 0.02)}
    assert len(exact) > 10 and np.ptp(list(exact.values())) > 1
    for prefix, value in exact.items():
        assert number(net, prefix) == pytest.approx(value, abs=0.1), prefix


def test_a_trained_causal_discriminator_is_the_log_ratio_of_every_prefix():
    data, model = (MarkovChain.random(V, seed=seed, end_id=END) for seed in (0, 1))
    net = PrefixNetwork(V, 8, 16)
    epoch = PrefixEpoch(net, adam(net, 0.01), losses.causal_loss, 500, END)
    labels = tf.repeat([1.0, 0.0], 4000)
    for i in range(40):
        rows = [
            sampling.sample(policy, 4000, T, randomness.fold_in(SEED, 2 * i + j))
            for j, policy in enumerate((data, model))
        ]
        epoch(tf.concat(rows, axis=0), labels, randomness.fold_in(SEED, 1000 + i))
    p, m = prefixes(data, 0.03), prefixes(model, 0.03)
    exact = {prefix: np.log(p[prefix] / m[prefix]) for prefix in p.keys() & m.keys()}
    assert len(exact) > 5 and np.ptp(list(exact.values())) > 1.5
    for prefix, ratio in exact.items():
        assert number(net, prefix) == pytest.approx(ratio, abs=0.25), prefix


def test_the_best_weights_are_put_back():
    net = network()
    best, numbers = BestWeights(net), []
    for loss in (3.0, 1.0, 2.0, 1.0):
        net.set_weights([w + 1.0 for w in net.get_weights()])
        numbers.append(net(random_tokens(2)).numpy())
        best.keep(loss)
    best.put_back()
    np.testing.assert_array_equal(net(random_tokens(2)), numbers[1])
    assert best.loss == 1.0


# Its figures


@pytest.mark.parametrize('length, positions', [(8, (2, 4, 6, 8)), (5, (2, 3, 4, 5)), (2, (1, 1, 2, 2))])
@pytest.mark.parametrize('jit', [False, True])
def test_figures_of_a_causal_discriminator(length, positions, jit):
    net, (real, real_mask), (samples, mask) = (
        network(),
        ended(random_tokens(90, length)),
        ended(random_tokens(90, length, 1)),
    )
    figures = tf.function(lambda *rows: causal_figures(net, *rows, END), jit_compile=jit)(real, samples)
    tokens, mask = np.concatenate([real, samples]), np.concatenate([real_mask, mask]) == 1
    probability = reference.sigmoid(net(tokens).numpy().astype(np.float64))
    right = np.concatenate([probability[:90], 1 - probability[90:]])
    for name, each in (('loss', -np.log(right)), ('accuracy', right > 0.5)):
        np.testing.assert_allclose(figures[f'causal_held_out_{name}'], each[mask].mean(), rtol=1e-4)
        for percent, t in zip((25, 50, 75, 100), positions):
            column = each[:, t - 1][mask[:, t - 1]].mean()
            np.testing.assert_allclose(figures[f'causal_held_out_{name}_at_{percent}'], column, rtol=1e-4)
    assert len(figures) == 10


@pytest.mark.parametrize('length, positions', [(8, (2, 4, 6, 8)), (5, (2, 3, 4, 5))])
def test_figures_of_a_value_network(length, positions):
    net, (tokens, mask) = network(), ended(random_tokens(40, length))
    rewards, mask = np.random.default_rng(3).random(40).astype(np.float32), mask == 1
    figures = value_figures(net, tokens, tf.constant(rewards), END)
    errors = (net(tokens).numpy() - rewards[:, None]) ** 2
    np.testing.assert_allclose(figures['value_held_out_loss'], errors[mask].mean(), rtol=1e-4)
    for percent, t in zip((25, 50, 75, 100), positions):
        counts = mask[:, t - 1]
        explained = 1 - errors[counts, t - 1].mean() / rewards[counts].var()
        np.testing.assert_allclose(figures[f'value_explained_at_{percent}'], explained, rtol=1e-3)
    assert len(figures) == 5


def test_figures_are_finite_where_nothing_varies_and_where_all_has_ended():
    net, tokens = network(), np.full([4, 5], END, np.int32)
    for figures in (value_figures(net, tokens, tf.ones([4]), END), causal_figures(net, tokens, tokens, END)):
        assert np.all(np.isfinite(list(figures.values())))
    assert value_figures(net, tokens, tf.ones([4]), END)['value_explained_at_100'] == 0


# Action values


@pytest.mark.parametrize('end_id', [None, END])
@pytest.mark.parametrize('jit_compile', [False, True])
@pytest.mark.parametrize('scale', [tf.identity, tf.sigmoid], ids=['identity', 'sigmoid'])
def test_action_values_are_the_numbers_and_the_reward_itself_once_a_sequence_has_ended(scale, end_id, jit_compile):
    net, reward, tokens = network(), Reward(5, V), random_tokens(B, 5)
    if end_id is not None:
        tokens, _ = ended(tokens)
    values = learned_values(net, reward, scale, end_id, jit_compile)(tf.constant(tokens), SEED).numpy()
    state = net.initial_state(B)
    for t in range(5):
        expected, state = net.step(tokens[:, t], state)
        finished = (tokens[:, : t + 1] == end_id).any(axis=1) | (t == 4)
        np.testing.assert_allclose(
            values[:, t], np.where(finished, reward(tokens), scale(expected)), rtol=1e-4, atol=1e-5
        )
    assert (END in tokens[:, :4]) and values.dtype == np.float32


def test_no_gradient_passes_to_the_network():
    net = network()
    with tf.GradientTape() as tape:
        values = learned_values(net, Reward(T, V), tf.identity, None)(tf.constant(random_tokens(B)), SEED)
    assert not any(g is not None for g in tape.gradient(values, net.trainable_variables))


def test_a_reward_of_another_type_is_refused():
    values = learned_values(network(), lambda tokens: tf.reduce_sum(tokens, axis=1), tf.identity, None)
    with pytest.raises(ValueError, match='a reward must be float32 .*Received: int32'):
        values(tf.constant(random_tokens(B)), SEED)


def node_ops(function):
    """The op types of a concrete function and of all functions in its library."""
    graph = function.graph.as_graph_def()
    return {node.op for node in graph.node} | {node.op for f in graph.library.function for node in f.node_def}


@pytest.mark.parametrize('jit', ['auto', 'on'])
def test_a_policy_gradient_step_is_one_compiled_call_and_leaves_the_network_alone(jit):
    generator, net = Generator(V, 3, 4, initializer_stddev=0.7, end_id=END), network()
    values_fn = learned_values(net, Reward(T, V), tf.identity, END, jit == 'auto')
    step = PolicyGradientStep(generator, values_fn, adam(generator), 5.0, B, T, baseline='per_step', jit=jit)
    before, generated = net.get_weights(), generator.get_weights()
    for i in range(2):
        metrics = step(randomness.fold_in(SEED, i))
        assert np.all(np.isfinite(list(metrics.values())))
    assert step._step.experimental_get_tracing_count() == 1
    assert not node_ops(step._step.get_concrete_function(SEED)) & {'PyFunc', 'PyFuncStateless', 'EagerPyFunc'}
    for a, b in zip(before, net.get_weights()):
        np.testing.assert_array_equal(a, b)
    assert all(np.any(a != b) for a, b in zip(generated, generator.get_weights()))
