"""Vocabulary: symbols <-> ids, in Python and in the graph."""

import collections
import pathlib

import numpy as np

END = '<end>'
TOKEN_KINDS = ('char', 'word', 'id')


class Vocabulary:
    """An ordered list of symbols, and how a text is made of them.

    Ids are positions in `symbols`. Id 0 is also what the generator reads before the first token. Where sequences have different
    lengths, symbol 0 is the end symbol, so start and end are one boundary token; where all have full length no symbol is special, as
    in the released code.

    Args:
        symbols: strings, all distinct, at least two.
        tokens: 'char' (a symbol is one Unicode code point), 'word' or 'id' (separated by white space).
        verse_length: for 'char': the space is no symbol, and a text shows a space after each `verse_length` symbols; 0 for neither.

    Raises:
        ValueError: fewer than two symbols, a repeated one, one with a line feed, or an unknown kind.
    """

    def __init__(self, symbols, tokens='char', verse_length=0):
        self.symbols, self.tokens, self.verse_length = list(symbols), tokens, verse_length
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
            raise ValueError('a symbol must not hold a line feed, which ends a symbol in a file')
        self.unknown = '\ufffd' if tokens == 'char' else '<unk>'
        self.end_id = self.ids.get(END)
        self.unknown_id = self.ids.get(self.unknown)

    def __len__(self):
        return len(self.symbols)

    @classmethod
    def build(cls, sequences, tokens='char', *, verse_length=0, with_end=False, min_count=1, max_vocab=0):
        """The vocabulary of a corpus: symbols by falling count, equal counts in the order of the symbols ('id': by number).

        Args:
            sequences: lists of symbols (strings).
            with_end: put the end symbol first.
            min_count: rarer symbols become unknown.
            max_vocab: at most so many symbols, the special ones included; 0 for no limit.

        Raises:
            ValueError: fewer than two symbols are left.
        """
        counts = collections.Counter(symbol for sequence in sequences for symbol in sequence)
        by_count = lambda symbol: (-counts[symbol], symbol)
        kept = sorted((s for s, n in counts.items() if n >= min_count), key=int if tokens == 'id' else by_count)
        special = [END] if with_end else []
        unknown = '\ufffd' if tokens == 'char' else '<unk>'
        if len(kept) < len(counts) or 0 < max_vocab < len(special) + len(kept):
            special.append(unknown)
        kept = [s for s in kept if s not in special]  # the text may hold the unknown symbol itself
        if max_vocab:
            kept = kept[: max(0, max_vocab - len(special))]
        return cls(special + kept, tokens, verse_length)

    def split(self, text):
        """The symbols of a text."""
        return split(text, self.tokens, self.verse_length)

    def join(self, symbols):
        """The text of a list of symbols: `split` the other way round."""
        if self.tokens != 'char':
            return ' '.join(symbols)
        width = self.verse_length or max(1, len(symbols))
        return ' '.join(''.join(symbols[i : i + width]) for i in range(0, len(symbols), width))

    def encode(self, sequences, length):
        """Ids int32 [N, length] of lists of symbols; a shorter one is filled up with the end id.

        Raises:
            ValueError: a symbol that is not in the vocabulary (and there is no unknown symbol), or a length that does not fit.
        """
        rows = np.full([len(sequences), length], -1 if self.end_id is None else self.end_id, np.int32)
        for row, sequence in zip(rows, sequences):
            if len(sequence) > length or (len(sequence) < length and self.end_id is None):
                raise ValueError(
                    f'a sequence must have {"at most " if self.end_id is not None else ""}{length} symbols. '
                    f'Received: {len(sequence)}: {self.join(sequence)[:60]}'
                )
            for i, symbol in enumerate(sequence):
                row[i] = self.ids.get(symbol, -1 if self.unknown_id is None else self.unknown_id)
                if row[i] < 0:
                    raise ValueError(
                        f'every symbol must be in the vocabulary, which has no unknown symbol. Received: {symbol!r}'
                    )
        return rows

    def decode(self, tokens):
        """The texts of ids [N, T], each cut at its first end id."""
        texts = []
        for row in np.asarray(tokens):
            ended = np.flatnonzero(row == self.end_id) if self.end_id is not None else ()
            texts.append(self.join([self.symbols[i] for i in row[: ended[0] if len(ended) else None]]))
        return texts

    def save(self, path):
        """Writes one symbol a line, utf-8, in the order of the ids."""
        pathlib.Path(path).write_bytes(''.join(symbol + '\n' for symbol in self.symbols).encode())

    @classmethod
    def load(cls, path, tokens='char', verse_length=0):
        """The vocabulary that `save` wrote."""
        return cls(pathlib.Path(path).read_bytes().decode().split('\n')[:-1], tokens, verse_length)


def split(text, tokens, verse_length=0):
    """The symbols of a text: code points, or words between ASCII white space (the same rule as in the graph)."""
    if tokens == 'char':
        return list(text.replace(' ', '')) if verse_length else list(text)
    return [word.decode() for word in text.encode().split()]
