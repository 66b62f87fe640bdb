"""Counts of the n-grams in rows of token ids, in NumPy and without a Python loop over rows."""

from collections.abc import Iterator

import numpy as np

Counts = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # keys, gram, row, count


def row_lengths(tokens: np.ndarray, end_id: int | None) -> np.ndarray:
    """The lengths [B] of rows of ids [B, T]: the tokens before the first `end_id`, or T."""
    if end_id is None:
        return np.full(len(tokens), tokens.shape[1])
    ends = tokens == end_id
    return np.where(ends.any(axis=1), ends.argmax(axis=1), tokens.shape[1])


def count_ngrams(tokens: np.ndarray, lengths: np.ndarray, max_order: int) -> Iterator[Counts]:
    """Yields (keys, gram, row, count) for n = 1..max_order.

    Only the first `lengths` [B] tokens of the rows [B, T] count.

    keys: int64 [K], sorted, one for each distinct n-gram. The key of a token is its id. A longer
        n-gram has the key p * D + q. Here p is the place of its first n - 1 tokens among the keys
        of order n - 1, q is the place of its last token among the keys of order 1, and D is the
        number of distinct tokens. So keys stay below `tokens.size` squared for any order and
        vocabulary.
    gram, row, count: integers [P], one for each distinct pair of an n-gram and a row that holds it:
        the place of the n-gram in the keys, the row, and how often the row holds the n-gram.
    """
    inside = np.arange(tokens.shape[1]) < lengths[:, np.newaxis]
    ids = grams = np.zeros(tokens.shape, np.int64)
    num_ids = 0
    for order in range(1, max_order + 1):
        named = tokens if order == 1 else grams[:, :-1] * num_ids + ids[:, order - 1 :]
        held = inside[:, order - 1 :]
        keys, places = np.unique(named[held].astype(np.int64), return_inverse=True)
        grams = np.zeros(named.shape, np.int64)
        grams[held] = places
        if order == 1:
            ids, num_ids = grams, len(keys)
        pairs, count = np.unique(places * len(tokens) + np.nonzero(held)[0], return_counts=True)
        yield keys, pairs // len(tokens), pairs % len(tokens), count
