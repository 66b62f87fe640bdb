"""How the figures look: sizes, colours, marks and legends."""

import io

from seqgan_tf.report import metrics

COLOURS = (
    '#0072b2',
    '#d55e00',
    '#009e73',
    '#cc79a7',
    '#e69f00',
    '#56b4e9',
    '#000000',
)  # Okabe and Ito's: the colour-blind tell them apart
DASHES = ('-', (0, (5, 2)), (0, (1, 1.5)), (0, (5, 1.5, 1, 1.5)))
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


def figure(rows, columns, height, width=10.0, **options):
    """A figure of rows x columns panels, `height` inches each: (figure, axes [rows, columns])."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    made = Figure(figsize=(width, rows * height + 0.6), layout='constrained')
    FigureCanvasAgg(made)
    return made, made.subplots(rows, columns, squeeze=False, **options)


def legend(panels, axes):
    """One legend below all panels; the same label in several of them is named once."""
    handles = {label: handle for ax in axes.flat for handle, label in zip(*ax.get_legend_handles_labels())}
    panels.legend(
        list(handles.values()), list(handles), loc='outside lower center', ncols=min(4, len(handles)), fontsize=9
    )
    return panels


def png(panels):
    """A figure's PNG bytes."""
    file = io.BytesIO()
    panels.savefig(file, format='png', metadata={'Software': None})
    return file.getvalue()


def axis(name):
    """The name of a metric with its unit."""
    unit = metrics.described(name).unit
    return f'{name} ({unit})' if unit else name


def shown(label):
    """A label for the legend, which leaves out those that begin with an underscore."""
    return f' {label}' if label.startswith('_') else label


def colour(i):
    """The colour of the i-th label."""
    return COLOURS[i % len(COLOURS)]


def dash(i):
    """The line of the i-th label: another once the colours are used up."""
    return DASHES[i // len(COLOURS) % len(DASHES)]


def marker(i):
    """The mark of the i-th label."""
    return MARKERS[i % len(MARKERS)]
