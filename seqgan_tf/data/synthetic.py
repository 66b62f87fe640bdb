"""Synthetic data (the paper's main experiment): sequences drawn from an oracle, which then scores what is generated."""

import tensorflow as tf

from seqgan_tf import randomness
from seqgan_tf.data.corpus import Corpus
from seqgan_tf.data.registry import DATASETS
from seqgan_tf.data.tasks import Task
from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.models.oracle import load_oracle, make_oracle
from seqgan_tf.policies.chunked import Sampler

TRAIN, VALIDATION, TEST = range(3)  # each part has a stream of its own
CHUNK = 1000  # rows; another number gives other corpora
NUM_SEQUENCES = 10_000  # for training, as in the paper


def load(config) -> Task:
    """The task of settings: rows drawn from an oracle, which scores samples.

    Raises:
        ValueError: the oracle's file cannot be read.
    """
    oracle = (
        load_oracle(config.oracle_path) if config.oracle_path else make_oracle(config.oracle_seed, config.vocab_size)
    )
    corpus = draw_corpus(
        oracle, config.num_sequences or NUM_SEQUENCES, config.held_out, config.sequence_length, config.seed
    )
    return Task(corpus, DATASETS['synthetic'].scored_by, oracle=oracle, has_text=False)


def draw_corpus(oracle, num_sequences, held_out, sequence_length, seed):
    """Rows drawn from an oracle: `num_sequences` for training, `held_out` each for validation and test.

    The symbols are the ids as text, as there is none. Every part is drawn from a stream of its own, so its first rows do not depend
    on how many follow, nor on the other parts.
    """
    sampler = Sampler(oracle, sequence_length, jit='off', rows=CHUNK)

    def part(stream, count):
        return sampler(count, randomness.fold_in(tf.constant([seed, 0], tf.int64), stream)).numpy()

    vocabulary = Vocabulary([str(i) for i in range(oracle.vocab_size)], tokens='id')
    return Corpus(part(TRAIN, num_sequences), part(VALIDATION, held_out), part(TEST, held_out), vocabulary)
