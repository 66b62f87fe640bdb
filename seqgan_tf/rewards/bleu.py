"""BLEU of finished sequences as a reward, in the graph (PG-BLEU, the paper's baseline)."""

import numpy as np
import tensorflow as tf

from seqgan_tf.metrics.ngram_counts import count_ngrams, row_lengths
from seqgan_tf.policies.sampling import before_end


def make(state, corpus, config):
    """BLEU-n, n of `--bleu_order`, against all training rows. (The released code keeps 40 % of them.)"""
    del state
    return BleuReward(corpus.train, config.bleu_order, corpus.vocabulary.end_id)


class BleuReward(tf.Module):
    """Sentence BLEU-n of each sequence against all reference rows, in the graph; equal to `bleu.sentence_bleu` without smoothing.

    An order without a match makes the score 0 (where NLTK gives some 1e-100).

    What the references hold of each order is a sorted table of n-grams: an n-gram is named by its first n - 1 tokens' place in the table
    of the order below and its last token's place in that of single tokens, so keys stay small for any n and vocabulary. A sequence's
    n-grams are found there by binary search.

    Args:
        references: int [R, S], the training rows.
        max_order: the n of BLEU-n.
        end_id: the id that ends a row, or None.
    """

    def __init__(self, references, max_order=3, end_id=None):
        super().__init__()
        self.max_order, self.end_id = max_order, end_id
        lengths = row_lengths(references, end_id)
        self.tables = [tuple(map(tf.constant, table)) for table in _count_references(references, lengths, max_order)]
        # For every length of a hypothesis the closest of the references'; of two equally close the shorter, as NLTK has it.
        candidates = np.unique(lengths)
        distances = np.abs(np.arange(references.shape[1] + 1)[:, None] - candidates)
        self.closest = tf.constant(candidates[distances.argmin(axis=1)], tf.float32)

    def __call__(self, tokens):
        """BLEU [B] of tokens [B, T], T at most that of the references. (Not worth XLA on a CPU: four times slower.)"""
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


def _count_references(rows, lengths, max_order):
    """For each order: the keys int64 [K] of `count_ngrams`, and the largest count of each in one row, int32 [K]."""
    for keys, gram, _, count in count_ngrams(rows, lengths, max_order):
        limits = np.zeros(len(keys), np.int32)
        np.maximum.at(limits, gram, count)
        yield keys, limits


def _find(keys, wanted):
    """The place of each wanted key in the sorted keys [K], -1 where it is not among them."""
    place = tf.zeros_like(wanted, tf.int32)
    for bit in reversed(range(len(keys).bit_length())):
        further = place + 2**bit
        place = tf.where(
            (further < len(keys)) & (tf.gather(keys, tf.minimum(further, len(keys) - 1)) <= wanted), further, place
        )
    return tf.cast(tf.where(tf.gather(keys, place) == wanted, place, -1), tf.int64)


def _clipped_matches(grams, limits):
    """How many n-grams of each row [B, P] count: the k-th of its kind in a row does where a reference has k; -1 is in none."""
    same = (grams[:, :, None] == grams[:, None, :]) & tf.linalg.band_part(
        tf.fill([1, grams.shape[1], grams.shape[1]], True), -1, 0
    )
    before_and_here = tf.reduce_sum(tf.cast(same, tf.int32), axis=2)
    return tf.reduce_sum(
        tf.cast((grams >= 0) & (before_and_here <= tf.gather(limits, tf.maximum(grams, 0))), tf.int32), axis=1
    )
