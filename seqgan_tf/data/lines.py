"""Lines of text as rows of ids: they are split, checked, and brought to one length."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from seqgan_tf.data import notes
from seqgan_tf.data.token_kinds import JOINER, TOKEN_KINDS, lower_case, split
from seqgan_tf.data.vocabulary import END, Vocabulary

MOST_IDS = 1_000_000  # with tokens='id' and no max_vocab
ON_LONG = ('error', 'drop', 'truncate')
ON_REPEATED = ('keep', 'drop')

Place = Callable[[int], str]  # the name of a line by its number


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


def encode_lines(lines: Mapping[int, str], place: Place, rules: LineRules) -> tuple[np.ndarray, Vocabulary, list[str]]:
    """The rows of lines.

    Args:
        lines: {number: line}, none blank.
        place: gives the name of a line by its number, for messages.
        rules: how lines become rows.

    Returns:
        rows int32 [N, T], their vocabulary, and notes for the user.

    Raises:
        ValueError: a line is too long or breaks the rule of its kind of token, or fewer than two
            symbols are left.
    """
    for number, line in lines.items():
        if not line.isascii() and any('\ud800' <= char <= '\udfff' for char in line):
            raise ValueError(
                f'a text must be Unicode without lone surrogates. Received: {place(number)}: {line[:60]!a}'
            )
    if rules.lower:
        lines = {number: lower_case(line) for number, line in lines.items()}
    sequences = {number: split(line, rules.tokens, rules.verse_length) for number, line in lines.items()}
    _check_symbols(lines, sequences, place, rules)
    sequences, found = _limit_length(lines, sequences, place, rules)
    lines = {number: lines[number] for number in sequences}
    vocabulary = _vocabulary(sequences.values(), rules)
    found += notes.describe_unknown(sequences.values(), vocabulary)
    found += notes.describe_length(sequences.values(), rules.sequence_length)
    found += notes.describe_symbols(lines.values(), vocabulary)
    rows = vocabulary.encode([*sequences.values()], rules.sequence_length)
    if rules.on_repeated == 'drop':
        first = np.sort(np.unique(rows, axis=0, return_index=True)[1])
        if len(first) < len(rows):
            found.append(f'{len(rows) - len(first)} rows that equal an earlier one dropped')
        rows = rows[first]
    return rows, vocabulary, found


def _vocabulary(sequences: Iterable[Sequence[str]], rules: LineRules) -> Vocabulary:
    sequences = [*sequences]
    with_end = any(len(sequence) < rules.sequence_length for sequence in sequences)
    if rules.tokens == 'id':
        highest = rules.max_vocab or 1 + max(int(symbol) for sequence in sequences for symbol in sequence)
        return Vocabulary([END] * with_end + [str(i) for i in range(highest)], rules.tokens)
    return Vocabulary.build(
        sequences,
        rules.tokens,
        verse_length=rules.verse_length,
        lower=rules.lower,
        with_end=with_end,
        min_count=rules.min_count,
        max_vocab=rules.max_vocab,
    )


def _check_symbols(
    lines: Mapping[int, str], sequences: Mapping[int, Sequence[str]], place: Place, rules: LineRules
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


def _limit_length(
    lines: Mapping[int, str], sequences: dict[int, list[str]], place: Place, rules: LineRules
) -> tuple[dict[int, list[str]], list[str]]:
    """Sequences of at most T symbols, and a note on those that were longer."""
    most = rules.sequence_length
    long = [number for number, sequence in sequences.items() if len(sequence) > most]
    if not long:
        return sequences, []
    if rules.on_long == 'error':
        first = long[0]
        raise ValueError(
            f'a line must have at most sequence_length={most} symbols, unless on_long is drop or truncate. '
            f'Received: {len(long)} longer lines, the first is {place(first)} with {len(sequences[first])}: '
            f'{lines[first][:60]}'
        )
    if rules.on_long == 'truncate':
        return {n: s[:most] for n, s in sequences.items()}, [f'{len(long)} lines cut to {most} symbols']
    kept = {n: s for n, s in sequences.items() if len(s) <= most}
    if not kept:
        raise ValueError(
            f'on_long=drop must leave at least one line. Received: {len(long)} lines, from {place(long[0])} on, '
            f'where all {len(long)} lines are longer than {most} symbols'
        )
    return kept, [f'{len(long)} lines of more than {most} symbols dropped']
