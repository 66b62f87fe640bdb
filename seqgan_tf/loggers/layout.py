"""How figures are laid out as text: aligned, the most important first, and within a width."""

import itertools
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence

FILE_WIDTH = 100  # of output that goes to a file or a pipe
VALUE = 5  # characters of a value
GAP = 2  # spaces between two cells
# The order of importance, after the metric that samples are judged by. Other names come later, and
# reference values (`..._of_...`) last.
ORDER = (
    'nll_test',
    'reward',  # before nll_validation, because every adversarial round has a reward
    'nll_validation',
    'd_held_out_accuracy',
    'causal_held_out_accuracy',
    'nll',
    'pg_loss',
    'd_held_out_loss',
    'causal_held_out_loss',
    'value_held_out_loss',
    'd_loss',
)
UNITS = (('d', 24 * 3600), ('h', 3600), ('m', 60), ('s', 1))


def line_width() -> int:
    """Characters in a line: of the terminal (80 if it does not say), or of a file."""
    return shutil.get_terminal_size(fallback=(80 if sys.stdout.isatty() else FILE_WIDTH, 24)).columns


def by_importance(names: Iterable[str], score: str) -> list[str]:
    """The names, the most important first; `score` is the metric that samples are judged by."""
    order = (score, *ORDER)
    rank = lambda name: order.index(name) if name in order else len(order) + ('_of_' in name)
    return sorted(dict.fromkeys(names), key=rank)


def row(metrics: Mapping[str, float], names: Sequence[str], width: int) -> str:
    """One line of cells `name value`, filled up with spaces to the width.

    Args:
        metrics: the values. The cell of a name without a value is blank, so that lines with the
            same names and width have the same columns.
        names: of the cells; one that does not fit is left out.
        width: of the line in characters.
    """
    shown = []
    for name in names:
        if row_width([*shown, name]) <= width:
            shown.append(name)
    cells = (f'{name} {_short(metrics[name])}' if name in metrics else '' for name in shown)
    return ''.join(cell.ljust(row_width([name]) + GAP) for name, cell in zip(shown, cells))[:width].ljust(width)


def row_width(names: Iterable[str]) -> int:
    """Characters in a line with the cells of all these names."""
    return sum(len(name) + 1 + VALUE + GAP for name in names) - GAP


def block(title: str, metrics: Mapping[str, float], names: Sequence[str], width: int) -> str:
    """All cells `name value` in aligned lines within a width; the title stands before the first."""
    indent = len(title) + GAP
    cells = [f'{name} {metrics[name]:.4g}' for name in names]
    columns = [cells]
    for count in range(len(cells), 0, -1):
        columns = [cells[i::count] for i in range(count)]
        if indent + sum(_size(column) + GAP for column in columns) - GAP <= width:
            break
    lines = itertools.zip_longest(*([cell.ljust(_size(column)) for cell in column] for column in columns), fillvalue='')
    texts = ((' ' * GAP).join(line).rstrip() for line in lines)
    return title.ljust(indent) + ('\n' + ' ' * indent).join(texts)


def _size(column: Sequence[str]) -> int:
    return max(map(len, column), default=0)


def duration(seconds: float) -> str:
    """A duration in at most 5 characters, such as 45s, 7m30s, 12m, 2h05m or 3d04h."""
    whole = round(seconds)
    for (unit, size), (smaller, part) in itertools.pairwise(UNITS):
        if whole >= 10 * size:
            return f'{whole // size}{unit}'
        if whole >= size:
            return f'{whole // size}{unit}{whole % size // part:02}{smaller}'
    return f'{whole}s'


def _short(value: float) -> str:
    """A number with up to 4 digits in `VALUE` characters; a few negative numbers take one more."""
    texts = (f'{value:.{digits}g}' for digits in (4, 3, 2, 1))
    return next((text for text in texts if len(text) <= VALUE), f'{value:.0e}')
