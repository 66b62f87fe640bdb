"""Where figures go: the terminal, metrics.jsonl, samples.txt and TensorBoard."""

import contextlib
import datetime
import os
import pathlib

import tensorflow as tf
from tensorboard.plugins.hparams import api as hparams
from tqdm import tqdm

from seqgan_tf.errors import RunError


class AppendOnlyFile(tf.Module):
    """A text file whose length is part of the checkpoint: after a restore, what a lost stretch of the run had added is cut off."""

    def __init__(self, path):
        super().__init__()
        self.path = pathlib.Path(path)
        self.size = tf.Variable(0, dtype=tf.int64)

    def append(self, text):
        """Adds text, flushed to the disk.

        Raises:
            RunError: it cannot be written.
        """
        try:
            with open(self.path, 'ab') as file:
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
                self.size.assign(file.tell())
        except OSError as error:
            raise self._unwritable(error) from None

    def cut(self):
        """Drops what was added after the checkpoint that `size` comes from. What somebody took away stays away.

        Raises:
            RunError: it cannot be written.
        """
        try:
            with open(self.path, 'ab') as file:
                size = min(file.tell(), int(self.size))
                file.truncate(size)
                self.size.assign(size)
        except OSError as error:
            raise self._unwritable(error) from None

    def last_line(self):
        """Its last line, or an empty text."""
        lines = self.path.read_text('utf-8').splitlines() if self.path.exists() else []
        return lines[-1] if lines else ''

    def drop_last_line(self):
        """Takes it away.

        Raises:
            RunError: the file cannot be written.
        """
        self.size.assign(max(0, self.path.stat().st_size - len(self.last_line().encode()) - 1))
        self.cut()

    def _unwritable(self, error):
        return RunError(
            f'{self.path} could not be written ({error.strerror}). The last checkpoint is kept; the same command continues '
            'from it.'
        )


class Terminal:
    """One line a round, and a bar with the time that is left where the output is a terminal."""

    def __init__(self):
        self.bar = None
        self.phase = None

    def round(self, report, metrics, seconds):
        """Shows the figures of a finished round; `seconds` is how long it took."""
        if report.phase != self.phase:
            self.close()
            self.phase = report.phase
            self.bar = tqdm(
                total=report.rounds,
                initial=report.round - 1,
                desc=report.phase,
                unit='round',
                disable=None,
                leave=False,
            )
        self.bar.update()
        left = datetime.timedelta(seconds=round(seconds * (report.rounds - report.round)))
        self.say(
            f'{report.phase} {report.round}/{report.rounds}  {figures(metrics)}  ({seconds:.1f} s a round, {left} left)'
        )

    def say(self, text):
        """Prints a line above the bar."""
        tqdm.write(text)

    def close(self):
        """Takes the bar away."""
        if self.bar is not None:
            self.bar.close()


def figures(metrics):
    """Metrics as one line of text."""
    return '  '.join(f'{name} {value:.4g}' for name, value in metrics.items())


class TensorBoard:
    """Scalars, sample texts, weight histograms and the settings as hparams."""

    def __init__(self, directory, config_values):
        self.directory = directory
        self.writer = tf.summary.create_file_writer(str(directory))
        with self._at(0):
            hparams.hparams(config_values, trial_id=pathlib.Path(directory).parent.name)

    def scalars(self, phase, step, metrics):
        """Metrics under their phase, at a step."""
        with self._at(step):
            for name, value in metrics.items():
                tf.summary.scalar(f'{phase}/{name}', value)

    def texts_and_weights(self, step, texts, variables):
        """Sample texts, and a histogram of each variable."""
        with self._at(step):
            tf.summary.text('samples', '\n'.join(f'    {text}' for text in texts))
            for variable in variables:
                tf.summary.histogram(variable.path, variable.value)

    def close(self):
        """Writes what is left."""
        with self._at(0):
            pass
        self.writer.close()

    @contextlib.contextmanager
    def _at(self, step):
        """Where summaries of a step are written, to the disk at its end."""
        try:
            with self.writer.as_default(step=step):
                yield
        except tf.errors.OpError as error:
            raise RunError(
                f'{self.directory} could not be written ({error.message.splitlines()[0][-100:]}). The last checkpoint is kept; the same '
                'command continues from it.'
            ) from None
