"""Corpus: token ids of one data set, split into training, validation and test rows."""

import dataclasses

import numpy as np

from seqgan_tf.data.vocabulary import Vocabulary


@dataclasses.dataclass(frozen=True)
class Corpus:
    """Rows of token ids, int32 [N, T] each, and their vocabulary.

    A sequence shorter than T ends with `vocabulary.end_id`, which also fills the rest of its row. The notes say what
    the loader left out or changed.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    vocabulary: Vocabulary
    notes: tuple[str, ...] = ()

    def __post_init__(self):
        vocab_size = len(self.vocabulary)
        for name in ('train', 'validation', 'test'):
            rows = getattr(self, name)
            if rows.ndim != 2 or rows.dtype != np.int32 or not len(rows):
                raise ValueError(
                    f'{name} must be int32 [N, T] with at least one row. Received: {rows.dtype} {rows.shape}'
                )
            if rows.shape[1] != self.train.shape[1]:
                raise ValueError(
                    f'all rows must have one length. Received: {name} {rows.shape}, train {self.train.shape}'
                )
            if rows.min() < 0 or rows.max() >= vocab_size:
                raise ValueError(f'ids must be in [0, {vocab_size}). Received: {name} with {rows.min()}..{rows.max()}')

    @property
    def sequence_length(self):
        """T."""
        return self.train.shape[1]

    def batches(self, epoch, batch_size, seed):
        """The training rows of one epoch, int32 [N // batch_size, batch_size, T], shuffled by (seed, epoch) alone; the remainder is left out.

        (The released code drops the remainder too, but never shuffles.)
        """
        if batch_size > len(self.train):
            raise ValueError(
                f'batch_size must be at most the number of training rows, {len(self.train)}. Received: batch_size={batch_size}'
            )
        order = np.random.default_rng([seed, epoch]).permutation(len(self.train))
        return self.train[order[: len(order) // batch_size * batch_size]].reshape(-1, batch_size, self.sequence_length)


def split_rows(rows, validation_share, test_share, seed):
    """Training, validation and test rows of an array, shuffled by the seed; each part has at least one row.

    Raises:
        ValueError: shares that leave no training rows.
    """
    counts = [max(1, round(len(rows) * share)) for share in (validation_share, test_share)]
    if sum(counts) >= len(rows):
        raise ValueError(f'a corpus must have rows for training, validation and test. Received: {len(rows)} rows')
    order = np.random.default_rng(seed).permutation(len(rows))
    validation, test, train = np.split(rows[order], np.cumsum(counts))
    return train, validation, test
