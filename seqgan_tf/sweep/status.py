"""What a grid has, read from its directories, whoever runs its cells."""

from collections import Counter
from collections.abc import Sequence

from seqgan_tf.sweep import log
from seqgan_tf.sweep.grid import Cell

STATES = ('finished', 'running', 'failed', 'stopped', 'missing')


def state(cell: Cell) -> str:
    """One of `STATES`. A stopped cell was begun and can be continued; a missing one was never begun."""
    if log.is_held(cell.workdir):
        return 'running'
    if cell.finished():
        return 'finished'
    if log.failure(cell.workdir) is not None:
        return 'failed'
    return 'stopped' if cell.workdir.exists() else 'missing'


def summary(cells: Sequence[Cell]) -> str:
    """The number of cells in each state, and a line for each failed one."""
    states = {cell.name: state(cell) for cell in cells}
    counts = Counter(states.values())
    failures = [f'  {cell.name}: {log.failure(cell.workdir)}' for cell in cells if states[cell.name] == 'failed']
    counted = ', '.join(f'{counts[name]} {name}' for name in STATES)
    return '\n'.join([f'grid of {len(cells)} cells: {counted}', *failures])
