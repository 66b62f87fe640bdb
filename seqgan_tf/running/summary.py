"""What a run says at its end."""

import tensorflow as tf

from seqgan_tf.running import metrics_log

SHOWN = 5


def describe(config, workdir, evaluator, version):
    """The closing text: metrics before and after each phase, samples, paths, and how to serve.

    Args:
        evaluator: draws the samples.
        version: path of the exported version, or None.
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


def _table(workdir):
    """A table: a row for each metric, a column for each phase's last evaluation."""
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


def _score(task):
    """Which row of the table says how good samples are."""
    if task.scored_by is not None:
        direction = 'higher' if task.scored_by.higher_is_better else 'lower'
        yield f'samples are judged by {task.scored_by.metric}: {direction} is better'


def _samples(config, evaluator):
    tokens = evaluator.sample(tf.constant([config.seed, 0], tf.int64), SHOWN)
    return [f'  {text}' for text in evaluator.task.corpus.vocabulary.decode(tokens)]


def _paths(config, workdir, version):
    yield f'run:          {workdir}  (metrics.jsonl, samples.txt, checkpoints/)'
    yield f'TensorBoard:  tensorboard --logdir={workdir}/tensorboard'
    if version is None:
        yield f'export:       python export/export_model.py --workdir={workdir} --export_dir=exports/{workdir.name}'
        return
    base = version.resolve().parent
    yield f'export:       {version}'
    yield f'check:        python export/check_model.py --export_dir={config.export_dir} --workdir={workdir}'
    yield f'serve:        tensorflow_model_server --rest_api_port=8501 --model_name={base.name} --model_base_path={base}'
    yield f'ask:          python export/client.py --url=http://localhost:8501 --model={base.name}'
