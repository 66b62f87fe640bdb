"""The one driver: the only place where maths and I/O meet."""

import contextlib
import dataclasses
import math
import pathlib
import time

import tensorflow as tf

from seqgan_tf.algorithms.registry import ALGORITHMS, parts_of
from seqgan_tf.config import Config
from seqgan_tf.data.tasks import load_task
from seqgan_tf.errors import RunError
from seqgan_tf.evaluation.evaluator import Evaluator
from seqgan_tf.evaluation.references import references
from seqgan_tf.evaluation.streams import evaluation_seed
from seqgan_tf.loggers.registry import make_loggers
from seqgan_tf.loggers.terminal import say
from seqgan_tf.running import metrics_log
from seqgan_tf.running.append_only_file import AppendOnlyFile
from seqgan_tf.running.checkpoints import Checkpoints
from seqgan_tf.running.interruption import Interruption
from seqgan_tf.running.pretraining import take_over
from seqgan_tf.running.summary import describe
from seqgan_tf.running.workdir import (
    check_data,
    check_extension,
    check_settings,
    locked,
    user_errors,
    write_settings,
)
from seqgan_tf.serving.export import export_saved_model
from seqgan_tf.settings import split_names
from seqgan_tf.training.state import PHASES, Report, TrainState

SHOWN_SAMPLES = 8
# A finished run whose settings differ in one of these goes on: its closing evaluation is made anew.
REOPENING = ('mle_epochs', 'discriminator_rounds', 'adversarial_rounds', 'eval_samples', 'final_samples')


def run(config: Config) -> TrainState:
    """Trains, resumes, evaluates, logs and exports, all in `config.workdir`.

    Returns:
        The final TrainState.

    Raises:
        RunError: bad settings or data, a workdir that is in use or was made with other settings,
            a metric that is not finite, or a disk that cannot be written. What was saved before is
            kept.
        SystemExit: 128 + the signal's number, after SIGTERM or SIGINT and a save.
    """
    for gpu in tf.config.list_physical_devices('GPU'):
        tf.config.experimental.set_memory_growth(gpu, True)
    with locked(pathlib.Path(config.workdir)):
        return Experiment(config).run()


class Experiment:
    """One run of an algorithm in a workdir, from where its last checkpoint is."""

    def __init__(self, config: Config):
        self.config, self.workdir = config, pathlib.Path(config.workdir)
        before = check_settings(config, self.workdir)
        with user_errors():
            self.task = load_task(config)
            self.corpus = self.task.corpus
            self.corpus.batches(0, config.batch_size, config.seed)
        check_data(config, self.corpus, self.workdir)
        self.state = TrainState(config, self.corpus.vocabulary, parts_of(config))
        self.metrics_file = AppendOnlyFile(self.workdir / metrics_log.NAME)
        self.samples_file = AppendOnlyFile(self.workdir / 'samples.txt')
        self.checkpoints = Checkpoints(
            self.workdir / 'checkpoints', state=self.state, metrics=self.metrics_file, samples=self.samples_file
        )
        self.restored, messages = self.checkpoints.restore()
        for message in messages:
            say(message)
        if self.restored is None and config.start_from:
            self.restored = take_over(config, self.corpus, self.state, self.metrics_file, self.samples_file)
        check_extension(config, before, self.state)
        if before is not None and any(getattr(before, name) != getattr(config, name) for name in REOPENING):
            self._reopen()
        write_settings(config, self.corpus, self.workdir)
        self.evaluator = Evaluator(self.state.generator, self.task, config.eval_samples, config.jit)
        self.loggers = make_loggers(split_names(config.loggers), self.workdir, dataclasses.asdict(config))

    def run(self) -> TrainState:
        """Runs what is left of the algorithm; returns the state."""
        self._begin()
        with Interruption() as interruption, contextlib.ExitStack() as stack:
            for logger in self.loggers:
                stack.callback(logger.close)
            started = time.perf_counter()
            for report in ALGORITHMS[self.config.algorithm](self.state, self.corpus, self.config):
                self._finish_round(report, time.perf_counter() - started, interruption.signal is not None)
                if interruption.signal is not None:
                    say(
                        f'stopped and saved after {report.phase} round {report.round}; the same command continues from here'
                    )
                    raise SystemExit(128 + interruption.signal)
                started = time.perf_counter()
            self._close_evaluation()
        version = self._export()
        say(describe(self.config, self.workdir, self.evaluator, version))
        return self.state

    def _begin(self):
        """Says what is at hand; where a run starts anew, logs the untrained generator's metrics."""
        corpus = self.corpus
        say(
            f'{self.config.dataset}: {len(corpus.train)} training, {len(corpus.validation)} validation and {len(corpus.test)} test '
            f'sequences of {"at most " if corpus.vocabulary.end_id is not None else ""}{corpus.sequence_length} symbols, '
            f'vocabulary {len(corpus.vocabulary)}'
        )
        for note in corpus.notes:
            say(f'note: {note}')
        self.metrics_file.cut()
        self.samples_file.cut()
        if self.restored:
            done = ', '.join(f'{phase} {int(self.state.done[phase])}' for phase in PHASES)
            say(f'continuing from {self.restored} (rounds done: {done})')
        else:
            seed = evaluation_seed(self.config.seed, 'initial', 0)
            self._log(self._evaluate(Report('initial', 0, 0, dict(references(self.evaluator, seed)))))
            self.checkpoints.save()

    def _finish_round(self, report, seconds, stopping):
        """Evaluates, logs and saves, as far as each is due."""
        last = report.round == report.rounds or (report.phase == 'mle' and bool(self.state.ended_early))
        evaluating = report.phase != 'discriminator' and (last or report.round % self.config.eval_every == 0)
        report = self._evaluate(report) if evaluating else report
        self._log(report, seconds)
        if last or stopping or report.round % self.config.checkpoint_every == 0:
            self.checkpoints.save()

    def _close_evaluation(self):
        """Ends metrics.jsonl with a line of the phase 'final', the mark of a finished run."""
        if metrics_log.is_finished(self.metrics_file.path):
            return
        wanted = self.config.final_samples or self.evaluator.num_samples
        started, seed = time.perf_counter(), evaluation_seed(self.config.seed, 'final', 0)
        if self.config.final_samples:
            from seqgan_tf.evaluation import closing  # loads TensorFlow Probability

            curve = closing.temperature_curve(self.evaluator, evaluation_seed(self.config.seed, 'temperature', 0))
            for i, metrics in enumerate(curve, start=1):
                self._log(Report('temperature', i, 0, metrics), step=i)
            metrics = dict(closing.closing_metrics(self.evaluator, wanted, seed))
        else:
            metrics = {'samples': wanted} | dict(self.evaluator(seed))
        self._log(Report('final', 0, 0, metrics), time.perf_counter() - started)
        self.checkpoints.save()

    def _reopen(self):
        """Takes the closing lines away, so that a finished run which goes on is the longer run.

        A checkpoint is saved at once: the one before counts these lines in, and would be the
        newest if the next save failed.
        """
        self.metrics_file.cut()
        is_closed = lambda: metrics_log.last_phase(self.metrics_file.path) in metrics_log.CLOSING_PHASES
        if is_closed():
            while is_closed():
                self.metrics_file.drop_last_line()
            self.checkpoints.save()

    def _evaluate(self, report):
        """The report with an evaluation's metrics added; writes sample texts and weights."""
        seed = evaluation_seed(self.config.seed, report.phase, report.round)
        texts = self.corpus.vocabulary.decode(self.evaluator.sample(seed, SHOWN_SAMPLES))
        self.samples_file.append(f'# {report.phase} {report.round}\n' + ''.join(f'{text}\n' for text in texts))
        for logger in self.loggers:
            logger.write_samples(self._step(), texts, self.state.generator.variables)
        return dataclasses.replace(report, metrics=report.metrics | dict(self.evaluator(seed)))

    def _log(self, report, seconds=None, step=None):
        """Writes a report, whose metrics must be finite, to metrics.jsonl and to the loggers."""
        _check_finite(report)
        self.metrics_file.append(metrics_log.format_line(report, seconds))
        for logger in self.loggers:
            logger.write(report, self._step() if step is None else step, seconds)

    def _export(self):
        """Publishes the trained generator; returns its path, or None without an export_dir."""
        if not self.config.export_dir:
            return None
        try:
            return export_saved_model(
                self.state.generator,
                self.state.trained_discriminator,
                self.corpus.vocabulary,
                self.config.sequence_length,
                self.config.export_dir,
            )
        except OSError as error:
            raise RunError(
                f'export_dir must be writable. Received: {self.config.export_dir} ({error.strerror}). The run itself is saved in '
                f'{self.workdir}; export/export_model.py exports it.'
            ) from None

    def _step(self):
        return sum(int(done) for done in self.state.done.values())


def _check_finite(report):
    for name, value in report.metrics.items():
        if not math.isfinite(value):
            raise RunError(
                f'every metric must be finite. Received: {name}={value} in {report.phase} round {report.round}. The last good '
                'checkpoint is kept; a lower learning rate may help'
            )
