"""Evaluation of a generator: yields (name, value). Each metric is defined here, once; NLL and entropy in nats per token."""

import numpy as np
import tensorflow as tf

from seqgan_tf import bleu, randomness
from seqgan_tf.datasets import verse
from seqgan_tf.steps import Sampler, Scorer

BLEU_ORDERS = (2, 3, 4)


class Evaluator:
    """Evaluates one generator on one corpus, compiled once.

    Args:
        generator: a policy.
        corpus: Corpus; the test rows are what is compared with.
        num_samples: sequences drawn for each evaluation.
        oracle: the policy that the corpus was drawn from, or None.
        verse_rules: whether the texts should keep the rules of the embedded verse.
    """

    def __init__(self, generator, corpus, num_samples, oracle=None, verse_rules=False, jit='auto'):
        self.corpus, self.num_samples, self.verse_rules = corpus, num_samples, verse_rules
        self.sampler = Sampler(generator, corpus.sequence_length, jit=jit)
        self.scorer = Scorer(generator, jit)
        self.oracle_scorer = Scorer(oracle, jit) if oracle is not None else None

    def sample(self, seed, count=None):
        """Tokens int32 [num_samples or count, T] from an int seed [2]."""
        return self.sampler(count or self.num_samples, seed).numpy()

    def __call__(self, seed):
        """Yields (name, value) for samples drawn with an int seed [2].

        entropy: H(G), -log p of its own samples.
        nll_test: -log p of the held-out test rows. nll_oracle: -log p of the samples under the oracle (Eq. 13).
        unique: share of distinct sequences among the samples.
        bleu_n: mean sentence BLEU-n of the samples, all test rows as references, smoothing method1 (Texygen's choice); not for oracle data.
        valid_tones, valid_rhyme, valid_grammar, valid_all: shares of the samples that keep the rules of the embedded verse.
        """
        samples = self.sample(seed)
        yield 'entropy', self.scorer.nll(samples)
        yield 'nll_test', self.scorer.nll(self.corpus.test)
        yield 'unique', len(np.unique(samples, axis=0)) / len(samples)
        if self.oracle_scorer:
            yield 'nll_oracle', self.oracle_scorer.nll(samples)
        else:
            for order in BLEU_ORDERS:
                scores = bleu.sentence_bleu(samples, self.corpus.test, order, end_id=self.corpus.vocabulary.end_id, smoothing='method1')
                yield f'bleu_{order}', float(scores.mean())
        if self.verse_rules:
            yield from verse.verse_validity(self.corpus.vocabulary.decode(samples)).items()

    def references(self, seed):
        """Yields what the oracle's figures are to be read against: nll_oracle of its own test rows (its entropy) and of uniform tokens."""
        if self.oracle_scorer:
            uniform = tf.cast(randomness.uniforms(self.corpus.test.shape, seed) * len(self.corpus.vocabulary), tf.int32)
            yield 'nll_oracle_of_data', self.oracle_scorer.nll(self.corpus.test)
            yield 'nll_oracle_of_uniform', self.oracle_scorer.nll(uniform.numpy())


def evaluate(generator, corpus, num_samples, seed, **options):
    """Yields (name, value): `Evaluator` for a single evaluation, with its options and metrics."""
    yield from Evaluator(generator, corpus, num_samples, **options)(seed)
