"""Calibration of a logit by one scale (temperature scaling; Guo et al. 2017, arXiv 1706.04599)."""

import numpy as np

MOST = 100.0  # the scale where a larger one is always better, as no row is on the wrong side
HALVINGS = 60  # of [0, MOST], to the precision of float64


def fit_scale(logits: np.ndarray, labels: np.ndarray) -> float:
    """The scale a in [0, 100] with the lowest mean cross-entropy of a * s.

    The cross-entropy is convex in a, so its derivative rises and bisection finds the zero. 0 says
    that the logits are of no use on these rows. The order of the logits stays.

    Args:
        logits: s, float [N], finite.
        labels: 1 for real and 0 for generated, [N].
    """
    margins = np.where(np.asarray(labels) > 0.5, 1, -1) * np.asarray(logits, np.float64)
    low, high = 0.0, MOST
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        wrong = (1 - np.tanh(middle * margins / 2)) / 2  # the probability of the other label
        low, high = (low, middle) if np.mean(-margins * wrong) > 0 else (middle, high)
    return low
