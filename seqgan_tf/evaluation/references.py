"""Reference values of the metrics: those of the data and of trivial models."""

import math

import numpy as np
import tensorflow as tf

from seqgan_tf.evaluation.evaluation import COMPARED_ROWS
from seqgan_tf.evaluation.evaluator import Evaluator, Values
from seqgan_tf.evaluation.measures import bleus_of, corpus_bleus_of, self_bleu_of
from seqgan_tf.evaluation.music import distances_of, means_of, mse_of
from seqgan_tf.metrics import ngram


def references(evaluator: Evaluator, seed: tf.Tensor) -> Values:
    """Yields (name, value) of the reference values of a task.

    A task with text has bleu_n_of_data and corpus_bleu_n_of_data, of at most 2,000 validation rows
    against the test rows, and self_bleu_n_of_data, of at most 2,000 test rows. A task with rules
    has the shares of all test rows that keep them, and one with melodies has the metrics of music
    of the same validation rows. A task with an oracle has nll_oracle_of_X, of `num_samples` samples
    of X, and nll_test_of_X. X is one of:

    - data: the oracle itself, on the test rows. Both values are its entropy.
    - uniform: uniform tokens.
    - unigram, bigram: models of the training rows; the bigram is interpolated.
    - copies: training rows drawn at random. It has no nll_test, because a test row that is not a
      training row has probability 0.

    Args:
        evaluator: of the untrained generator.
        seed: int [2].
    """
    corpus, oracle_scorer, num_samples = evaluator.task.corpus, evaluator.oracle_scorer, evaluator.num_samples
    held_out = corpus.validation[:COMPARED_ROWS]
    if evaluator.task.has_text:
        found = bleus_of(held_out, corpus) | corpus_bleus_of(held_out, corpus)
        found |= self_bleu_of(corpus.test[:COMPARED_ROWS], corpus.vocabulary.end_id)
        yield from ((f'{name}_of_data', value) for name, value in found.items())
    if evaluator.task.rules is not None:
        shares = evaluator.task.rules(corpus.vocabulary.decode(corpus.test))
        yield from ((f'{name}_of_data', value) for name, value in shares.items())
    if evaluator.task.melody is not None:
        for measure in (means_of, mse_of, distances_of):
            found = measure(held_out, corpus.test, evaluator.task.melody)
            yield from ((f'{name}_of_data', value) for name, value in found.items())
    if oracle_scorer is None:
        return
    entropy = oracle_scorer.nll(corpus.test)
    yield 'nll_oracle_of_data', entropy
    yield 'nll_test_of_data', entropy
    rng, train, vocab_size = np.random.default_rng(seed.numpy()), corpus.train, len(corpus.vocabulary)
    shape = (num_samples, corpus.sequence_length)
    yield 'nll_oracle_of_uniform', oracle_scorer.nll(rng.integers(vocab_size, size=shape, dtype=np.int32))
    yield 'nll_test_of_uniform', math.log(vocab_size)
    for name, model in (('unigram', ngram.Unigram(train, vocab_size)), ('bigram', ngram.Bigram(train, vocab_size))):
        yield f'nll_oracle_of_{name}', oracle_scorer.nll(model.sample(*shape, rng))
        yield f'nll_test_of_{name}', model.nll(corpus.test)
    yield 'nll_oracle_of_copies', oracle_scorer.nll(train[rng.integers(len(train), size=num_samples)])
