"""The music of a run: piano rolls at each evaluation, and at the end MIDI files and sounds."""

import pathlib
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from seqgan_tf.data.download import store
from seqgan_tf.errors import RunError
from seqgan_tf.evaluation.evaluator import Evaluator
from seqgan_tf.loggers.base import Logger
from seqgan_tf.loggers.terminal import tell
from seqgan_tf.music.audio import require_pretty_midi, synthesize
from seqgan_tf.music.files import files_of
from seqgan_tf.music.midi import require_mido
from seqgan_tf.music.piano_roll import piano_roll

PIECES = 8


class Pieces:
    """Shows what the generator of a run composes. Without a melody in its task it does nothing.

    Args:
        evaluator: of the generator.
        workdir: of the run; files come into its folder `samples`.
        loggers: of the run.
    """

    def __init__(self, evaluator: Evaluator, workdir: pathlib.Path, loggers: Sequence[Logger]):
        self.evaluator, self.melody, self.workdir, self.loggers = evaluator, evaluator.task.melody, workdir, loggers

    def announce(self) -> None:
        """Says if no files can be written at the end."""
        missing = self.melody and _missing()
        if missing:
            tell(f'note: the run will end without MIDI files. {missing}')

    def show(self, step: int, samples: np.ndarray) -> None:
        """Shows samples int32 [N, T] of an evaluation, beside as many test rows."""
        if self.melody:
            test = self.evaluator.task.corpus.examples(len(samples))
            rolls = {'samples': piano_roll(samples, self.melody), 'data': piano_roll(test, self.melody)}
            for logger in self.loggers:
                logger.write_music(step, rolls)

    def finish(self, step: int, seed: tf.Tensor) -> None:
        """Writes the first samples of an int seed [2] as MIDI and WAV files. The loggers play them.

        Raises:
            RunError: a file cannot be written.
        """
        if not self.melody:
            return
        missing = _missing()
        if missing:
            tell(f'no MIDI files: {missing} Then seqgan-midi --workdir={self.workdir} writes some.')
            return
        samples = self.evaluator.sample(seed, PIECES)
        sounds = np.stack([synthesize(ids, self.melody) for ids in samples])
        folder = self.workdir / 'samples'
        store({folder / name: data for name, data in files_of(samples, self.melody, sounds).items()}, 'workdir')
        for logger in self.loggers:
            logger.write_music(step, {}, sounds)
        tell(f'{len(samples)} pieces: {folder}/1.mid and so on, and their sounds 1.wav and so on')


def _missing() -> str:
    """What must be installed before files can be written; '' where all is there."""
    try:
        require_mido()
        require_pretty_midi()
    except RunError as error:
        return f'{error}.'
    return ''
