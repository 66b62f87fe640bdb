"""Regulated verse: poems that keep every rule of `verse_rules`, drawn uniformly."""

import bisect
import functools
import itertools
import math
import random
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from seqgan_tf.data.corpus import Corpus
from seqgan_tf.data.registry import DATASETS
from seqgan_tf.data.tasks import Task
from seqgan_tf.data.verse_lexicon import PHRASES
from seqgan_tf.data.verse_rules import (
    ARRANGEMENTS,
    GROUPS,
    HEAD_LENGTH,
    POEM_LENGTH,
    RHYME_GROUPS,
    TEMPLATES,
    TONES,
    VERSE_LENGTH,
    tone_regex,
    tones_of,
    verse_validity,
)
from seqgan_tf.data.vocabulary import Vocabulary

NUM_POEMS = 16_384  # for training, unless the settings say otherwise


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
    vocabulary = Vocabulary(sorted(TONES), tokens='char', verse_length=VERSE_LENGTH)
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
    regex = tone_regex(tones)
    phrases = [phrase for phrase in PHRASES[category].split() if regex.fullmatch(tones_of(phrase))]
    return [phrase for phrase in phrases if group in (None, GROUPS[phrase[-1]])]
