"""How often samples repeat each other and the training rows: shares in [0, 1], in NumPy.

Where `end_id` is given, a row ends before its first `end_id`.
"""

import numpy as np

from seqgan_tf.metrics.ngram_counts import count_ngrams, row_lengths


def unique_share(samples: np.ndarray) -> float:
    """The share of distinct rows among samples [B, T].

    It falls as B grows, so compare equal numbers.
    """
    return len(np.unique(samples, axis=0)) / len(samples)


def copied_share(samples: np.ndarray, rows: np.ndarray) -> float:
    """The share of samples [B, T] that equal one of the training rows [R, T]."""
    known = {row.tobytes() for row in np.asarray(rows, np.int32)}
    return float(np.mean([row.tobytes() in known for row in np.asarray(samples, np.int32)]))


def coverage(samples: np.ndarray, vocab_size: int, end_id: int | None = None) -> float:
    """The share of the vocabulary's symbols that occur in samples [B, T].

    The end symbol does not count. The share grows with B, so compare equal numbers.
    """
    found = np.unique(samples)
    return (found != end_id).sum() / (vocab_size - (end_id is not None))


def distinct(samples: np.ndarray, order: int, end_id: int | None = None) -> float:
    """The share of distinct n-grams among all n-grams of samples [B, T] (Li et al., NAACL 2016).

    n is `order`. The share falls as B grows, so compare equal numbers.
    """
    *_, (keys, _, _, count) = count_ngrams(samples, row_lengths(samples, end_id), order)
    return len(keys) / max(1, int(count.sum()))
