"""Corpus: token ids of one data set, split into training, validation and test rows."""

import dataclasses
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from seqgan_tf.data.lines import LineRules, Lines, encode_lines, strip_lines
from seqgan_tf.data.notes import describe_repeats, describe_shared
from seqgan_tf.data.vocabulary import Vocabulary

PARTS = ('train', 'validation', 'test')


@dataclasses.dataclass(frozen=True)
class Corpus:
    """Rows of token ids and their vocabulary.

    A sequence shorter than T ends with `vocabulary.end_id`, which also fills the rest of its row.

    Attributes:
        train, validation, test: int32 [rows, T], each with at least one row.
        vocabulary: the symbols of the ids.
        notes: what was left out or changed, and what may be better otherwise, for the user.

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
        for name in PARTS:
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

    @classmethod
    def from_texts(
        cls,
        texts: Sequence[str],
        *,
        tokens: str = 'char',
        verse_length: int = 0,
        sequence_length: int = 20,
        on_long: str = 'error',
        min_count: int = 1,
        max_vocab: int = 0,
        lower: bool = False,
        on_repeated: str = 'keep',
        validation_share: float = 0.1,
        test_share: float = 0.1,
        seed: int = 0,
    ) -> Self:
        """The corpus of a list of texts.

        Blank texts, and white space around a text, are left out. The vocabulary is that of all
        texts. It has an end symbol if a sequence is shorter than `sequence_length`. It has an
        unknown symbol if `min_count` or `max_vocab` leave symbols out. The notes of the corpus say
        what was left out.

        Args:
            texts: one sequence each, without line feeds.
            tokens, verse_length, lower: how a text is split into symbols, see `Vocabulary`.
            sequence_length: T, at least 2.
            on_long: what happens to a text of more than T symbols: 'error', 'drop' or 'truncate'.
            min_count, max_vocab: see `Vocabulary.build`. With 'id', the ids are 0 .. max_vocab - 1.
            on_repeated: what happens to a row that equals an earlier one: 'keep' or 'drop'. Rows
                are compared after rare symbols became the unknown symbol.
            validation_share, test_share: shares of the rows.
            seed: of the split into training, validation and test rows.

        Raises:
            ValueError: `texts` is no list of str, or has no text; a text is too long or breaks the
                rule of its kind of token; or an option has a bad value.
        """
        rules = LineRules(tokens, verse_length, sequence_length, on_long, min_count, max_vocab, lower, on_repeated)
        return cls.from_lines(_lines_of(texts, 'texts'), rules, validation_share, test_share, seed)

    @classmethod
    def from_parts(
        cls, train_texts: Sequence[str], validation_texts: Sequence[str], test_texts: Sequence[str], **rules: Any
    ) -> Self:
        """The corpus of three lists of texts, which are its parts as they are.

        The vocabulary is that of the training texts, and `min_count` and `max_vocab` count there. A
        symbol that only other texts have becomes the unknown symbol. With tokens='id' all ids are
        kept. There is an end symbol if a sequence of any part is shorter than `sequence_length`.
        With on_repeated='drop' a training row is left out if it equals an earlier one, a validation
        row or a test row; validation and test rows all stay.

        Args:
            train_texts, validation_texts, test_texts: one sequence each, without line feeds.
            rules: as for `from_texts`, without the shares and the seed.

        Raises:
            ValueError: as for `from_texts`, for each of the lists; or no training row is left.
        """
        named = (('train_texts', train_texts), ('validation_texts', validation_texts), ('test_texts', test_texts))
        return cls.from_part_lines([_lines_of(texts, name) for name, texts in named], LineRules(**rules))

    @classmethod
    def from_lines(cls, lines: Lines, rules: LineRules, validation_share: float, test_share: float, seed: int) -> Self:
        """The corpus of numbered lines; see `from_texts`."""
        (rows,), vocabulary, notes = encode_lines([lines], rules)
        if rules.on_repeated == 'drop':
            kept = _leave_out_repeats(rows)
            notes += [f'{len(rows) - len(kept)} rows that equal an earlier one dropped'] * (len(kept) < len(rows))
            rows = kept
        parts = split_rows(rows, validation_share, test_share, seed)
        return cls(*parts, vocabulary, (*notes, *describe_repeats(*parts)))

    @classmethod
    def from_part_lines(cls, parts: Sequence[Lines], rules: LineRules) -> Self:
        """The corpus of the numbered lines of its three parts; see `from_parts`."""
        rows, vocabulary, notes = encode_lines(parts, rules)
        return cls.from_part_rows(rows, vocabulary, rules.on_repeated, notes)

    @classmethod
    def from_part_rows(
        cls, parts: Sequence[np.ndarray], vocabulary: Vocabulary, on_repeated: str, notes: Sequence[str] = ()
    ) -> Self:
        """The corpus of the rows int32 [N, T] of its three parts; see `from_parts`."""
        train, *held_out = parts
        dropped = on_repeated == 'drop'
        shared = describe_shared(train, *held_out, dropped)
        kept = _leave_out_repeats(train, *held_out) if dropped else train
        if not len(kept):
            raise ValueError(
                'on_repeated=drop must leave at least one training row. '
                f'Received: {len(train)} rows, each of which is a validation or test row'
            )
        return cls(kept, *held_out, vocabulary, (*notes, *shared))

    @property
    def sizes(self) -> str:
        """The numbers of rows, T and V in words."""
        at_most = '' if self.vocabulary.end_id is None else 'at most '
        return (
            f'{len(self.train)} training, {len(self.validation)} validation and {len(self.test)} test sequences of '
            f'{at_most}{self.sequence_length} symbols, vocabulary {len(self.vocabulary)}'
        )

    @property
    def sequence_length(self) -> int:
        """T, the length of a row."""
        return self.train.shape[1]

    def examples(self, count: int) -> np.ndarray:
        """At most `count` test rows, int32 [N, T], at equal distances: neighbours may be of one tune."""
        count = min(count, len(self.test))
        return self.test[np.arange(count) * len(self.test) // count]

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


def _lines_of(texts: Sequence[str], name: str) -> Lines:
    """The lines of a list of texts.

    Raises:
        ValueError: it is no list of str, has a text with a line feed, or has no text.
    """
    if isinstance(texts, (str, bytes)):
        raise ValueError(f'{name} must be a list of str. Received: one {type(texts).__name__}: {texts[:60]!r}')
    texts = list(texts)
    for i, text in enumerate(texts):
        if not isinstance(text, str):
            raise ValueError(f'{name} must be a list of str. Received: {name}[{i}]={text!r:.60}')
        if '\n' in text.strip():
            raise ValueError(f'a text must be one line. Received: a line feed in {name}[{i}]: {text[:60]!r}')
    lines = strip_lines(enumerate(texts))
    if not lines:
        raise ValueError(f'{name} must have at least one that is not blank. Received: {len(texts)} texts')
    return Lines(lines, (name + '[{}]').format)


def _leave_out_repeats(rows: np.ndarray, *others: np.ndarray) -> np.ndarray:
    """The rows [N, T] that equal neither an earlier one nor a row of the others, in order."""
    known = {row.tobytes() for part in others for row in part}
    kept = []
    for i, row in enumerate(rows):
        if row.tobytes() not in known:
            known.add(row.tobytes())
            kept.append(i)
    return rows[kept]


def split_rows(
    rows: np.ndarray, validation_share: float, test_share: float, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Splits rows [N, T], shuffled by the seed, into training, validation and test rows.

    Each part has at least one row.

    Raises:
        ValueError: a share is not in [0, 1), or too few rows are left for training.
    """
    for name, share in (('validation_share', validation_share), ('test_share', test_share)):
        if not 0 <= share < 1:
            raise ValueError(f'{name} must be at least 0 and below 1. Received: {name}={share}')
    counts = [max(1, round(len(rows) * share)) for share in (validation_share, test_share)]
    if sum(counts) >= len(rows):
        raise ValueError(f'a corpus must have rows for training, validation and test. Received: {len(rows)} rows')
    order = np.random.default_rng(seed).permutation(len(rows))
    validation, test, train = np.split(rows[order], np.cumsum(counts))
    return train, validation, test
