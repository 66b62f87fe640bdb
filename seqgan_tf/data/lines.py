"""Lines of text as rows of ids: they are split, checked, and brought to one length."""

import dataclasses
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from seqgan_tf.data import notes
from seqgan_tf.data.token_kinds import JOINER, TOKEN_KINDS, lower_case, split
from seqgan_tf.data.vocabulary import END, Vocabulary

MOST_IDS = 1_000_000  # with tokens='id' and no max_vocab
ON_LONG = ('error', 'drop', 'truncate')
ON_REPEATED = ('keep', 'drop')


@dataclasses.dataclass(frozen=True)
class Lines:
    """The lines of one list or file.

    Attributes:
        texts: {number: line} of the lines that are not blank.
        place: gives the name of a line by its number, for messages.
    """

    texts: Mapping[int, str]
    place: Callable[[int], str]


@dataclasses.dataclass(frozen=True)
class LineRules:
    """How lines become rows; see `Corpus.from_texts`.

    Raises:
        ValueError: a bad value, or two that do not go together.
    """

    tokens: str = 'char'
    verse_length: int = 0
    sequence_length: int = 20
    on_long: str = 'error'
    min_count: int = 1
    max_vocab: int = 0
    lower: bool = False
    on_repeated: str = 'keep'

    def __post_init__(self) -> None:
        if self.verse_length and self.tokens != 'char':
            raise ValueError(
                f'verse_length goes with tokens=char. Received: verse_length={self.verse_length}, tokens={self.tokens}'
            )
        if self.tokens == 'id' and self.min_count > 1:
            raise ValueError(
                f'min_count does not go with tokens=id, where every id is kept. Received: min_count={self.min_count}'
            )
        if self.sequence_length < 2:
            raise ValueError(f'sequence_length must be at least 2. Received: sequence_length={self.sequence_length}')
        for name, choices in (('tokens', TOKEN_KINDS), ('on_long', ON_LONG), ('on_repeated', ON_REPEATED)):
            if getattr(self, name) not in choices:
                raise ValueError(f'{name} must be one of {", ".join(choices)}. Received: {name}={getattr(self, name)}')


def strip_lines(lines: Iterable[tuple[int, str]]) -> dict[int, str]:
    """{number: line} of the lines that are not blank, without the white space around them."""
    stripped = ((number, line.strip()) for number, line in lines)
    return {number: line for number, line in stripped if line}


def encode_lines(parts: Sequence[Lines], rules: LineRules) -> tuple[list[np.ndarray], Vocabulary, list[str]]:
    """The rows of lines in one or several parts.

    The vocabulary is that of the first part. With tokens='id' it has the ids of all parts.

    Args:
        parts: the lines of each part, at least one.
        rules: how lines become rows.

    Returns:
        rows int32 [N, T] of each part, their vocabulary, and notes for the user.

    Raises:
        ValueError: a line is too long or breaks the rule of its kind of token, a part has no line
            left, or the vocabulary has fewer than two symbols.
    """
    split_parts = [_split(part, rules) for part in parts]
    found = _describe_long([*itertools.chain(*split_parts)], rules)
    if rules.on_long == 'drop':
        split_parts = [[line for line in lines if len(line.symbols) <= rules.sequence_length] for lines in split_parts]
    sequences = [[line.symbols[: rules.sequence_length] for line in lines] for lines in split_parts]
    everything = [*itertools.chain(*sequences)]
    vocabulary = _vocabulary(sequences[0], everything, rules)
    found += notes.describe_unknown(sequences[0], vocabulary)
    found += notes.describe_unseen(sequences, vocabulary)
    found += notes.describe_length(everything, rules.sequence_length)
    found += notes.describe_symbols([line.text for line in itertools.chain(*split_parts)], vocabulary)
    return [vocabulary.encode(part, rules.sequence_length) for part in sequences], vocabulary, found


class _Line(NamedTuple):
    text: str
    symbols: list[str]


def _vocabulary(training: Sequence[Sequence[str]], everything: Sequence[Sequence[str]], rules: LineRules) -> Vocabulary:
    with_end = any(len(sequence) < rules.sequence_length for sequence in everything)
    if rules.tokens == 'id':
        highest = rules.max_vocab or 1 + max(int(symbol) for sequence in everything for symbol in sequence)
        return Vocabulary([END] * with_end + [str(i) for i in range(highest)], rules.tokens)
    options = dict(
        verse_length=rules.verse_length,
        lower=rules.lower,
        with_end=with_end,
        min_count=rules.min_count,
        max_vocab=rules.max_vocab,
    )
    vocabulary = Vocabulary.build(training, rules.tokens, **options)
    if vocabulary.unknown_id is not None or vocabulary.known.keys() >= set(itertools.chain(*everything)):
        return vocabulary
    return Vocabulary.build(training, rules.tokens, **options, with_unknown=True)


def _split(part: Lines, rules: LineRules) -> list[_Line]:
    """The symbols of each line of a part.

    Raises:
        ValueError: as for `encode_lines`.
    """
    lines = part.texts
    for number, line in lines.items():
        if not line.isascii() and any('\ud800' <= char <= '\udfff' for char in line):
            raise ValueError(
                f'a text must be Unicode without lone surrogates. Received: {part.place(number)}: {line[:60]!a}'
            )
    if rules.lower:
        lines = {number: lower_case(line) for number, line in lines.items()}
    sequences = {number: split(line, rules.tokens, rules.verse_length) for number, line in lines.items()}
    _check_symbols(lines, sequences, part.place, rules)
    _check_lengths(lines, sequences, part.place, rules)
    return [_Line(line, sequences[number]) for number, line in lines.items()]


def _check_symbols(
    lines: Mapping[int, str],
    sequences: Mapping[int, Sequence[str]],
    place: Callable[[int], str],
    rules: LineRules,
) -> None:
    """Raises ValueError where a line breaks the rule of its kind of token."""
    for number, line in lines.items():
        sequence = sequences[number]
        if rules.tokens == 'id':
            _check_ids(sequence, rules.max_vocab or MOST_IDS, place(number))
        elif rules.tokens == 'word' and END in sequence:
            raise ValueError(f'{END} is the end symbol and cannot be a word. Received: {place(number)}')
        elif rules.tokens == 'wordpunct' and JOINER in line:
            raise ValueError(
                f'with tokens=wordpunct a line must not have {JOINER} (U+FFED), which joins marks to words. '
                f'Received: {place(number)}: {line[:60]}'
            )
        elif rules.verse_length and ' ' in line:
            width = rules.verse_length
            expected = ' '.join(''.join(sequence[i : i + width]) for i in range(0, len(sequence), width))
            if line != expected:
                raise ValueError(
                    f'with verse_length={width} a line must have one space after each {width} characters, '
                    f'or none at all. Received: {place(number)}: {line[:60]}'
                )


def _check_ids(sequence: Sequence[str], limit: int, place: str) -> None:
    digits = len(str(limit))  # int() refuses texts of thousands of digits
    for symbol in sequence:
        small = len(symbol) <= digits and symbol.isascii() and symbol.isdigit()
        if not (small and str(int(symbol)) == symbol and int(symbol) < limit):
            raise ValueError(
                f'tokens=id takes whole numbers in [0, {limit}) separated by spaces. '
                f'Received: {symbol[:60]!r} in {place}'
            )


def _check_lengths(
    lines: Mapping[int, str],
    sequences: Mapping[int, Sequence[str]],
    place: Callable[[int], str],
    rules: LineRules,
) -> None:
    """Raises ValueError where a line is too long, or where no line would be left."""
    most = rules.sequence_length
    long = [number for number, sequence in sequences.items() if len(sequence) > most]
    if not long:
        return
    first = long[0]
    if rules.on_long == 'error':
        raise ValueError(
            f'a line must have at most sequence_length={most} symbols, unless on_long is drop or truncate. '
            f'Received: {len(long)} longer lines, the first is {place(first)} with {len(sequences[first])}: '
            f'{lines[first][:60]}'
        )
    if rules.on_long == 'drop' and len(long) == len(lines):
        raise ValueError(
            f'on_long=drop must leave at least one line. Received: {len(long)} lines, from {place(first)} on, '
            f'where all {len(long)} lines are longer than {most} symbols'
        )


def _describe_long(lines: Sequence[_Line], rules: LineRules) -> list[str]:
    """A note on the lines that are cut or dropped, if there are any."""
    most = rules.sequence_length
    count = sum(len(line.symbols) > most for line in lines)
    if not count:
        return []
    cut = rules.on_long == 'truncate'
    return [f'{count} lines cut to {most} symbols' if cut else f'{count} lines of more than {most} symbols dropped']
