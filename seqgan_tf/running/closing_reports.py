"""The last lines of a run: curves, and the closing evaluation."""

from collections.abc import Iterable, Iterator

from seqgan_tf.config import Config
from seqgan_tf.evaluation import resampled
from seqgan_tf.evaluation.evaluator import Evaluator
from seqgan_tf.evaluation.streams import evaluation_seed
from seqgan_tf.training.state import Report


def closing_reports(config: Config, evaluator: Evaluator) -> Iterator[Report]:
    """Yields a report for each point of a curve, then one of the phase 'final'.

    With `final_samples` there is the temperature curve, and the final report has every metric.
    Where a discriminator is trained, the phase 'search' has text that was chosen by it: one point,
    or with `final_samples` a curve.

    Args:
        config: settings of the run.
        evaluator: of the trained generator.
    """
    temperature, search, final = (
        evaluation_seed(config.seed, phase, 0) for phase in ('temperature', 'search', 'final')
    )
    if config.final_samples:
        # Loads TensorFlow Probability, which other runs do not need.
        from seqgan_tf.evaluation import closing

        yield from _points('temperature', closing.temperature_curve(evaluator, temperature))
        guidances, metrics = resampled.CURVE, closing.closing_metrics(evaluator, config.final_samples, final)
    else:
        guidances, metrics = (resampled.PLAIN,), evaluator(final)
    if 'discriminator' in evaluator.provides:
        yield from _points('search', resampled.search_curve(evaluator, guidances, search))
    yield Report('final', 0, 0, {'samples': evaluator.num_samples} | dict(metrics))


def _points(phase: str, curve: Iterable[dict[str, float]]) -> Iterator[Report]:
    return (Report(phase, i, 0, metrics) for i, metrics in enumerate(curve, start=1))
