"""`search.particles` against enumeration: Z, the law of what is chosen, and what n = 1 is."""

import numpy as np
import pytest
import tensorflow as tf
import toys
from toys import LENGTH, Chain, TableValue, score

from seqgan_tf import randomness
from seqgan_tf.policies.sampling import sample
from seqgan_tf.search.particles import particles, systematic
from seqgan_tf.search.resample import resample

NOTHING = [np.zeros(3), np.zeros(9), np.zeros(27)]
BAD = toys.random_tables(seed=7, scale=1.0)


def search(tables, rows, n, seed=(1, 2), guidance=1.5, end_id=None, **settings):
    run = tf.function(
        lambda: particles(
            Chain(end_id), score, TableValue(tables), rows, LENGTH, n, seed, guidance=guidance, **settings
        ),
        autograph=False,
        jit_compile=True,
    )
    return run()


def off_by(log_z, z):
    """How many standard errors the mean of the estimates is away from Z."""
    estimates = np.exp(log_z.numpy().astype(np.float64))
    return abs(estimates.mean() - z) / (estimates.std() / len(estimates) ** 0.5)


@pytest.mark.parametrize(
    'twist, n, end_id', [('perfect', 8, None), ('perfect', 2, 1), ('none', 8, 1), ('bad', 2, 1), ('bad', 8, None)]
)
def test_z_is_unbiased(twist, n, end_id):
    tables = {'perfect': toys.perfect_tables(2.0, end_id), 'none': NOTHING, 'bad': BAD}[twist]
    found = search(tables, 10_000, n, guidance=2.0, end_id=end_id)
    assert off_by(found.log_z, toys.law(2.0, end_id).sum()) < 4
    np.testing.assert_allclose(found.scores, score(found.tokens))


def test_a_good_twist_has_less_variance_than_none_and_none_less_than_a_bad_one():
    spread = lambda tables: np.exp(search(tables, 3000, 16, guidance=3.0).log_z.numpy()).std()
    assert 1.07 * spread(toys.perfect_tables(3.0)) < spread(NOTHING)
    assert 1.5 * spread(NOTHING) < spread(BAD)


@pytest.mark.parametrize('tables', [toys.perfect_tables(1.5, end_id=1), BAD])
def test_the_limit_of_many_particles_is_the_residual_model(tables):
    law = toys.law(1.5, end_id=1)
    statistic, freedom = toys.chi_square(search(tables, 1500, 300, end_id=1).tokens, law / law.sum())
    assert statistic < freedom + 5 * (2 * freedom) ** 0.5


def test_one_particle_is_the_policy():
    found = search(BAD, 200, 1, end_id=1)
    plain = sample(Chain(1), 200, LENGTH, randomness.fold_in([1, 2], 0))
    np.testing.assert_array_equal(found.tokens, plain)
    np.testing.assert_allclose(found.log_z, 1.5 * found.scores, rtol=1e-5, atol=1e-5)


def test_what_follows_an_end_token_does_not_count():
    """Values of prefixes that go on after an end token change nothing, resampling included."""
    other = [table.copy() for table in BAD]
    for length, table in enumerate(other, 1):
        prefixes = toys.ALL[:: toys.VOCAB ** (LENGTH - length), :length]
        table[(prefixes[:, :-1] == 1).any(axis=1)] = 50.0
    assert any((one != two).any() for one, two in zip(BAD, other))
    for one, two in zip(search(BAD, 500, 4, end_id=1), search(other, 500, 4, end_id=1)):
        np.testing.assert_array_equal(one, two)


def test_without_a_twist_nothing_is_resampled():
    found = search(NOTHING, 200, 8)
    other = resample(Chain(), score, 200, LENGTH, 8, [1, 2], guidance=1.5)
    np.testing.assert_array_equal(found.tokens, other.tokens)
    np.testing.assert_allclose(found.log_z, other.log_z, rtol=1e-5, atol=1e-5)


def test_prefixes_and_guidance_of_each_row():
    rows = 8000
    prefix = tf.tile([[2, 0]], [rows, 1])
    lengths = tf.repeat([0, 1, 2, 1], rows // 4)
    guidance = tf.repeat([1.0, 1.5, 2.0, 0.0], rows // 4)
    found = search(BAD, rows, 4, guidance=guidance, prefix=prefix, prefix_length=lengths)
    m = np.exp(toys.log_probabilities())
    for part, (length, beta) in enumerate(zip([0, 1, 2, 1], [1.0, 1.5, 2.0, 0.0])):
        here = slice(part * rows // 4, (part + 1) * rows // 4)
        continued = (toys.ALL[:, :length] == [2, 0][:length]).all(axis=1)
        z = (toys.law(beta) * continued).sum() / m[continued].sum()
        if beta:
            assert off_by(found.log_z[here], z) < 4
        else:
            np.testing.assert_allclose(found.log_z[here], 0.0, atol=1e-6)
        np.testing.assert_array_equal(found.tokens[here, :length], prefix[here, :length])


def test_systematic_resampling_keeps_shares():
    log_weights = tf.constant([[0.0, 1.0, -1.0, 2.0], [float('-inf'), 3.0, 0.0, 0.0]])
    shares = tf.nn.softmax(log_weights).numpy()
    shifts = (np.arange(1000, dtype=np.float32) + 0.5) / 1000
    counts = np.zeros([2, 4])
    for shift in shifts:
        drawn = systematic(log_weights, tf.fill([2], shift)).numpy()
        each = np.stack([np.bincount(row, minlength=4) for row in drawn])
        assert (abs(each - 4 * shares) < 1 + 1e-5).all()
        counts += each
    np.testing.assert_allclose(counts / 4000, shares, atol=1e-3)


def test_rows_are_independent_and_eager_graph_and_xla_agree():
    run = lambda rows: particles(Chain(1), score, TableValue(BAD), rows, LENGTH, 4, [7, 8], guidance=2.0)
    eager = run(30)
    for function in (tf.function(run), tf.function(run, jit_compile=True)):
        for one, other in zip(eager, function(30)):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)
    for one, other in zip(eager, run(11)):
        np.testing.assert_allclose(one[:11], other, rtol=1e-5, atol=1e-5)


def test_at_least_one_particle():
    with pytest.raises(ValueError, match='num_particles must be at least 1. Received: num_particles=0'):
        particles(Chain(), score, TableValue(BAD), 1, LENGTH, 0, [0, 0])
