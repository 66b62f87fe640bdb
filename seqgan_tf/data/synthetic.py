"""Synthetic data, the paper's main experiment: sequences drawn from an oracle.

The oracle also scores what a generator draws.
"""

from typing import Any

import numpy as np
import tensorflow as tf

from seqgan_tf import randomness
from seqgan_tf.data.corpus import Corpus
from seqgan_tf.data.registry import DATASETS
from seqgan_tf.data.tasks import Task
from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.models.generator import Generator
from seqgan_tf.models.oracle import load_oracle, make_oracle
from seqgan_tf.policies.chunked import Sampler

TRAIN, VALIDATION, TEST = range(3)  # the random stream of each part
CHUNK = 1000  # sequences drawn at once; another number draws another corpus
NUM_SEQUENCES = 10_000  # for training, as in the paper


def load(config: Any) -> Task:
    """The task of the settings, a `Config`: rows drawn from an oracle, which also scores samples.

    Raises:
        ValueError: the file of the oracle cannot be read.
    """
    oracle = (
        load_oracle(config.oracle_path) if config.oracle_path else make_oracle(config.oracle_seed, config.vocab_size)
    )
    corpus = draw_corpus(
        oracle, config.num_sequences or NUM_SEQUENCES, config.held_out, config.sequence_length, config.seed
    )
    return Task(corpus, DATASETS['synthetic'].scored_by, oracle=oracle, has_text=False)


def draw_corpus(oracle: Generator, num_sequences: int, held_out: int, sequence_length: int, seed: int) -> Corpus:
    """Draws a corpus from an oracle.

    Each part has its own random stream. So its first rows depend neither on the number of rows that
    follow nor on the other parts.

    Args:
        oracle: the policy to draw from. Its symbols are the ids as text.
        num_sequences: number of training rows.
        held_out: number of validation rows, and of test rows.
        sequence_length: T.
        seed: of all draws.
    """
    sampler = Sampler(oracle, sequence_length, jit='off', rows=CHUNK)

    def part(stream: int, count: int) -> np.ndarray:
        return sampler(count, randomness.fold_in(tf.constant([seed, 0], tf.int64), stream)).numpy()

    vocabulary = Vocabulary([str(i) for i in range(oracle.vocab_size)], tokens='id')
    return Corpus(part(TRAIN, num_sequences), part(VALIDATION, held_out), part(TEST, held_out), vocabulary)
