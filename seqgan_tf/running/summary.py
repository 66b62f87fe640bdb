"""The summary that a run prints at its end."""

import pathlib
import textwrap
import unicodedata
from collections.abc import Iterator

import tensorflow as tf

from seqgan_tf.config import Config
from seqgan_tf.data.registry import Score
from seqgan_tf.data.tasks import Task
from seqgan_tf.evaluation.evaluator import Evaluator
from seqgan_tf.loggers.layout import by_importance
from seqgan_tf.running import metrics_log

SHOWN = 5  # samples
WIDTH, NUMBER = 80, 11  # columns of a line, and of a number


def describe(config: Config, workdir: pathlib.Path, evaluator: Evaluator, version: pathlib.Path | None) -> str:
    """The summary: metrics before and after each phase, samples, paths, and how to serve.

    Args:
        config: settings of the run.
        workdir: directory of the run.
        evaluator: draws the samples.
        version: path of the exported version, or None.

    Raises:
        RunError: metrics.jsonl cannot be read.
    """
    return '\n'.join(
        [
            '',
            *_table(workdir, evaluator.task.scored_by),
            *_score(evaluator.task),
            '',
            'samples:',
            *_samples(config, evaluator),
            '',
            *_paths(config, workdir, version),
        ]
    )


def _table(workdir: pathlib.Path, scored_by: Score | None) -> Iterator[str]:
    """A table with a row for each metric and a column for the last evaluation of each phase."""
    columns = {}
    for entry in metrics_log.read(workdir / metrics_log.NAME):
        if 'nll_test' in entry:
            columns[entry['phase']] = metrics_log.metrics_of(entry)
    titles = {'initial': 'untrained', 'mle': 'after MLE', 'adversarial': 'after adversarial'}
    shown = {title: columns[phase] for phase, title in titles.items() if phase in columns}
    names = [name for name in columns.get('initial', ()) if all(name in metrics for metrics in shown.values())]
    first = max(map(len, names), default=0)
    yield ' ' * first + ''.join(f'  {title:>{NUMBER}}' for title in shown)
    for name in by_importance(names, scored_by.metric if scored_by else ''):
        values = (f'  {metrics[name]:{max(NUMBER, len(title))}.4f}' for title, metrics in shown.items())
        yield f'{name:{first}}' + ''.join(values)


def _score(task: Task) -> Iterator[str]:
    """The metric that samples are judged by."""
    if task.scored_by is not None:
        direction = 'higher' if task.scored_by.higher_is_better else 'lower'
        yield f'samples are judged by {task.scored_by.metric}: {direction} is better'


def _samples(config: Config, evaluator: Evaluator) -> list[str]:
    tokens = evaluator.sample(tf.constant([config.seed, 0], tf.int64), SHOWN)
    return [_indented(text) for text in evaluator.task.corpus.vocabulary.decode(tokens)]


def _indented(text: str) -> str:
    """A text in lines of at most `WIDTH` columns. A wide character, as of Chinese, takes two."""
    wide = any(unicodedata.east_asian_width(character) in 'FW' for character in text)
    return textwrap.fill(text, WIDTH // 2 if wide else WIDTH, initial_indent='  ', subsequent_indent='    ')


def _paths(config: Config, workdir: pathlib.Path, version: pathlib.Path | None) -> Iterator[str]:
    yield f'run:          {workdir}  (metrics.jsonl, samples.txt, checkpoints/)'
    yield f'TensorBoard:  tensorboard --logdir={workdir}/tensorboard'
    if version is None:
        yield f'export:       seqgan-export --workdir={workdir} --export_dir=exports/{workdir.name}'
        return
    base = version.resolve().parent
    yield f'export:       {version}'
    yield f'check:        seqgan-check --export_dir={config.export_dir} --workdir={workdir}'
    yield f'serve:        tensorflow_model_server --rest_api_port=8501 --model_name={base.name} --model_base_path={base}'
    yield f'ask:          seqgan-client --url=http://localhost:8501 --model={base.name}'
