"""The summary that a run prints at its end."""

import pathlib
import textwrap
import unicodedata
from collections.abc import Iterator, Sequence

import tensorflow as tf

from seqgan_tf.config import Config
from seqgan_tf.data.registry import Score
from seqgan_tf.data.tasks import Task
from seqgan_tf.evaluation.evaluator import Evaluator
from seqgan_tf.loggers.layout import by_importance
from seqgan_tf.running import metrics_log
from seqgan_tf.running.metrics_log import Entry

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
    entries = metrics_log.read(workdir / metrics_log.NAME)
    return '\n'.join(
        [
            '',
            *_table(entries, evaluator.task.scored_by),
            *_score(evaluator.task),
            *_discriminator(config, entries),
            '',
            'samples:',
            *_samples(config, evaluator),
            '',
            *_paths(config, workdir, version),
        ]
    )


def _table(entries: Sequence[Entry], scored_by: Score | None) -> Iterator[str]:
    """A table with a row for each metric and a column for the last evaluation of each phase.

    The last column is of text that a search found, which has no likelihood. The one before it is
    its control: as many candidates, of which the likeliest is kept.
    """
    columns = {entry['phase']: metrics_log.metrics_of(entry) for entry in entries if 'nll_test' in entry}
    titles = {'initial': 'untrained', 'mle': 'after MLE', 'adversarial': 'after adversarial'}
    shown = {title: columns[phase] for phase, title in titles.items() if phase in columns}
    names = [name for name in columns.get('initial', ()) if all(name in metrics for metrics in shown.values())]
    found = metrics_log.search_entry(entries)
    if found:
        likeliest = metrics_log.likeliest_entry(entries, found['num_candidates'])
        if likeliest:
            shown[f'likeliest of {found["num_candidates"]}'] = metrics_log.metrics_of(likeliest)
        shown[f'with search ({found["num_candidates"]})'] = metrics_log.metrics_of(found)
    first = max(map(len, names), default=0)
    yield ' ' * first + ''.join(f'  {title:>{NUMBER}}' for title in shown)
    for name in by_importance(names, scored_by.metric if scored_by else ''):
        values = ((f'{metrics[name]:.4f}' if name in metrics else '-', title) for title, metrics in shown.items())
        yield f'{name:{first}}' + ''.join(f'  {value:>{max(NUMBER, len(title))}}' for value, title in values)


def _discriminator(config: Config, entries: Sequence[Entry]) -> Iterator[str]:
    """What the discriminator adds to the generator: the search, and the residual model."""
    found, final = metrics_log.search_entry(entries), entries[-1] if entries else {}
    if found:
        others = f'; other columns: {config.eval_samples:,}' if config.eval_samples != found['samples'] else ''
        yield (
            f'with search: of {found["num_candidates"]} samples the discriminator keeps one; '
            f'{found["samples"]:,} samples{others}'
        )
        if metrics_log.likeliest_entry(entries, found['num_candidates']):
            yield (
                f'likeliest: of {found["num_candidates"]} samples the one with the highest log p is kept; '
                f'{found["samples"]:,} samples'
            )
    if 'residual_nll_test' in final:
        yield (
            f'residual_nll_test {final["residual_nll_test"]:.4f}: nll_test ({final["nll_test"]:.4f}) with the '
            f'discriminator at beta {final["residual_beta"]:.1f}'
        )
        yield f'  (log Z from {final["samples"]:,} samples; effectively {final["log_z_ess"]:,.0f})'


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
