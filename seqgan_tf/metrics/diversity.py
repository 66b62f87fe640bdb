"""How much a set of samples repeats itself and its training rows: shares in [0, 1], in NumPy.

Where `end_id` is given, a row ends before its first `end_id`.
"""

import numpy as np

from seqgan_tf.metrics.ngram_counts import count_ngrams, row_lengths


def unique_share(samples):
    """Distinct rows among samples [B, T]. It falls as B grows: compare equal numbers."""
    return len(np.unique(samples, axis=0)) / len(samples)


def copied_share(samples, rows):
    """Samples [B, T] that are one of the training rows [R, T], token for token."""
    known = {row.tobytes() for row in np.asarray(rows, np.int32)}
    return float(np.mean([row.tobytes() in known for row in np.asarray(samples, np.int32)]))


def coverage(samples, vocab_size, end_id=None):
    """Symbols of the vocabulary, the end apart, that occur in samples [B, T]. It grows with B: compare equal numbers."""
    found = np.unique(samples)
    return (found != end_id).sum() / (vocab_size - (end_id is not None))


def distinct(samples, order, end_id=None):
    """Distinct n-grams of samples [B, T] over all of their n-grams (Li et al., NAACL 2016). It falls as B grows: compare equal numbers."""
    *_, (keys, _, _, count) = count_ngrams(samples, row_lengths(samples, end_id), order)
    return len(keys) / max(1, int(count.sum()))
