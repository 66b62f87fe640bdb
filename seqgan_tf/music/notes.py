"""Notes of a melody, and the ids that are sampled from them."""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from seqgan_tf.music.melody import HOLD, REST, Melody


class Note(NamedTuple):
    """A key of a piano, 1 to 88, that sounds from `start` up to, not including, `end`, in seconds."""

    key: int
    start: Fraction
    end: Fraction


def ids_of(notes: Sequence[Note], melody: Melody) -> np.ndarray:
    """The ids int32 [T] of notes: at each step the highest note that sounds.

    Steps begin at the first note, and stop at the end of the last one. With 'onsets' a step has a
    key where a note of it began after the step before, or where another key sounded before; else
    the note goes on, which is `HOLD`.

    Args:
        notes: at least one, in any order.
        melody: the encoding, and the step.
    """
    step, origin = melody.seconds, min(note.start for note in notes)
    first_step = lambda time: math.ceil((time - origin) / step)  # at the time or after it
    spans = np.array([(note.key, first_step(note.start), first_step(note.end)) for note in notes])
    length = spans[:, 2].max()
    keys, struck = np.zeros(length, np.int32), np.zeros(length, bool)
    for key in np.unique(spans[:, 0]):  # from low to high
        begins, ends = spans[(spans[:, 0] == key) & (spans[:, 1] < spans[:, 2]), 1:].T
        change = np.bincount(begins, minlength=length + 1) - np.bincount(ends, minlength=length + 1)
        sounds = change.cumsum()[:length] > 0
        keys[sounds], struck[sounds] = key, False
        struck[begins] |= keys[begins] == key
    if melody.encoding == 'sampled':
        return keys
    goes_on = (keys == np.append(REST, keys[:-1])) & (keys != REST) & ~struck
    return np.where(goes_on, HOLD, keys).astype(np.int32)


def notes_of(ids: np.ndarray, melody: Melody) -> list[Note]:
    """The notes of ids int [T], in order, none at the same time as another.

    With 'sampled' equal neighbours become one held note, because a held note and a repeated one
    have the same ids. With 'onsets' the notes are those that the ids stand for.
    """
    keys = melody.sounding(np.asarray(ids)[None])[0]
    changes = keys != np.append(REST, keys[:-1])
    if melody.encoding == 'onsets':
        changes |= np.asarray(ids) != HOLD
    borders = np.append(np.flatnonzero(changes), len(keys))
    step = melody.seconds
    return [
        Note(int(keys[begin]), int(begin) * step, int(end) * step)
        for begin, end in zip(borders, borders[1:])
        if keys[begin] != REST
    ]
