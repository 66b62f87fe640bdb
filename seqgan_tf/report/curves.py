"""Curves over seeds.

A learning curve shows a metric over rounds. The curve of a sampler has one model at different
values of the sampler's parameter. It lies in the plane of quality and held-out likelihood, or in
that of quality and diversity.
"""

import dataclasses
import itertools
from collections.abc import Iterable, Sequence

import numpy as np

from seqgan_tf.report.runs import Run

PHASES = ('mle', 'adversarial')
# {phase that has the curve of a sampler: its parameter}.
SAMPLERS = {
    'temperature': 'temperature',
    'top_k': 'top_k',
    'top_p': 'top_p',
    'likeliest': 'num_candidates',
    'search': 'guidance',
}
FALLING = ('likeliest',)  # a larger parameter is sharper; with the others of a model alone it is flatter
GUIDED = ('likeliest', 'search')  # the nll_test of their laws is an estimate


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


def sampler_curve(run: Run, sampler: str, *metrics: str) -> np.ndarray:
    """[points, 1 + metrics] of a run: the parameter of one of `SAMPLERS` and metrics.

    The sharpest point is the first, which has the lowest temperature or the most candidates. A
    search begins with the lowest guidance. `nll_test` of the likeliest of n and of a search is that
    of their laws. There are no points if the run has no such curve, or its lines lack a metric.
    """
    names = ['guided_nll_test' if name == 'nll_test' and sampler in GUIDED else name for name in metrics]
    found = (values for _, *values in run.points(sampler, SAMPLERS[sampler], *names))
    return np.array(sorted(found, reverse=sampler in FALLING)).reshape(-1, 1 + len(metrics))


def mean_sampler_curve(runs: Iterable[Run], sampler: str, *metrics: str) -> np.ndarray:
    """The mean of `sampler_curve` over runs, at the values of the parameter that all runs have."""
    curve = _mean([sampler_curve(run, sampler, *metrics) for run in runs])
    return curve[::-1] if sampler in FALLING else curve


def distance_to_curve(curve: np.ndarray, x: float, y: float, sign: int) -> float | None:
    """The distance in quality between a point and the curve of a sampler at the same nll_test.

    It is negative if the point is better than the curve. Only the cold branch counts: the points
    from the one with the minimum nll_test to the sharpest. Points beyond, at higher temperatures,
    are worse in both metrics. Left of the branch no point of the curve has this nll_test. There the
    point is compared with the leftmost point of the branch, which can only be to the disadvantage
    of the point. A measure of sameness, such as self_bleu_4, may stand in place of nll_test.

    Args:
        curve: `sampler_curve` of nll_test and the quality, with at least one row.
        x, y: nll_test and quality of the point.
        sign: 1 if lower quality is better (nll_oracle), -1 if higher is better (valid_all).

    Returns:
        sign * (y - quality of the curve at x), in the unit of y; None right of the branch, where
        sharper points were not measured.
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


def matching_temperature(curve: np.ndarray, value: float) -> float | None:
    """The temperature at which a curve has a value, interpolated between its points.

    Args:
        curve: `sampler_curve` of the temperature and one metric, [points, (temperature, metric)].
        value: of the metric.

    Returns:
        The temperature, of several the nearest to 1; None if the curve does not reach the value.
    """
    crossings = [
        float(np.interp(value, *zip(*sorted(((a[1], a[0]), (b[1], b[0]))))))
        for a, b in itertools.pairwise(curve.tolist())
        if min(a[1], b[1]) <= value <= max(a[1], b[1])
    ]
    return min(crossings, key=lambda temperature: abs(temperature - 1), default=None)


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
