"""Counting models against slow dictionary twins, their enumerated laws, and what was measured on the published oracle."""

import collections
import itertools

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from seqgan_tf.data.synthetic import draw_corpus
from seqgan_tf.metrics.ngram import Bigram, Unigram
from seqgan_tf.models.oracle import load_oracle
from seqgan_tf.policies.sampling import sequence_nll

START, VOCAB_SIZE = None, 4
# Token 3 never occurs; token 2 only ends rows, so that nothing follows it.
ROWS = np.array([[0, 1, 0, 1, 2], [1, 1, 0, 0, 2], [0, 0, 1, 0, 1]], np.int32)
WEIGHTS = [0.0, 0.3, 0.8]


class SlowUnigram:
    """Shares of the tokens in a dictionary, each of the vocabulary counted at least once."""

    def __init__(self, rows):
        counts = collections.Counter(int(token) for row in rows for token in row)
        self.counts = {token: max(counts[token], 1) for token in range(VOCAB_SIZE)}

    def probability(self, before, token):
        return self.counts[token] / sum(self.counts.values())


class SlowBigram:
    """Successors of each token in a dictionary of lists."""

    def __init__(self, rows, weight):
        self.unigram, self.weight, self.successors = SlowUnigram(rows), weight, collections.defaultdict(list)
        for row in rows:
            for before, token in zip([START, *row], row):
                self.successors[before].append(token)

    def probability(self, before, token):
        single, following = self.unigram.probability(before, token), self.successors.get(before, [])
        return (
            self.weight * following.count(token) / len(following) + (1 - self.weight) * single if following else single
        )


MODELS = {'unigram': (Unigram(ROWS, VOCAB_SIZE), SlowUnigram(ROWS))} | {
    f'bigram {weight}': (Bigram(ROWS, VOCAB_SIZE, weight), SlowBigram(ROWS, weight)) for weight in WEIGHTS
}
each_model = pytest.mark.parametrize('model, twin', MODELS.values(), ids=MODELS)


def row_probability(twin, row):
    return np.prod([twin.probability(before, token) for before, token in zip([START, *row], row)])


@each_model
def test_nll_is_the_twins(model, twin):
    rows = np.random.default_rng(0).integers(VOCAB_SIZE, size=(50, 7))
    assert model.nll(rows) == pytest.approx(
        -sum(np.log(row_probability(twin, row)) for row in rows) / rows.size, rel=1e-12
    )


@each_model
@pytest.mark.parametrize('length', [1, 2, 4])
def test_probabilities_sum_to_one(model, twin, length):
    sequences = itertools.product(range(VOCAB_SIZE), repeat=length)
    assert sum(np.exp(-length * model.nll(np.array([s]))) for s in sequences) == pytest.approx(1, rel=1e-12)


@each_model
def test_samples_have_the_law_of_the_twin(model, twin):
    length, count = 3, 20_000
    samples = model.sample(count, length, np.random.default_rng(0))
    assert samples.dtype == np.int32 and samples.shape == (count, length)
    law = np.array([row_probability(twin, s) for s in itertools.product(range(VOCAB_SIZE), repeat=length)])
    counts = np.bincount(samples @ VOCAB_SIZE ** np.arange(length - 1, -1, -1), minlength=len(law))
    common = law * count >= 5
    observed, expected = (np.append(values[common], values[~common].sum()) for values in (counts, law * count))
    assert scipy.stats.chisquare(observed, expected).pvalue > 1e-3


def test_weight_0_is_the_unigram():
    unigram, bigram = Unigram(ROWS, VOCAB_SIZE), Bigram(ROWS, VOCAB_SIZE, 0.0)
    assert bigram.nll(ROWS) == pytest.approx(unigram.nll(ROWS), rel=1e-12)
    np.testing.assert_array_equal(*(model.sample(20, 5, np.random.default_rng(3)) for model in (unigram, bigram)))


def test_weight_1_gives_only_pairs_of_the_rows():
    rows = np.array([[0, 1, 2], [0, 2, 1], [1, 0, 0]])
    model = Bigram(rows, VOCAB_SIZE, 1.0)
    pairs = {(START, 0), (START, 1), (0, 1), (1, 2), (0, 2), (2, 1), (1, 0), (0, 0)}
    assert {pair for row in model.sample(500, 6, np.random.default_rng(0)) for pair in zip([START, *row], row)} == pairs
    assert np.isfinite(model.nll(rows)) and model.nll(np.array([[0, 3]])) == np.inf


@pytest.mark.parametrize('model', [Unigram, Bigram])
def test_the_seed_decides_the_sample(model):
    first, again, other = (model(ROWS, VOCAB_SIZE).sample(10, 5, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)


@pytest.mark.parametrize(
    'rows, message',
    [
        (np.zeros([0, 3], np.int32), r'shape \(0, 3\)'),
        (np.zeros([3], np.int32), r'shape \(3,\)'),
        (np.zeros([2, 2]), 'float64'),
        (np.array([[0, 4]]), r'in \[0, 4\). Received: tokens from 0 to 4'),
        (np.array([[-1, 0]]), 'tokens from -1 to 0'),
    ],
)
@pytest.mark.parametrize('model', [Unigram, Bigram])
def test_errors_name_what_was_received(model, rows, message):
    with pytest.raises(ValueError, match=message):
        model(rows, VOCAB_SIZE)
    with pytest.raises(ValueError, match=message):
        model(ROWS, VOCAB_SIZE).nll(rows)


@pytest.mark.parametrize('weight', [-0.1, 1.1, float('nan')])
def test_a_weight_out_of_range_is_refused(weight):
    with pytest.raises(ValueError, match=f'weight={weight}'):
        Bigram(ROWS, VOCAB_SIZE, weight)


def test_known_values_on_the_published_oracle(data_dir):
    """10,000 training rows of 20 tokens from 5,000; a mean has a standard error of about 0.01."""
    oracle = load_oracle(data_dir / 'seqgan_oracle_params.npz')
    corpus, score = (
        draw_corpus(oracle, 10_000, 2000, 20, seed=0),
        tf.function(lambda rows: sequence_nll(oracle, rows), jit_compile=True),
    )
    models = {
        'unigram': Unigram(corpus.train, 5000),
        0.6: Bigram(corpus.train, 5000, 0.6),
        0.8: Bigram(corpus.train, 5000),
    }
    for name, nll_oracle, nll_test in [('unigram', 10.30, 7.84), (0.6, 9.13, 7.99), (0.8, 8.70, 8.45)]:
        samples = models[name].sample(3000, 20, np.random.default_rng(0))
        assert np.mean([score(chunk) for chunk in np.split(samples, 3)]) == pytest.approx(nll_oracle, abs=0.04)
        assert models[name].nll(corpus.test) == pytest.approx(nll_test, abs=0.04)
