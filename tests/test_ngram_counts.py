"""The n-gram counter against plain loops."""

import collections

import numpy as np
import pytest

from seqgan_tf.metrics.ngram_counts import count_ngrams, row_lengths


def decoded(keys_by_order, order, place):
    """The n-gram that a place in the keys of an order names, by the definition of a key."""
    key = keys_by_order[order - 1][place]
    if order == 1:
        return (int(key),)
    before, last = divmod(key, len(keys_by_order[0]))
    return (*decoded(keys_by_order, order - 1, before), int(keys_by_order[0][last]))


@pytest.mark.parametrize('end_id', [None, 3])
@pytest.mark.parametrize('shape', [(1, 1), (1, 6), (5, 1), (30, 6)])
def test_counts_are_those_of_a_plain_loop(shape, end_id):
    tokens = np.random.default_rng(0).choice([3, 7, 11, 2**31 - 1], size=shape)
    lengths, keys_by_order = row_lengths(tokens, end_id), []
    for order, (keys, *pairs) in enumerate(count_ngrams(tokens, lengths, shape[1] + 2), start=1):
        keys_by_order.append(keys)
        assert np.all(np.diff(keys) > 0)
        found = {(decoded(keys_by_order, order, gram), row): count for gram, row, count in zip(*pairs)}
        assert found == collections.Counter(
            (tuple(map(int, row[start : start + order])), i)
            for i, (row, length) in enumerate(zip(tokens, lengths))
            for start in range(length - order + 1)
        )


def test_a_row_ends_before_its_first_end():
    tokens = np.array([[3, 3, 1], [1, 3, 1], [1, 1, 3], [1, 1, 1]])
    np.testing.assert_array_equal(row_lengths(tokens, 3), [0, 1, 2, 3])
    np.testing.assert_array_equal(row_lengths(tokens, None), 3)
