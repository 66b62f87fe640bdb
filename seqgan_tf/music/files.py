"""The files of several melodies."""

from collections.abc import Sequence

import numpy as np

from seqgan_tf.music.audio import wav_bytes
from seqgan_tf.music.melody import Melody
from seqgan_tf.music.midi import midi_bytes
from seqgan_tf.music.notes import notes_of


def files_of(rows: Sequence[np.ndarray], melody: Melody, sounds: Sequence[np.ndarray] = ()) -> dict[str, bytes]:
    """{name: content} of `1.mid` and so on, one for each melody int [T], and of `1.wav` for each sound.

    Raises:
        RunError: `mido` is not installed.
    """
    pieces = {f'{i}.mid': midi_bytes(notes_of(ids, melody), melody) for i, ids in enumerate(rows, start=1)}
    return pieces | {f'{i}.wav': wav_bytes(sound) for i, sound in enumerate(sounds, start=1)}
