"""Regulated verse: the rules of quatrains of five-character lines (五言绝句).

A poem has 20 Chinese characters, 4 lines of 5, without spaces or punctuation. Its phrases are those
of `verse_lexicon`. It keeps three rules.

Grammar. A line is a head of two characters and a tail of three. Their categories fit a template of
the line's position, see `TEMPLATES`. No phrase comes twice in a poem.

Tones. A character is level (平, Mandarin tones 1 and 2) or oblique (仄, tones 3 and 4). Mandarin has
lost the entering tone. The tones of a poem are one of the four standard arrangements, see
`ARRANGEMENTS`, as Wang Li tabulates them (《诗词格律》, 1962, ch. 2). The tone of `中` is free. Only the
first character of a line can be free, and that of 平平仄仄平 is not. This is a strict reading of
一三五不论: it excludes a lone level tone (孤平) and three level tones at the end of a line (三平调).

Rhyme. The last characters of lines 2 and 4 rhyme: they are level, they differ, and their finals are
of one group. The last character of line 1 rhymes with them unless its tone is oblique. The groups
are the thirteen of Mandarin popular verse (十三辙), see `RHYME_GROUPS`.
"""

import collections
import itertools
import re
from collections.abc import Sequence
from typing import NamedTuple

from seqgan_tf.data.verse_lexicon import PHRASES, READINGS

VERSE_LENGTH = 5
POEM_LENGTH = 20
HEAD_LENGTH = 2
RHYME_PLACES = 4, 9, 19  # the last characters of lines 1, 2 and 4
CONSONANTS = 'bcdfghjklmnpqrstwxyz'  # v is a vowel here: it stands for ü

# The (head, tail) categories of each line: the parts of the classical quatrain (起承转合).
TEMPLATES = (
    (('time', 'scene'), ('place', 'scene')),  # opening
    (('place', 'scene'), ('sky', 'drift'), ('bird', 'flight'), ('plant', 'bloom')),  # development
    (('person', 'act'),),  # turn
    (('muse', 'feeling'),),  # close
)

ARRANGEMENTS = (
    ('中仄平平仄', '平平仄仄平', '中平平仄仄', '中仄仄平平'),  # oblique start, line 1 unrhymed
    ('中仄仄平平', '平平仄仄平', '中平平仄仄', '中仄仄平平'),  # oblique start, line 1 rhymed
    ('中平平仄仄', '中仄仄平平', '中仄平平仄', '平平仄仄平'),  # level start, line 1 unrhymed
    ('平平仄仄平', '中仄仄平平', '中仄平平仄', '平平仄仄平'),  # level start, line 1 rhymed
)

RHYME_GROUPS = {  # name: the finals, as pinyin writes them (v for ü)
    '发花': 'a ia ua',
    '梭坡': 'o e uo',
    '乜斜': 'ie ue ve',
    '姑苏': 'u',
    '一七': 'i v er',
    '怀来': 'ai uai',
    '灰堆': 'ei ui',
    '遥条': 'ao iao',
    '由求': 'ou iu',
    '言前': 'an ian uan',
    '人辰': 'en in un',
    '江阳': 'ang iang uang',
    '中东': 'eng ing ong iong',
}


def verse_validity(texts: Sequence[str]) -> dict[str, float]:
    """The share of texts that keep each rule of the verse.

    Args:
        texts: any texts, at least one. White space is ignored. An unknown character breaks the
            rules that it takes part in. A text that is not 20 characters long breaks all rules.

    Returns:
        Shares in [0, 1] of 'valid_tones', 'valid_rhyme' and 'valid_grammar' (the templates, and no
        phrase twice), and of texts that keep all three, 'valid_all'.

    Raises:
        ValueError: there are no texts.
    """
    if not len(texts):
        raise ValueError('texts must hold at least 1 text. Received: 0 texts')
    kept = [_rules_kept(''.join(text.split())) for text in texts]
    names = ('valid_tones', 'valid_rhyme', 'valid_grammar')
    shares = {name: sum(column) / len(kept) for name, column in zip(names, zip(*kept))}
    return shares | {'valid_all': sum(map(all, kept)) / len(kept)}


class Mark(NamedTuple):
    """A character of a poem, and which rules it keeps.

    Attributes:
        character: the character.
        reading: its syllable in pinyin with the number of its tone; '' where it is unknown.
        tone: '平' or '仄'; '?' where it is unknown.
        expected: its tone in the arrangement that the poem is nearest to; '中' where it is free.
        rhyme: its rhyme group, where it takes part in the rhyme; '' where it does not.
        category: that of the phrase it stands in; '' where there is no such phrase.
        keeps_tones, keeps_rhyme, keeps_grammar: whether it keeps its part of each rule.
    """

    character: str
    reading: str
    tone: str
    expected: str
    rhyme: str
    category: str
    keeps_tones: bool
    keeps_rhyme: bool
    keeps_grammar: bool


def verse_marks(text: str) -> list[Mark]:
    """The rules of a poem, character by character.

    All characters keep a rule exactly where `verse_validity` says that the text keeps it. The tones
    are compared with the arrangement that most characters fit, rhymes with the group that most of
    them have, and a phrase that comes twice is at fault where it comes again.

    Args:
        text: 20 characters; white space is ignored.

    Raises:
        ValueError: the text has another number of characters.
    """
    text = ''.join(text.split())
    if len(text) != POEM_LENGTH:
        raise ValueError(f'a poem must have {POEM_LENGTH} characters. Received: {len(text)}')
    tones = tones_of(text)
    fits = lambda arrangement: [tone in ('平仄' if want == '中' else want) for tone, want in zip(tones, arrangement)]
    expected = max(map(''.join, ARRANGEMENTS), key=lambda arrangement: sum(fits(arrangement)))
    rhymes, grammar = _rhyme_marks(text), _grammar_marks(text)
    return [
        Mark(
            char,
            _READINGS.get(char, ''),
            tones[i],
            expected[i],
            GROUPS.get(char, '?') if i in rhymes else '',
            grammar[i][0],
            fits(expected)[i],
            rhymes.get(i, True),
            grammar[i][1],
        )
        for i, char in enumerate(text)
    ]


def _rhyme_marks(text: str) -> dict[int, bool]:
    """Whether each character at a place of the rhyme rhymes, by its place."""
    places = [i for i in RHYME_PLACES if i > VERSE_LENGTH or TONES.get(text[i]) != '仄']
    groups = [GROUPS[text[i]] for i in places if TONES.get(text[i]) == '平']
    common = max(groups, key=collections.Counter(groups).get, default=None)
    rhyming = lambda char: TONES.get(char) == '平' and GROUPS[char] == common
    earlier = lambda i: {text[j] for j in places if j < i}
    return {i: rhyming(text[i]) and text[i] not in earlier(i) for i in places}


def _grammar_marks(text: str) -> list[tuple[str, bool]]:
    """The category of the phrase that each character stands in, and whether the phrase fits and is new."""
    marks, seen = [], set()
    for start, templates in zip(range(0, POEM_LENGTH, VERSE_LENGTH), TEMPLATES):
        head, tail = text[start : start + HEAD_LENGTH], text[start + HEAD_LENGTH : start + VERSE_LENGTH]
        opens = [template for template in templates if template[0] == CATEGORIES.get(head)]
        # A tail is measured by the templates of its head, or by all where the head fits none.
        for phrase, fitting in ((head, opens), (tail, [t for t in opens or templates if t[1] == CATEGORIES.get(tail)])):
            marks += [(CATEGORIES.get(phrase, ''), bool(fitting) and phrase not in seen)] * len(phrase)
            seen.add(phrase)
    return marks


# Readings, tones and rhymes.


def _rhyme_group(syllable: str) -> str:
    """The rhyme group of a syllable in pinyin, for example '乜斜' of 'yue4'."""
    final = syllable[:-1].lstrip(CONSONANTS)
    initial = syllable[:-1].removesuffix(final)
    if final == 'u' and initial in ('j', 'q', 'x', 'y'):  # pinyin writes ü so after these
        final = 'v'
    if (initial, final) == ('y', 'e'):  # ye is how pinyin spells ie without an initial
        final = 'ie'
    return next(group for group, finals in RHYME_GROUPS.items() if final in finals.split())


_SYLLABLES = re.findall(r'([a-z]+\d)([^a-z\s]+)', READINGS)
_READINGS = {char: syllable for syllable, chars in _SYLLABLES for char in chars}
TONES = {char: '平' if syllable[-1] in '12' else '仄' for syllable, chars in _SYLLABLES for char in chars}
GROUPS = {char: _rhyme_group(syllable) for syllable, chars in _SYLLABLES for char in chars}
CATEGORIES = {phrase: category for category, phrases in PHRASES.items() for phrase in phrases.split()}


def tones_of(text: str) -> str:
    """The tone of each character: 平, 仄, or ? where it is unknown."""
    return ''.join(TONES.get(char, '?') for char in text)


# Checking.


def tone_regex(pattern: str) -> re.Pattern:
    """What matches the tones that a pattern of 平, 仄 and 中 allows."""
    return re.compile(pattern.replace('中', '[平仄]'))


_POEM_TONES = [tone_regex(''.join(arrangement)) for arrangement in ARRANGEMENTS]


def _rules_kept(text: str) -> tuple[bool, bool, bool]:
    """Whether a text without white space keeps the rules of tones, rhyme and grammar."""
    if len(text) != POEM_LENGTH:
        return False, False, False
    lines = [text[i : i + VERSE_LENGTH] for i in range(0, POEM_LENGTH, VERSE_LENGTH)]
    return _keeps_tones(text), _keeps_rhyme(lines), _keeps_grammar(lines)


def _keeps_tones(text: str) -> bool:
    tones = tones_of(text)
    return any(regex.fullmatch(tones) for regex in _POEM_TONES)


def _keeps_rhyme(lines: list[str]) -> bool:
    first, second, _, fourth = (line[-1] for line in lines)
    rhymes = [second, fourth] if TONES.get(first) == '仄' else [first, second, fourth]
    level = all(TONES.get(char) == '平' for char in rhymes)
    return level and len(set(rhymes)) == len(rhymes) and len({GROUPS[char] for char in rhymes}) == 1


def _keeps_grammar(lines: list[str]) -> bool:
    phrases = [(line[:HEAD_LENGTH], line[HEAD_LENGTH:]) for line in lines]
    categories = [tuple(map(CATEGORIES.get, pair)) for pair in phrases]
    distinct = len(set(itertools.chain(*phrases))) == 2 * len(lines)
    return distinct and all(pair in templates for pair, templates in zip(categories, TEMPLATES))
