"""Measures of melodies, in NumPy: of a set of them, and of its distance to another set.

Definitions are those of MusPy (Dong, Chen, McAuley and Berg-Kirkpatrick, ISMIR 2020) and of MGEval
(Yang and Lerch, Neural Computing and Applications 32, 2020). A melody has one voice.

`keys` int32 [N, T] are the piano keys that sound, 0 for a rest (`Melody.sounding`). `onsets` bool
[N, T] say where a note begins (`Melody.onsets`).
"""

import numpy as np

from seqgan_tf.music.melody import LOWEST_PITCH, REST

CLASSES = 12  # pitch classes, from C
MEASURE = 8  # steps of a measure: 3.2 seconds at the step of the paper
POINTS = 1000  # of a density of distances

# Notes of each major scale. A natural minor scale has the notes of its relative major, so these are
# the 24 scales of MusPy.
_MAJOR = np.isin(np.arange(CLASSES), (0, 2, 4, 5, 7, 9, 11))
SCALES = np.stack([np.roll(_MAJOR, root) for root in range(CLASSES)])


def means(keys: np.ndarray, onsets: np.ndarray) -> dict[str, float]:
    """Means over melodies of the measures of MusPy. Melodies without a note do not count.

    pitch_range: highest less lowest pitch, semitones.
    pitch_classes: number of pitch classes in use.
    scale_consistency: the largest share of the notes that is in one scale, of 12 major and 12
        natural minor ones.
    pitch_class_entropy: of the shares of the pitch classes among the notes, bits.
    groove_consistency: 1 less the mean Hamming distance, as a share of the steps, of the onsets of
        neighbouring measures of `MEASURE` steps. It is missing where T has no two of them.

    Returns:
        {name: value}; empty where no melody has a note.
    """
    sounds = onsets.any(axis=1)
    keys, onsets = keys[sounds], onsets[sounds]
    if not len(keys):
        return {}
    notes = _class_counts(keys, onsets)
    shares = notes / notes.sum(axis=1, keepdims=True)
    lowest = np.where(keys == REST, keys.max(), keys).min(axis=1)
    found = {
        'pitch_range': keys.max(axis=1) - lowest,
        'pitch_classes': (notes > 0).sum(axis=1),
        'scale_consistency': (shares @ SCALES.T).max(axis=1),
        'pitch_class_entropy': -(shares * np.log2(np.where(shares > 0, shares, 1))).sum(axis=1),
    }
    count = keys.shape[1] // MEASURE
    if count > 1:
        measures = onsets[:, : count * MEASURE].reshape(len(onsets), count, MEASURE)
        found['groove_consistency'] = 1 - (measures[:, 1:] != measures[:, :-1]).mean(axis=(1, 2))
    return {name: float(values.mean()) for name, values in found.items()}


def nearest_mse(keys: np.ndarray, others: np.ndarray) -> float:
    """The mean over melodies [N, T] of the mean squared difference of keys to the nearest of others [M, T].

    Unit: semitones squared. A rest counts as key 0, so a rest against a note costs much.
    """
    keys, others = keys.astype(np.float32), others.astype(np.float32)  # exact: sums stay below 2 ** 24
    squares = (keys**2).sum(axis=1)[:, None] + (others**2).sum(axis=1) - 2 * keys @ others.T
    return float(squares.min(axis=1).mean(dtype=np.float64)) / keys.shape[1]


def pitch_class_histograms(keys: np.ndarray) -> np.ndarray:
    """Shares of the pitch classes in the time in which a melody sounds: float64 [N, 12]."""
    return _shares(_class_counts(keys, keys != REST))


def pitch_class_transitions(keys: np.ndarray, onsets: np.ndarray) -> np.ndarray:
    """Shares of the pairs of pitch classes among a melody's pairs of successive notes: float64 [N, 144]."""
    row, step = np.nonzero(onsets)
    classes = _classes(keys)[row, step]
    pairs = (row[:-1] * CLASSES + classes[:-1]) * CLASSES + classes[1:]
    counts = np.bincount(pairs[row[1:] == row[:-1]], minlength=len(keys) * CLASSES**2)
    return _shares(counts.reshape(len(keys), CLASSES**2))


def compare(features: np.ndarray, reference: np.ndarray) -> tuple[float, float]:
    """Overlap area and KL divergence of MGEval, of features [N, D] and those of reference melodies [M, D].

    Intra-set distances are Euclidean ones among the reference melodies; inter-set distances are
    those from each melody to each reference melody. Both get a density by Gaussian kernels with
    Scott's bandwidth, on 1,000 points from the smallest to the largest distance. Overlap area is
    the integral of the smaller density, in [0, 1]; the divergence is KL(intra to inter), nats. A
    set like the reference has an overlap near 1 and a divergence near 0.

    Raises:
        ValueError: fewer than two reference melodies, or no melody.
    """
    if len(features) < 1 or len(reference) < 2:
        raise ValueError(
            'distances need a melody and two reference melodies. '
            f'Received: {len(features)} melodies and {len(reference)} reference melodies'
        )
    intra = _distances(reference, reference)[np.triu_indices(len(reference), k=1)]
    inter = _distances(features, reference).ravel()
    low, high = min(intra.min(), inter.min()), max(intra.max(), inter.max())
    edges = np.linspace(low, max(high, low + 1e-6), POINTS + 1)
    p, q = (_density(distances, edges) for distances in (intra, inter))
    tiny = np.finfo(np.float64).tiny
    return float(np.minimum(p, q).sum()), float((p * np.log(np.maximum(p, tiny) / np.maximum(q, tiny))).sum())


def _classes(keys: np.ndarray) -> np.ndarray:
    return (keys + LOWEST_PITCH - 1) % CLASSES


def _class_counts(keys: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """How many of the counted steps [N, T] have each pitch class: [N, 12]."""
    classes = _classes(keys)
    return np.stack([((classes == i) & counted).sum(axis=1) for i in range(CLASSES)], axis=1)


def _shares(counts: np.ndarray) -> np.ndarray:
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def _distances(features: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Euclidean distances [N, M]."""
    squares = (features**2).sum(axis=1)[:, None] + (others**2).sum(axis=1) - 2 * features @ others.T
    return np.sqrt(np.maximum(squares, 0))


def _density(distances: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The kernel density of distances, up to its scale: probabilities of the cells between edges.

    The distances are first counted in the cells, which are far narrower than the kernel.
    """
    counts, _ = np.histogram(distances, edges)
    centres, width = (edges[1:] + edges[:-1]) / 2, edges[1] - edges[0]
    bandwidth = max(distances.std() * len(distances) ** -0.2, width)
    density = np.exp(-0.5 * ((centres[:, None] - centres) / bandwidth) ** 2) @ counts
    return density / density.sum()
