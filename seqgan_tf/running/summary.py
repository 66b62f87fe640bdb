"""The summary that a run prints at its end."""

import pathlib
from collections.abc import Iterator

import tensorflow as tf

from seqgan_tf.config import Config
from seqgan_tf.data.tasks import Task
from seqgan_tf.evaluation.evaluator import Evaluator
from seqgan_tf.running import metrics_log

SHOWN = 5  # samples


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
            *_table(workdir),
            *_score(evaluator.task),
            '',
            'samples:',
            *_samples(config, evaluator),
            '',
            *_paths(config, workdir, version),
        ]
    )


def _table(workdir: pathlib.Path) -> Iterator[str]:
    """A table with a row for each metric and a column for the last evaluation of each phase."""
    columns = {}
    for entry in metrics_log.read(workdir / metrics_log.NAME):
        if 'nll_test' in entry:
            columns[entry['phase']] = entry
    titles = {'initial': 'untrained', 'mle': 'after MLE', 'adversarial': 'after adversarial'}
    shown = [phase for phase in titles if phase in columns]
    names = [
        name
        for name in columns.get('initial', ())
        if all(name in columns[phase] for phase in shown) and name not in ('phase', 'round')
    ]
    yield f'{"":16}' + ''.join(f'{titles[phase]:>20}' for phase in shown)
    for name in names:
        yield f'{name:16}' + ''.join(f'{columns[phase][name]:20.4f}' for phase in shown)


def _score(task: Task) -> Iterator[str]:
    """The metric that samples are judged by."""
    if task.scored_by is not None:
        direction = 'higher' if task.scored_by.higher_is_better else 'lower'
        yield f'samples are judged by {task.scored_by.metric}: {direction} is better'


def _samples(config: Config, evaluator: Evaluator) -> list[str]:
    tokens = evaluator.sample(tf.constant([config.seed, 0], tf.int64), SHOWN)
    return [f'  {text}' for text in evaluator.task.corpus.vocabulary.decode(tokens)]


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
