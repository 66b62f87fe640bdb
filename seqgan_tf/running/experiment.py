"""The driver of a run: it connects the maths with files, logs and checkpoints."""

import contextlib
import dataclasses
import math
import pathlib
import signal
from collections.abc import Callable

import keras
import tensorflow as tf

from seqgan_tf.algorithms.registry import ALGORITHMS, PHASE_LENGTHS, parts_of
from seqgan_tf.config import Config
from seqgan_tf.data.corpus import Corpus
from seqgan_tf.data.tasks import load_task
from seqgan_tf.errors import Stopped
from seqgan_tf.evaluation.evaluator import Evaluator
from seqgan_tf.evaluation.references import references
from seqgan_tf.evaluation.streams import evaluation_seed
from seqgan_tf.loggers.registry import make_loggers
from seqgan_tf.loggers.terminal import say, tell
from seqgan_tf.policies.policy import RewardFunction
from seqgan_tf.rewards.given import TextReward
from seqgan_tf.running import metrics_log, sample_texts
from seqgan_tf.running.append_only_file import AppendOnlyFile
from seqgan_tf.running.checkpoints import Checkpoints
from seqgan_tf.running.closing_reports import closing_reports
from seqgan_tf.running.devices import make_replicas
from seqgan_tf.running.given import Given
from seqgan_tf.running.interruption import Interruption
from seqgan_tf.running.loading import on_one_device
from seqgan_tf.running.pieces import Pieces
from seqgan_tf.running.pretraining import start_from
from seqgan_tf.running.startup import no_retracing_warnings
from seqgan_tf.running.stopwatch import Duration, Stopwatch
from seqgan_tf.running.summary import describe
from seqgan_tf.running.trained import Trained, export_run
from seqgan_tf.running.workdir import (
    check_data,
    check_extension,
    check_settings,
    fingerprint,
    locked,
    user_errors,
    write_settings,
)
from seqgan_tf.running.workers import Workers
from seqgan_tf.settings import split_names
from seqgan_tf.training.replicas import ONE
from seqgan_tf.training.state import PHASES, Report

# If one of these settings of a finished run has changed, its closing evaluation is made again.
REOPENING = (*PHASE_LENGTHS.values(), 'eval_samples', 'final_samples', 'final_curves')


def run(
    config: Config,
    *,
    corpus: Corpus | None = None,
    reward: RewardFunction | TextReward | None = None,
    discriminator: keras.Model | None = None,
    on_report: Callable[[Report], None] | None = None,
) -> Trained:
    """Trains or resumes, evaluates, logs and exports a run in `config.workdir`.

    A run is resumed by the same call. It works in a notebook and in a thread. A thread cannot be
    stopped by a signal.

    Args:
        config: the settings.
        corpus: the rows to learn from. The settings of the data are then not read.
        reward: in place of the discriminator's (algorithm seqgan): a function tokens int32 [B, T] ->
            [B] float32 of TensorFlow ops, or a `TextReward`, which marks a Python function of texts.
        discriminator: a Keras model tokens int32 [B, T] -> logit [B], in place of the CNN-highway
            (algorithm seqgan). If a reward is given too, the discriminator is trained beside, and
            the reward may ask it.
        on_report: called with each `Report` after it is logged, those of the phases 'initial' and
            'final' included.

    Returns:
        The trained run; its `state` is the final `TrainState`.

    Raises:
        RunError: settings or data are bad, the workdir is in use or was made with other settings, a
            metric is not finite, or the disk cannot be written. Earlier checkpoints are kept.
        ValueError: a reward has another shape or type. What a `TextReward` raises comes as it is.
        Stopped: SIGTERM or SIGINT came, and the run is saved. It is a KeyboardInterrupt.
    """
    given = Given(corpus, reward, discriminator)
    config = given.settings(config)
    workers = Workers(make_replicas(config))
    with (
        workers.together(),
        workers.own_config(config) as config,
        locked(pathlib.Path(config.workdir)),
        no_retracing_warnings(),
    ):
        workers.wait()  # until the others have their copies of the workdir
        experiment = Experiment(config, given, on_report, workers)
        try:
            return experiment.run()
        except tf.errors.OpError as error:
            raise getattr(reward, 'failure', None) or error


class Experiment:
    """One run of an algorithm in a workdir. It continues from the last checkpoint there."""

    def __init__(
        self,
        config: Config,
        given: Given = Given(),
        on_report: Callable[[Report], None] | None = None,
        workers: Workers = Workers(ONE),
    ):
        self.config, self.workdir, self.on_report = config, pathlib.Path(config.workdir), on_report
        self.given, self.workers, replicas = given, workers, workers.replicas
        before = check_settings(config, self.workdir)
        with user_errors(), replicas.scope():  # for the oracle
            self.task = load_task(config, given.corpus)
            self.corpus = self.task.corpus
            self.corpus.batches(0, config.batch_size, config.seed)
        check_data(config, self.corpus, self.workdir)
        self.state = given.state(config, self.corpus.vocabulary, parts_of(config), replicas)
        self.metrics_file = AppendOnlyFile(self.workdir / metrics_log.NAME)
        self.samples_file = AppendOnlyFile(self.workdir / sample_texts.SAMPLES)
        self.checkpoints = Checkpoints(
            self.workdir / 'checkpoints',
            workers.is_chief,
            state=self.state,
            metrics=self.metrics_file,
            samples=self.samples_file,
        )
        self.restored, messages = self.checkpoints.restore()
        for message in messages:
            tell(message)
        if self.restored is None and config.start_from:
            self.restored = start_from(config, self.corpus, self.state, self.metrics_file, self.samples_file)
        check_extension(config, before, self.state)
        workers.check_run(config, fingerprint(self.corpus), self._done())  # before a file is written
        if before is not None and any(getattr(before, name) != getattr(config, name) for name in REOPENING):
            # Then an extended run equals a longer run. The checkpoint before counts the closing lines as part of the file.
            self.metrics_file.cut()
            if metrics_log.drop_closing_lines(self.metrics_file):
                self.checkpoints.save()
        write_settings(config, self.corpus, self.workdir)
        trained = lambda: self.state.trained_discriminator
        self.evaluator = Evaluator(self.state.generator, self.task, config.eval_samples, config.jit, trained, replicas)
        self.loggers = make_loggers(split_names(config.loggers), self.workdir, dataclasses.asdict(config))
        self.pieces = Pieces(self.evaluator, self.workdir, self.loggers)

    def run(self) -> Trained:
        """Runs the rest of the algorithm, evaluates it and exports."""
        self._begin()
        with Interruption() as interruption, contextlib.ExitStack() as stack:
            for logger in self.loggers:
                stack.callback(logger.close)
            stopwatch = Stopwatch()
            for report in ALGORITHMS[self.config.algorithm](self.state, self.corpus, self.config):
                self._finish_round(report, stopwatch.read())
                stopping = self.workers.any_of(interruption.signal is not None)
                if stopping or report.round == report.rounds or report.round % self.config.checkpoint_every == 0:
                    self.checkpoints.save()
                if stopping:
                    where = f'{report.phase} round {report.round}'
                    raise Stopped(
                        f'stopped and saved after {where}; the same command continues from here',
                        interruption.signal or signal.SIGTERM,
                    )
                stopwatch = Stopwatch()
            self._close_evaluation()
        state = on_one_device(self.state, self.given, self.config, self.corpus.vocabulary)
        trained = Trained.of_state(self.workdir, self.config, self.corpus.vocabulary, state)
        say(
            describe(
                self.config, self.workdir, self.evaluator, export_run(trained, self.workdir, self.config.export_dir)
            )
        )
        return trained

    def _begin(self) -> None:
        """Says what the run has. A new run also logs the metrics of the untrained generator."""
        corpus = self.corpus
        tell(f'{self.config.dataset}: {corpus.sizes}')
        for note in corpus.notes:
            tell(f'note: {note}')
        self.pieces.announce()
        self.metrics_file.cut()
        self.samples_file.cut()
        if self.restored:
            tell(f'continuing from {self.restored} (rounds done: {self._done()})')
        else:
            seed = evaluation_seed(self.config.seed, 'initial', 0)
            size = sum(math.prod(variable.shape) for variable in self.state.generator.variables)
            metrics = {'generator_parameters': size} | dict(references(self.evaluator, seed))
            self._log(self._evaluate(Report('initial', 0, 0, metrics)))
            self.checkpoints.save()

    def _finish_round(self, report: Report, duration: Duration) -> None:
        """Logs the round, and evaluates where that is due."""
        last = report.round == report.rounds
        evaluating = report.phase != 'discriminator' and (last or report.round % self.config.eval_every == 0)
        report = self._evaluate(report) if evaluating else report
        self._log(report, duration)

    def _close_evaluation(self) -> None:
        """Ends metrics.jsonl with a line of the phase 'final', which marks a finished run."""
        if metrics_log.is_finished(self.metrics_file.path):
            return
        stopwatch = Stopwatch()
        for report in closing_reports(self.config, self.evaluator):
            if report.phase == 'final':
                self._log(report, stopwatch.read())
            else:
                self._log(report, step=report.round)
        self.pieces.finish(self._step(), evaluation_seed(self.config.seed, 'final', 0))
        self.checkpoints.save()

    def _evaluate(self, report: Report) -> Report:
        """Adds the metrics of an evaluation to a report. Sample texts and weights are shown."""
        seed = evaluation_seed(self.config.seed, report.phase, report.round)
        samples = self.evaluator.sample(seed, sample_texts.SHOWN)
        texts = self.corpus.vocabulary.decode(samples)
        self.samples_file.append(sample_texts.format_samples(report.phase, report.round, texts))
        for logger in self.loggers:
            logger.write_samples(self._step(), texts, self.state.generator.variables)
        self.pieces.show(self._step(), samples)
        return dataclasses.replace(report, metrics=report.metrics | dict(self.evaluator(seed)))

    def _log(self, report: Report, duration: Duration | None = None, step: int | None = None) -> None:
        """Writes a report to metrics.jsonl and to the loggers.

        Raises:
            RunError: a metric is not finite.
        """
        metrics_log.check_finite(report)
        self.metrics_file.append(metrics_log.format_line(report, duration))
        for logger in self.loggers:
            logger.write(report, self._step() if step is None else step, duration and duration.wall)
        if self.on_report is not None:
            self.on_report(report)

    def _done(self) -> str:
        return ', '.join(f'{phase} {int(self.state.done[phase])}' for phase in PHASES)

    def _step(self) -> int:
        return sum(int(done) for done in self.state.done.values())
