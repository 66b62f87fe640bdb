"""Piano rolls: pictures of melodies."""

import numpy as np

from seqgan_tf.music.melody import KEYS, Melody
from seqgan_tf.music.notes import notes_of

STEP, KEY, GAP = 8, 3, 6  # pixels: the width of a step, the height of a key, between two melodies
LOWEST_C = 4  # the key of C1
PAPER, LINE, FRAME = 255, 225, 150  # greys
NOTE, BEGIN = (31, 87, 164), (12, 34, 64)


def piano_roll(ids: np.ndarray, melody: Melody) -> np.ndarray:
    """A picture of melodies, uint8 [H, W, 3], one above the other.

    Time runs to the right, and pitch up, over all 88 keys, so that pictures can be compared. A line
    lies below each C, and rests are empty. The first pixels of a note are darker.

    Args:
        ids: int [N, T], at least one melody.
        melody: what the ids mean.
    """
    rows = [_picture(row, melody) for row in ids]
    frame = np.full([GAP, *rows[0].shape[1:]], FRAME, np.uint8)
    return np.concatenate([part for row in rows for part in (frame, row)][1:])


def _picture(ids: np.ndarray, melody: Melody) -> np.ndarray:
    """The picture of one melody, uint8 [88 * KEY, T * STEP, 3]."""
    picture = np.full([KEYS * KEY, len(ids) * STEP, 3], PAPER, np.uint8)
    bottom = lambda key: (KEYS - key + 1) * KEY
    picture[[bottom(key) - 1 for key in range(LOWEST_C, KEYS + 1, 12)]] = LINE
    for note in notes_of(ids, melody):
        begin, end = (int(time / melody.seconds) * STEP for time in (note.start, note.end))
        height = slice(bottom(note.key) - KEY, bottom(note.key))
        picture[height, begin:end] = NOTE
        picture[height, begin : begin + 2] = BEGIN
    return picture
