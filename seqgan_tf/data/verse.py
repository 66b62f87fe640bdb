"""Regulated verse: quatrains of five-character lines (五言绝句) from a small grammar, and the rules they keep.

A poem is 20 Chinese characters (4 lines of 5), without spaces or punctuation. Its lexicon is `verse_lexicon`.

Grammar. A line is a head of two characters and a tail of three, whose categories fit a template of its position; the
four positions are the opening, development, turn and close (起承转合) of the classical quatrain:

    opening        time + scene | place + scene
    development    place + scene | sky + drift | bird + flight | plant + bloom
    turn           person + act
    close          muse + feeling

No phrase comes twice in a poem.

Tones. A character is level (平, Mandarin tones 1 and 2) or oblique (仄, tones 3 and 4; the entering tone is gone).
The tones of a poem are one of the four standard arrangements of the four line types, as Wang Li tabulates them
(《诗词格律》, 1962, ch. 2). `中` is free: only ever the first character, and not that of 平平仄仄平. This is a strict
reading of 一三五不论: a lone level tone (孤平) and three level tones at the end of a line (三平调) cannot arise.

    oblique start, line 1 unrhymed    中仄平平仄 平平仄仄平 中平平仄仄 中仄仄平平
    oblique start, line 1 rhymed      中仄仄平平 平平仄仄平 中平平仄仄 中仄仄平平
    level start, line 1 unrhymed      中平平仄仄 中仄仄平平 中仄平平仄 平平仄仄平
    level start, line 1 rhymed        平平仄仄平 中仄仄平平 中仄平平仄 平平仄仄平

Rhyme. The last characters of lines 2 and 4, and of line 1 unless its tone is oblique, are level, differ from each other
and have finals of one group. The groups are the thirteen of Mandarin popular verse (十三辙), see `RHYME_GROUPS`.
"""

import bisect
import functools
import itertools
import math
import random
import re
from collections.abc import Iterator, Sequence

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

TEMPLATES = (
    (('time', 'scene'), ('place', 'scene')),
    (('place', 'scene'), ('sky', 'drift'), ('bird', 'flight'), ('plant', 'bloom')),
    (('person', 'act'),),
    (('muse', 'feeling'),),
)

ARRANGEMENTS = (
    ('中仄平平仄', '平平仄仄平', '中平平仄仄', '中仄仄平平'),
    ('中仄仄平平', '平平仄仄平', '中平平仄仄', '中仄仄平平'),
    ('中平平仄仄', '中仄仄平平', '中仄平平仄', '平平仄仄平'),
    ('平平仄仄平', '中仄仄平平', '中仄平平仄', '平平仄仄平'),
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


def check(config) -> None:
    """Raises ValueError where the settings ask for poems of another length."""
    if config.sequence_length != POEM_LENGTH:
        raise ValueError(
            f'a poem of dataset=verse has {POEM_LENGTH} characters. Received: sequence_length={config.sequence_length}'
        )


def load(config) -> Task:
    """The task of settings: poems, no poem in two parts, judged by the rules that they keep.

    The vocabulary is the whole lexicon's, by code point, whichever characters the drawn poems
    happen to hold; texts show a space after each line of five characters.
    """
    num_poems, held_out = config.num_sequences or NUM_POEMS, config.held_out
    vocabulary = Vocabulary(sorted(_TONES), tokens='char', verse_length=VERSE_LENGTH)
    poems = make_poems(num_poems + 2 * held_out, config.seed)
    rows = vocabulary.encode([list(poem) for poem in poems], POEM_LENGTH)
    train, validation, test = np.split(rows, [num_poems, num_poems + held_out])
    corpus = Corpus(train, validation, test, vocabulary)
    return Task(corpus, DATASETS['verse'].scored_by, rules=verse_validity)


def make_poems(num_poems: int, seed: int) -> list[str]:
    """`num_poems` distinct poems of the grammar, strings of 20 characters, drawn uniformly.

    Uniform over the poems that keep every rule and in which no two phrases share a character (避重字, which
    `verse_validity` does not ask for). There are about 1e13 of them, so their entropy is log(1e13) / 20 = 1.50 nats a
    character. Fewer poems of the same seed are a prefix of more.

    Args:
        num_poems: how many, at least 1.
        seed: at least 0.

    Raises:
        ValueError: if `num_poems` or `seed` is too small.
    """
    if num_poems < 1:
        raise ValueError(f'num_poems must be at least 1. Received: num_poems={num_poems}')
    if seed < 0:
        raise ValueError(f'seed must be at least 0. Received: seed={seed}')
    drawn, distinct = _draw_poems(random.Random(seed)), {}  # a dict keeps the order
    while len(distinct) < num_poems:
        distinct[next(drawn)] = None
    return list(distinct)


def verse_validity(texts: Sequence[str]) -> dict[str, float]:
    """The share of texts that keep each rule of the verse.

    Args:
        texts: any texts, at least one. White space in them is ignored; unknown characters break the rules they are
            part of, and a text that is not 20 characters long breaks all.

    Returns:
        Shares in [0, 1]: 'valid_tones', 'valid_rhyme', 'valid_grammar' (templates, and no phrase twice) and
        'valid_all' (the three together).

    Raises:
        ValueError: if there are no texts.
    """
    if not len(texts):
        raise ValueError('texts must hold at least 1 text. Received: 0 texts')
    kept = [_rules_kept(''.join(text.split())) for text in texts]
    names = ('valid_tones', 'valid_rhyme', 'valid_grammar')
    shares = {name: sum(column) / len(kept) for name, column in zip(names, zip(*kept))}
    return shares | {'valid_all': sum(map(all, kept)) / len(kept)}


# Readings, tones and rhymes.


def _rhyme_group(syllable: str) -> str:
    """The rhyme group of a syllable in pinyin: 'yue4' is of '乜斜'."""
    initial, final = re.fullmatch(r'([^aeiouv]*)([a-z]+)\d', syllable).groups()
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


# Drawing. A plan names a template for each line, an arrangement of tones and a rhyme group. It is the list of phrases
# that may fill each of the eight places of the poem, so it stands for the product of their lengths in poems; plans are
# drawn in proportion to that, then phrases uniformly, and poems that repeat a character are rejected.

Plan = list[list[str]]


def _draw_poems(rng: random.Random) -> Iterator[str]:
    plans = _plans()
    bounds = list(itertools.accumulate(math.prod(map(len, plan)) for plan in plans))
    while True:
        plan = plans[bisect.bisect(bounds, rng.randrange(bounds[-1]))]
        phrases = [rng.choice(choices) for choices in plan]
        poem = ''.join(phrases)
        if len(set(poem)) == sum(len(set(phrase)) for phrase in phrases):  # a phrase may double its own: 风细细
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
    """The phrases of a category with given tones, and with a final of a rhyme group unless it is None."""
    regex = _tone_regex(tones)
    phrases = [phrase for phrase in PHRASES[category].split() if regex.fullmatch(_tones(phrase))]
    return [phrase for phrase in phrases if group in (None, _GROUPS[phrase[-1]])]
