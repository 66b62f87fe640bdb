"""Shares of a grid, for queues that start the same command many times: `--shard=i/n`."""

import re
from collections.abc import Sequence

from seqgan_tf.sweep.grid import Cell, requirements


def parse_shard(text: str) -> tuple[int, int]:
    """(i, n) of a text i/n.

    Raises:
        ValueError: the text has another form, or i is not from 0 to n - 1.
    """
    match = re.fullmatch(r'([0-9]{1,9})/([0-9]{1,9})', text)
    index, count = map(int, match.groups()) if match else (0, 0)
    if index >= count:
        raise ValueError(f'shard must be i/n with n at least 1 and i from 0 to n - 1. Received: --shard={text}')
    return index, count


def share(cells: Sequence[Cell], index: int, count: int) -> list[Cell]:
    """The cells of a shard, in the order of the grid.

    They are every count-th cell, from cell `index` on, and all those that these start from. So a
    shard needs no other one to be there. A cell that several shards start from is in each of their
    shares, and the first that gets its lock runs it.

    Args:
        cells: the whole grid.
        index: of the shard, from 0 to count - 1.
        count: number of shards.
    """
    required = requirements(cells)
    names = new = {cell.name for cell in cells[index::count]}
    while new:
        new = set().union(*(required[name] for name in new)) - names
        names = names | new
    return [cell for cell in cells if cell.name in names]
