"""The figure of piano rolls: real tunes, and samples of each label."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from seqgan_tf.errors import RunError
from seqgan_tf.music.melody import LOWEST_PITCH, Melody
from seqgan_tf.music.notes import Note, notes_of
from seqgan_tf.report import style
from seqgan_tf.report.study import Study

if TYPE_CHECKING:  # matplotlib is an extra
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TUNES = 4  # of each source
GAP = 0.12  # steps between the bars of two notes
BASE = LOWEST_PITCH - 1  # MIDI pitch = key + BASE


def piano_rolls(study: Study) -> 'Figure | None':
    """A row of tunes for real data and for each label; None for data that are no music."""
    if 'melody' not in study.dataset.settings:
        return None
    melody, length = _melody(study), study.settings['sequence_length']
    found = [(title, [notes_of_text(text, melody, length) for text in texts]) for title, texts in study.texts()]
    rows = [(title, i, kept[:TUNES]) for i, (title, tunes) in enumerate(found) if (kept := [t for t in tunes if t])]
    if not rows:
        return None
    figure, axes = style.figure(len(rows), TUNES, 1.75, sharex=True, sharey=True)
    for of_row, (title, i, tunes) in zip(axes, rows):
        of_row[0].set_title(style.shown(title), loc='left', fontweight='bold')
        for ax, notes in zip(of_row, tunes):
            _draw(ax, notes, GAP * melody.step, style.colour(i - 1) if i else style.GREY)
    keys = [note.key for _, _, tunes in rows for notes in tunes for note in notes]
    axes[0, 0].set_xlim(0, length * melody.step)
    _mark_octaves(axes[0, 0], keys)
    figure.supxlabel('seconds', fontsize=10)
    return figure


def notes_of_text(text: str, melody: Melody, length: int) -> list[Note]:
    """The notes of a text of ids, of which at most `length` are read; none if it is no text of ids."""
    try:
        return notes_of(melody.parse(' '.join(text.split()[:length])), melody)
    except ValueError:
        return []


def _melody(study: Study) -> Melody:
    try:
        return Melody(study.settings['melody'], study.settings['step'])
    except ValueError as error:
        raise RunError(f'config.json must hold the settings of a run: {error}') from None


def _draw(ax: 'Axes', notes: list[Note], gap: float, colour: str) -> None:
    """Draws notes as bars, each shorter by a gap in seconds."""
    for note in notes:
        start, end = float(note.start), float(note.end) - gap
        ax.broken_barh([(start, end - start)], (note.key - 0.5, 1), color=colour, linewidth=0)


def _mark_octaves(ax: 'Axes', keys: Collection[int]) -> None:
    """Limits at the lowest and the highest key, and a tick at each C, named by scientific pitch: MIDI pitch 60 is C4."""
    lowest, highest = min(keys) - 2, max(keys) + 2
    ticks = [key for key in range(lowest, highest + 1) if (key + BASE) % 12 == 0]
    ax.set_yticks(ticks, [f'C{(key + BASE) // 12 - 1}' for key in ticks])
    ax.set_ylim(lowest, highest)
