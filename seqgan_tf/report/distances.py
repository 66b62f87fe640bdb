"""Distances of final points and of searches to the curves of samplers."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping

from seqgan_tf.report.curves import distance_to_curve, sampler_curve
from seqgan_tf.report.runs import Run
from seqgan_tf.report.study import Study, start_label

OF_LIKELIHOOD = ('temperature', 'likeliest')  # the samplers under which all test rows have a likelihood
OF_MODEL = ('temperature', 'top_k', 'top_p', 'likeliest')  # the samplers that need nothing but the model
SAMENESS = 'self_bleu_4'


@dataclasses.dataclass(frozen=True)
class Best:
    """The best sampler of any MLE at the point of one run.

    Attributes:
        distance: of the point to the sampler's curve, by `distance_to_curve`; None where no curve
            reaches that far.
        curve_of: the label of the curve; '' where there is none.
        sampler: one of `OF_MODEL`; '' where there is none.
        left: whether the point is left of all curves. `distance` is then to the leftmost point of
            them all.
    """

    distance: float | None = None
    curve_of: str = ''
    sampler: str = ''
    left: bool = False


def distances(study: Study) -> Iterator[tuple[str, str, bool, dict[int, float | None]]]:
    """Yields (label, label of the curve, whether it is its pretraining, {seed: distance}).

    The labels are those with an adversarial phase or with start_from. The curves are the
    temperature curves of their own pretraining and of every MLE label, of the same seed. A distance
    is None where the curve was not measured.
    """
    metric, sign = study.quality
    for label, seeds in study.labels.items():
        if not _is_compared(seeds.values()):
            continue
        others = _curve_labels(study, label)
        for other in sorted(others, key=lambda other: not others[other]):
            found: dict[int, float | None] = {}
            for seed, run in seeds.items():
                start = _curve_run(study, run, other, others[other])
                curve = sampler_curve(start, 'temperature', 'nll_test', metric) if start else ()
                if len(curve) and {'nll_test', metric} <= run.final.keys():
                    found[seed] = distance_to_curve(curve, run.final['nll_test'], run.final[metric], sign)
            if found:
                yield label, other, others[other], found


def best_samplers(study: Study) -> Iterator[tuple[str, str, str, dict[int, Best]]]:
    """Yields (title, metric x, quality, {seed: Best}): a point against all samplers of all MLEs.

    The points are the final ones of `distances`, and text that a search found. Each is compared at
    its own nll_test, or at its own self_bleu_4 of text, with the best quality of any sampler of its
    own pretraining and of every MLE label, of the same seed. There is nothing to yield where these
    have no curve but that of the temperature.
    """
    quality, sign = study.quality
    planes = (
        ('nll_test', quality, OF_LIKELIHOOD),
        (SAMENESS, dict(study.dataset.planes).get(SAMENESS, quality), OF_MODEL),
    )
    for label, seeds in study.labels.items():
        points = []
        if _is_compared(seeds.values()):
            points.append((label, {seed: run.final for seed, run in seeds.items()}))
        title = study.search_label(label)
        if title:
            points.append((title, {seed: _with_likelihood(run.searched) for seed, run in seeds.items()}))
        others = _curve_labels(study, label)
        for title, metrics in points:
            for across, up, samplers in planes:
                best = {}
                for seed, values in metrics.items():
                    runs = {other: _curve_run(study, seeds[seed], other, own) for other, own in others.items()}
                    if {across, up} <= values.keys():
                        best[seed] = _best(runs, samplers, (across, up), (values[across], values[up]), sign)
                best = {seed: found for seed, found in best.items() if found}
                if best:
                    yield title, across, up, best


def _best(
    runs: Mapping[str, Run | None],
    samplers: Iterable[str],
    plane: tuple[str, str],
    point: tuple[float, float],
    sign: int,
) -> Best | None:
    """The best sampler of runs {label: run} at a point (x, y); None if none but temperatures were measured.

    A curve that is right of the point does not count where another one reaches it.
    """
    curves = {
        (label, sampler): curve
        for label, run in runs.items()
        for sampler in samplers
        if run and len(curve := sampler_curve(run, sampler, *plane))
    }
    if all(sampler == 'temperature' for _, sampler in curves):
        return None
    least = {key: float(curve[:, 1].min()) for key, curve in curves.items()}
    reaching = [key for key in curves if least[key] <= point[0]]
    found = {
        key: distance_to_curve(curves[key], *point, sign) for key in reaching or [min(curves, key=least.__getitem__)]
    }
    inside = {key: distance for key, distance in found.items() if distance is not None}
    if not inside:
        return Best()
    key = max(inside, key=inside.__getitem__)
    return Best(inside[key], *key, left=not reaching)


def _with_likelihood(searched: Mapping[str, float]) -> dict[str, float]:
    """Metrics of a search, with the NLL of the law that it draws from as nll_test."""
    named = {'guided_nll_test': 'nll_test'}
    return {named.get(name, name): value for name, value in searched.items()}


def _is_compared(runs: Iterable[Run]) -> bool:
    return any(run.last_round('adversarial') or start_label(run) for run in runs)


def _curve_labels(study: Study, label: str) -> dict[str, bool]:
    """{label whose curves a label is compared with: whether it is its own pretraining}."""
    own = {start.label for start in map(study.start, study.labels[label].values()) if start}
    return {
        other: other in own
        for other in study.labels
        if other != label and (other in own or study.setting(other, 'algorithm') == 'mle')
    }


def _curve_run(study: Study, run: Run, label: str, own: bool) -> Run | None:
    """The run of a label with whose curves a run is compared; None if there is none."""
    start = study.start(run) if own else study.labels[label].get(run.seed)
    return start if start and start.label == label else None
