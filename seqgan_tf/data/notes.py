"""Notes on a corpus: what a user should know of it before a long training."""

import collections
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from seqgan_tf.data.token_kinds import CLUSTER
from seqgan_tf.data.vocabulary import Vocabulary

MANY = 0.05  # a share of the words from which a note is made
_CLUSTER = re.compile(CLUSTER)
# Marks at the end of a word, and marks and spaces between verses.
_ENDS = '.,;:!?)]}"\'…”’»。，、！？；：」』）'
_BREAKS = re.compile('[\u3000，。、！？；：]')


def describe_unknown(sequences: Iterable[Sequence[str]], vocabulary: Vocabulary) -> Iterator[str]:
    """Yields a note on the symbols that became unknown, if there are any."""
    counts = collections.Counter(s for sequence in sequences for s in sequence)
    unknown = {s: n for s, n in counts.most_common() if s not in vocabulary.known}
    if unknown:
        share = sum(unknown.values()) / sum(counts.values())
        yield (
            f'{len(unknown)} rarer symbols ({share:.2%} of the text) became {vocabulary.unknown}: '
            f'{" ".join(list(unknown)[:10])}{" ..." if len(unknown) > 10 else ""}'
        )


def describe_unseen(parts: Sequence[Sequence[Sequence[str]]], vocabulary: Vocabulary) -> Iterator[str]:
    """Yields a note on the symbols of later parts that the first part, of training, never has."""
    training, *held_out = (collections.Counter(s for sequence in part for s in sequence) for part in parts)
    counts = sum(held_out, collections.Counter())
    unseen = {s: n for s, n in counts.most_common() if s not in vocabulary.known and s not in training}
    if unseen:
        share = sum(unseen.values()) / counts.total()
        learnt = any(s not in vocabulary.known or s == vocabulary.unknown for s in training)
        yield (
            f'{len(unseen)} symbols of validation and test lines ({share:.2%} of their text) are in no training line and '
            f'became {vocabulary.unknown}: {" ".join(list(unseen)[:10])}{" ..." if len(unseen) > 10 else ""}'
            + ('' if learnt else f'; no training row has {vocabulary.unknown}, and a higher --min_count makes some')
        )


def describe_length(sequences: Iterable[Sequence[str]], sequence_length: int) -> Iterator[str]:
    """Yields a note where more than a quarter of T is never used."""
    longest = max(map(len, sequences))
    if sequence_length - longest > sequence_length / 4:
        yield (
            f'the longest line has {longest} symbols, and sequence_length={sequence_length}: each step computes the '
            f'rest for nothing; --sequence_length={max(2, longest)} is enough'
        )


def describe_repeats(train: np.ndarray, validation: np.ndarray, test: np.ndarray) -> Iterator[str]:
    """Yields a note where rows int32 [N, T] repeat, which makes test rows of training rows."""
    rows = np.concatenate([train, validation, test])
    repeats = len(rows) - len(np.unique(rows, axis=0))
    if repeats:
        known = {row.tobytes() for row in train}
        shared = sum(row.tobytes() in known for row in test)
        yield (
            f'{repeats} of {len(rows)} rows equal an earlier one, and {shared} of {len(test)} test rows are training '
            'rows too; --on_repeated=drop keeps the first of each'
        )


def describe_shared(train: np.ndarray, validation: np.ndarray, test: np.ndarray, dropped: bool) -> Iterator[str]:
    """Yields a note on how many rows int32 [N, T] of a given training part stand elsewhere too.

    `dropped` says whether these are left out.
    """
    rows = [row.tobytes() for row in train]
    repeats = len(rows) - len(set(rows))
    in_validation, in_test = (
        sum(map({row.tobytes() for row in part}.__contains__, rows)) for part in (validation, test)
    )
    found = (
        f'of {len(rows)} training rows {in_test} stand among the test rows and {in_validation} among the validation '
        f'rows, and {repeats} equal an earlier one'
    )
    if in_test or in_validation or repeats:
        found += '; all of these are dropped' if dropped else '; --on_repeated=drop leaves them out'
    yield found


def describe_symbols(lines: Iterable[str], vocabulary: Vocabulary) -> Iterator[str]:
    """Yields notes where another kind of token, or `lower`, may suit the lines better."""
    if vocabulary.tokens == 'char':
        lines = [line for line in lines if not line.isascii()]
        yield from _describe_clusters(lines)
        yield from _describe_breaks(lines, vocabulary.verse_length)
    if vocabulary.tokens == 'word':
        yield from _describe_words(
            vocabulary, lambda word: word.rstrip(_ENDS), 'punctuation at their end', '--tokens=wordpunct splits it off'
        )
    if vocabulary.tokens in ('word', 'wordpunct'):
        yield from _describe_words(vocabulary, str.lower, 'capitals', '--lower makes them one')


def _describe_clusters(lines: Iterable[str]) -> Iterator[str]:
    count, example = 0, ''
    for line in lines:
        longest = max(_CLUSTER.findall(line), key=len)
        if len(longest) > 1:
            count, example = count + 1, example or longest
    if count:
        yield (
            f'{count} lines have characters of several code points, such as {example} of {len(example)}, and each code '
            'point is a symbol; --tokens=grapheme keeps them whole'
        )


def _describe_breaks(lines: Iterable[str], verse_length: int) -> Iterator[str]:
    """A note on poems whose verses are set apart by full-width spaces or punctuation.

    Without `verse_length`, lines count as poems if most of those with such marks have verses of one
    length.
    """
    marked = [line for line in lines if _BREAKS.search(line)]
    lengths = collections.Counter(
        len(verses[0])
        for verses in ([*filter(None, _BREAKS.split(line))] for line in marked)
        if len(verses) > 1 and len({len(verse) for verse in verses}) == 1
    )
    if marked and (verse_length or lengths.total() > len(marked) / 2):
        width = verse_length or lengths.most_common(1)[0][0]
        yield (
            f'{len(marked)} lines have full-width spaces or punctuation, such as {marked[0][:60]}, and each is a symbol '
            f'of the poem; with one space in their place and --verse_length={width} a poem has its characters alone'
        )


def _describe_words(vocabulary: Vocabulary, plain: Callable[[str], str], what: str, remedy: str) -> Iterator[str]:
    """A note where many words equal another word but for what `plain` takes away."""
    found = [word for word in vocabulary.symbols if plain(word) != word and plain(word) in vocabulary.ids]
    if len(found) > MANY * len(vocabulary):
        yield (
            f'{len(found)} of {len(vocabulary)} words differ from another one only in {what}, such as `{found[0]}` and '
            f'`{plain(found[0])}`; {remedy}'
        )
