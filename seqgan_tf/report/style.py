"""The style of the figures: sizes, colours, marks and legends."""

import io
import pathlib
from typing import TYPE_CHECKING, Any

import numpy as np

from seqgan_tf.report import metrics

if TYPE_CHECKING:  # matplotlib is an extra
    from matplotlib.figure import Figure

# The palette of Okabe and Ito, which colour-blind people can tell apart.
COLOURS = (
    '#0072b2',
    '#d55e00',
    '#009e73',
    '#cc79a7',
    '#e69f00',
    '#56b4e9',
    '#000000',
)
DASHES = ('-', (0, (5, 2)), (0, (1, 1.5)), (0, (5, 1.5, 1, 1.5)))
SEARCH_DASH = (0, (2.5, 1.2))  # of text that a search found, whatever its label
# {sampler: (line style, name)} of the other samplers of one label.
SAMPLERS = {
    'top_k': ((0, (1, 1.2)), 'top_k'),
    'top_p': ((0, (6, 1.5, 1, 1.5, 1, 1.5)), 'top_p'),
    'likeliest': ((0, (7, 3)), 'likeliest of n'),
}
MARKERS = 'osD^vPX'
GREY = '#666666'
STYLE = {
    'font.family': 'DejaVu Sans',
    'font.size': 10,
    'axes.spines.top': False,
    'axes.spines.right': False,
    'axes.grid': True,
    'grid.color': '#e4e4e4',
    'axes.axisbelow': True,
    'axes.edgecolor': '#888888',
    'axes.titlesize': 10.5,
    'lines.linewidth': 1.7,
    'legend.frameon': False,
    'text.parse_math': False,
    'figure.dpi': 140,
    'savefig.dpi': 140,
}


def figure(rows: int, columns: int, height: float, width: float = 10.0, **options: Any) -> 'tuple[Figure, np.ndarray]':
    """A figure with rows x columns panels, and its axes [rows, columns].

    Args:
        height: of a panel, in inches.
        width: of the figure, in inches.
        **options: of matplotlib's `Figure.subplots`.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    made = Figure(figsize=(width, rows * height + 0.6), layout='constrained')
    FigureCanvasAgg(made)
    return made, made.subplots(rows, columns, squeeze=False, **options)


def legend(panels: 'Figure', axes: np.ndarray) -> 'Figure':
    """Adds one legend below all panels, which has each label once. Returns the figure."""
    handles = {label: handle for ax in axes.flat for handle, label in zip(*ax.get_legend_handles_labels())}
    column = max(map(len, handles), default=0) * 0.075 + 0.65  # inches: the longest text, and what is beside it
    columns = min(4, len(handles), max(1, int(panels.get_figwidth() / column)))
    panels.legend(list(handles.values()), list(handles), loc='outside lower center', ncols=columns, fontsize=9)
    return panels


def png(panels: 'Figure') -> bytes:
    """The PNG bytes of a figure."""
    file = io.BytesIO()
    panels.savefig(file, format='png', metadata={'Software': None})
    return file.getvalue()


def font_for(text: str) -> pathlib.Path | None:
    """The file of an installed font that has all characters of a text; None if there is none.

    Files of regular fonts without serifs come first. The files are read, and not the list of fonts
    that matplotlib keeps, which lacks what was installed after it was made.
    """
    from matplotlib import font_manager

    characters = {ord(character) for character in text}
    looks = lambda path: [word not in path.name.lower() for word in ('regular', 'sans')]
    for path in sorted(map(pathlib.Path, font_manager.findSystemFonts()), key=lambda path: (looks(path), path)):
        if characters <= font_manager.get_font(path).get_charmap().keys():
            return path
    return None


def axis(name: str) -> str:
    """The title of an axis: the name of a metric with its unit."""
    unit = metrics.described(name).unit
    return f'{name} ({unit})' if unit else name


def shown(label: str) -> str:
    """A label for the legend. A legend leaves out labels that begin with an underscore."""
    return f' {label}' if label.startswith('_') else label


def colour(i: int) -> str:
    """The colour of the i-th label."""
    return COLOURS[i % len(COLOURS)]


def dash(i: int) -> str | tuple[int, tuple[float, ...]]:
    """The line style of the i-th label. It changes when all colours are used."""
    return DASHES[i // len(COLOURS) % len(DASHES)]


def marker(i: int) -> str:
    """The mark of the i-th label."""
    return MARKERS[i % len(MARKERS)]
