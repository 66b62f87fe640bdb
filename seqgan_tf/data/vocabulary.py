"""Vocabulary: symbols and their ids."""

import collections
import functools
import itertools
import pathlib
from collections.abc import Iterable, Sequence
from typing import Self

import numpy as np

from seqgan_tf.data import token_kinds
from seqgan_tf.data.token_kinds import TOKEN_KINDS

END = '<end>'


class Vocabulary:
    """An ordered list of symbols, and the rule by which they make a text.

    The id of a symbol is its position in the list. Id 0 is also what the generator reads before the
    first token. Where sequences have different lengths, symbol 0 is the end symbol, so one token
    marks both boundaries of a sequence. Where all sequences have full length, no symbol is special,
    as in the released code.

    Args:
        symbols: strings, all distinct, at least two.
        tokens: the kind of symbol, a name in `TOKEN_KINDS`: 'char' is one Unicode code point,
            'grapheme' a cluster of them; 'word' and 'id' are separated by white space; 'wordpunct'
            are words and punctuation marks.
        verse_length: with 'char': a text has a space after each `verse_length` symbols, and the
            space is not a symbol. 0: a space is a symbol like any other.
        lower: whether a text is put into lower case before it is split.

    Attributes:
        ids: {symbol: id}.
        known: `ids`, and the id of each text that stands for a symbol, such as another spelling.
        end_id, unknown_id: ids of the end symbol and of the unknown symbol, or None.
        unknown: the text of the unknown symbol.

    Raises:
        ValueError: fewer than two symbols, a repeated symbol, a symbol with a line feed, an unknown
            kind of token, or a bad `verse_length`.
    """

    def __init__(self, symbols: Iterable[str], tokens: str = 'char', verse_length: int = 0, lower: bool = False):
        self.symbols, self.tokens, self.verse_length, self.lower = list(symbols), tokens, verse_length, lower
        if tokens not in TOKEN_KINDS:
            raise ValueError(f'tokens must be one of {", ".join(TOKEN_KINDS)}. Received: tokens={tokens}')
        if verse_length < 0 or (verse_length and tokens != 'char'):
            raise ValueError(
                f'verse_length must be 0 or, with tokens=char, positive. Received: verse_length={verse_length}, '
                f'tokens={tokens}'
            )
        if len(self.symbols) < 2:
            raise ValueError(f'a vocabulary must have at least 2 symbols. Received: {self.symbols}')
        self.ids = {symbol: i for i, symbol in enumerate(self.symbols)}
        if len(self.ids) < len(self.symbols):
            repeated = [s for s, n in collections.Counter(self.symbols).items() if n > 1]
            raise ValueError(f'symbols must be distinct. Repeated: {repeated[:5]}')
        if any('\n' in symbol for symbol in self.symbols):
            raise ValueError('a symbol must not contain a line feed, because a file has one symbol a line')
        self.unknown = TOKEN_KINDS[tokens].unknown
        self.end_id = self.ids.get(END)
        self.unknown_id = self.ids.get(self.unknown)

    @functools.cached_property
    def known(self) -> dict[str, int]:
        variants = TOKEN_KINDS[self.tokens].variants
        known = dict(self.ids)
        for symbol, i in self.ids.items():
            for text in variants(symbol):
                known.setdefault(text, i)  # of several symbols the first, which is the most frequent
        return known

    def __len__(self) -> int:
        return len(self.symbols)

    @classmethod
    def build(
        cls,
        sequences: Iterable[Sequence[str]],
        tokens: str = 'char',
        *,
        verse_length: int = 0,
        lower: bool = False,
        with_end: bool = False,
        with_unknown: bool = False,
        min_count: int = 1,
        max_vocab: int = 0,
    ) -> Self:
        """The vocabulary of a corpus.

        The most frequent symbol comes first; symbols with equal counts are sorted. With tokens='id'
        symbols are sorted by number.

        Args:
            sequences: lists of symbols (strings).
            tokens, verse_length, lower: see the class. The symbols are taken as they are.
            with_end: whether the end symbol is added, in first place.
            with_unknown: whether the unknown symbol is added even if no symbol is left out.
            min_count: symbols that occur less often become the unknown symbol.
            max_vocab: maximum number of symbols, the special ones included; 0: no limit.

        Raises:
            ValueError: fewer than two symbols are left.
        """
        counts = collections.Counter(symbol for sequence in sequences for symbol in sequence)
        by_count = lambda symbol: (-counts[symbol], symbol)
        kept = sorted((s for s, n in counts.items() if n >= min_count), key=int if tokens == 'id' else by_count)
        special = [END] if with_end else []
        unknown = TOKEN_KINDS[tokens].unknown
        if with_unknown or len(kept) < len(counts) or 0 < max_vocab < len(special) + len(kept):
            special.append(unknown)
        kept = [s for s in kept if s not in special]  # the text may hold the unknown symbol itself
        if max_vocab:
            kept = kept[: max(0, max_vocab - len(special))]
        return cls(special + kept, tokens, verse_length, lower)

    def split(self, text: str) -> list[str]:
        """The symbols of a text."""
        return token_kinds.split(text, self.tokens, self.verse_length, self.lower)

    def join(self, symbols: Sequence[str]) -> str:
        """The text of a list of symbols, the inverse of `split`.

        With 'wordpunct' and 'grapheme' that holds for the symbols of a text. Other lists may make a
        text that has other symbols: the marks `(` and `￭)` make `()`, as `(￭` and `)` do.
        """
        return token_kinds.join(symbols, self.tokens, self.verse_length)

    def encode(self, sequences: Sequence[str | Sequence[str]], length: int) -> np.ndarray:
        """Ids int32 [N, length] of N texts or lists of symbols; the end id fills up the shorter ones.

        A text is split by the rule of the vocabulary.

        Raises:
            ValueError: one text instead of a list of them; a symbol is not in the vocabulary and
                there is no unknown symbol; or a sequence is too long, or too short and there is no
                end symbol.
        """
        if isinstance(sequences, str):
            raise ValueError(f'encode takes a list of texts or of lists of symbols. Received: {sequences[:60]!r}')
        sequences = [self.split(s) if isinstance(s, str) else s for s in sequences]
        rows = np.full([len(sequences), length], -1 if self.end_id is None else self.end_id, np.int32)
        for row, sequence in zip(rows, sequences):
            if len(sequence) > length or (len(sequence) < length and self.end_id is None):
                raise ValueError(
                    f'a sequence must have {"at most " if self.end_id is not None else ""}{length} symbols. '
                    f'Received: {len(sequence)}: {self.join(sequence)[:60]}'
                )
            for i, symbol in enumerate(sequence):
                row[i] = self.known.get(symbol, -1 if self.unknown_id is None else self.unknown_id)
                if row[i] < 0:
                    raise ValueError(
                        f'every symbol must be in the vocabulary, which has no unknown symbol. Received: {symbol!r}'
                    )
        return rows

    def decode(self, tokens: np.ndarray | Sequence[Sequence[int]]) -> list[str]:
        """The texts of ids [N, T]; each text stops before the first end id."""
        rows = np.asarray(tokens).tolist()
        kept = (itertools.takewhile(lambda token: token != self.end_id, row) for row in rows)
        return [self.join([self.symbols[token] for token in row]) for row in kept]

    def save(self, path: str | pathlib.Path) -> None:
        """Writes one symbol a line, utf-8, in the order of the ids."""
        pathlib.Path(path).write_bytes(''.join(symbol + '\n' for symbol in self.symbols).encode())

    @classmethod
    def load(cls, path: str | pathlib.Path, tokens: str = 'char', verse_length: int = 0, lower: bool = False) -> Self:
        """The vocabulary that `save` wrote.

        Raises:
            OSError: the file cannot be read.
            ValueError: it is not utf-8, or as for the class.
        """
        return cls(pathlib.Path(path).read_bytes().decode().split('\n')[:-1], tokens, verse_length, lower)
