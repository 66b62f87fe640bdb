"""Draws against the inverse CDF, samples against their law, log-probabilities against enumeration."""

import itertools

import numpy as np
import pytest
import reference
import scipy.stats
import tensorflow as tf
from reference import LARGEST_BELOW_ONE, MarkovChain

from seqgan_tf.models.generator import Generator
from seqgan_tf.policies.draws import COLUMNS, draw, draw_lean
from seqgan_tf.policies.sampling import before_end, sample, sequence_log_prob, sequence_nll, valid_mask
from seqgan_tf.randomness import fold_in, permutation, uniforms

VOCAB_SIZES = [2, 3, 7, 16, 17, 64, 65, 5000]  # with whole blocks alone, and with a rest, of `draw` and of `draw_lean`
BATCH_SIZES = [1, 5]
SEED = tf.constant([11, 22])
FIXED_UNIFORMS = np.array([0.0, 1e-7, 0.25, 0.5, LARGEST_BELOW_ONE], np.float32)
ROUNDING = 2e-6  # of a cumulative sum in float32
DRAWS = {'draw': draw, 'draw_lean': draw_lean}
COMPILED_DRAWS = {name: tf.function(function, autograph=False, jit_compile=True) for name, function in DRAWS.items()}


def random_logits(rng, shape, kind):
    if kind == 'normal':
        return rng.normal(size=shape)
    if kind == 'flat':
        return np.zeros(shape)
    if kind == 'huge':
        return rng.normal(scale=1e4, size=shape)
    if kind == 'one-hot':
        return np.where(np.arange(shape[1]) == rng.integers(shape[1], size=shape[:1])[:, None], 1e4, 0.0)
    if kind == 'certain':
        return np.where(np.arange(shape[1]) == rng.integers(shape[1], size=shape[:1])[:, None], 0.0, -np.inf)
    masked = rng.random(shape) < 0.7
    masked[:, rng.integers(shape[1])] = False
    return np.where(masked, -np.inf, rng.normal(size=shape))


def assert_inverse_cdf(logits, numbers, ids):
    """Each id's share of [0, 1) holds its uniform, but for rounding, and is not empty."""
    for row, number, drawn in zip(logits.astype(np.float64), numbers, ids):
        assert 0 <= drawn < len(row) and np.isfinite(row[drawn])
        probabilities = reference.softmax(row)
        assert probabilities[drawn] > 0
        cumulative = np.cumsum(probabilities)
        assert cumulative[drawn] - probabilities[drawn] - ROUNDING <= number < cumulative[drawn] + ROUNDING


@pytest.mark.parametrize('kind', ['normal', 'flat', 'huge', 'one-hot', 'certain', 'masked'])
@pytest.mark.parametrize('batch_size', BATCH_SIZES)
@pytest.mark.parametrize('vocab_size', VOCAB_SIZES)
@pytest.mark.parametrize('name', DRAWS)
def test_draw_is_the_inverse_cdf(name, vocab_size, batch_size, kind):
    rng = np.random.default_rng(vocab_size)
    for numbers in [*(np.full(batch_size, u) for u in FIXED_UNIFORMS), rng.random(batch_size, np.float32)]:
        logits = random_logits(rng, (batch_size, vocab_size), kind).astype(np.float32)
        ids = DRAWS[name](tf.constant(logits), tf.constant(numbers))
        assert ids.dtype == tf.int32 and ids.shape == [batch_size]
        assert_inverse_cdf(logits, numbers, ids.numpy())


@pytest.mark.parametrize('vocab_size', [2, 16, 65, 5000])
@pytest.mark.parametrize('name', DRAWS)
def test_compiled_draw_is_the_inverse_cdf(name, vocab_size):
    rng = np.random.default_rng(vocab_size)
    for kind, number in itertools.product(('normal', 'flat', 'huge', 'masked'), (*FIXED_UNIFORMS, 0.7)):
        logits = random_logits(rng, (5, vocab_size), kind).astype(np.float32)
        ids = COMPILED_DRAWS[name](tf.constant(logits), tf.fill([5], np.float32(number)))
        assert_inverse_cdf(logits, [number] * 5, ids.numpy())


@pytest.mark.parametrize('vocab_size', [7, 65, 300])
@pytest.mark.parametrize(
    'function', [*DRAWS.values(), *COMPILED_DRAWS.values()], ids=lambda function: type(function).__name__
)
def test_weights_at_the_edge_of_underflow(function, vocab_size):
    """A block whose weights nearly vanish may be chosen by a uniform of 0; the id is still one of positive weight."""
    rng = np.random.default_rng(vocab_size)
    for largest in (0.0, -3.0):
        logits = rng.uniform(-110, -80, size=(200, vocab_size)).astype(np.float32)
        logits[:, -1] = largest
        ids = function(tf.constant(logits), tf.zeros([200])).numpy()
        assert ids.min() >= 0 and ids.max() < vocab_size
        assert np.all(np.exp(logits[np.arange(200), ids] - logits.max(axis=1)) > 0)


@pytest.mark.parametrize('vocab_size', [2, 16, 17, 300])
def test_draws_agree_but_for_rounding(vocab_size):
    """Where no uniform lies within rounding of a border between two ids, all draws give one id."""
    rng = np.random.default_rng(vocab_size)
    logits, numbers = rng.normal(scale=3, size=(500, vocab_size)).astype(np.float32), rng.random(500, np.float32)
    cumulative = np.cumsum([reference.softmax(row) for row in logits.astype(np.float64)], axis=1)
    clear = np.abs(cumulative - numbers[:, None]).min(axis=1) > ROUNDING
    assert clear.mean() > 0.9
    expected = np.array([reference.inverse_cdf(row, number) for row, number in zip(logits, numbers)])
    for function in (*DRAWS.values(), *COMPILED_DRAWS.values()):
        np.testing.assert_array_equal(
            function(tf.constant(logits), tf.constant(numbers)).numpy()[clear], expected[clear]
        )


@pytest.mark.parametrize('vocab_size', [64, 65, 5000])
@pytest.mark.parametrize('name', DRAWS)
def test_rounding_at_the_end_of_a_block_does_not_spill_into_the_next(name, vocab_size):
    """Uniforms just below each border between blocks, where the first id of each block cannot be drawn."""
    block, rng = int(np.ceil(np.sqrt(vocab_size))), np.random.default_rng(0)
    if name == 'draw_lean':
        block = -(-block // COLUMNS) * COLUMNS
    row = rng.normal(size=vocab_size).astype(np.float32)
    row[::block] = -np.inf
    borders = np.cumsum(reference.softmax(row.astype(np.float64)))[block - 1 :: block].astype(np.float32)
    numbers = np.concatenate([borders * np.float32(1 - k * 2.0**-24) for k in range(12)])
    numbers = numbers[numbers < 1]
    logits = np.tile(row, [len(numbers), 1])
    for function in (DRAWS[name], COMPILED_DRAWS[name]):
        assert_inverse_cdf(logits, numbers, function(tf.constant(logits), tf.constant(numbers)).numpy())


@pytest.mark.parametrize('vocab_size', [2, 3, 7, 64, 65])
def test_draw_is_the_twin(vocab_size):
    rng = np.random.default_rng(vocab_size)
    logits, numbers = rng.normal(scale=2, size=(300, vocab_size)).astype(np.float32), rng.random(300, np.float32)
    expected = [reference.inverse_cdf(row, number) for row, number in zip(logits, numbers)]
    np.testing.assert_array_equal(draw(tf.constant(logits), tf.constant(numbers)), expected)


@pytest.mark.parametrize('vocab_size', VOCAB_SIZES)
def test_every_id_can_be_drawn(vocab_size):
    """Flat logits and a uniform in the middle of each id's share give each id once."""
    numbers = (np.arange(vocab_size, dtype=np.float32) + np.float32(0.5)) / np.float32(vocab_size)
    np.testing.assert_array_equal(draw(tf.zeros([vocab_size, vocab_size]), tf.constant(numbers)), np.arange(vocab_size))


@pytest.mark.parametrize('vocab_size', [2, 7, 65])
def test_draws_have_the_law_of_the_softmax(vocab_size):
    logits = np.random.default_rng(vocab_size).normal(size=vocab_size).astype(np.float32)
    ids = draw(tf.constant(np.tile(logits, [20_000, 1])), uniforms([20_000], SEED))
    counts = np.bincount(ids, minlength=vocab_size)
    assert scipy.stats.chisquare(counts, 20_000 * reference.softmax(logits.astype(np.float64))).pvalue > 1e-3


@pytest.mark.parametrize('shape', [(1, 1), (3, 5), (2, 3, 7), (129,)])
def test_uniforms_agree_bit_for_bit_and_extend(shape):
    run = lambda seed: uniforms(shape, fold_in(seed, 3))
    eager = run(SEED).numpy()
    np.testing.assert_array_equal(eager, tf.function(run)(SEED))
    np.testing.assert_array_equal(eager, tf.function(run, jit_compile=True)(SEED))
    np.testing.assert_array_equal(eager, uniforms((shape[0] + 2, *shape[1:]), fold_in(SEED, 3))[: shape[0]])
    assert eager.min() >= 0 and eager.max() < 1


def test_permutations_are_one_in_all_modes_and_equally_likely():
    run = lambda seed: permutation(1000, seed)
    eager = run(SEED).numpy()
    np.testing.assert_array_equal(np.sort(eager), np.arange(1000))
    np.testing.assert_array_equal(eager, tf.function(run)(SEED))
    np.testing.assert_array_equal(eager, tf.function(run, jit_compile=True)(SEED))
    orders = tf.function(lambda i: permutation(3, fold_in(SEED, i)))
    found = [tuple(orders(tf.constant(i)).numpy()) for i in range(1200)]
    counts = [found.count(order) for order in itertools.permutations(range(3))]
    assert scipy.stats.chisquare(counts).pvalue > 1e-3


def test_folded_seeds_differ():
    seeds = {tuple(fold_in(SEED, i).numpy()) for i in range(100)} | {tuple(SEED.numpy())}
    assert len(seeds) == 101


def assert_law(samples, chain, length, temperature=1.0):
    """Counts of whole sequences against the exact distribution; rare sequences are put together."""
    tempered = MarkovChain(chain.logits / temperature, chain.end_id)
    law = reference.completions(tempered, (), length)
    index = {sequence: i for i, sequence in enumerate(law)}
    counts = np.bincount([index[tuple(row)] for row in np.asarray(samples)], minlength=len(law))
    expected = len(samples) * np.array(list(law.values()))
    rare = expected < 5
    assert counts[expected == 0].sum() == 0
    counts, expected = np.append(counts[~rare], counts[rare].sum()), np.append(expected[~rare], expected[rare].sum())
    if expected[-1] < 5:
        counts, expected = counts[:-1], expected[:-1] * counts[:-1].sum() / expected[:-1].sum()
    assert scipy.stats.chisquare(counts, expected).pvalue > 1e-3


@pytest.mark.parametrize('end_id', [None, 1])
@pytest.mark.parametrize('temperature', [0.5, 1.0, 3.0])
def test_samples_have_the_law_of_the_policy(temperature, end_id):
    chain = MarkovChain.random(3, end_id=end_id)
    assert_law(sample(chain, 10_000, 4, SEED, temperature=temperature), chain, 4, temperature)


def test_temperature_of_each_row():
    chain, temperatures = MarkovChain.random(3), np.array([0.3, 2.0], np.float32)
    samples = sample(chain, 10_000, 3, SEED, temperature=tf.tile(tf.constant(temperatures), [5000])).numpy()
    for i, temperature in enumerate(temperatures):
        assert_law(samples[i::2], chain, 3, temperature)
        np.testing.assert_array_equal(
            samples[i::2], sample(chain, 10_000, 3, SEED, temperature=float(temperature))[i::2]
        )


@pytest.mark.parametrize('end_id', [None, 1])
@pytest.mark.parametrize('length', [1, 2, 5])
@pytest.mark.parametrize('batch_size', BATCH_SIZES)
def test_sample_is_the_twin(batch_size, length, end_id):
    chain, numbers = MarkovChain.random(3, end_id=end_id), uniforms([batch_size, length], SEED).numpy()
    tokens = sample(chain, batch_size, length, SEED)
    assert tokens.dtype == tf.int32 and tokens.shape == [batch_size, length]
    np.testing.assert_array_equal(tokens, [reference.finish(chain, (), row) for row in numbers])


def test_generator_samples_are_the_twins():
    generator = Generator(7, 3, 4, initializer_stddev=1.0, start_id=2)
    numbers = uniforms([6, 5], SEED).numpy()
    np.testing.assert_array_equal(
        sample(generator, 6, 5, SEED), [reference.finish(generator, (), row) for row in numbers]
    )


def test_seed_decides_the_sample():
    chain = MarkovChain.random(3)
    first, again, other = (sample(chain, 8, 5, seed).numpy() for seed in (SEED, SEED, SEED + 1))
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)
    assert len(np.unique(first, axis=0)) > 1


@pytest.mark.parametrize('policy', [MarkovChain.random(3, end_id=2), Generator(7, 3, 4, initializer_stddev=1.0)])
def test_a_row_does_not_depend_on_the_batch_size(policy):
    whole = sample(policy, 7, 5, SEED).numpy()
    for batch_size in (1, 3, 6):
        np.testing.assert_array_equal(sample(policy, batch_size, 5, SEED), whole[:batch_size])


@pytest.mark.parametrize('end_id', [None, 1])
@pytest.mark.parametrize('width', [0, 1, 3, 5])
def test_prefix_is_kept_and_read(width, end_id):
    """With a length for each row, 0 to P: what follows is drawn as if the row had been sampled so far."""
    chain, batch_size, length = MarkovChain.random(3, end_id=end_id), 2 * (width + 1), 5
    prefix = np.random.default_rng(0).integers(2, 3, size=(batch_size, width)) - 2 * (np.arange(width) % 2)
    lengths = np.arange(batch_size) % (width + 1)
    numbers = uniforms([batch_size, length], SEED).numpy()
    expected = [reference.finish(chain, row[:n], u[n:]) for row, n, u in zip(prefix, lengths, numbers)]
    np.testing.assert_array_equal(
        sample(chain, batch_size, length, SEED, prefix=prefix, prefix_length=lengths), expected
    )
    expected = [reference.finish(chain, row, u[width:]) for row, u in zip(prefix, numbers)]
    np.testing.assert_array_equal(sample(chain, batch_size, length, SEED, prefix=prefix), expected)


def test_everything_after_the_end_is_the_end():
    tokens = sample(MarkovChain.random(3, end_id=1, spread=0.1), 200, 6, SEED).numpy()
    ended = np.cumsum(tokens == 1, axis=1) > 0
    assert np.all(tokens[ended] == 1)
    assert 0 < ended[:, 0].sum() < ended[:, -1].sum() < 200


@pytest.mark.parametrize('end_id', [None, 1])
def test_eager_graph_and_xla_agree(end_id):
    generator = Generator(70, 3, 4, initializer_stddev=1.0, end_id=end_id)

    def run(seed):
        tokens = sample(generator, 5, 4, seed, temperature=0.7)
        return tokens, sequence_log_prob(generator, tokens)

    (eager, scores), (graph, graph_scores), (xla, xla_scores) = (
        function(SEED)
        for function in (run, tf.function(run, autograph=False), tf.function(run, autograph=False, jit_compile=True))
    )
    np.testing.assert_array_equal(eager, graph)
    np.testing.assert_array_equal(eager, xla)
    np.testing.assert_allclose(scores, graph_scores, rtol=1e-5)
    np.testing.assert_allclose(scores, xla_scores, rtol=1e-5)


@pytest.mark.parametrize('dtype', [np.int32, np.int64])
@pytest.mark.parametrize('end_id', [None, 1])
@pytest.mark.parametrize('shape', [(1, 1), (1, 5), (4, 1), (4, 5)])
def test_log_prob_is_the_teacher_forced_one(shape, end_id, dtype):
    generator = Generator(4, 3, 4, initializer_stddev=1.0, end_id=end_id)
    tokens = np.random.default_rng(0).integers(4, size=shape).astype(dtype)
    scores, counted = [], []
    for row in tokens:
        ends = np.flatnonzero(row == end_id) if end_id is not None else ()
        counted.append(ends[0] + 1 if len(ends) else len(row))
        logits = reference.sequence_logits(generator, row)
        scores.append(sum(reference.log_softmax(logits[t])[row[t]] for t in range(counted[-1])))
    np.testing.assert_allclose(sequence_log_prob(generator, tokens), scores, rtol=1e-4)
    np.testing.assert_allclose(sequence_nll(generator, tokens), -np.divide(scores, counted), rtol=1e-4)
    np.testing.assert_array_equal(
        valid_mask(tf.constant(tokens), end_id), np.arange(shape[1]) < np.array(counted)[:, None]
    )
    before = [[end_id is None or end_id not in row[: t + 1] for t in range(shape[1])] for row in tokens]
    np.testing.assert_array_equal(before_end(tf.constant(tokens), end_id), before)


@pytest.mark.parametrize('end_id', [None, 1])
@pytest.mark.parametrize('length', [1, 4])
def test_probabilities_are_those_of_the_enumeration_and_sum_to_one(length, end_id):
    chain = MarkovChain.random(3, end_id=end_id)
    law = reference.completions(chain, (), length)
    sequences = np.array([s for s, p in law.items() if p > 0], np.int32)
    probabilities = np.exp(sequence_log_prob(chain, sequences))
    np.testing.assert_allclose(probabilities, [p for p in law.values() if p > 0], rtol=1e-4)
    np.testing.assert_allclose(probabilities.sum(), 1, rtol=1e-5)


def test_impossible_sequence_has_log_prob_of_minus_infinity():
    logits = np.zeros([2, 2, 2])
    logits[..., 1] = -np.inf
    assert sequence_log_prob(MarkovChain(logits), np.array([[0, 1]], np.int32))[0] == -np.inf
    assert sequence_log_prob(MarkovChain(logits), np.array([[0, 0]], np.int32))[0] == 0


@pytest.mark.parametrize(
    'row, end_id, mask',
    [
        ([0, 1, 2], None, [1, 1, 1]),
        ([0, 1, 2], 3, [1, 1, 1]),
        ([0, 1, 2], 0, [1, 0, 0]),
        ([2, 1, 1], 1, [1, 1, 0]),
        ([1, 2, 1], 1, [1, 0, 0]),
        ([2, 2, 1], 1, [1, 1, 1]),
        ([1], 1, [1]),
    ],
)
def test_valid_mask(row, end_id, mask):
    found = valid_mask(tf.constant([row]), end_id)
    assert found.dtype == tf.float32
    np.testing.assert_array_equal(found, [mask])


@pytest.mark.parametrize(
    'arguments, message',
    [
        (dict(length=0), 'length=0'),
        (dict(length=-1), 'length=-1'),
        (dict(batch_size=0), 'batch_size=0'),
        (dict(prefix=np.zeros([2, 5], np.int32)), r'\(2, 5\)'),
        (dict(prefix=np.zeros([4], np.int32)), r'\(4,\)'),
        (dict(prefix_length=[1, 1]), 'needs a prefix'),
        (dict(temperature=0), 'temperature=0'),
        (dict(temperature=0.0), 'temperature=0.0'),
        (dict(temperature=-1.0), 'temperature=-1.0'),
        (dict(temperature=float('inf')), 'temperature=inf'),
        (dict(temperature=float('nan')), 'temperature=nan'),
    ],
)
def test_errors_name_what_was_received(arguments, message):
    with pytest.raises(ValueError, match=message):
        sample(MarkovChain.random(3), **{'batch_size': 2, 'length': 4, 'seed': SEED} | arguments)
