"""Laws of the corpus: an epoch is a permutation that (seed, epoch) alone decides, and the parts share no row."""

import numpy as np
import pytest

from seqgan_tf.data.corpus import Corpus, split_rows
from seqgan_tf.data.vocabulary import Vocabulary

LENGTH = 3


def distinct_rows(count):
    """Rows that can be told apart: row i spells i in base 10."""
    return np.array([[i // 100, i // 10 % 10, i % 10] for i in range(count)], np.int32).reshape(count, LENGTH)


def make_corpus(count=50, **changes):
    parts = dict(train=distinct_rows(count), validation=distinct_rows(2), test=distinct_rows(3)) | changes
    return Corpus(**parts, vocabulary=Vocabulary([str(i) for i in range(10)], 'id'))


def as_set(rows):
    return {tuple(row) for row in rows.reshape(-1, LENGTH).tolist()}


@pytest.mark.parametrize('count, batch_size', [(50, 1), (50, 7), (50, 8), (50, 50), (49, 25), (1, 1)])
def test_an_epoch_has_each_row_at_most_once_and_drops_only_the_remainder(count, batch_size):
    batches = make_corpus(count).batches(3, batch_size, seed=0)
    assert batches.shape == (count // batch_size, batch_size, LENGTH) and batches.dtype == np.int32
    assert len(as_set(batches)) == count // batch_size * batch_size
    assert as_set(batches) <= as_set(distinct_rows(count))


def test_an_epoch_depends_on_seed_and_epoch_alone():
    corpus = make_corpus()
    later = [corpus.batches(epoch, 8, seed=5) for epoch in (3, 1, 2)]
    for epoch, batches in zip((3, 1, 2), later):
        np.testing.assert_array_equal(make_corpus().batches(epoch, 8, seed=5), batches)


def test_the_order_does_not_depend_on_the_batch_size():
    corpus = make_corpus()
    np.testing.assert_array_equal(
        corpus.batches(1, 5, 0).reshape(-1, LENGTH), corpus.batches(1, 25, 0).reshape(-1, LENGTH)
    )


@pytest.mark.parametrize('other', [(2, 0), (1, 1), (0, 1)])
def test_other_epochs_and_seeds_have_other_orders(other):
    epoch, seed = other
    corpus = make_corpus()
    assert not np.array_equal(corpus.batches(1, 50, 0), corpus.batches(epoch, 50, seed))


def test_each_row_is_left_out_in_some_epoch():
    left_out = [as_set(distinct_rows(50)) - as_set(make_corpus().batches(epoch, 8, 0)) for epoch in range(400)]
    assert set.union(*left_out) == as_set(distinct_rows(50))


def test_batches_leave_the_corpus_as_it_is():
    corpus = make_corpus()
    corpus.batches(1, 8, 0)[:] = 0
    np.testing.assert_array_equal(corpus.train, distinct_rows(50))


def test_a_batch_larger_than_the_corpus_is_refused():
    with pytest.raises(ValueError, match='at most the number of training rows, 50. Received: batch_size=51'):
        make_corpus().batches(0, 51, 0)


@pytest.mark.parametrize(
    'changes, message',
    [
        (dict(train=distinct_rows(0)), 'train must be .* at least one row'),
        (dict(test=distinct_rows(0)), 'test must be .* at least one row'),
        (dict(validation=distinct_rows(2)[0]), 'validation must be int32'),
        (dict(train=distinct_rows(2).astype(np.int64)), 'int64'),
        (dict(test=np.zeros([2, 4], np.int32)), 'one length. Received: test'),
        (dict(test=np.full([2, 3], 10, np.int32)), r'in \[0, 10\). Received: test with 10..10'),
        (dict(validation=np.full([2, 3], -1, np.int32)), r'in \[0, 10\). Received: validation with -1..-1'),
    ],
)
def test_what_is_no_corpus_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        make_corpus(**changes)


@pytest.mark.parametrize(
    'count, shares, sizes',
    [
        (100, (0.1, 0.2), (70, 10, 20)),
        (3, (0.1, 0.1), (1, 1, 1)),
        (100, (0.0, 0.0), (98, 1, 1)),
        (9, (0.4, 0.4), (1, 4, 4)),
    ],
)
def test_the_parts_are_disjoint_and_complete(count, shares, sizes):
    parts = split_rows(distinct_rows(count), *shares, seed=0)
    assert tuple(len(part) for part in parts) == sizes
    assert set.union(*map(as_set, parts)) == as_set(distinct_rows(count))


def test_the_split_depends_on_the_seed_alone():
    first, again, other = (np.concatenate(split_rows(distinct_rows(100), 0.1, 0.1, seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert not np.array_equal(first, distinct_rows(100)[np.lexsort(first.T[::-1])])


@pytest.mark.parametrize('count, shares', [(2, (0.1, 0.1)), (0, (0.1, 0.1)), (10, (0.5, 0.5))])
def test_a_split_that_leaves_no_training_rows_is_refused(count, shares):
    with pytest.raises(ValueError, match=f'Received: {count} rows'):
        split_rows(distinct_rows(count), *shares, seed=0)


@pytest.mark.parametrize(
    'count, expected', [(1, [0]), (3, [0, 3, 6]), (4, [0, 2, 5, 7]), (10, range(10)), (99, range(10))]
)
def test_examples_are_test_rows_at_equal_distances(count, expected):
    rows = distinct_rows(10)
    np.testing.assert_array_equal(make_corpus(test=rows).examples(count), rows[[*expected]])
