"""Text files: one sequence a line, utf-8."""

import collections
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from seqgan_tf.data.corpus import Corpus, split_rows
from seqgan_tf.data.registry import DATASETS
from seqgan_tf.data.tasks import Task
from seqgan_tf.data.vocabulary import END, Vocabulary, split

MOST_IDS = 1_000_000  # with tokens='id' and no max_vocab
ON_LONG = ('error', 'drop', 'truncate')


def check(config: Any) -> None:
    """Raises ValueError where the settings, a `Config`, name no file or conflict."""
    if not config.corpus:
        raise ValueError('dataset=text needs a file. Received: corpus=""')
    if config.verse_length and config.tokens != 'char':
        raise ValueError(
            f'verse_length goes with tokens=char. Received: verse_length={config.verse_length}, tokens={config.tokens}'
        )
    if config.tokens == 'id' and config.min_count > 1:
        raise ValueError(
            f'min_count does not go with tokens=id, where every id is kept. Received: min_count={config.min_count}'
        )


def load(config: Any) -> Task:
    """The task of the settings, a `Config`: the lines of a file, scored by BLEU.

    Raises:
        ValueError: as `load_text`.
    """
    entry = DATASETS['text']
    options = {name: getattr(config, name) for name in entry.settings if name != 'corpus'}
    return Task(load_text(config.corpus, seed=config.seed, **options), entry.scored_by)


def load_text(
    path: str | pathlib.Path,
    *,
    tokens: str = 'char',
    verse_length: int = 0,
    sequence_length: int = 20,
    on_long: str = 'error',
    min_count: int = 1,
    max_vocab: int = 0,
    validation_share: float = 0.1,
    test_share: float = 0.1,
    seed: int = 0,
) -> Corpus:
    """The corpus of a text file. Blank lines, and white space around a line, are left out.

    The vocabulary is that of the whole file. It has an end symbol if a sequence is shorter than
    `sequence_length`. It has an unknown symbol if `min_count` or `max_vocab` leave symbols out. The
    notes of the corpus say what was left out.

    Args:
        path: the file, utf-8, one sequence a line.
        tokens, verse_length: how a line is split into symbols, see `Vocabulary`.
        sequence_length: T, at least 2.
        on_long: what happens to a line of more than T symbols: 'error', 'drop' or 'truncate'.
        min_count, max_vocab: see `Vocabulary.build`. With 'id', the ids are 0 .. max_vocab - 1.
        validation_share, test_share: shares of the lines.
        seed: of the split into training, validation and test rows.

    Raises:
        ValueError: the file cannot be read, is empty or is not utf-8; or a line is too long or
            breaks the rule of its kind of token.
    """
    lines = _read_lines(path)
    sequences = [split(line, tokens, verse_length) for line in lines.values()]
    _check_symbols(path, lines, sequences, tokens, verse_length, max_vocab)
    sequences, notes = _limit_length(path, lines, sequences, sequence_length, on_long)

    with_end = any(len(sequence) < sequence_length for sequence in sequences)
    if tokens == 'id':
        highest = max_vocab or 1 + max(int(symbol) for sequence in sequences for symbol in sequence)
        symbols = [END] * with_end + [str(i) for i in range(highest)]
        vocabulary = Vocabulary(symbols, tokens)
    else:
        vocabulary = Vocabulary.build(
            sequences, tokens, verse_length=verse_length, with_end=with_end, min_count=min_count, max_vocab=max_vocab
        )
    notes += _describe_unknown(sequences, vocabulary)
    rows = vocabulary.encode(sequences, sequence_length)
    return Corpus(*split_rows(rows, validation_share, test_share, seed), vocabulary, tuple(notes))


def _read_lines(path: str | pathlib.Path) -> dict[int, str]:
    """{line number: line} of the lines that are not blank."""
    path = pathlib.Path(path)
    try:
        text = path.read_bytes().decode('utf-8-sig')
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b'\n') + 1
        raise ValueError(
            f'a corpus must be utf-8 text. Received: {path}, whose line {line} is not ({error.reason})'
        ) from None
    except OSError as error:
        raise ValueError(f'a corpus must be a readable file. Received: {path} ({error.strerror})') from None
    stripped = enumerate((line.strip() for line in text.split('\n')), start=1)
    lines = {number: line for number, line in stripped if line}
    if not lines:
        raise ValueError(f'a corpus must have at least one line of text. Received: {path}, which has none')
    return lines


def _check_symbols(
    path: str | pathlib.Path,
    lines: Mapping[int, str],
    sequences: Sequence[Sequence[str]],
    tokens: str,
    verse_length: int,
    max_vocab: int,
) -> None:
    """Raises ValueError where a line breaks the rule of its kind of token."""
    limit = max_vocab or MOST_IDS
    for (number, line), sequence in zip(lines.items(), sequences):
        if tokens == 'id':
            digits = len(str(limit))  # int() refuses texts of thousands of digits
            bad = [
                s
                for s in sequence
                if not (len(s) <= digits and s.isascii() and s.isdigit() and str(int(s)) == s and int(s) < limit)
            ]
            if bad:
                raise ValueError(
                    f'tokens=id takes whole numbers in [0, {limit}) separated by spaces. '
                    f'Received: {bad[0][:60]!r} in line {number} of {path}'
                )
        elif tokens == 'word' and END in sequence:
            raise ValueError(f'{END} is the end symbol and cannot be a word. Received: line {number} of {path}')
        elif verse_length and ' ' in line:
            expected = ' '.join(''.join(sequence[i : i + verse_length]) for i in range(0, len(sequence), verse_length))
            if line != expected:
                raise ValueError(
                    f'with verse_length={verse_length} a line must have one space after each {verse_length} characters, '
                    f'or none at all. Received: line {number} of {path}: {line[:60]}'
                )


def _limit_length(
    path: str | pathlib.Path,
    lines: Mapping[int, str],
    sequences: list[list[str]],
    sequence_length: int,
    on_long: str,
) -> tuple[list[list[str]], list[str]]:
    """Sequences of at most T symbols, and a note on those that were longer."""
    if on_long not in ON_LONG:
        raise ValueError(f'on_long must be one of {", ".join(ON_LONG)}. Received: on_long={on_long}')
    if sequence_length < 2:
        raise ValueError(f'sequence_length must be at least 2. Received: sequence_length={sequence_length}')
    long = [(number, line, len(s)) for (number, line), s in zip(lines.items(), sequences) if len(s) > sequence_length]
    if not long:
        return sequences, []
    if on_long == 'error':
        number, line, length = long[0]
        raise ValueError(
            f'a line must have at most sequence_length={sequence_length} symbols, unless on_long is drop or truncate. '
            f'Received: {len(long)} longer lines in {path}, the first is line {number} with {length}: {line[:60]}'
        )
    if on_long == 'truncate':
        return [s[:sequence_length] for s in sequences], [f'{len(long)} lines cut to {sequence_length} symbols']
    kept = [s for s in sequences if len(s) <= sequence_length]
    if not kept:
        raise ValueError(
            f'on_long=drop must leave at least one line. Received: {path}, where all {len(long)} lines are longer than '
            f'{sequence_length} symbols'
        )
    return kept, [f'{len(long)} lines of more than {sequence_length} symbols dropped']


def _describe_unknown(sequences: Sequence[Sequence[str]], vocabulary: Vocabulary) -> Iterator[str]:
    """Yields a note on the symbols that became unknown, if there are any."""
    counts = collections.Counter(s for sequence in sequences for s in sequence)
    unknown = {s: n for s, n in counts.most_common() if s not in vocabulary.ids}
    if unknown:
        share = sum(unknown.values()) / sum(counts.values())
        yield (
            f'{len(unknown)} rarer symbols ({share:.2%} of the text) became {vocabulary.unknown}: '
            f'{" ".join(list(unknown)[:10])}{" ..." if len(unknown) > 10 else ""}'
        )
