"""The figure of piano rolls: real tunes, and samples of each label."""

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

from seqgan_tf.errors import RunError
from seqgan_tf.music.melody import HOLD, LOWEST_PITCH, REST, Melody
from seqgan_tf.report import style
from seqgan_tf.report.study import Study

if TYPE_CHECKING:  # matplotlib is an extra
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TUNES = 4  # of each source
GAP = 0.12  # steps between the bars of two notes
BASE = LOWEST_PITCH - 1  # MIDI pitch = key + BASE
Note = tuple[int, int, int]  # (first step, steps, key)


def piano_rolls(study: Study) -> 'Figure | None':
    """A row of tunes for real data and for each label; None for data that are no music."""
    if 'melody' not in study.dataset.settings:
        return None
    melody, length = _melody(study), study.settings['sequence_length']
    found = [(title, [tune_notes(text, melody, length) for text in texts]) for title, texts in study.texts()]
    rows = [(title, i, kept[:TUNES]) for i, (title, tunes) in enumerate(found) if (kept := [t for t in tunes if t])]
    if not rows:
        return None
    figure, axes = style.figure(len(rows), TUNES, 1.45, sharex=True, sharey=True)
    for of_row, (title, i, tunes) in zip(axes, rows):
        of_row[0].set_title(style.shown(title), loc='left', fontweight='bold')
        for ax, notes in zip(of_row, tunes):
            _draw(ax, notes, melody.step, style.colour(i - 1) if i else style.GREY)
    keys = [key for _, _, tunes in rows for notes in tunes for _, _, key in notes]
    axes[0, 0].set_xlim(0, length * melody.step)
    _mark_octaves(axes[0, 0], keys)
    figure.supxlabel('seconds', fontsize=10)
    return figure


def tune_notes(text: str, melody: Melody, length: int) -> list[Note]:
    """The notes of a text of ids, of which at most `length` are read; none if it is no text of ids.

    A note ends where another key sounds. With melody=onsets it also ends where a key begins again.
    """
    words = text.split()[:length]
    if not words or not all(re.fullmatch('[0-9]{1,2}', word) and int(word) < melody.vocab_size for word in words):
        return []
    ids = np.array([list(map(int, words))], np.int32)
    keys = melody.sounding(ids)[0].tolist()
    begins = [melody.encoding == 'onsets' and i != HOLD for i in ids[0].tolist()]
    bounds = [t for t in range(len(keys)) if not t or keys[t] != keys[t - 1] or begins[t]]
    notes = zip(bounds, [*bounds[1:], len(keys)])
    return [(first, end - first, keys[first]) for first, end in notes if keys[first] != REST]


def _melody(study: Study) -> Melody:
    try:
        return Melody(study.settings['melody'], study.settings['step'])
    except ValueError as error:
        raise RunError(f'config.json must hold the settings of a run: {error}') from None


def _draw(ax: 'Axes', notes: list[Note], step: float, colour: str) -> None:
    for first, steps, key in notes:
        ax.broken_barh([(first * step, (steps - GAP) * step)], (key - 0.5, 1), color=colour, linewidth=0)


def _mark_octaves(ax: 'Axes', keys: Collection[int]) -> None:
    """Whole octaves from C to C around the keys, named by scientific pitch: MIDI pitch 60 is C4."""
    lowest, highest = (pitch // 12 for pitch in (min(keys) + BASE, max(keys) + BASE + 11))
    octaves = range(lowest, highest + 1)
    ax.set_yticks([12 * octave - BASE for octave in octaves], [f'C{octave - 1}' for octave in octaves])
    ax.set_ylim(12 * lowest - BASE - 1, 12 * highest - BASE + 1)
