"""The metrics of melodies. Each is a function of an `Evaluation` that returns {name: value}."""

from collections.abc import Callable

import numpy as np

from seqgan_tf.evaluation.evaluation import COMPARED_ROWS, Evaluation
from seqgan_tf.metrics import melody
from seqgan_tf.music.melody import Melody

COMPARED = 500  # melodies of each of two sets whose distances are compared

Values = dict[str, float]


def means(evaluation: Evaluation) -> Values:
    """`means_of` all samples."""
    return _measure(means_of, evaluation)


def mse(evaluation: Evaluation) -> Values:
    """`mse_of` the samples."""
    return _measure(mse_of, evaluation)


def distances(evaluation: Evaluation) -> Values:
    """`distances_of` the samples."""
    return _measure(distances_of, evaluation)


def means_of(rows: np.ndarray, test: np.ndarray, encoding: Melody) -> Values:
    """`melody.means` of rows [B, T]. The test rows play no part."""
    del test
    return melody.means(encoding.sounding(rows), encoding.onsets(rows))


def mse_of(rows: np.ndarray, test: np.ndarray, encoding: Melody) -> Values:
    """`melody.nearest_mse` of the first 2,000 rows [B, T] to the test rows [M, T]."""
    return {'mse': melody.nearest_mse(encoding.sounding(rows[:COMPARED_ROWS]), encoding.sounding(test))}


def distances_of(rows: np.ndarray, test: np.ndarray, encoding: Melody) -> Values:
    """`melody.compare` of 500 rows of [B, T] with 500 of the test rows [M, T]; nothing for one test row.

    They are taken at equal steps, because test rows that stand together may be parts of one tune.
    """
    if len(test) < 2:
        return {}
    chosen = [part[np.linspace(0, len(part) - 1, min(COMPARED, len(part))).astype(int)] for part in (rows, test)]
    keys = [encoding.sounding(part) for part in chosen]
    onsets = [encoding.onsets(part) for part in chosen]
    features = {
        'pitch_class_histogram': map(melody.pitch_class_histograms, keys),
        'pitch_class_transition': map(melody.pitch_class_transitions, keys, onsets),
    }
    found = {}
    for name, pair in features.items():
        found[f'oa_{name}'], found[f'kl_{name}'] = melody.compare(*pair)
    return found


def _measure(function: Callable[[np.ndarray, np.ndarray, Melody], Values], evaluation: Evaluation) -> Values:
    encoding = evaluation.task.melody
    if encoding is None:
        raise ValueError("a metric of melodies must require 'music'. Received: a task without melodies")
    return function(evaluation.samples, evaluation.corpus.test, encoding)
