"""Curves over seeds: learning curves, and temperature curves in the plane of quality and held-out likelihood."""

import dataclasses
import itertools

import numpy as np

PHASES = ('mle', 'adversarial')


@dataclasses.dataclass(frozen=True)
class Curve:
    """Mean, least and greatest value over seeds at each x; all of shape [points]."""

    x: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def after(self, x):
        """The part from x on."""
        return Curve(*(values[self.x >= x] for values in (self.x, self.mean, self.low, self.high)))


def learning_curve(runs, metric, phases=PHASES):
    """A metric over MLE epochs and, continued on the same axis, adversarial rounds; None where no run has it.

    Between evaluations a run is interpolated; one whose pretraining ended earlier than another's keeps its last value until the other ends.
    With phases=('adversarial',) the axis counts adversarial rounds, 0 being the end of pretraining.
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


def pretraining_end(runs):
    """The last MLE epoch of the runs, where their adversarial rounds begin on the axis of `learning_curve`."""
    return max(run.last_round('mle') for run in runs)


def temperature_curve(run, *metrics):
    """[points, 1 + metrics] of a run: temperature and metrics, the coldest first; no rows where it was not measured."""
    points = sorted(values for _, *values in run.points('temperature', 'temperature', *metrics))
    return np.array(points).reshape(-1, 1 + len(metrics))


def mean_temperature_curve(runs, *metrics):
    """`temperature_curve` of the mean over runs, at the temperatures that all of them have."""
    curves = [{round(row[0], 6): row for row in temperature_curve(run, *metrics)} for run in runs]
    shared = sorted(set.intersection(*(set(curve) for curve in curves)))
    return np.array([np.mean([curve[t] for curve in curves], axis=0) for t in shared]).reshape(-1, 1 + len(metrics))


def distance_to_curve(curve, x, y, sign):
    """How much worse a point's quality is than that of a temperature curve at the same nll_test; negative: the point beats the curve.

    Only the cold branch counts, from the temperature with the least nll_test down, as warmer points are worse in both. Left of the branch,
    where no temperature reaches, the point is compared with the branch's leftmost point, which can only be to its disadvantage.

    Args:
        curve: `temperature_curve` with nll_test and the quality, at least one row.
        x, y: the point's nll_test and quality.
        sign: 1 if less quality is better (nll_oracle), -1 if more is (valid_all).

    Returns:
        sign * (y - curve), in the unit of y; None right of the branch, where its colder end was not measured.
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


def _evaluated(run, phase, metric):
    """[(round, value)]; entropy is that of evaluations alone, as the steps between them give that of a single batch."""
    return [point[:2] for point in run.points(phase, metric, *(['nll_test'] if metric == 'entropy' else []))]
