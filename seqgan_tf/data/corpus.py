"""Corpus: token ids of one data set, split into training, validation and test rows."""

import dataclasses

import numpy as np

from seqgan_tf.data.vocabulary import Vocabulary


@dataclasses.dataclass(frozen=True)
class Corpus:
    """Rows of token ids and their vocabulary.

    A sequence shorter than T ends with `vocabulary.end_id`, which also fills the rest of its row.

    Attributes:
        train, validation, test: int32 [rows, T], each with at least one row.
        vocabulary: the symbols of the ids.
        notes: what the loader left out or changed, for the user.

    Raises:
        ValueError: rows of another type or shape, or ids that are not in the vocabulary.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    vocabulary: Vocabulary
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
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
    def sequence_length(self) -> int:
        """T, the length of a row."""
        return self.train.shape[1]

    def batches(self, epoch: int, batch_size: int, seed: int) -> np.ndarray:
        """The training rows of one epoch, int32 [rows // batch_size, batch_size, T].

        Their order depends only on (seed, epoch). The rows that do not fill a batch are left out.
        The released code leaves them out too, but never shuffles.

        Raises:
            ValueError: a batch has more sequences than there are training rows.
        """
        if batch_size > len(self.train):
            raise ValueError(
                f'batch_size must be at most the number of training rows, {len(self.train)}. '
                f'Received: batch_size={batch_size}'
            )
        order = np.random.default_rng([seed, epoch]).permutation(len(self.train))
        return self.train[order[: len(order) // batch_size * batch_size]].reshape(-1, batch_size, self.sequence_length)


def split_rows(
    rows: np.ndarray, validation_share: float, test_share: float, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Splits rows [N, T], shuffled by the seed, into training, validation and test rows.

    Each part has at least one row.

    Raises:
        ValueError: too few rows are left for training.
    """
    counts = [max(1, round(len(rows) * share)) for share in (validation_share, test_share)]
    if sum(counts) >= len(rows):
        raise ValueError(f'a corpus must have rows for training, validation and test. Received: {len(rows)} rows')
    order = np.random.default_rng(seed).permutation(len(rows))
    validation, test, train = np.split(rows[order], np.cumsum(counts))
    return train, validation, test
