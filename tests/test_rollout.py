"""Roll-outs against Eq. 4 written literally and against exact enumeration."""

import itertools

import numpy as np
import pytest
import reference
import tensorflow as tf
from reference import MarkovChain, Reward

from seqgan_tf.models.generator import Generator
from seqgan_tf.policies.sampling import sample
from seqgan_tf.randomness import uniforms
from seqgan_tf.rewards.rollout import action_values, lanes, prefix_states

SEED = tf.constant([5, 6])
LANES = list(itertools.product(range(2, 8), range(1, 5), (1, 3)))  # T, N, multiple
GRID = list(itertools.product([1, 2, 5], repeat=3))  # B, N, T


def literal(policy, reward, tokens, num_rollouts, seed):
    """Eq. 4 with the uniforms that `action_values` uses, however it cuts its lanes into chunks."""
    batch_size, length = tokens.shape
    if length == 1:
        return reference.slow_action_values(policy, reward, tokens, None)
    prefixes, weights = lanes(length, num_rollouts)
    numbers = uniforms([len(prefixes), batch_size, length], seed).numpy()
    return reference.slow_action_values(
        policy, reward, tokens, lambda row, prefix: reference.rollout_uniforms(prefixes, weights, numbers, row, prefix)
    )


@pytest.mark.parametrize('length, num_rollouts, multiple', LANES)
def test_lanes_give_each_prefix_its_rollouts(length, num_rollouts, multiple):
    prefixes, weights = lanes(length, num_rollouts, multiple)
    assert prefixes.dtype == np.int32 and weights.dtype == np.float32
    assert weights.shape == (2, len(prefixes), length - 1)
    np.testing.assert_allclose(weights.sum(axis=(0, 1)), 1, rtol=1e-6)
    np.testing.assert_array_equal(np.count_nonzero(weights, axis=(0, 1)), num_rollouts)
    np.testing.assert_allclose(weights[weights > 0], 1 / num_rollouts)
    for lane, prefix in enumerate(prefixes):
        for role, own in enumerate((prefix, length - prefix)):
            assert 1 <= own < length
            assert set(np.flatnonzero(weights[role, lane])) <= {own - 1}


@pytest.mark.parametrize('length, num_rollouts, multiple', LANES)
def test_lanes_are_as_few_as_can_be(length, num_rollouts, multiple):
    """Two roll-outs fill a lane, so (T - 1) N of them need half as many lanes; and surplus ones come last."""
    least = -(-(length - 1) * num_rollouts // 2)
    prefixes, weights = lanes(length, num_rollouts, multiple)
    assert len(prefixes) == (least if least <= multiple else -(-least // multiple) * multiple)
    assert np.all(weights[:, :least].sum(axis=(0, 2)) > 0) and not np.any(weights[:, least:])
    plain, _ = lanes(length, num_rollouts)
    np.testing.assert_array_equal(prefixes[:least], plain)


def test_twin_draws_on_each_uniform_once():
    """No two roll-outs of one row share a number: they are independent."""
    for length, num_rollouts, _ in LANES:
        prefixes, weights = lanes(length, num_rollouts)
        numbers = np.arange(len(prefixes) * length).reshape(len(prefixes), 1, length)
        used = [reference.rollout_uniforms(prefixes, weights, numbers, 0, prefix) for prefix in range(1, length)]
        assert [len(rollouts) for rollouts in used] == [num_rollouts] * (length - 1)
        flat = np.concatenate([u for rollouts in used for u in rollouts])
        assert len(set(flat)) == len(flat)


@pytest.mark.parametrize('policy', [MarkovChain.random(3), Generator(4, 2, 3, initializer_stddev=1.0, start_id=1)])
def test_prefix_states_are_those_of_stepping_through(policy):
    tokens = sample(policy, 2, 4, SEED)
    states = tf.nest.flatten(prefix_states(policy, tokens))
    for prefix, row in itertools.product(range(1, 5), range(2)):
        last, state = reference.read(policy, tokens[row, :prefix].numpy())
        assert last == tokens[row, prefix - 1]
        for fast, slow in zip(states, tf.nest.flatten(state)):
            np.testing.assert_allclose(fast[prefix - 1, row], slow, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('end_id', [None, 1])
@pytest.mark.parametrize('batch_size, num_rollouts, length', GRID)
def test_action_values_are_eq_4(batch_size, num_rollouts, length, end_id):
    chain, reward = MarkovChain.random(3, end_id=end_id), Reward(length, 3)
    tokens = sample(chain, batch_size, length, SEED + 1)
    values = action_values(chain, reward, tokens, num_rollouts, SEED)
    assert values.shape == (batch_size, length) and values.dtype == tf.float32
    np.testing.assert_allclose(values, literal(chain, reward, tokens, num_rollouts, SEED), atol=1e-5)
    np.testing.assert_array_equal(values[:, -1], reward(tokens))


@pytest.mark.parametrize('length', [2, 4, 5])
def test_action_values_of_an_lstm_are_eq_4(length):
    generator, reward = Generator(7, 3, 4, initializer_stddev=1.0, start_id=2), Reward(length, 7)
    tokens = sample(generator, 3, length, SEED + 1)
    values = action_values(generator, reward, tokens, 3, SEED)
    np.testing.assert_allclose(values, literal(generator, reward, tokens, 3, SEED), atol=1e-5)


@pytest.mark.parametrize('end_id', [None, 1])
@pytest.mark.parametrize('length', [3, 4])
def test_action_values_are_exact_in_the_mean(length, end_id):
    """Every column within its sampling error of the enumerated value, also where the policy is not the one sampled from."""
    chain, reward, num_rollouts = MarkovChain.random(3, end_id=end_id), Reward(length, 3), 8000
    tokens = np.array([[0, 2, 2, 0], [2, 0, 1, 1], [1, 1, 1, 1]], np.int32)[:, :length]
    values = action_values(chain, reward, tf.constant(tokens), num_rollouts, SEED, chunk_rows=40_000).numpy()
    for row, prefix in itertools.product(range(3), range(1, length + 1)):
        exact, deviation = reference.exact_action_value(chain, reward, tokens[row, :prefix], length)
        assert abs(values[row, prefix - 1] - exact) < 4 * deviation / np.sqrt(num_rollouts) + 1e-5


@pytest.mark.parametrize('chunk_rows', [1, 4, 6, 10, 1000])
def test_action_values_do_not_depend_on_chunks(chunk_rows):
    chain, reward = MarkovChain.random(3), Reward(5, 3)
    tokens = sample(chain, 2, 5, SEED + 1)
    whole = action_values(chain, reward, tokens, 3, SEED)
    np.testing.assert_allclose(action_values(chain, reward, tokens, 3, SEED, chunk_rows=chunk_rows), whole, atol=1e-6)


def test_chunks_bound_the_rows_that_are_scored():
    chain, seen = MarkovChain.random(3), []

    def reward(tokens):
        seen.append(tokens.shape[0])
        return tf.zeros(tokens.shape[:1])

    action_values(chain, reward, sample(chain, 2, 5, SEED), 7, SEED, chunk_rows=6)
    assert seen[0] == 2 and set(seen[1:]) == {2 * 6}


def test_ended_prefixes_keep_their_reward():
    chain, reward = MarkovChain.random(3, end_id=1), Reward(5, 3)
    tokens = tf.constant([[1, 1, 1, 1, 1], [0, 2, 1, 1, 1], [0, 2, 0, 2, 1]])
    values, final = action_values(chain, reward, tokens, 2, SEED).numpy(), reward(tokens).numpy()
    for row, ended in enumerate((0, 2, 4)):
        np.testing.assert_allclose(values[row, ended:], final[row], atol=1e-6)
    assert abs(values[2, 0] - final[2]) > 1e-3


def test_prefixes_are_kept():
    """A reward that reads position p alone: from column p on it is the token's own, before that its mean over roll-outs."""
    chain, tokens = MarkovChain.random(3), tf.constant([[0, 1, 2, 0, 1], [2, 2, 0, 1, 1]])
    for position in range(5):
        values = action_values(
            chain, lambda t, p=position: tf.cast(t[:, p] == tokens[0, p], tf.float32), tokens, 400, SEED
        ).numpy()
        np.testing.assert_allclose(values[0, position:], 1, atol=1e-5)
        np.testing.assert_allclose(values[1, position:], float(tokens[1, position] == tokens[0, position]), atol=1e-5)
        assert np.all((values[:, :position] > 0.01) & (values[:, :position] < 0.99))


def test_seed_decides_the_values():
    chain, reward = MarkovChain.random(3), Reward(4, 3)
    tokens = sample(chain, 3, 4, SEED)
    first, again, other = (action_values(chain, reward, tokens, 2, seed).numpy() for seed in (SEED, SEED, SEED + 1))
    np.testing.assert_array_equal(first, again)
    assert np.any(first[:, :-1] != other[:, :-1])


@pytest.mark.parametrize('length', [1, 3])
def test_no_gradient_passes(length):
    generator, scale = Generator(4, 2, 3), tf.Variable(1.0)
    with tf.GradientTape() as tape:
        values = action_values(
            generator,
            lambda t: scale * tf.reduce_mean(tf.cast(t, tf.float32), axis=1),
            tf.zeros([2, length], tf.int32),
            2,
            SEED,
        )
        loss = tf.reduce_sum(values)
    assert tape.gradient(loss, [*generator.trainable_variables, scale]) == [None] * 7


@pytest.mark.parametrize('end_id', [None, 1])
def test_eager_graph_parts_and_whole_xla_agree(end_id):
    generator, reward = Generator(7, 3, 4, initializer_stddev=1.0, end_id=end_id), Reward(4, 7)
    tokens = sample(generator, 2, 4, SEED + 1)

    def run(tokens, seed, jit_compile=False):
        return action_values(generator, reward, tokens, 3, seed, chunk_rows=4, jit_compile=jit_compile)

    eager = run(tokens, SEED)
    graph = tf.function(run, autograph=False)
    np.testing.assert_allclose(run(tokens, SEED, jit_compile=True), eager, atol=1e-5)
    np.testing.assert_allclose(graph(tokens, SEED), eager, atol=1e-5)
    np.testing.assert_allclose(graph(tokens, SEED, jit_compile=True), eager, atol=1e-5)
    np.testing.assert_allclose(tf.function(run, autograph=False, jit_compile=True)(tokens, SEED), eager, atol=1e-5)


@pytest.mark.parametrize('num_rollouts', [0, -1])
def test_no_rollouts(num_rollouts):
    with pytest.raises(ValueError, match=f'num_rollouts must .*Received: num_rollouts={num_rollouts}'):
        action_values(MarkovChain.random(3), Reward(4, 3), tf.zeros([2, 4], tf.int32), num_rollouts, SEED)


@pytest.mark.parametrize('shape', [[None, 4], [2, None], [4]])
def test_shape_that_is_not_static(shape):
    run = tf.function(
        lambda tokens: action_values(MarkovChain.random(3), Reward(4, 3), tokens, 2, SEED), autograph=False
    )
    with pytest.raises(ValueError, match='tokens must have a static shape'):
        run.get_concrete_function(tf.TensorSpec(shape, tf.int32))


class Bigrams:
    """A policy without a state."""

    start_id, end_id = 0, None

    def __init__(self, state=None):
        self.logits, self.state = tf.random.stateless_normal([5, 5], (1, 2)), state

    def initial_state(self, batch_size):
        return self.state and tf.zeros([batch_size])

    def step(self, tokens, state):
        return tf.gather(self.logits, tokens), state


@pytest.mark.parametrize('state', [None, ()])
def test_a_policy_needs_no_state(state):
    """It draws and is valued as the same table with a state that it does not read."""
    plain, carrying = Bigrams(state), Bigrams('a tensor')
    reward = lambda tokens: tf.cast(tokens[:, -1] == 3, tf.float32)
    tokens = sample(plain, 4, 6, SEED)
    np.testing.assert_array_equal(tokens, sample(carrying, 4, 6, SEED))
    for compiled in (False, True):
        values = [action_values(p, reward, tokens, 8, SEED, jit_compile=compiled) for p in (plain, carrying)]
        np.testing.assert_array_equal(*values)


@pytest.mark.parametrize(
    'reward, received',
    [
        (lambda tokens: tf.ones([tokens.shape[0], 1]), r'float32 \(4, 1\)'),
        (lambda tokens: tf.ones([tokens.shape[0]], tf.float64), r'float64 \(4,\)'),
        (lambda tokens: tf.reduce_mean(tf.cast(tokens, tf.float32)), r'float32 \(\)'),
    ],
)
def test_a_reward_of_another_shape_or_type_is_refused(reward, received):
    tokens = tf.zeros([4, 6], tf.int32)
    with pytest.raises(ValueError, match=r'a reward must be float32 \(4,\), one number .*Received: ' + received):
        action_values(Bigrams(), reward, tokens, 2, SEED)


@pytest.mark.parametrize('seed', [3, (1, 2, 3), (1.0, 2.0)])
def test_a_seed_is_two_integers(seed):
    tokens = tf.zeros([4, 6], tf.int32)
    for draw in (
        lambda: sample(Bigrams(), 4, 6, seed),
        lambda: action_values(Bigrams(), lambda rows: tf.ones(rows.shape[:1]), tokens, 2, seed),
    ):
        with pytest.raises(ValueError, match=r'a seed must be two integers, such as \(1, 2\). Received: '):
            draw()
