"""Chi-square tests of what an exported model draws."""

import numpy as np
import tensorflow as tf

from seqgan_tf.serving.outcomes import require

BINS = 50
LEAST_P = 1e-4  # of a dozen tests at fixed seeds: they refuse one good model in a thousand
LEAST_COUNT, MERGED = 20, 97  # the minimum of draws in a cell; into how many cells rarer ones merge


def two_samples(first: np.ndarray, second: np.ndarray) -> str:
    """The chi-square test of two samples of cells, integers [M] of at least 0.

    Rare cells are merged into `MERGED` cells by their remainder. Those that are still rare are
    merged into one. Returns the p-value in words; raises ValueError where it is below `LEAST_P`.
    """
    cells = np.concatenate([first, second])
    for merged in (-1 - cells % MERGED, np.full_like(cells, -1 - MERGED)):
        _, index, counts = np.unique(cells, return_inverse=True, return_counts=True)
        cells = np.where(counts[index] < LEAST_COUNT, merged, cells)
    _, index = np.unique(cells, return_inverse=True)
    counts = np.stack([np.bincount(half, minlength=index.max() + 1) for half in np.split(index, 2)])
    return judged(
        np.sum((counts[0] - counts[1]) ** 2 / counts.sum(axis=0)), counts.shape[1] - 1, f'{counts.shape[1]} cells'
    )


def levels(tokens: np.ndarray, values: np.ndarray, cells: int = BINS) -> list[np.ndarray]:
    """Two samples of numbers as cells of equal counts, for `two_samples`.

    Args:
        tokens: int32 [2M, T], the sequences of the one sample and then those of the other.
        values: float32 [2M], a number of each sequence. Equal sequences get one: two rounded
            numbers could be on both sides of a cell's edge.
        cells: their number.

    Returns:
        two arrays [M] of cells.
    """
    _, first, index = np.unique(tokens, axis=0, return_index=True, return_inverse=True)
    values = values[first[index.ravel()]]
    return np.split(np.searchsorted(np.quantile(values, np.linspace(0, 1, cells + 1)[1:-1]), values), 2)


def judged(statistic: float, degrees: int, what: str) -> str:
    """The p-value in words of a chi-square statistic; raises ValueError below `LEAST_P`."""
    pvalue = (
        float(tf.math.igammac(tf.constant(degrees / 2, tf.float64), tf.constant(statistic / 2, tf.float64)))
        if degrees
        else 1.0
    )
    require(pvalue >= LEAST_P, f'the chi-square test must not refuse it. Received: p {pvalue:.2g} of {what}')
    return f'p {pvalue:.3f} of {what}'
