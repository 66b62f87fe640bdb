"""The last lines of a run: curves, and the closing evaluation."""

from collections.abc import Iterable, Iterator

from seqgan_tf.config import Config
from seqgan_tf.evaluation import likeliest, resampled
from seqgan_tf.evaluation.evaluator import Evaluator
from seqgan_tf.evaluation.streams import evaluation_seed
from seqgan_tf.running.metrics_log import CLOSING_PHASES
from seqgan_tf.training.state import Report


def closing_reports(config: Config, evaluator: Evaluator) -> Iterator[Report]:
    """Yields a report for each point of a curve, then one of the phase 'final'.

    With `final_samples` the final report has every metric, and unless `final_curves` is false there
    are curves of the phases 'temperature', 'top_k' and 'top_p'. The phase 'likeliest' has text that
    was chosen by the generator's own likelihood, and 'search' text that was chosen by the
    discriminator, where one is trained: a curve each where there are the others, else one point.
    Without curves and discriminator there is neither.

    Args:
        config: settings of the run.
        evaluator: of the trained generator.
    """
    seeds = {phase: evaluation_seed(config.seed, phase, 0) for phase in CLOSING_PHASES}
    searched = 'discriminator' in evaluator.provides
    curves = config.final_samples > 0 and config.final_curves
    numbers, guidances, metrics = (resampled.CANDIDATES,), (resampled.PLAIN,), evaluator(seeds['final'])
    if config.final_samples:
        # Loads TensorFlow Probability, which other runs do not need.
        from seqgan_tf.evaluation import closing

        metrics = closing.closing_metrics(evaluator, config.final_samples, seeds['final'])
    if curves:
        yield from _points('temperature', closing.temperature_curve(evaluator, seeds['temperature']))
        yield from _points('top_k', closing.top_k_curve(evaluator, seeds['top_k']))
        yield from _points('top_p', closing.top_p_curve(evaluator, seeds['top_p']))
        numbers, guidances = likeliest.CURVE, resampled.CURVE
    if curves or searched:
        yield from _points('likeliest', likeliest.likeliest_curve(evaluator, numbers, seeds['likeliest']))
    if searched:
        yield from _points('search', resampled.search_curve(evaluator, guidances, seeds['search']))
    yield Report('final', 0, 0, {'samples': evaluator.num_samples} | dict(metrics))


def _points(phase: str, curve: Iterable[dict[str, float]]) -> Iterator[Report]:
    return (Report(phase, i, 0, metrics) for i, metrics in enumerate(curve, start=1))
