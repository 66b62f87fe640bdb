"""Sequences drawn and scored in chunks: as many as wanted, none repeated, each as if alone."""

import numpy as np
import pytest
import reference
import tensorflow as tf
from reference import MarkovChain

from seqgan_tf import randomness
from seqgan_tf.models.generator import Generator
from seqgan_tf.policies import chunked, sampling
from seqgan_tf.policies.chunked import Sampler, Scorer
from seqgan_tf.policies.tempered import Tempered

V, T = 6, 4
SEED = tf.constant([7, 8], tf.int64)


def tiny_generator(end_id=None):
    return Generator(V, 3, 4, initializer_stddev=0.7, end_id=end_id)


def traces(function):
    return function.experimental_get_tracing_count()


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(chunked, 'SAMPLE_ROWS', 4)


@pytest.mark.usefixtures('small_chunks')
class TestSamplerAndScorer:
    def test_first_rows_do_not_depend_on_the_count(self):
        sampler = Sampler(tiny_generator(), T)
        whole = sampler(9, SEED).numpy()
        assert whole.shape == (9, T) and len(np.unique(whole, axis=0)) > 5
        for count in (1, 3, 4, 5, 8):
            np.testing.assert_array_equal(sampler(count, SEED), whole[:count])
        assert np.any(sampler(9, SEED + 1) != whole)
        assert traces(sampler._chunk) == 1

    def test_chunks_do_not_repeat_each_other(self, monkeypatch):
        """Or the counts would stray from the law by more than chance."""
        monkeypatch.setattr(chunked, 'SAMPLE_ROWS', 50)
        tokens = Sampler(MarkovChain.random(3), 2, jit='off')(4000, SEED).numpy()
        law = reference.completions(MarkovChain.random(3), (), 2)
        counts = np.array([np.sum(np.all(tokens == s, axis=1)) for s in law])
        expected = 4000 * np.array(list(law.values()))
        assert np.sum((counts - expected) ** 2 / expected) < 30  # chi-square of 8 degrees: p = 2e-4

    def test_chunks_of_another_size(self):
        """A chunk is one sample of its size, from a seed of its own."""
        generator = tiny_generator()
        tokens = Sampler(generator, T, jit='off', rows=3)(5, SEED)
        chunks = [sampling.sample(generator, 3, T, randomness.fold_in(SEED, i)) for i in range(2)]
        np.testing.assert_array_equal(tokens, np.concatenate(chunks)[:5])

    def test_temperature(self):
        """A variable is followed without another trace; sampling and scoring agree on it."""
        sharpness, generator = tf.Variable(1.0), tiny_generator()
        sampler, scorer = Sampler(Tempered(generator, sharpness), T), Scorer(Tempered(generator, sharpness))
        np.testing.assert_array_equal(sampler(8, SEED), Sampler(generator, T)(8, SEED))
        sharpness.assign(1000.0)
        tokens = sampler(8, SEED).numpy()
        assert len(np.unique(tokens, axis=0)) == 1
        np.testing.assert_allclose(scorer(tokens), 0.0, atol=1e-3)
        sharpness.assign(0.5)
        logits = [reference.log_softmax(l / 2) for l in reference.sequence_logits(generator, tokens[0])]
        np.testing.assert_allclose(scorer(tokens[:1]), sum(l[t] for l, t in zip(logits, tokens[0])), rtol=1e-4)
        assert traces(sampler._chunk) == traces(scorer._chunk) == 1

    @pytest.mark.parametrize('jit', ['auto', 'off'])
    @pytest.mark.parametrize('end_id', [None, 1])
    def test_scores_are_those_of_the_twin(self, end_id, jit):
        generator = tiny_generator(end_id)
        scorer, tokens = Scorer(generator, jit), sampling.sample(generator, 9, T, SEED).numpy()
        expected = np.log([reference.probability(generator, row) for row in tokens])
        mask = sampling.valid_mask(tf.constant(tokens), end_id).numpy()
        for count in (1, 4, 7, 9):
            np.testing.assert_allclose(scorer(tokens[:count]), expected[:count], rtol=1e-4)
            np.testing.assert_allclose(
                scorer.nll(tokens[:count]), -expected[:count].sum() / mask[:count].sum(), rtol=1e-4
            )
        assert (mask.sum() < mask.size) == (end_id is not None)
        assert traces(scorer._chunk) == 1
