"""Which n-grams rows of token ids hold, and how often, in NumPy and without a Python loop over rows."""

import numpy as np


def row_lengths(tokens, end_id):
    """The length [B] of each row of ids [B, T]: the tokens before its first `end_id`, or T."""
    if end_id is None:
        return np.full(len(tokens), tokens.shape[1])
    ends = tokens == end_id
    return np.where(ends.any(axis=1), ends.argmax(axis=1), tokens.shape[1])


def count_ngrams(tokens, lengths, max_order):
    """Yields `(keys, gram, row, count)` for n = 1..max_order, of the first `lengths` [B] tokens of rows [B, T].

    keys: int64 [K], sorted. The key of a token is its id. The key of a longer n-gram is made of two places: that of its
        first n - 1 tokens in the keys of order n - 1, times the number of distinct tokens, plus that of its last token
        in the keys of order 1. So keys stay below `tokens.size` squared for any order and any vocabulary.
    gram, row, count: integers [P], the distinct pairs of an n-gram, named by its place in the keys, and a row that holds
        it, and how often it does.
    """
    inside = np.arange(tokens.shape[1]) < lengths[:, np.newaxis]
    ids = grams = num_ids = None
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
