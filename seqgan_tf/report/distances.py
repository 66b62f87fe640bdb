"""Distances of final points to temperature curves."""

from collections.abc import Iterator

from seqgan_tf.report.curves import distance_to_curve, temperature_curve
from seqgan_tf.report.study import Study, start_label


def distances(study: Study) -> Iterator[tuple[str, str, bool, dict[int, float | None]]]:
    """Yields (label, label of the curve, whether it is its pretraining, {seed: distance}).

    The labels are those with an adversarial phase or with start_from. The curves are those of their
    own pretraining and of every MLE label, of the same seed. A distance is None where the curve was
    not measured.
    """
    metric, sign = study.quality
    for label, seeds in study.labels.items():
        if not any(run.last_round('adversarial') or start_label(run) for run in seeds.values()):
            continue
        starts = {seed: study.start(run) for seed, run in seeds.items()}
        own = {start.label for start in starts.values() if start}
        others = [
            other
            for other in study.labels
            if other != label and (other in own or study.setting(other, 'algorithm') == 'mle')
        ]
        for other in sorted(others, key=lambda other: other not in own):
            found: dict[int, float | None] = {}
            for seed, run in seeds.items():
                start = starts[seed] if other in own else study.labels[other].get(seed)
                curve = temperature_curve(start, 'nll_test', metric) if start and start.label == other else ()
                if len(curve) and {'nll_test', metric} <= run.final.keys():
                    found[seed] = distance_to_curve(curve, run.final['nll_test'], run.final[metric], sign)
            if found:
                yield label, other, other in own, found
