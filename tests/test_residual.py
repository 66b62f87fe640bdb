"""The residual model against enumeration: its law, its normalizer, and the metrics made of them."""

import itertools

import numpy as np
import pytest
import reference
import tensorflow as tf
from reference import MarkovChain

from seqgan_tf.data.corpus import Corpus
from seqgan_tf.data.tasks import Task
from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.evaluation import residual as metrics
from seqgan_tf.evaluation.evaluator import Evaluator
from seqgan_tf.evaluation.registry import METRICS
from seqgan_tf.evaluation.residual import GUIDANCES, HeldOut
from seqgan_tf.search.residual import ResidualModel, effective_sample_size, log_z

T, V = 2, 3
SHARES = np.array([0.5, 0.25, 0.25])  # of the tokens of a policy without memory
SEED = tf.constant([3, 4], tf.int64)
SCORE = reference.Reward(T, V)


def memoryless(end_id=None):
    return MarkovChain(np.broadcast_to(np.log(SHARES), [V] * 3), end_id)


def exact_samples(policy):
    """16 sequences [16, T], each as often as its probability says."""
    law = reference.completions(policy, (), T)
    counts = {tokens: round(16 * p) for tokens, p in law.items()}
    assert sum(counts.values()) == 16
    return np.repeat(np.array(list(counts), np.int32), list(counts.values()), axis=0)


@pytest.mark.parametrize('end_id', [None, 2])
@pytest.mark.parametrize('beta', [0.0, 0.7, 3.0])
def test_the_law_is_that_of_enumeration_where_z_is_exact(beta, end_id):
    policy, score = memoryless(end_id), SCORE
    law = {tokens: p for tokens, p in reference.completions(policy, (), T).items() if p}
    weights = np.array([p * np.exp(beta * score.slow(tokens)) for tokens, p in law.items()])
    found = ResidualModel(policy, score).log_prob(
        tf.constant(list(law), tf.int32), score(exact_samples(policy)), guidance=beta
    )
    np.testing.assert_allclose(np.exp(found), weights / weights.sum(), rtol=1e-5)


def test_z_is_unbiased_and_its_logarithm_too_low_the_more_so_the_fewer_samples():
    """The means over all tuples of samples, by enumeration."""
    policy, beta = memoryless(), 2.0
    law = reference.completions(policy, (), T)
    exact = np.log(sum(p * np.exp(beta * SCORE.slow(tokens)) for tokens, p in law.items()))
    means = []
    for n in (1, 2):
        tuples = list(itertools.product(law.items(), repeat=n))
        chances = np.array([np.prod([p for _, p in found]) for found in tuples])
        estimates = np.array([float(log_z([SCORE.slow(t) for t, _ in found], beta)) for found in tuples])
        assert chances @ np.exp(estimates) == pytest.approx(np.exp(exact), rel=1e-5)
        means.append(chances @ estimates)
    assert means[0] < means[1] - 0.05 and means[1] < exact - 0.05


def test_the_effective_sample_size_is_that_of_the_weights():
    scores = np.random.default_rng(0).normal(size=50)
    weights = np.exp(1.5 * scores)
    np.testing.assert_allclose(effective_sample_size(scores, 1.5), weights.sum() ** 2 / (weights**2).sum(), rtol=1e-5)
    np.testing.assert_allclose(effective_sample_size(scores, 0.0), 50, rtol=1e-5)
    np.testing.assert_allclose(effective_sample_size([1000.0, 0.0, -1000.0]), 1, rtol=1e-5)


def test_eager_graph_and_xla_agree():
    policy = MarkovChain.random(V, 1)
    tokens = tf.constant(exact_samples(memoryless()))
    run = lambda: ResidualModel(policy, SCORE).log_prob(tokens, SCORE(tokens), guidance=1.5)
    for jit in (False, True):
        np.testing.assert_allclose(run(), tf.function(run, jit_compile=jit)(), rtol=1e-5)


@pytest.mark.parametrize('end_id', [None, 2])
def test_the_nll_is_of_every_token_that_counts(end_id):
    """That of `ResidualModel.log_prob`, summed, over the tokens up to the first end."""
    policy, beta = memoryless(end_id), 1.3
    rows = exact_samples(policy)[::3]
    samples = SCORE(exact_samples(policy)).numpy()[:10]
    counted = sum(list(row).index(end_id) + 1 if end_id in row else T for row in rows)
    nll = -sum(np.log(reference.probability(policy, row)) for row in rows) / counted
    found = HeldOut.of(rows, nll, SCORE(rows).numpy(), end_id).residual_nll(beta, samples)
    log_prob = ResidualModel(policy, SCORE).log_prob(rows, samples, beta).numpy()
    assert found == pytest.approx(-log_prob.sum() / counted, rel=1e-5)
    assert (counted < rows.size) == (end_id is not None)


# The metrics of an evaluation


def evaluator(logits, validation, test, samples=40, trained=True):
    """A policy without memory, and a discriminator whose logit depends on the first token alone."""
    parts = [np.array(part, np.int32) for part in ([[0, 0]] * 4, validation, test)]
    corpus = Corpus(*parts, Vocabulary([str(i) for i in range(V)], tokens='id'))
    asked = []

    def discriminator(tokens):
        asked.append(tokens.shape)
        return tf.gather(tf.constant(logits, tf.float32), tokens[:, 0])

    task = Task(corpus, has_text=False)
    return Evaluator(memoryless(), task, samples, 'off', lambda: discriminator if trained else None), asked


LOGITS = np.array([0.0, 2.0, -2.0])
VALIDATION, TEST = [[1, 0], [0, 0], [1, 2]], [[2, 0], [2, 1], [0, 0]]


def test_all_figures_are_those_of_plain_arithmetic():
    here, _ = evaluator(LOGITS, VALIDATION, TEST)
    found, samples = dict(here(SEED)), here.sample(SEED)
    s = LOGITS[samples[:, 0]]

    def nll(rows, beta, scores):
        rows = np.array(rows)
        log_m = np.log(SHARES[rows]).sum(axis=1)
        return -(log_m + beta * LOGITS[rows[:, 0]] - np.log(np.exp(beta * scores).mean())).sum() / rows.size

    beta = min(GUIDANCES, key=lambda beta: nll(VALIDATION, beta, s))
    assert 0 < beta < GUIDANCES[-1]
    w = np.exp(beta * s)
    assert found.items() >= {'residual_beta': beta}.items()
    for name, value in {
        'residual_nll_validation': nll(VALIDATION, beta, s),
        'residual_nll_test': nll(TEST, beta, s),
        'residual_nll_test_half': nll(TEST, beta, s[:20]),
        'log_z': np.log(w.mean()),
        'log_z_ess': w.sum() ** 2 / (w**2).sum(),
    }.items():
        assert found[name] == pytest.approx(value, rel=1e-5), name
    assert abs(found['residual_nll_test'] - found['residual_nll_test_half']) > 1e-3


def test_beta_is_chosen_by_validation_rows_alone():
    """A discriminator that is right of the one part and wrong of the other."""
    for validation, test, chosen in ((VALIDATION, TEST, True), (TEST, VALIDATION, False)):
        found = dict(evaluator(LOGITS, validation, test)[0](SEED))
        assert (found['residual_beta'] > 0) == chosen
        assert (found['residual_nll_test'] > found['nll_test'] + 0.1) == chosen
        assert found['residual_nll_validation'] <= found['nll_validation'] + 1e-9


def test_without_a_trained_discriminator_nothing_is_added_and_nothing_else_changes():
    without, asked = evaluator(LOGITS, VALIDATION, TEST, trained=False)
    found = dict(without(SEED))
    assert not asked and not set(METRICS['residual'].names) & set(found)
    assert found.items() <= dict(evaluator(LOGITS, VALIDATION, TEST)[0](SEED)).items()
    with pytest.raises(ValueError, match='must require it. Received: a run that has trained none'):
        dict(
            without.measure(
                [METRICS['nll_validation'], METRICS['nll_test'], METRICS['residual']], without.sample(SEED), SEED
            )
        )


def test_one_sample_is_enough():
    found = dict(evaluator(LOGITS, VALIDATION, TEST, samples=1)[0](SEED))
    assert found['log_z_ess'] == pytest.approx(1) and found['residual_nll_test'] == found['residual_nll_test_half']


def test_the_grid_begins_without_the_discriminator_and_has_its_logit_as_it_is():
    assert metrics.GUIDANCES[0] == 0 and 1.0 in metrics.GUIDANCES
