"""BLEU of finished sequences as a reward, in the graph (PG-BLEU, the paper's baseline)."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from seqgan_tf.data.corpus import Corpus
from seqgan_tf.metrics.ngram_counts import count_ngrams, row_lengths
from seqgan_tf.policies.policy import RewardFunction
from seqgan_tf.policies.sampling import before_end
from seqgan_tf.training.state import TrainState


def make(state: TrainState, corpus: Corpus, config: Any) -> RewardFunction:
    """BLEU-n against all training rows, with n from `--bleu_order`.

    The released code keeps 40 % of the rows as references.
    """
    del state
    return BleuReward(corpus.train, config.bleu_order, corpus.vocabulary.end_id)


class BleuReward(tf.Module):
    """Sentence BLEU-n of each sequence against all reference rows, in the graph.

    It equals `metrics.bleu.sentence_bleu` without smoothing, except that an order without a match
    makes the score 0. (NLTK gives about 1e-100 there.)

    For each order there is a sorted table of the references' n-grams, with the keys of
    `count_ngrams`. A sequence's n-grams are found in it by binary search.

    Args:
        references: int [R, S], the training rows.
        max_order: the n of BLEU-n.
        end_id: the id that ends a row, or None.
    """

    def __init__(self, references: np.ndarray, max_order: int = 3, end_id: int | None = None):
        super().__init__()
        self.max_order, self.end_id = max_order, end_id
        lengths = row_lengths(references, end_id)
        self.tables = [tuple(map(tf.constant, table)) for table in _count_references(references, lengths, max_order)]
        # For each length of a hypothesis the closest length of a reference. Of two equally close
        # lengths the shorter counts, as in NLTK.
        candidates = np.unique(lengths)
        distances = np.abs(np.arange(references.shape[1] + 1)[:, None] - candidates)
        self.closest = tf.constant(candidates[distances.argmin(axis=1)], tf.float32)

    def __call__(self, tokens: tf.Tensor) -> tf.Tensor:
        """BLEU float32 [B] of tokens [B, T], with T at most the references' width S.

        XLA makes it four times slower on a CPU.
        """
        inside = before_end(tokens, self.end_id)
        length = tf.reduce_sum(tf.cast(inside, tf.int32), axis=1)
        ids = grams = tf.where(inside, _find(self.tables[0][0], tf.cast(tokens, tf.int64)), -1)
        log_precision, matched = 0.0, True
        for order, (keys, limits) in enumerate(self.tables, start=1):
            if order > 1:
                grams, last = grams[:, :-1], ids[:, order - 1 :]
                grams = _find(keys, tf.where((grams >= 0) & (last >= 0), grams * len(self.tables[0][0]) + last, -1))
            matches = tf.cast(_clipped_matches(grams, limits), tf.float32)
            total = tf.cast(tf.maximum(length - order + 1, 1), tf.float32)
            matched &= matches > 0
            log_precision += tf.math.log(tf.maximum(matches, 1.0) / total) / self.max_order
        brevity = 1.0 - tf.gather(self.closest, length) / tf.cast(tf.maximum(length, 1), tf.float32)
        return tf.where(matched, tf.exp(log_precision + tf.minimum(brevity, 0.0)), 0.0)


def _count_references(rows, lengths, max_order) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields for each order the keys of `count_ngrams`, and their largest count in one row.

    keys: int64 [K]; counts: int32 [K].
    """
    for keys, gram, _, count in count_ngrams(rows, lengths, max_order):
        limits = np.zeros(len(keys), np.int32)
        np.maximum.at(limits, gram, count)
        yield keys, limits


def _find(keys, wanted):
    """The place of each wanted key in the sorted keys [K], or -1 where it is not there."""
    place = tf.zeros_like(wanted, tf.int32)
    for bit in reversed(range(len(keys).bit_length())):
        further = place + 2**bit
        place = tf.where(
            (further < len(keys)) & (tf.gather(keys, tf.minimum(further, len(keys) - 1)) <= wanted), further, place
        )
    return tf.cast(tf.where(tf.gather(keys, place) == wanted, place, -1), tf.int64)


def _clipped_matches(grams, limits):
    """The number [B] of n-grams that count in each row [B, P] of places in a table.

    The k-th occurrence of an n-gram counts if a reference has at least k of them. The place -1
    stands for an n-gram that no reference has.
    """
    same = (grams[:, :, None] == grams[:, None, :]) & tf.linalg.band_part(
        tf.fill([1, grams.shape[1], grams.shape[1]], True), -1, 0
    )
    before_and_here = tf.reduce_sum(tf.cast(same, tf.int32), axis=2)
    return tf.reduce_sum(
        tf.cast((grams >= 0) & (before_and_here <= tf.gather(limits, tf.maximum(grams, 0))), tf.int32), axis=1
    )
