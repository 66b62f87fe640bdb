"""The one driver: the only place where maths and I/O meet."""

import contextlib
import dataclasses
import json
import math
import pathlib
import time

import tensorflow as tf

from seqgan_tf import randomness
from seqgan_tf.algorithms.registry import ALGORITHMS, parts_of
from seqgan_tf.data.tasks import load_data
from seqgan_tf.errors import RunError
from seqgan_tf.evaluation.evaluator import Evaluator
from seqgan_tf.running import loggers
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
from seqgan_tf.training.state import PHASES, Report, TrainState

SHOWN_SAMPLES = 8
CLOSING_PHASES = ('temperature', 'final')
REOPENING = (
    'mle_epochs',
    'discriminator_rounds',
    'adversarial_rounds',
    'eval_samples',
    'final_samples',
)  # it must have the same to be over
EVALUATION_STREAM = (
    1  # evaluations draw from a stream of their own: how often one looks must not change what is trained
)


def run(config):
    """Trains, resumes, evaluates, logs and exports, all in `config.workdir`; returns the final TrainState.

    Raises:
        RunError: bad settings or data, a workdir that is in use or was made with other settings, a figure that is not finite, or a disk
            that cannot be written. What was saved before is kept.
        SystemExit: 128 + the signal's number, after SIGTERM or SIGINT and a save.
    """
    for gpu in tf.config.list_physical_devices('GPU'):
        tf.config.experimental.set_memory_growth(gpu, True)
    with locked(pathlib.Path(config.workdir)):
        return Experiment(config).run()


class Experiment:
    """One run of an algorithm in a workdir, from where its last checkpoint is."""

    def __init__(self, config):
        self.config, self.workdir = config, pathlib.Path(config.workdir)
        before = check_settings(config, self.workdir)
        with user_errors():
            oracle, self.corpus = load_data(config)
            self.corpus.batches(0, config.batch_size, config.seed)
        check_data(config, self.corpus, self.workdir)
        self.state = TrainState(config, self.corpus.vocabulary, parts_of(config))
        self.metrics_file = loggers.AppendOnlyFile(self.workdir / 'metrics.jsonl')
        self.samples_file = loggers.AppendOnlyFile(self.workdir / 'samples.txt')
        self.checkpoints = Checkpoints(
            self.workdir / 'checkpoints', state=self.state, metrics=self.metrics_file, samples=self.samples_file
        )
        self.terminal = loggers.Terminal()
        self.restored, messages = self.checkpoints.restore()
        for message in messages:
            self.terminal.say(message)
        if self.restored is None and config.start_from:
            self.restored = take_over(config, self.corpus, self.state, self.metrics_file, self.samples_file)
        check_extension(config, before, self.state)
        if before is not None and any(getattr(before, name) != getattr(config, name) for name in REOPENING):
            self._reopen()
        write_settings(config, self.corpus, self.workdir)
        self.evaluator = Evaluator(
            self.state.generator, self.corpus, config.eval_samples, oracle, config.dataset == 'verse', config.jit
        )
        self.tensorboard = loggers.TensorBoard(self.workdir / 'tensorboard', dataclasses.asdict(config))

    def run(self):
        """Runs what is left of the algorithm; returns the state."""
        self._begin()
        with Interruption() as interruption, contextlib.closing(self.terminal), contextlib.closing(self.tensorboard):
            started = time.perf_counter()
            for report in ALGORITHMS[self.config.algorithm](self.state, self.corpus, self.config):
                self._finish_round(report, time.perf_counter() - started, interruption.signal is not None)
                if interruption.signal is not None:
                    self.terminal.say(
                        f'stopped and saved after {report.phase} round {report.round}; the same command continues from here'
                    )
                    raise SystemExit(128 + interruption.signal)
                started = time.perf_counter()
            self._close_evaluation()
        version = self._export()
        self.terminal.say(describe(self.config, self.workdir, self.evaluator, version))
        return self.state

    def _begin(self):
        """Says what is at hand, and logs the figures of the untrained generator where a run starts anew."""
        corpus = self.corpus
        self.terminal.say(
            f'{self.config.dataset}: {len(corpus.train)} training, {len(corpus.validation)} validation and {len(corpus.test)} test '
            f'sequences of {"at most " if corpus.vocabulary.end_id is not None else ""}{corpus.sequence_length} symbols, '
            f'vocabulary {len(corpus.vocabulary)}'
        )
        for note in corpus.notes:
            self.terminal.say(f'note: {note}')
        self.metrics_file.cut()
        self.samples_file.cut()
        if self.restored:
            done = ', '.join(f'{phase} {int(self.state.done[phase])}' for phase in PHASES)
            self.terminal.say(f'continuing from {self.restored} (rounds done: {done})')
        else:
            report = Report('initial', 0, 0, dict(self.evaluator.references(self._evaluation_seed('initial', 0))))
            metrics = self._evaluate(report)
            _check_finite(report, metrics)
            self.terminal.say(f'initial  {loggers.figures(metrics)}')
            self._log(report, metrics, {})
            self.checkpoints.save()

    def _finish_round(self, report, seconds, stopping):
        """Evaluates, logs and saves, as far as each is due."""
        last = report.round == report.rounds or (report.phase == 'mle' and bool(self.state.ended_early))
        evaluating = report.phase != 'discriminator' and (last or report.round % self.config.eval_every == 0)
        metrics = self._evaluate(report) if evaluating else report.metrics
        _check_finite(report, metrics)
        self.terminal.round(report, metrics, seconds)
        self._log(report, metrics, {'round_seconds': seconds})
        if last or stopping or report.round % self.config.checkpoint_every == 0:
            self.checkpoints.save()

    def _close_evaluation(self):
        """Ends metrics.jsonl with a line of the phase 'final', the mark of a finished run, unless it is there."""
        if self._last_phase() == 'final':
            return
        wanted = self.config.final_samples or self.evaluator.num_samples
        started, seed, report = time.perf_counter(), self._evaluation_seed('final', 0), Report('final', 0, 0, {})
        if self.config.final_samples:
            from seqgan_tf.evaluation import closing  # loads TensorFlow Probability, which no other run needs

            for i, metrics in enumerate(
                closing.temperature_curve(self.evaluator, self._evaluation_seed('temperature', 0)), start=1
            ):
                self._log(Report('temperature', i, 0, metrics), metrics, {}, step=i)
            metrics = dict(closing.closing_metrics(self.evaluator, wanted, seed))
        else:
            metrics = {'samples': wanted} | dict(self.evaluator(seed))
        _check_finite(report, metrics)
        self.terminal.say(f'final  {loggers.figures(metrics)}')
        self._log(report, metrics, {'round_seconds': time.perf_counter() - started})
        self.checkpoints.save()

    def _reopen(self):
        """Takes the closing lines away where a finished run is to go on: an extended run is the longer run.

        At once, with a checkpoint that knows of it: a later one's failure would leave the one that counts these lines in.
        """
        self.metrics_file.cut()
        if self._last_phase() in CLOSING_PHASES:
            while self._last_phase() in CLOSING_PHASES:
                self.metrics_file.drop_last_line()
            self.checkpoints.save()

    def _last_phase(self):
        return json.loads(self.metrics_file.last_line() or '{}').get('phase')

    def _evaluate(self, report):
        """The metrics of a report and those of an evaluation; sample texts and weights are written on the way."""
        seed = self._evaluation_seed(report.phase, report.round)
        texts = self.corpus.vocabulary.decode(self.evaluator.sample(seed, SHOWN_SAMPLES))
        self.samples_file.append(f'# {report.phase} {report.round}\n' + ''.join(f'{text}\n' for text in texts))
        self.tensorboard.texts_and_weights(self._step(), texts, self.state.generator.variables)
        return report.metrics | dict(self.evaluator(seed))

    def _log(self, report, metrics, clock, step=None):
        self.metrics_file.append(json.dumps({'phase': report.phase, 'round': report.round, **metrics, **clock}) + '\n')
        self.tensorboard.scalars(report.phase, self._step() if step is None else step, metrics | clock)

    def _export(self):
        """Publishes the trained generator where an export directory is given; returns the path of the version, or None."""
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

    def _evaluation_seed(self, phase, round_):
        root = tf.constant([self.config.seed, EVALUATION_STREAM], tf.int64)
        return randomness.fold_in(randomness.fold_in(root, ('initial', *PHASES, *CLOSING_PHASES).index(phase)), round_)

    def _step(self):
        return sum(int(done) for done in self.state.done.values())


def _check_finite(report, metrics):
    for name, value in metrics.items():
        if not math.isfinite(value):
            raise RunError(
                f'every figure must be finite. Received: {name}={value} in {report.phase} round {report.round}. The last good '
                'checkpoint is kept; a lower learning rate may help'
            )
