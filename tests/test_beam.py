"""`search.beam` against enumeration, with and without a seed."""

import numpy as np
import pytest
import tensorflow as tf
import toys
from toys import ALL, LENGTH, VOCAB, Chain, score

from seqgan_tf.policies.sampling import sequence_log_prob
from seqgan_tf.search.beam import beam, resample_beams

EVERY = VOCAB**LENGTH


def compiled(function):
    return tf.function(function, autograph=False, jit_compile=True)()


@pytest.mark.parametrize('end_id', [None, 1])
@pytest.mark.parametrize('seed', [None, (3, 4)])
def test_a_beam_of_all_sequences_has_them_all(end_id, seed):
    beams = beam(Chain(end_id), 2, LENGTH, EVERY, seed=seed)
    log_p = toys.log_probabilities(end_id)
    count = np.isfinite(log_p).sum()
    assert (beams.log_prob[:, count:].numpy() == -np.inf).all() and (beams.threshold.numpy() == -np.inf).all()
    for tokens, log_prob in zip(beams.tokens.numpy()[:, :count], beams.log_prob.numpy()[:, :count]):
        np.testing.assert_allclose(log_prob, log_p[tokens @ toys.PLACES], rtol=1e-5)
        assert len(set(tokens @ toys.PLACES)) == count
    if seed is None:
        np.testing.assert_allclose(beams.log_prob[0, :count], np.sort(log_p)[::-1][:count], rtol=1e-5)


def test_a_width_of_one_is_greedy():
    tokens, expected = [], 0
    for _ in range(LENGTH):
        expected = int(np.argmax(Chain.logits[expected]))
        tokens.append(expected)
    beams = beam(Chain(), 1, LENGTH, 1)
    np.testing.assert_array_equal(beams.tokens[0, 0], tokens)
    np.testing.assert_allclose(beams.log_prob[:, 0], sequence_log_prob(Chain(), beams.tokens[:, 0]), rtol=1e-5)


def slow_beam(width, length, end_id, prefix=()):
    """Plain Python: the `width` best of all continuations of the beams, step by step."""
    rows = tf.nn.log_softmax(Chain.logits).numpy().astype(np.float64)
    beams = [((), 0.0)]
    for position in range(length):
        longer = []
        for tokens, log_p in beams:
            last = tokens[-1] if tokens else 0
            if end_id is not None and end_id in tokens:
                longer.append(((*tokens, end_id), log_p))
            elif position < len(prefix):
                longer.append(((*tokens, prefix[position]), log_p))
            else:
                longer += [((*tokens, v), log_p + rows[last, v]) for v in range(VOCAB)]
        beams = sorted(longer, key=lambda pair: -pair[1])[:width]
    return beams


@pytest.mark.parametrize('end_id', [None, 1])
@pytest.mark.parametrize('width', [1, 2, 4])
def test_a_small_width_is_the_plain_beam(width, end_id):
    prefixes = [(), (2,), (0, 2), (1, 0)]
    padded = tf.constant([[*prefix, 0, 0][:2] for prefix in prefixes])
    beams = beam(Chain(end_id), 4, 5, width, prefix=padded, prefix_length=tf.constant([0, 1, 2, 2]))
    for row, prefix in enumerate(prefixes):
        slow = slow_beam(width, 5, end_id, prefix)
        count = len(slow)  # one, where the prefix has ended the sequence
        np.testing.assert_array_equal(beams.tokens[row, :count], [tokens for tokens, _ in slow])
        np.testing.assert_allclose(beams.log_prob[row, :count], [log_p for _, log_p in slow], rtol=1e-5, atol=1e-6)
        assert (beams.log_prob[row, count:].numpy() == -np.inf).all()


def test_a_stochastic_beam_draws_without_replacement():
    beams = compiled(lambda: beam(Chain(1), 20_000, LENGTH, 2, seed=[1, 2]))
    p = np.exp(toys.log_probabilities(1))
    ids = beams.tokens.numpy() @ toys.PLACES
    assert (ids[:, 0] != ids[:, 1]).all()
    statistic, freedom = toys.chi_square(beams.tokens[:, 0], p)
    assert statistic < freedom + 5 * (2 * freedom) ** 0.5
    # The second is drawn by p from what the first has left over.
    left = p[:, None] * p[None] / (1 - p[:, None]) * (1 - np.eye(EVERY))
    statistic, freedom = toys.chi_square(beams.tokens[:, 1], left.sum(axis=0))
    assert statistic < freedom + 5 * (2 * freedom) ** 0.5
    assert (beams.rank[:, 0] > beams.rank[:, 1]).numpy().all() and (beams.rank[:, 1] > beams.threshold).numpy().all()


def test_the_perturbed_log_probabilities_are_gumbel():
    """Less log p, the threshold is the third largest of independent Gumbel numbers around log p."""
    beams = compiled(lambda: beam(Chain(), 20_000, LENGTH, 2, seed=[5, 6]))
    log_p = toys.log_probabilities()
    slow = np.sort(log_p + np.random.default_rng(0).gumbel(size=[20_000, EVERY]), axis=1)[:, ::-1]
    for fast, column in zip((beams.rank[:, 0], beams.rank[:, 1], beams.threshold), slow.T):
        error = (np.var(fast) / 20_000 + column.var() / 20_000) ** 0.5
        assert abs(np.mean(fast) - column.mean()) < 4 * error
        np.testing.assert_allclose(np.std(fast), column.std(), rtol=0.05)


@pytest.mark.parametrize('width', [1, 2, 6])
def test_z_of_beams_is_unbiased(width):
    found = compiled(lambda: resample_beams(Chain(1), score, 40_000, LENGTH, width, [1, 2], guidance=0.7))
    estimates = np.exp(found.log_z.numpy().astype(np.float64))
    assert abs(estimates.mean() - toys.law(0.7, 1).sum()) < 4 * estimates.std() / 200
    np.testing.assert_allclose(found.scores, score(found.tokens))


def test_a_beam_of_all_sequences_is_resampled_to_the_residual_model():
    found = compiled(lambda: resample_beams(Chain(1), score, 10_000, LENGTH, EVERY, [1, 2], guidance=1.5))
    law = toys.law(1.5, 1)
    statistic, freedom = toys.chi_square(found.tokens, law / law.sum())
    assert statistic < freedom + 5 * (2 * freedom) ** 0.5
    np.testing.assert_allclose(found.log_z, np.log(law.sum()), rtol=1e-4, atol=1e-5)


def test_temperature_and_guidance_of_each_row():
    temperature = tf.constant([0.5, 1.0, 2.0])
    together = beam(Chain(), 3, LENGTH, 4, temperature=temperature)
    for row in range(3):
        alone = beam(Chain(), 1, LENGTH, 4, temperature=float(temperature[row]))
        np.testing.assert_allclose(together.log_prob[row], alone.log_prob[0], rtol=1e-5)
    found = resample_beams(Chain(), score, 2, LENGTH, EVERY, [1, 2], guidance=tf.constant([1e4, 1e4]))
    np.testing.assert_array_equal(found.tokens, ALL[[toys.TABLE.argmax()] * 2])


@pytest.mark.parametrize('seed', [None, (7, 8)])
def test_rows_are_independent_and_eager_graph_and_xla_agree(seed):
    run = lambda rows: beam(Chain(1), rows, LENGTH, 3, seed=seed)
    eager = run(9)
    for function in (tf.function(run), tf.function(run, jit_compile=True)):
        for one, other in zip(eager, function(9)):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)
    if seed is None:
        for one, other in zip(eager, run(4)):
            np.testing.assert_allclose(one[:4], other, rtol=1e-5, atol=1e-5)


def test_at_least_one_beam():
    with pytest.raises(ValueError, match='width must be at least 1. Received: width=0'):
        beam(Chain(), 1, LENGTH, 0)
