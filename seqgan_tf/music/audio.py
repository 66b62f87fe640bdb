"""Sounds of melodies, by the synthesizer of `pretty_midi`: sine waves that fade.

`pretty_midi` is part of the extra `music`, and is imported where it is used.
"""

import io
import types
import wave

import numpy as np

from seqgan_tf.errors import RunError
from seqgan_tf.music.melody import LOWEST_PITCH, Melody
from seqgan_tf.music.midi import EXTRA, VELOCITY
from seqgan_tf.music.notes import notes_of

RATE = 22_050  # frames a second; the highest key of a piano has 4,186 Hz
LONGEST = 600  # seconds of a melody that are heard
TAIL = 1  # seconds after the last step


def require_pretty_midi() -> types.ModuleType:
    """The module `pretty_midi`.

    Raises:
        RunError: it is not installed. The message names the extra.
    """
    try:
        import pretty_midi
    except ImportError:
        raise RunError(f'sounds need the package pretty_midi: {EXTRA}. Received: no module pretty_midi') from None
    return pretty_midi


def synthesize(ids: np.ndarray, melody: Melody) -> np.ndarray:
    """The sound of ids int [T], float32 [frames] in [-1, 1] with `RATE` frames a second.

    It lasts T steps and a second, so sounds of melodies of one length have one length. Of a melody
    of more than 10 minutes the first 10 are heard.

    Raises:
        RunError: `pretty_midi` is not installed.
    """
    pretty_midi = require_pretty_midi()
    ids = ids[: int(LONGEST / melody.seconds)]
    sound = np.zeros(int(RATE * (len(ids) * melody.seconds + TAIL)), np.float32)
    piano = pretty_midi.Instrument(program=0)
    for note in notes_of(ids, melody):
        pitch, start, end = note.key + LOWEST_PITCH - 1, float(note.start), float(note.end)
        piano.notes.append(pretty_midi.Note(VELOCITY, pitch, start, end))
    if piano.notes:  # it divides by the loudest frame
        piece = pretty_midi.PrettyMIDI()
        piece.instruments.append(piano)
        heard = piece.synthesize(fs=RATE)[: len(sound)]
        sound[: len(heard)] = heard
    return sound


def wav_bytes(sound: np.ndarray) -> bytes:
    """A WAV file of a sound float [frames] in [-1, 1]: one channel, 16 bits, `RATE` frames a second."""
    buffer = io.BytesIO()
    with wave.Wave_write(buffer) as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.rint(sound * 32767).astype('<i2').tobytes())
    return buffer.getvalue()
