"""The figure of the values that roll-outs give each token of some texts."""

import pathlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from seqgan_tf.report import style

if TYPE_CHECKING:  # matplotlib is an extra
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def token_values(texts: Sequence[Sequence[str]], values: Mapping[str, np.ndarray], verse_length: int = 0) -> 'Figure':
    """A panel for each text: the values of its tokens, which stand below them.

    Where no installed font has all symbols, their positions stand there.

    Args:
        texts: B sequences of T symbols.
        values: {name of the reward: Q [B, T]}, in [0, 1]; column t is the value of symbol t.
        verse_length: symbols in a verse, between which lines are drawn; 0 for none.
    """
    figure, axes = style.figure(len(texts), 1, 2.3, width=8.0, sharey=True)
    font = style.font_for(''.join(map(''.join, texts)))
    for row, (ax, symbols) in enumerate(zip(axes.flat, texts)):
        draw(ax, symbols if font else [], {name: of_all[row] for name, of_all in values.items()}, verse_length, font)
    return style.legend(figure, axes)


def draw(
    ax: 'Axes', symbols: Sequence[str], values: Mapping[str, np.ndarray], verse_length: int, font: pathlib.Path | None
) -> None:
    """Draws the values {name: Q [T]} of one text. Without symbols the axis has positions, which begin with 1."""
    at = np.arange(1, len(next(iter(values.values()))) + 1)
    for i, (name, of_name) in enumerate(values.items()):
        ax.plot(at, of_name, color=style.colour(i), linestyle=style.dash(i), marker='.', label=style.shown(name))
    for end in at[verse_length - 1 : -1 : verse_length] if verse_length else ():
        ax.axvline(end + 0.5, color=style.GREY, linewidth=0.8, zorder=0)
    ax.set_xticks(at, symbols or None)
    for label in ax.get_xticklabels() if symbols else ():
        label.set(font=font, fontsize=13)
    ax.set(xlim=(0.5, len(at) + 0.5), ylim=(-0.03, 1.03), ylabel='Q')
    ax.grid(axis='x', visible=False)
