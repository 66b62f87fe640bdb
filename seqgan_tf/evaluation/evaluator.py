"""Evaluation of a generator: yields (name, value). Each metric is defined here, once; NLL and entropy in nats per token."""

import math

import numpy as np

from seqgan_tf.data import verse
from seqgan_tf.metrics import bleu, diversity, ngram
from seqgan_tf.policies.chunked import Sampler, Scorer

BLEU_ORDERS = (2, 3, 4)
SELF_BLEU_ORDERS = (2, 3, 4, 5)
COMPARED_ROWS = 2000  # of the figures that grow or fall with the number of rows


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
        self.generator, self.oracle, self.corpus = generator, oracle, corpus
        self.num_samples, self.verse_rules, self.jit = num_samples, verse_rules, jit
        self.sampler = Sampler(generator, corpus.sequence_length, jit=jit)
        self.scorer = Scorer(generator, jit)
        self.oracle_scorer = Scorer(oracle, jit) if oracle is not None else None

    def sample(self, seed, count=None):
        """Tokens int32 [num_samples or count, T] from an int seed [2]."""
        return self.sampler(count or self.num_samples, seed).numpy()

    def __call__(self, seed):
        """Yields nll_validation, the only figure to choose by, and (name, value) of `measure` for samples drawn with an int seed [2]."""
        yield 'nll_validation', self.scorer.nll(self.corpus.validation)
        yield from self.measure(self.sample(seed))

    def measure(self, samples):
        """Yields (name, value) for samples int32 [B, T] of the generator.

        entropy: H(G), -log p of its own samples.
        nll_test: -log p of the held-out test rows. nll_oracle: -log p of the samples under the oracle (Eq. 13).
        unique: share of distinct sequences among the samples. It falls as their number grows.
        bleu_n: mean sentence BLEU-n of the samples, all test rows as references, smoothing method1 (Texygen's choice); not for oracle data.
        valid_tones, valid_rhyme, valid_grammar, valid_all: shares of the samples that keep the rules of the embedded verse.
        """
        yield 'entropy', self.scorer.nll(samples)
        yield 'nll_test', self.scorer.nll(self.corpus.test)
        yield 'unique', diversity.unique_share(samples)
        if self.oracle_scorer:
            yield 'nll_oracle', self.oracle_scorer.nll(samples)
        else:
            for order in BLEU_ORDERS:
                scores = bleu.sentence_bleu(
                    samples, self.corpus.test, order, end_id=self.corpus.vocabulary.end_id, smoothing='method1'
                )
                yield f'bleu_{order}', float(scores.mean())
        if self.verse_rules:
            yield from verse.verse_validity(self.corpus.vocabulary.decode(samples)).items()

    def references(self, seed):
        """Yields what the figures of a generator are to be read against.

        On text self_bleu_n_of_data, of the test rows. On oracle data nll_oracle_of_X of `num_samples` samples and nll_test_of_X, with X: data,
        the oracle itself (on its test rows, where both are its entropy); uniform tokens; the training rows' unigram and interpolated
        bigram; copies, training rows drawn at random, under which a test row has no probability.
        """
        if not self.oracle_scorer:
            for name, value in self_bleus(self.corpus.test[:COMPARED_ROWS], self.corpus.vocabulary.end_id):
                yield f'{name}_of_data', value
            return
        entropy = self.oracle_scorer.nll(self.corpus.test)
        yield 'nll_oracle_of_data', entropy
        yield 'nll_test_of_data', entropy
        rng, train, vocab_size = np.random.default_rng(seed.numpy()), self.corpus.train, len(self.corpus.vocabulary)
        shape = (self.num_samples, self.corpus.sequence_length)
        yield 'nll_oracle_of_uniform', self.oracle_scorer.nll(rng.integers(vocab_size, size=shape, dtype=np.int32))
        yield 'nll_test_of_uniform', math.log(vocab_size)
        for name, model in (('unigram', ngram.Unigram(train, vocab_size)), ('bigram', ngram.Bigram(train, vocab_size))):
            yield f'nll_oracle_of_{name}', self.oracle_scorer.nll(model.sample(*shape, rng))
            yield f'nll_test_of_{name}', model.nll(self.corpus.test)
        yield 'nll_oracle_of_copies', self.oracle_scorer.nll(train[rng.integers(len(train), size=self.num_samples)])


def self_bleus(rows, end_id):
    """Yields (self_bleu_n, value) for n = 2..5 of rows [B, T], B at least 2. It grows with B: compare equal numbers."""
    if len(rows) > 1:
        for order in SELF_BLEU_ORDERS:
            yield f'self_bleu_{order}', bleu.self_bleu(rows, order, end_id=end_id)


def evaluate(generator, corpus, num_samples, seed, **options):
    """Yields (name, value): `Evaluator` for a single evaluation, with its options and metrics."""
    yield from Evaluator(generator, corpus, num_samples, **options)(seed)
