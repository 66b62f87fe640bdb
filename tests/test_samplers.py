"""The likeliest of n samples and truncated policies, against enumeration on toy policies."""

import itertools

import numpy as np
import pytest
import reference
import tensorflow as tf
from reference import MarkovChain
from toys import ALL, LENGTH, VOCAB, Chain, chi_square, log_probabilities

from seqgan_tf.data.corpus import Corpus
from seqgan_tf.data.tasks import Task
from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.evaluation import closing
from seqgan_tf.evaluation.evaluator import Evaluator
from seqgan_tf.evaluation.likeliest import likeliest_curve, log_ratio
from seqgan_tf.metrics import diversity
from seqgan_tf.policies.chunked import RowScorer, Sampler, Scorer
from seqgan_tf.policies.filtered import Filtered
from seqgan_tf.policies.filters import keep_top_k, keep_top_p
from seqgan_tf.policies.sampling import sequence_entropy, valid_mask

SEED = tf.constant([3, 4], tf.int64)
TIED = np.log([0.4, 0.1, 0.1, 0.1, 0.3])  # three equally likely sequences


def exact_law(log_m, n):
    """P of the likeliest of n draws, equal ones sharing it: the sum over all n-tuples."""
    m, law = np.exp(log_m), np.zeros(len(log_m))
    for drawn in itertools.product(range(len(log_m)), repeat=n):
        best = [i for i in drawn if log_m[i] == max(log_m[list(drawn)])]
        for i in best:
            law[i] += np.prod(m[list(drawn)]) / len(best)
    return law


def ranks_of(log_m, count):
    """log m of samples that occur exactly as often as their probability says, sorted."""
    return np.sort(np.repeat(log_m, np.rint(np.exp(log_m) * count).astype(int)))


@pytest.mark.parametrize(
    'log_m, n', [(TIED, 1), (TIED, 2), (TIED, 4), (log_probabilities(), 1), (log_probabilities(), 2)], ids=str
)
def test_the_density_of_the_likeliest_is_that_of_enumeration(log_m, n):
    found = np.exp(log_m + log_ratio(log_m, ranks_of(log_m, 1_000_000), n))
    np.testing.assert_allclose(found, exact_law(log_m, n), rtol=2e-3, atol=1e-7)
    assert found.sum() == pytest.approx(1, abs=1e-4)


def test_without_ties_it_is_n_times_a_power_of_the_cdf():
    ranks = np.linspace(-50, -10, 10_001)
    log_p = np.array([-40.001, -20.003])
    cdf = (np.searchsorted(ranks, log_p) + 1) / 10_002
    np.testing.assert_allclose(log_ratio(log_p, ranks, 16), np.log(16) + 15 * np.log(cdf))


@pytest.mark.parametrize('number', [20, 200])
def test_the_estimate_of_log_a_is_too_high_by_what_it_says(number):
    """n = 2 and no ties: the ratio is log 2 + log a. Below all samples it stays at that of the last rank."""
    a, random = 0.2, np.random.default_rng(0)
    found = [log_ratio(np.array([a]), np.sort(random.uniform(size=number)), 2)[0] for _ in range(20_000)]
    assert np.mean(found) - np.log(2 * a) == pytest.approx((1 - a) / (2 * a * number), rel=0.25)
    assert log_ratio(np.array([-1.0]), np.linspace(0, 1, number), 2) == np.log(2 / (number + 1))


def evaluator(policy, length, num_samples, test=None, oracle=None):
    rows = [Sampler(policy, length, 'off')(2000, SEED + i).numpy() for i in range(3)]
    rows[2] = rows[2] if test is None else test
    vocabulary = Vocabulary([str(i) for i in range(policy.logits.shape[-1])], tokens='id')
    return Evaluator(policy, Task(Corpus(*rows, vocabulary), oracle=oracle, has_text=False), num_samples, 'off')


class TestLikeliest:
    @pytest.fixture(scope='class')
    def lines(self):
        """Of test rows that are all sequences once."""
        return list(likeliest_curve(evaluator(Chain(), LENGTH, 5000, ALL), (1, 2, 16), SEED))

    def test_nll_and_entropy_are_those_of_the_exact_law(self, lines):
        for line, n in zip(lines, (1, 2)):
            law = exact_law(log_probabilities(), n)
            assert line['guided_nll_test'] == pytest.approx(-np.log(law).mean() / LENGTH, abs=0.01)
            assert line['entropy'] == pytest.approx(-(law * np.log(law)).sum() / LENGTH, abs=0.02)

    def test_one_candidate_is_the_generator(self, lines):
        here = evaluator(Chain(), LENGTH, 5000, ALL)
        assert lines[0]['guided_nll_test'] == pytest.approx(here.scorer.nll(ALL), rel=1e-6)
        assert lines[0]['unique'] == diversity.unique_share(here.sample(SEED, 2000))

    def test_more_candidates_are_less_diverse(self, lines):
        assert np.all(np.diff([line['entropy'] for line in lines]) < 0)
        assert np.all(np.diff([line['unique'] for line in lines]) <= 0)
        assert [(line['num_candidates'], line['samples']) for line in lines] == [(1, 2000), (2, 2000), (16, 2000)]

    def test_a_point_does_not_depend_on_the_others(self, lines):
        (line,) = likeliest_curve(evaluator(Chain(), LENGTH, 5000, ALL), (2,), SEED)
        assert line['unique'] == lines[1]['unique']
        assert line['guided_nll_test'] == pytest.approx(lines[1]['guided_nll_test'], abs=0.02)

    def test_its_texts_have_the_exact_law(self, monkeypatch):
        seen = []
        here = evaluator(Chain(), LENGTH, 5000, ALL)
        monkeypatch.setattr(here, 'measure', lambda metrics, samples, seed: seen.append(samples) or iter(()))
        for seed in range(10):
            list(likeliest_curve(here, (2,), SEED + seed))
        statistic, _ = chi_square(np.concatenate(seen), exact_law(log_probabilities(), 2))
        assert statistic < 60  # 26 degrees of freedom: p = 2e-4

    def test_rows_that_no_sample_is_as_rare_as_are_counted(self):
        sharp = MarkovChain(np.broadcast_to(20.0 * np.eye(VOCAB)[1], [VOCAB] * 3))
        rows = np.array([[1] * LENGTH, [1] * LENGTH, [1] * LENGTH, [0] * LENGTH], np.int32)
        (line,) = likeliest_curve(evaluator(sharp, LENGTH, 100, rows), (4,), SEED)
        assert line['tail_rows'] == 0.25 and np.isfinite(line['guided_nll_test'])

    def test_the_first_of_equal_samples_is_kept(self, monkeypatch):
        uniform = MarkovChain(np.zeros([VOCAB] * 3))
        here, seen = evaluator(uniform, LENGTH, 50), []
        monkeypatch.setattr(here, 'measure', lambda metrics, samples, seed: seen.append(samples) or iter(()))
        list(likeliest_curve(here, (8,), SEED))
        np.testing.assert_array_equal(seen[0], here.sample(SEED, 50))


def truncations(k, p):
    fill = lambda logits, value: tf.fill(tf.shape(logits)[:1], value)
    return {
        'top_k': lambda logits: keep_top_k(logits, fill(logits, k)),
        'top_p': lambda logits: keep_top_p(logits, fill(logits, p)),
    }


@pytest.mark.parametrize(
    'name, end_id, jit',
    [
        ('top_k', None, 'off'),
        ('top_k', 2, 'off'),
        ('top_p', None, 'off'),
        ('top_p', 2, 'off'),
        ('top_p', 2, 'auto'),
    ],
)
def test_a_truncated_policy_is_sampled_and_scored_alike_everywhere(name, end_id, jit):
    """Its entropy is that of all its sequences, and it is near -log p of its samples."""
    chain = MarkovChain.random(5, seed=3, end_id=end_id, spread=2.0)
    policy = Filtered(chain, truncations(3, 0.8)[name])
    samples = Sampler(policy, 4, jit)(4000, SEED).numpy()
    log_p = Scorer(policy, jit)(samples)
    counted = valid_mask(tf.constant(samples), end_id).numpy().sum()
    entropy = RowScorer(lambda tokens: sequence_entropy(policy, tokens), jit != 'off')(samples).sum() / counted
    assert np.isfinite(log_p).all() and entropy == pytest.approx(-log_p.sum() / counted, abs=0.03)
    rare = np.argmin(chain.logits[0])
    assert not (samples[:, 0] == rare).any()
    assert np.isneginf(Scorer(policy, jit)(np.full([1, 4], rare, np.int32))).all()
    assert np.isfinite(RowScorer(lambda tokens: sequence_entropy(policy, tokens), jit != 'off')(samples[:, ::-1])).all()


def test_xla_keeps_the_same_tokens_of_top_p():
    logits = tf.constant(np.random.default_rng(0).integers(-3, 4, [60, 37]), tf.float32)
    shares = tf.constant([1.0, 0.9, 0.5, 0.11, 1e-6] * 12)
    found = tf.function(keep_top_p, jit_compile=True)(logits, shares)
    np.testing.assert_array_equal(found, keep_top_p(logits, shares))


class TestTruncationCurves:
    @pytest.mark.parametrize('make, name', [(closing.top_k_curve, 'top_k'), (closing.top_p_curve, 'top_p')])
    def test_each_point_is_that_of_the_truncated_law(self, make, name):
        chain = MarkovChain.random(5, seed=2)
        curve = list(make(evaluator(chain, 3, 4000, oracle=chain), SEED))
        values = [k for k in closing.TOP_K if k < 5] if name == 'top_k' else list(closing.TOP_P)
        assert [point[name] for point in curve] == values
        for point in curve:
            law = reference.completions(self.truncated(chain, name, point[name]), (), 3)
            p, oracle = np.array(list(law.values())), reference.completions(chain, (), 3)
            entropy = -(p[p > 0] * np.log(p[p > 0])).sum() / 3
            assert point['entropy'] == pytest.approx(entropy, abs=0.02)
            nll = -sum(p * np.log(oracle[tokens]) for tokens, p in law.items()) / 3
            assert point['nll_oracle'] == pytest.approx(nll, abs=0.03)
            assert 'nll_test' not in point and np.isfinite(list(point.values())).all()
        assert curve[0]['unique'] < curve[-1]['unique']

    def truncated(self, chain, name, value):
        """The chain without its unlikely tokens, by sorting."""
        logits = chain.logits.astype(np.float64)
        for row in logits.reshape(-1, logits.shape[-1]):
            order, p = np.argsort(-row, kind='stable'), np.sort(reference.softmax(row))[::-1]
            count = value if name == 'top_k' else int(np.sum(np.cumsum(p) < value)) + 1
            row[order[count:]] = -60.0
        return MarkovChain(logits, chain.end_id, chain.start_id)
