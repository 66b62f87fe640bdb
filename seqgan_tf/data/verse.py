"""Regulated verse: quatrains of five-character lines (五言绝句), drawn from a small grammar.

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

import bisect
import functools
import itertools
import math
import random
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from seqgan_tf.data.corpus import Corpus
from seqgan_tf.data.registry import DATASETS
from seqgan_tf.data.tasks import Task
from seqgan_tf.data.verse_lexicon import PHRASES, READINGS
from seqgan_tf.data.vocabulary import Vocabulary

VERSE_LENGTH = 5
POEM_LENGTH = 20
HEAD_LENGTH = 2
NUM_POEMS = 16_384  # for training, unless the settings say otherwise
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


def check(config: Any) -> None:
    """Raises ValueError where the settings, a `Config`, ask for poems of another length."""
    if config.sequence_length != POEM_LENGTH:
        raise ValueError(
            f'a poem of dataset=verse has {POEM_LENGTH} characters. Received: sequence_length={config.sequence_length}'
        )


def load(config: Any) -> Task:
    """The task of the settings, a `Config`: poems, scored by the rules that they keep.

    No poem is in two parts of the corpus. The vocabulary has all characters of the lexicon, sorted
    by code point, whether a drawn poem has them or not. Texts show a space after each line.
    """
    num_poems, held_out = config.num_sequences or NUM_POEMS, config.held_out
    vocabulary = Vocabulary(sorted(_TONES), tokens='char', verse_length=VERSE_LENGTH)
    poems = make_poems(num_poems + 2 * held_out, config.seed)
    rows = vocabulary.encode([list(poem) for poem in poems], POEM_LENGTH)
    train, validation, test = np.split(rows, [num_poems, num_poems + held_out])
    corpus = Corpus(train, validation, test, vocabulary)
    return Task(corpus, DATASETS['verse'].scored_by, rules=verse_validity)


def make_poems(num_poems: int, seed: int) -> list[str]:
    """Distinct poems, strings of 20 characters, drawn uniformly.

    A draw is uniform over the poems that keep every rule and whose phrases share no character
    (避重字, which `verse_validity` does not require). There are about 1e13 such poems, so their
    entropy is log(1e13) / 20 = 1.50 nats a character. With one seed, a shorter list is the
    beginning of a longer one.

    Args:
        num_poems: number of poems, at least 1.
        seed: at least 0.

    Raises:
        ValueError: `num_poems` or `seed` is too small.
    """
    if num_poems < 1:
        raise ValueError(f'num_poems must be at least 1. Received: num_poems={num_poems}')
    if seed < 0:
        raise ValueError(f'seed must be at least 0. Received: seed={seed}')
    poems, distinct = _draw_poems(random.Random(seed)), {}  # a dict keeps the order
    while len(distinct) < num_poems:
        distinct[next(poems)] = None
    return list(distinct)


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
_TONES = {char: '平' if syllable[-1] in '12' else '仄' for syllable, chars in _SYLLABLES for char in chars}
_GROUPS = {char: _rhyme_group(syllable) for syllable, chars in _SYLLABLES for char in chars}
_CATEGORIES = {phrase: category for category, phrases in PHRASES.items() for phrase in phrases.split()}


def _tones(text: str) -> str:
    return ''.join(_TONES.get(char, '?') for char in text)


# Checking.


def _tone_regex(pattern: str) -> re.Pattern:
    return re.compile(pattern.replace('中', '[平仄]'))


_POEM_TONES = [_tone_regex(''.join(arrangement)) for arrangement in ARRANGEMENTS]


def _rules_kept(text: str) -> tuple[bool, bool, bool]:
    """Whether a text without white space keeps the rules of tones, rhyme and grammar."""
    if len(text) != POEM_LENGTH:
        return False, False, False
    lines = [text[i : i + VERSE_LENGTH] for i in range(0, POEM_LENGTH, VERSE_LENGTH)]
    return _keeps_tones(text), _keeps_rhyme(lines), _keeps_grammar(lines)


def _keeps_tones(text: str) -> bool:
    tones = _tones(text)
    return any(regex.fullmatch(tones) for regex in _POEM_TONES)


def _keeps_rhyme(lines: list[str]) -> bool:
    first, second, _, fourth = (line[-1] for line in lines)
    rhymes = [second, fourth] if _TONES.get(first) == '仄' else [first, second, fourth]
    level = all(_TONES.get(char) == '平' for char in rhymes)
    return level and len(set(rhymes)) == len(rhymes) and len({_GROUPS[char] for char in rhymes}) == 1


def _keeps_grammar(lines: list[str]) -> bool:
    phrases = [(line[:HEAD_LENGTH], line[HEAD_LENGTH:]) for line in lines]
    categories = [tuple(map(_CATEGORIES.get, pair)) for pair in phrases]
    distinct = len(set(itertools.chain(*phrases))) == 2 * len(lines)
    return distinct and all(pair in templates for pair, templates in zip(categories, TEMPLATES))


# Drawing. A plan follows from a template for each line, an arrangement of tones and a rhyme group.
# It lists the phrases that fit each of the eight places of a poem, so the product of the lists'
# lengths is its number of poems. First a plan is drawn in proportion to that number, then each
# phrase uniformly. A poem in which phrases share a character is rejected.

Plan = list[list[str]]


def _draw_poems(rng: random.Random) -> Iterator[str]:
    plans = _plans()
    bounds = list(itertools.accumulate(math.prod(map(len, plan)) for plan in plans))
    while True:
        plan = plans[bisect.bisect(bounds, rng.randrange(bounds[-1]))]
        phrases = [rng.choice(choices) for choices in plan]
        poem = ''.join(phrases)
        # No two phrases share a character. A phrase may repeat its own: 风细细.
        if len(set(poem)) == sum(len(set(phrase)) for phrase in phrases):
            yield poem


@functools.cache
def _plans() -> list[Plan]:
    """Every plan that can be filled."""
    kinds = itertools.product(itertools.product(*TEMPLATES), ARRANGEMENTS, RHYME_GROUPS)
    plans = (_plan(templates, arrangement, group) for templates, arrangement, group in kinds)
    return [plan for plan in plans if all(plan)]


def _plan(templates: Sequence[tuple[str, str]], arrangement: Sequence[str], group: str) -> Plan:
    plan = []
    for (head, tail), tones in zip(templates, arrangement):
        rhyme = group if tones[-1] == '平' else None
        plan += [_fitting(head, tones[:HEAD_LENGTH], None), _fitting(tail, tones[HEAD_LENGTH:], rhyme)]
    return plan


@functools.cache
def _fitting(category: str, tones: str, group: str | None) -> list[str]:
    """The phrases of a category that have the tones and, unless it is None, the rhyme group."""
    regex = _tone_regex(tones)
    phrases = [phrase for phrase in PHRASES[category].split() if regex.fullmatch(_tones(phrase))]
    return [phrase for phrase in phrases if group in (None, _GROUPS[phrase[-1]])]
