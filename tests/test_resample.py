"""`search.resample` against enumeration: its law at finite n, its limits, its estimate of Z."""

import numpy as np
import pytest
import tensorflow as tf
from toys import LENGTH, TABLE, Chain, chi_square, law, log_probabilities, score

from seqgan_tf.search.resample import choose, resample


def exact_law(beta, n):
    """The law of the chosen sequence: the sum over all n-tuples of candidates."""
    m, w = np.exp(log_probabilities()), np.exp(beta * TABLE.astype(np.float64))
    if n == 1:
        return m
    pairs = m[:, None] * m[None] * w[:, None] / (w[:, None] + w[None])
    return 2 * pairs.sum(axis=1)


@pytest.mark.parametrize('beta, n', [(0.0, 2), (1.0, 1), (1.0, 2), (3.0, 2)])
def test_the_law_at_finite_n_is_exact(beta, n):
    found = resample(Chain(), score, 20_000, LENGTH, n, [1, 2], guidance=beta)
    assert chi_square(found.tokens, exact_law(beta, n))[0] < 60  # 26 degrees of freedom: p = 2e-4
    np.testing.assert_allclose(found.scores, score(found.tokens))


def test_the_limit_of_many_candidates_is_the_residual_model():
    found = resample(Chain(), score, 3000, LENGTH, 300, [1, 2])
    assert chi_square(found.tokens, law(1.0) / law(1.0).sum())[0] < 60


def test_z_is_unbiased():
    z = law(0.7).sum()
    estimates = np.exp(resample(Chain(), score, 20_000, LENGTH, 3, [3, 4], guidance=0.7).log_z.numpy())
    assert abs(estimates.mean() - z) < 4 * estimates.std() / len(estimates) ** 0.5


def test_much_guidance_is_the_best_of_n():
    scores = tf.constant([[1.0, 3.0, 2.0], [-5.0, -7.0, -6.0], [0.0, float('-inf'), -1.0]])
    for beta in (1e4, 3e38):
        np.testing.assert_array_equal(choose(scores, beta, tf.constant([0.9, 0.1, 0.9])), [1, 0, 0])
    ties = choose(tf.zeros([1000, 2]), 3e38, tf.range(1000, dtype=tf.float32) / 1000)
    assert 400 < tf.reduce_sum(ties) < 600


def test_prefixes_are_kept_and_each_row_has_its_own_guidance():
    prefix = tf.constant([[0], [1], [2]])
    found = resample(Chain(), score, 3, LENGTH, 200, [5, 6], guidance=tf.constant([0.0, 1.0, 1e6]), prefix=prefix)
    np.testing.assert_array_equal(found.tokens[:, :1], prefix)
    np.testing.assert_allclose(found.scores[2], TABLE[18:].max())


def test_eager_graph_and_xla_agree():
    run = lambda: resample(Chain(), score, 50, LENGTH, 4, [7, 8])
    for jit in (False, True):
        for one, other in zip(run(), tf.function(run, jit_compile=jit)()):
            np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-6)


def test_at_least_one_candidate():
    with pytest.raises(ValueError, match='num_candidates must be at least 1. Received: num_candidates=0'):
        resample(Chain(), score, 1, LENGTH, 0, [0, 0])
