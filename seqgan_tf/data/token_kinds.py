"""Kinds of tokens: how a text is split into symbols, and how symbols make a text again.

The rules are data. Python applies the patterns with `re`, the serving graph with RE2, so both split
alike. A pattern has ranges of code points and no classes such as \\p{L}: RE2 and Python know
different versions of Unicode. It has no look-around, because RE2 has none.
"""

import collections
import dataclasses
import functools
import itertools
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Sequence

Edit = tuple[str, str]  # (pattern, rewrite)

# As `joiner_annotate` of OpenNMT's Tokenizer: the mark is on the side where no blank stands.
JOINER = '\uffed'
REPLACEMENT = '\ufffd'
NUL = (r'\x00', REPLACEMENT)  # tf.strings.lower cuts a text at a zero byte
_SEPARATOR = '\ufdd0'  # a noncharacter: Unicode keeps it for uses inside a program


def _ranges(codes: Iterable[int]) -> str:
    """Sorted code points as ranges of a character class."""
    groups = itertools.groupby(enumerate(codes), lambda pair: pair[1] - pair[0])
    runs = [[code for _, code in group] for _, group in groups]
    return ''.join(chr(run[0]) if len(run) == 1 else f'{chr(run[0])}-{chr(run[-1])}' for run in runs)


def _category(initials: str) -> str:
    """The code points whose general category starts with one of the letters.

    Planes without such code points are left out, because looking at all takes long.
    """
    codes = itertools.chain(range(0x40000), range(0xE0000, 0xE1000))
    return _ranges(code for code in codes if unicodedata.category(chr(code))[0] in initials)


_MARKS, _LETTERS_AND_DIGITS = _category('M'), _category('LN')
_SPACE = '\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000'  # as str.isspace
_ZWJ = '\u200d'
_FLAG = '[\U0001f1e6-\U0001f1ff]{2}'
_EXTEND = _MARKS + '\u0e33\u0eb3\u200c\uff9e\uff9f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f'
# Emoji and other pictures, no letters or digits: a zero-width joiner ties one to that before it.
_PICTURE = (
    '\xa9\xae\u203c\u2049\u2190-\u245f\u249c-\u24e9\u2500-\u2775\u2794-\u2bff\u3030\u303d\u3297\u3299'
    '\U0001f000-\U0001f0ff\U0001f10d-\U0001f1e5\U0001f200-\U0001fbef'
)
_PICTURES = f'[{_PICTURE}](?:[{_EXTEND}]|{_ZWJ}[{_PICTURE}]?)*'
_LEADING, _SYLLABLE, _FOLLOWING = '\u1100-\u115f\ua960-\ua97c', '\uac00-\ud7a3', '\u1160-\u11ff\ud7b0-\ud7fb'
_HANGUL = f'(?:[{_LEADING}]+[{_SYLLABLE}]?|[{_SYLLABLE}])[{_FOLLOWING}]*|[{_FOLLOWING}]+'

# One grapheme cluster. It approximates the extended clusters of UAX #29: every mark extends (there
# some of Myanmar and Tai Tham do not), Hangul vowels and final consonants follow in any order, a
# control character may be extended, and CR LF are two. Prefixes (Arabic number signs) and Indic
# conjuncts, which Unicode 15.1 made one cluster, stay apart. All normal forms of a text have the
# same clusters.
CLUSTER = f'{_PICTURES}|(?:{_FLAG}|{_HANGUL}|(?s:.))[{_EXTEND}{_ZWJ}]*'
_PUNCTUATION = f'<unk>|{_PICTURES}|(?:{_FLAG}|[^{_LETTERS_AND_DIGITS}{_MARKS}{_SPACE}\u200c{_ZWJ}])[{_EXTEND}{_ZWJ}]*'
# A symbol of wordpunct without its joiners.
WORD_OR_MARK = f'[{_LETTERS_AND_DIGITS}{_MARKS}\u200c{_ZWJ}]+|{_PUNCTUATION}'


def _spellings(symbol: str, most: int = 64) -> set[str]:
    """Texts that have the same normal form C as a symbol, itself included.

    A graph cannot normalize, so it looks up each of them. No more than `most` are made; only
    letters with four and more accents have so many.
    """
    found, waiting = set(), [unicodedata.normalize('NFD', symbol)]
    while waiting and len(found) < most:
        text = waiting.pop()
        found.add(text)
        waiting += {*_respelled(text)} - found
    return found | {symbol}


def _joined_forms(symbol: str) -> Collection[str]:
    """A punctuation mark with its joiners on any side; nothing for a word.

    A prompt may end in `(`, and the corpus may only have `(￭`.
    """
    mark = symbol.strip(JOINER)
    if not re.fullmatch(_PUNCTUATION, mark):
        return ()
    return mark, JOINER + mark, mark + JOINER, JOINER + mark + JOINER


def _respelled(text: str) -> Iterable[str]:
    """Equivalent texts, each with one composition more, or with two marks in the other order."""
    for i in range(len(text)):
        for length in (1, 2):
            part = text[i : i + length]
            composed = unicodedata.normalize('NFC', part)  # Hangul is not in the table
            for char in {*_compositions().get(part, ''), composed}:
                if len(char) == 1:
                    yield text[:i] + char + text[i + length :]
        pair = [unicodedata.combining(char) for char in text[i : i + 2]]
        if len(pair) == 2 and 0 not in pair and pair[0] != pair[1]:
            yield text[:i] + text[i + 1] + text[i] + text[i + 2 :]


@functools.cache
def _compositions() -> dict[str, str]:
    """{canonical decomposition: the characters that have it}."""
    found = collections.defaultdict(str)
    for char in map(chr, range(0x30000)):  # no character beyond has one
        decomposition = unicodedata.decomposition(char)
        if decomposition and not decomposition.startswith('<'):
            found[''.join(chr(int(code, 16)) for code in decomposition.split())] += char
    return found


@dataclasses.dataclass(frozen=True)
class TokenKind:
    """One entry: a rule for splitting and joining.

    Attributes:
        help: what a symbol is, for `--help`.
        separator: where an edited text is split. '': after each code point; ' ': at runs of ASCII
            white space; another character: there, and empty pieces are left out.
        unknown: the text of the unknown symbol.
        edits: made in order before the text is split.
        joint: stands between the symbols of a text.
        joins: edits after the symbols are joined.
        composed: whether texts are put into normal form C.
        variants: gives the texts that stand for a symbol if they are no symbols themselves.
    """

    help: str
    separator: str
    unknown: str = '<unk>'
    edits: tuple[Edit, ...] = ()
    joint: str = ' '
    joins: tuple[Edit, ...] = ()
    composed: bool = False
    variants: Callable[[str], Collection[str]] = lambda symbol: ()


TOKEN_KINDS = {
    'char': TokenKind('one Unicode code point', '', REPLACEMENT, joint=''),
    'grapheme': TokenKind(
        'what a reader takes for one character: an emoji or a letter with its accents stays whole. Texts are put into '
        'normal form C',
        _SEPARATOR,
        REPLACEMENT,
        edits=((_SEPARATOR, REPLACEMENT), (f'({CLUSTER})', rf'\1{_SEPARATOR}')),
        joint='',
        composed=True,
        variants=_spellings,
    ),
    'word': TokenKind(
        'what stands between blanks. Case is kept and punctuation stays attached, so cat, Cat and cat. are three words',
        ' ',
    ),
    'wordpunct': TokenKind(
        'words and punctuation marks, each a symbol of its own',
        ' ',
        edits=(
            (JOINER, REPLACEMENT),
            (f'[{_SPACE}]+', ' '),
            # Each mark gets a tab before it and a line feed after it: neither is in the text now.
            (f'({_PUNCTUATION})', '\t\\1\n'),
            ('\n\t', f' {JOINER}'),  # two marks touch
            ('\n$|\n ', ' '),  # a blank or the end touches
            ('^\t| \t', ' '),
            ('\t', f' {JOINER}'),  # a word touches
            ('\n', f'{JOINER} '),
        ),
        joins=((f' ?{JOINER} ?', ''),),
        variants=_joined_forms,
    ),
    'id': TokenKind('a whole number between blanks', ' '),
}


def split(text: str, tokens: str, verse_length: int = 0, lower: bool = False) -> list[str]:
    """The symbols of a text; see `TOKEN_KINDS` and `Vocabulary`.

    `TextCodec.encode` splits by the same rule in the graph.
    """
    kind = TOKEN_KINDS[tokens]
    if lower:
        text = lower_case(text)
    if kind.composed:
        text = unicodedata.normalize('NFC', text)
    text = _edit(text, kind.edits)
    if not kind.separator:
        return list(text.replace(' ', '')) if verse_length else list(text)
    if kind.separator == ' ':
        return [word.decode() for word in text.encode().split()]  # bytes: ASCII white space only
    return [symbol for symbol in text.split(kind.separator) if symbol]


def join(symbols: Sequence[str], tokens: str, verse_length: int = 0) -> str:
    """The text of a list of symbols; `TextCodec.decode` joins by the same rule in the graph."""
    kind = TOKEN_KINDS[tokens]
    if kind.joint:
        return _edit(kind.joint.join(symbols), kind.joins)
    width = verse_length or max(1, len(symbols))
    return ' '.join(''.join(symbols[i : i + width]) for i in range(0, len(symbols), width))


def lower_case(text: str) -> str:
    """A text in lower case, as `tf.strings.lower` makes it.

    TensorFlow 2.21 knows an earlier version of Unicode than Python 3.11: 40 letters of rare scripts
    stay as they are there.
    """
    return _edit(text, (NUL,)).lower()


def _edit(text: str, edits: Iterable[Edit]) -> str:
    for pattern, rewrite in edits:
        text = re.sub(pattern, rewrite, text)
    return text
