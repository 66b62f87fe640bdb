"""Temperature, top_k and top_p: exact laws and slow twins."""

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf
from serving_models import networks

from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.policies import filters, sampling
from seqgan_tf.serving.servable import Servable


def test_temperature_gives_the_exact_law():
    vocabulary = Vocabulary(list('abcde'))
    generator, discriminator = networks(vocabulary, 2)
    servable = Servable(generator, discriminator, vocabulary, 2)
    pairs = np.stack(np.meshgrid(range(5), range(5), indexing='ij'), -1).reshape(-1, 2)
    log_probs = tf.nn.log_softmax(generator(pairs) / 0.7).numpy()
    law = np.exp(log_probs[np.arange(25)[:, None], [0, 1], pairs].sum(axis=1).astype(np.float64))
    tokens = servable.sample(np.arange(20_000), np.full(20_000, 0.7, np.float32))['tokens'].numpy()
    counts = np.bincount(tokens @ [5, 1], minlength=25)
    assert scipy.stats.chisquare(counts, law / law.sum() * len(tokens)).pvalue > 1e-3


@pytest.mark.parametrize('rows', [1, 7, 16, 33, 600])
def test_a_temperature_acts_alike_at_each_place_of_a_batch(rows):
    temperatures = np.linspace(0.05, 5, rows, dtype=np.float32)
    inverse = tf.function(sampling.inverse_temperature, autograph=False)
    np.testing.assert_array_equal(inverse(temperatures), (1 / temperatures.astype(np.float64)).astype(np.float32))
    np.testing.assert_array_equal(inverse(np.ones(rows, np.float32)), 1)


def kept_twin(logits, top_k, top_p):
    """The kept ids of one row, by the letter of the definition."""
    order = sorted(range(len(logits)), key=lambda i: (-logits[i], i))[: top_k or None]
    weights = np.exp(logits[order].astype(np.float64) - logits.max())
    share = np.cumsum(weights) / weights.sum()
    return set(order if top_p == 1 else order[: int(np.sum(share < top_p)) + 1])


@pytest.mark.parametrize('vocab_size', [2, 5, 37, 5000])
def test_keep_likely_equals_its_twin(vocab_size):
    random = np.random.default_rng(0)
    top_k, top_p = (a.ravel() for a in np.meshgrid([0, 1, 2, 5, 36, 50], [1.0, 0.999, 0.9, 0.5, 0.11, 1e-6]))
    for logits in (random.normal(size=[len(top_k), vocab_size]) * 3, random.integers(-2, 3, [len(top_k), vocab_size])):
        logits = logits.astype(np.float32)
        kept = np.isfinite(filters.keep_likely(tf.constant(logits), top_k.astype(np.int32), top_p.astype(np.float32)))
        for row, k, p, mask in zip(logits, top_k, top_p, kept):
            assert set(np.flatnonzero(mask)) == kept_twin(row, k, p)
