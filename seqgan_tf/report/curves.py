"""Curves over seeds.

A learning curve shows a metric over rounds. A temperature curve lies in the plane of quality and
held-out likelihood.
"""

import dataclasses
import itertools
from collections.abc import Iterable, Sequence

import numpy as np

from seqgan_tf.report.runs import Run

PHASES = ('mle', 'adversarial')


@dataclasses.dataclass(frozen=True)
class Curve:
    """Mean, minimum and maximum over seeds at each x; all of shape [points]."""

    x: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def after(self, x: float) -> 'Curve':
        """The part of the curve from x on."""
        return Curve(*(values[self.x >= x] for values in (self.x, self.mean, self.low, self.high)))


def learning_curve(runs: Sequence[Run], metric: str, phases: Sequence[str] = PHASES) -> Curve | None:
    """A metric over MLE epochs, continued on the same axis over adversarial rounds.

    Values between evaluations are interpolated. A run whose pretraining ends before another's keeps
    its last value until the other ends. With phases=('adversarial',) the axis counts adversarial
    rounds, and 0 is the end of pretraining.

    Returns:
        The curve; None if there is no phase in which all runs have the metric.
    """
    offset = pretraining_end(runs) if 'mle' in phases else 0
    xs, rows = [], [[] for _ in runs]
    for phase in phases:
        points = [_evaluated(run, phase, metric) for run in runs]
        if all(points):
            if 'mle' not in phases:
                points = [
                    [(0, value) for _, value in _evaluated(run, 'mle', metric)[-1:]] + own
                    for run, own in zip(runs, points)
                ]
            grid = sorted({round_ for own in points for round_, _ in own})
            xs += [x + (offset if phase == 'adversarial' else 0) for x in grid]
            for row, own in zip(rows, points):
                row.extend(np.interp(grid, *zip(*own)))
    values = np.array(rows)
    return Curve(np.array(xs), values.mean(axis=0), values.min(axis=0), values.max(axis=0)) if xs else None


def pretraining_end(runs: Iterable[Run]) -> int:
    """The last MLE epoch of the runs. There their adversarial rounds begin in `learning_curve`."""
    return max(run.last_round('mle') for run in runs)


def temperature_curve(run: Run, *metrics: str) -> np.ndarray:
    """[points, 1 + metrics] of a run: temperature and metrics, the lowest temperature first.

    There are no points if the run has no temperature curve.
    """
    return _curve(run, 'temperature', 'temperature', metrics)


def mean_temperature_curve(runs: Iterable[Run], *metrics: str) -> np.ndarray:
    """The mean of `temperature_curve` over runs, at the temperatures that all runs have."""
    return _mean([temperature_curve(run, *metrics) for run in runs])


def mean_search_curve(runs: Iterable[Run], *metrics: str) -> np.ndarray:
    """[points, 1 + metrics]: guidance and metrics of text that a search found, as means over runs.

    The curve has the values of the guidance at which all runs have the metrics. `nll_test` is that
    of the residual model.
    """
    names = ['guided_nll_test' if name == 'nll_test' else name for name in metrics]
    return _mean([_curve(run, 'search', 'guidance', names) for run in runs])


def distance_to_curve(curve: np.ndarray, x: float, y: float, sign: int) -> float | None:
    """The distance in quality between a point and a temperature curve at the same nll_test.

    It is negative if the point is better than the curve. Only the cold branch counts: the points
    from the temperature with the minimum nll_test down. Points at higher temperatures are worse in
    both metrics. Left of the branch no temperature has this nll_test. There the point is compared
    with the leftmost point of the branch, which can only be to the disadvantage of the point.

    Args:
        curve: `temperature_curve` of nll_test and the quality, with at least one row.
        x, y: nll_test and quality of the point.
        sign: 1 if lower quality is better (nll_oracle), -1 if higher is better (valid_all).

    Returns:
        sign * (y - quality of the curve at x), in the unit of y; None right of the branch, where
        lower temperatures were not measured.
    """
    branch = curve[: np.argmin(curve[:, 1]) + 1, 1:] * [1, sign]
    if x <= branch[-1, 0]:
        return float(sign * y - branch[-1, 1])
    crossings = [
        np.interp(x, *zip(*sorted((tuple(a), tuple(b)))))
        for a, b in itertools.pairwise(branch)
        if min(a[0], b[0]) <= x <= max(a[0], b[0])
    ]
    return float(sign * y - min(crossings)) if crossings else None


def _curve(run: Run, phase: str, parameter: str, metrics: Sequence[str]) -> np.ndarray:
    """[points, 1 + metrics]: the parameter of the lines of a phase, which rises, and metrics."""
    points = sorted(values for _, *values in run.points(phase, parameter, *metrics))
    return np.array(points).reshape(-1, 1 + len(metrics))


def _mean(curves: Sequence[np.ndarray]) -> np.ndarray:
    """The mean of curves [points, columns] at the values of the first column that all of them have."""
    by_parameter = [{round(row[0], 6): row for row in curve} for curve in curves]
    shared = sorted(set.intersection(*map(set, by_parameter)))
    return np.array([np.mean([curve[x] for curve in by_parameter], axis=0) for x in shared]).reshape(
        -1, curves[0].shape[1]
    )


def _evaluated(run: Run, phase: str, metric: str) -> list[tuple[float, ...]]:
    """[(round, value)] of a metric.

    Only evaluations count for the entropy. Other rounds have the entropy of a single batch.
    """
    return [point[:2] for point in run.points(phase, metric, *(['nll_test'] if metric == 'entropy' else []))]
