"""TensorBoard: scalars, sample texts, weight histograms, music, and the settings as hparams."""

import contextlib
import pathlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from tensorboard.plugins.hparams import api as hparams

from seqgan_tf.errors import RunError
from seqgan_tf.loggers.base import Logger
from seqgan_tf.music.audio import RATE
from seqgan_tf.training.state import PHASES, Report

HEARD = 60  # seconds of a sound; a minute of one takes 2.6 MB


class TensorBoard(Logger):
    """Writes event files to the folder `tensorboard` of the workdir.

    A scalar has the name of its metric, so it is one curve over the rounds of all phases. The
    closing evaluation and its curves have their phase before the name.

    Raises:
        RunError: from each method, if the folder cannot be written.
    """

    def __init__(self, workdir: pathlib.Path, settings: Mapping[str, Any]):
        self.directory = workdir / 'tensorboard'
        self.writer = tf.summary.create_file_writer(str(self.directory))
        with self._at(0):
            hparams.hparams(dict(settings), trial_id=workdir.name)

    def write(self, report: Report, step: int, seconds: float | None) -> None:
        clock = {} if seconds is None else {'round_seconds': seconds}
        prefix = '' if report.phase in ('initial', *PHASES) else f'{report.phase}/'
        with self._at(step):
            for name, value in (report.metrics | clock).items():
                tf.summary.scalar(prefix + name, value)

    def write_samples(self, step: int, texts: Sequence[str], variables: Sequence[Any]) -> None:
        with self._at(step):
            tf.summary.text('samples', '\n'.join(f'    {text}' for text in texts))
            for variable in variables:
                tf.summary.histogram(variable.path, variable.value)

    def write_music(self, step: int, rolls: Mapping[str, np.ndarray], sounds: np.ndarray | None = None) -> None:
        with self._at(step):
            for name, roll in rolls.items():
                tf.summary.image(f'piano_roll/{name}', roll[None])
            if sounds is not None:
                heard = sounds[:, : HEARD * RATE, None]
                tf.summary.audio('pieces', heard, RATE, max_outputs=len(heard))

    def close(self) -> None:
        with self._at(0):
            pass
        self.writer.close()

    @contextlib.contextmanager
    def _at(self, step: int) -> Iterator[None]:
        """A context in which summaries belong to a step. At its end they are on the disk."""
        try:
            with self.writer.as_default(step=step):
                yield
        except tf.errors.OpError as error:
            raise RunError(
                f'{self.directory} could not be written ({error.message.splitlines()[0][-100:]}). The last checkpoint '
                'is kept; the same command continues from it.'
            ) from None
