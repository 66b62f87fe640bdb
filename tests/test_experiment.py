"""The driver, in process: what a run leaves behind, and what must not change what is trained."""

import dataclasses
import json

import numpy as np
import pytest
import tensorflow as tf

from seqgan_tf.config import Config
from seqgan_tf.errors import RunError
from seqgan_tf.loggers.base import Logger
from seqgan_tf.loggers.registry import LOGGERS
from seqgan_tf.loggers.tensorboard import TensorBoard
from seqgan_tf.running.experiment import Experiment, run
from seqgan_tf.running.trained import load
from seqgan_tf.training.state import PHASES, Report

TINY = Config(
    dataset='synthetic',
    vocab_size=12,
    sequence_length=5,
    num_sequences=96,
    held_out=32,
    batch_size=16,
    eval_samples=32,
    mle_epochs=2,
    discriminator_rounds=1,
    adversarial_rounds=2,
    d_steps=1,
    discriminator_epochs=1,
    num_rollouts=2,
    jit='off',
)


def weights(state):
    networks = (state.generator, state.rollout_policy, state.discriminator)
    return [v.numpy() for network in networks if network is not None for v in network.variables]


def lines(workdir):
    return [json.loads(line) for line in (workdir / 'metrics.jsonl').read_text().splitlines()]


@pytest.fixture(scope='module')
def finished(tmp_path_factory):
    """(workdir, state) of a whole run."""
    workdir = tmp_path_factory.mktemp('finished')
    return workdir, run(dataclasses.replace(TINY, workdir=str(workdir))).state


def test_one_line_a_round(finished):
    assert [(line['phase'], line['round']) for line in lines(finished[0])] == [
        ('initial', 0),
        ('mle', 1),
        ('mle', 2),
        ('discriminator', 1),
        ('adversarial', 1),
        ('adversarial', 2),
        ('likeliest', 1),
        ('search', 1),
        ('final', 0),
    ]


def test_each_phase_ends_with_an_evaluation(finished):
    evaluated = [(line['phase'], line['round']) for line in lines(finished[0]) if 'nll_test' in line]
    assert evaluated == [('initial', 0), ('mle', 2), ('adversarial', 2), ('final', 0)]


def test_held_out_figures_of_the_discriminator_in_every_round(finished):
    for line in lines(finished[0]):
        assert ('d_held_out_accuracy' in line) == (line['phase'] in ('discriminator', 'adversarial'))


def test_likelihood_steps_in_a_round_leave_the_policy_updates_figures(finished, tmp_path):
    run(dataclasses.replace(TINY, adversarial_rounds=1, adversarial_mle_steps=1, workdir=str(tmp_path)))
    alone, mixed = (
        next(line for line in lines(workdir) if line['phase'] == 'adversarial') for workdir in (finished[0], tmp_path)
    )
    assert 'nll' in mixed and 'nll' not in alone
    for name in ('pg_loss', 'grad_norm', 'reward'):
        assert mixed[name] == alone[name]


def test_restore_gives_the_trained_networks(finished):
    trained = load(finished[0])
    config, vocabulary, state = trained.config, trained.vocabulary, trained.state
    assert len(vocabulary) == config.vocab_size == 12
    for saved, trained in zip(weights(state), weights(finished[1])):
        np.testing.assert_array_equal(saved, trained)


@pytest.mark.parametrize('dataset', ['synthetic', 'verse'])
def test_restore_gives_texts_as_the_run_wrote_them(dataset, tmp_path):
    """How symbols make a text is the data set's to say, not a flag's."""
    config = dataclasses.replace(TINY, algorithm='random', dataset=dataset, workdir=str(tmp_path), sequence_length=20)
    run(config)
    vocabulary = load(tmp_path).vocabulary
    first = (tmp_path / 'samples.txt').read_text('utf-8').splitlines()[1]
    assert vocabulary.join(vocabulary.split(first)) == first and ' ' in first and len(vocabulary.split(first)) == 20


def summaries(workdir):
    """(plugin, tag, step) of all that is in the event files."""
    return [
        (value.metadata.plugin_data.plugin_name, value.tag, event.step)
        for path in sorted((workdir / 'tensorboard').iterdir())
        for event in tf.compat.v1.train.summary_iterator(str(path))
        for value in event.summary.value
    ]


def test_tensorboard_has_texts_histograms_and_settings(finished):
    kinds = {}
    for plugin, tag, _ in summaries(finished[0]):
        kinds.setdefault(plugin, set()).add(tag)
    assert kinds['text'] == {'samples'} and len(kinds['histograms']) == 6 and kinds['hparams']


@pytest.mark.parametrize(
    'tag, steps',
    [('nll', [1, 2]), ('d_loss', [3, 4, 5]), ('nll_test', [0, 2, 5]), ('grad_norm', [1, 2, 4, 5])]
    + [('round_seconds', [1, 2, 3, 4, 5]), ('final/nll_test', [5])],
)
def test_a_metric_is_one_curve_over_the_rounds_of_all_phases(tag, steps, finished):
    assert [step for plugin, name, step in summaries(finished[0]) if (plugin, name) == ('scalars', tag)] == steps


def test_a_point_of_the_temperature_curve_is_not_on_the_curve_of_training(tmp_path):
    logger = TensorBoard(tmp_path, dataclasses.asdict(TINY))
    logger.write(Report('adversarial', 9, 9, {'nll_test': 1.0}), 9, 2.0)
    logger.write(Report('temperature', 1, 0, {'nll_test': 3.0}), 1, None)
    logger.close()
    scalars = [(tag, step) for plugin, tag, step in summaries(tmp_path) if plugin == 'scalars']
    assert scalars == [('nll_test', 9), ('round_seconds', 9), ('temperature/nll_test', 1)]


@pytest.mark.parametrize(
    'change', [dict(eval_every=1, eval_samples=7), dict(checkpoint_every=1), dict(rollout_chunk=16), dict(negatives=96)]
)
def test_how_often_one_looks_does_not_change_what_is_trained(finished, tmp_path, change):
    """Nor does a setting that says what the default says."""
    state = run(dataclasses.replace(TINY, workdir=str(tmp_path), **change)).state
    for here, there in zip(weights(state), weights(finished[1])):
        np.testing.assert_allclose(here, there, rtol=0, atol=0 if 'rollout_chunk' not in change else 1e-4)


def test_an_extended_run_is_the_longer_run(finished, tmp_path):
    short = dataclasses.replace(TINY, workdir=str(tmp_path), adversarial_rounds=1)
    run(short)
    for here, there in zip(weights(run(dataclasses.replace(short, adversarial_rounds=2)).state), weights(finished[1])):
        np.testing.assert_array_equal(here, there)


def test_a_phase_that_is_over_cannot_be_extended(finished):
    with pytest.raises(RunError, match='mle_epochs may change only before the phase is over'):
        run(dataclasses.replace(TINY, workdir=str(finished[0]), mle_epochs=3))


def test_another_seed_is_another_run(finished, tmp_path):
    state = run(dataclasses.replace(TINY, workdir=str(tmp_path), seed=1)).state
    assert any(np.any(here != there) for here, there in zip(weights(state), weights(finished[1])))


def test_random_trains_nothing(tmp_path):
    config = dataclasses.replace(TINY, algorithm='random', workdir=str(tmp_path))
    state = run(config).state
    assert [line['phase'] for line in lines(tmp_path)] == ['initial', 'final']
    assert abs(lines(tmp_path)[0]['entropy'] - np.log(12)) < 0.05
    assert float(np.std(state.generator.variables[0])) == pytest.approx(0.1, abs=0.02)


def test_early_stopping_ends_with_the_best_epoch(tmp_path):
    config = dataclasses.replace(
        TINY, algorithm='mle', workdir=str(tmp_path), mle_epochs=60, mle_patience=2, generator_learning_rate=0.1
    )
    run(config)
    curve = [line['nll_validation'] for line in lines(tmp_path) if line['phase'] == 'mle']
    assert len(curve) < 60 and np.argmin(curve) == len(curve) - 3
    assert [line['phase'] for line in lines(tmp_path) if 'nll_test' in line][-2:] == ['mle', 'final']


def files(workdir):
    return {path: path.read_bytes() for path in workdir.rglob('*') if path.is_file()}


def test_a_run_cannot_become_shorter_than_it_is(finished):
    before = files(finished[0])
    with pytest.raises(
        RunError,
        match='adversarial_rounds must be at least the number that the run has done, 2. Received: adversarial_rounds=1',
    ):
        run(dataclasses.replace(TINY, workdir=str(finished[0]), adversarial_rounds=1))
    assert files(finished[0]) == before


def test_a_run_that_is_not_over_may_end_at_what_is_done(finished, tmp_path, monkeypatch):
    config = dataclasses.replace(TINY, workdir=str(tmp_path), adversarial_rounds=9, checkpoint_every=1)
    log = Experiment._log

    def stop(self, report, *rest, **named):
        log(self, report, *rest, **named)
        if report.phase == 'adversarial' and report.round == 3:
            raise RuntimeError('stopped')

    with monkeypatch.context() as patch, pytest.raises(RuntimeError, match='stopped'):
        patch.setattr(Experiment, '_log', stop)
        run(config)
    for here, there in zip(weights(run(dataclasses.replace(config, adversarial_rounds=2)).state), weights(finished[1])):
        np.testing.assert_array_equal(here, there)
    assert [line['phase'] for line in lines(tmp_path)][-4:] == ['adversarial', 'likeliest', 'search', 'final']


class Last(Logger):
    """Keeps the phases and rounds of the reports that say that they are the last."""

    seen = []

    def __init__(self, workdir, settings):
        self.seen.clear()

    def write(self, report, step, seconds):
        if report.phase in PHASES and report.round == report.rounds:
            self.seen.append((report.phase, report.round))

    def write_samples(self, step, texts, variables):
        pass

    def close(self):
        pass


@pytest.mark.parametrize(
    'changes', [dict(), dict(mle_epochs=60, mle_patience=2, generator_learning_rate=0.1)], ids=['whole', 'early']
)
def test_the_last_report_of_each_phase_says_so(changes, tmp_path, monkeypatch):
    monkeypatch.setitem(LOGGERS, 'last', f'{__name__}:Last')
    run(dataclasses.replace(TINY, workdir=str(tmp_path), loggers='last', adversarial_rounds=1, **changes))
    epochs = sum(line['phase'] == 'mle' for line in lines(tmp_path))
    assert Last.seen == [('mle', epochs), ('discriminator', 1), ('adversarial', 1)]
    assert bool(changes) == (epochs not in (2, 60))
