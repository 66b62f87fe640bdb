"""Measures of melodies: slow twins after MusPy and MGEval, hand-made melodies, and laws."""

import math

import numpy as np
import pytest
import tensorflow as tf
from reference import MarkovChain

from seqgan_tf.data.corpus import Corpus
from seqgan_tf.data.tasks import Task
from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.evaluation.evaluator import Evaluator
from seqgan_tf.evaluation.references import references
from seqgan_tf.evaluation.registry import METRICS, of_closing_evaluation, of_search, of_temperature_curve
from seqgan_tf.metrics import melody
from seqgan_tf.music.melody import HOLD, Melody

SAMPLED, ONSETS = Melody('sampled'), Melody('onsets')
C4 = 40  # its key


def keys_of(text):
    """Keys [1, T] of the names of notes of one octave; a dot is a rest."""
    names = dict(zip('CcDdEFfGgAaB', range(C4, C4 + 12)))
    return np.array([[names.get(name, 0) for name in text]], np.int32)


def random_walks(rows, steps=32, seed=0, rests=0.1):
    rng = np.random.default_rng(seed)
    keys = C4 + np.cumsum(rng.integers(-2, 3, size=(rows, steps)), axis=1)
    return np.where(rng.random(keys.shape) < rests, 0, keys).astype(np.int32)


def notes_of(row, onsets):
    return [int(key) + 20 for key, onset in zip(row, onsets) if onset]  # MIDI pitches


MODES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10))  # major, natural minor


def slow_means(keys, onsets):
    found = []
    for row, starts in zip(keys, onsets):
        pitches = notes_of(row, starts)
        counts = [sum(pitch % 12 == i for pitch in pitches) for i in range(12)]
        rates = [
            sum((pitch - root) % 12 in mode for pitch in pitches) / len(pitches) for root in range(12) for mode in MODES
        ]
        bars = [starts[i : i + 8] for i in range(0, len(starts) - 7, 8)]
        hamming = [sum(a != b for a, b in zip(*pair)) / 8 for pair in zip(bars, bars[1:])]
        found.append(
            {
                'pitch_range': max(pitches) - min(pitches),
                'pitch_classes': sum(count > 0 for count in counts),
                'scale_consistency': max(rates),
                'pitch_class_entropy': -sum(c / len(pitches) * math.log2(c / len(pitches)) for c in counts if c),
                'groove_consistency': 1 - sum(hamming) / len(hamming),
            }
        )
    return {name: np.mean([row[name] for row in found]) for name in found[0]}


@pytest.mark.parametrize('encoding', [SAMPLED, ONSETS], ids=['sampled', 'onsets'])
def test_means_are_those_of_a_slow_twin(encoding):
    ids = random_walks(40, steps=27)
    if encoding is ONSETS:
        ids = np.where(np.random.default_rng(1).random(ids.shape) < 0.4, HOLD, ids)
    keys, onsets = encoding.sounding(ids), encoding.onsets(ids)
    found, expected = melody.means(keys, onsets), slow_means(keys, onsets)
    assert list(found) == list(expected)
    for name, value in expected.items():
        assert found[name] == pytest.approx(value), name


def test_onsets():
    np.testing.assert_array_equal(SAMPLED.onsets([[5, 5, 0, 5, 6, 0, 0]]), [[1, 0, 0, 1, 1, 0, 0]])
    np.testing.assert_array_equal(ONSETS.onsets([[5, 5, HOLD, 0, 5, HOLD, 6]]), [[1, 1, 0, 0, 1, 0, 1]])
    assert not ONSETS.onsets([[HOLD, 0, 0]]).any() and not SAMPLED.onsets([[0, 0]]).any()


@pytest.mark.parametrize(
    'text, expected',
    [
        ('CDEFGABC', dict(pitch_range=11, pitch_classes=7, scale_consistency=1)),
        ('CcDdEFfGgAaB', dict(pitch_range=11, pitch_classes=12, scale_consistency=7 / 12)),
        ('ABCDEFGA', dict(pitch_classes=7, scale_consistency=1)),  # A minor
        ('CCCC', dict(pitch_range=0, pitch_classes=1, pitch_class_entropy=0)),
        ('CECECECE' * 2, dict(pitch_class_entropy=1, groove_consistency=1)),
        ('C.......' + 'C.C.C.C.', dict(groove_consistency=5 / 8)),
    ],
)
def test_means_of_melodies_made_by_hand(text, expected):
    keys = keys_of(text)
    found = melody.means(keys, SAMPLED.onsets(keys))
    assert {name: found[name] for name in expected} == pytest.approx(expected)
    assert ('groove_consistency' in found) == (len(text) >= 16)


def test_melodies_without_a_note_do_not_count():
    keys = keys_of('CDE.CDE.CDE.CDE.')
    silent = np.zeros_like(keys)
    assert melody.means(silent, SAMPLED.onsets(silent)) == {}
    both = np.concatenate([keys, silent])
    assert melody.means(both, SAMPLED.onsets(both)) == melody.means(keys, SAMPLED.onsets(keys))


def test_an_octave_changes_no_measure_of_pitch_classes():
    keys = random_walks(30)
    higher = np.where(keys > 0, keys + 12, 0)
    onsets = SAMPLED.onsets(keys)
    np.testing.assert_array_equal(SAMPLED.onsets(higher), onsets)
    assert melody.means(higher, onsets) == melody.means(keys, onsets)
    np.testing.assert_array_equal(melody.pitch_class_histograms(higher), melody.pitch_class_histograms(keys))
    np.testing.assert_array_equal(
        melody.pitch_class_transitions(higher, onsets), melody.pitch_class_transitions(keys, onsets)
    )


def test_features_made_by_hand():
    keys = keys_of('CCE.EC')
    onsets = SAMPLED.onsets(keys)  # C E E C
    histogram = melody.pitch_class_histograms(keys)[0]
    assert histogram[0] == 3 / 5 and histogram[4] == 2 / 5 and histogram.sum() == 1
    transitions = melody.pitch_class_transitions(keys, onsets).reshape(12, 12)
    assert transitions[0, 4] == transitions[4, 4] == transitions[4, 0] == 1 / 3 and transitions.sum() == 1
    silent = np.zeros_like(keys)
    assert not melody.pitch_class_histograms(silent).any()
    assert not melody.pitch_class_transitions(silent, silent > 0).any()


def test_transitions_are_those_of_a_slow_twin():
    keys = random_walks(20)
    onsets, expected = SAMPLED.onsets(keys), np.zeros((20, 12, 12))
    for row, matrix in enumerate(expected):
        notes = notes_of(keys[row], onsets[row])
        for a, b in zip(notes, notes[1:]):
            matrix[a % 12, b % 12] += 1 / (len(notes) - 1)
    np.testing.assert_allclose(melody.pitch_class_transitions(keys, onsets), expected.reshape(20, 144))


def test_nearest_mse_is_that_of_a_slow_twin_and_zero_of_the_set_itself():
    keys, others = random_walks(15), random_walks(20, seed=1)
    expected = np.mean([min(((row - other) ** 2).mean() for other in others) for row in keys])
    assert melody.nearest_mse(keys, others) == pytest.approx(expected, rel=1e-12)
    assert melody.nearest_mse(keys, keys[::-1]) == 0
    assert melody.nearest_mse(keys_of('CDE'), keys_of('DEf')) == 4


def test_overlap_and_divergence_are_those_of_the_kernel_densities_of_scipy():
    scipy_stats = pytest.importorskip('scipy.stats')
    features, reference = (melody.pitch_class_histograms(random_walks(60, seed=seed)) for seed in (1, 2))
    distance = lambda a, b: np.linalg.norm(a - b)
    intra = [distance(a, b) for i, a in enumerate(reference) for b in reference[:i]]
    inter = [distance(a, b) for a in features for b in reference]
    points = np.linspace(min(intra + inter), max(intra + inter), 2000)
    p, q = (density / density.sum() for density in (scipy_stats.gaussian_kde(part)(points) for part in (intra, inter)))
    expected = np.minimum(p, q).sum(), (p * np.log(p / q)).sum()
    np.testing.assert_allclose(melody.compare(features, reference), expected, atol=2e-3)


def test_a_set_is_near_itself_and_far_from_noise():
    keys, noise = random_walks(200), np.random.default_rng(0).integers(1, 89, size=(200, 32))
    same, other = random_walks(200, seed=5), noise.astype(np.int32)
    features = melody.pitch_class_histograms
    for part in (keys, same):
        overlap, divergence = melody.compare(features(part), features(keys))
        assert overlap > 0.9 and divergence < 0.05
    overlap, divergence = melody.compare(features(other), features(keys))
    assert overlap < 0.8 and divergence > 0.2


def test_equal_distances_and_distances_without_an_overlap_have_finite_values():
    one, far = np.zeros((3, 12)), np.eye(12)[:3] * 1e3
    assert melody.compare(one, one) == pytest.approx((1, 0))
    overlap, divergence = melody.compare(far, one)
    assert overlap == pytest.approx(0, abs=1e-6) and 10 < divergence < math.inf
    with pytest.raises(ValueError, match='Received: 3 melodies and 1 reference melodies'):
        melody.compare(one, one[:1])


# In a run


def evaluator():
    parts = [random_walks(rows, seed=seed) for rows, seed in ((8, 1), (6, 2), (7, 3))]
    vocabulary = Vocabulary([str(i) for i in range(89)], tokens='id')
    policy = MarkovChain(np.zeros([89] * 3, np.float32))
    return Evaluator(policy, Task(Corpus(*parts, vocabulary), melody=SAMPLED), 5, jit='off')


def test_a_task_with_melodies_has_their_metrics_at_the_end_on_curves_and_of_its_data():
    here, seed = evaluator(), tf.constant([1, 2], tf.int64)
    corpus = here.task.corpus
    entries = [METRICS[name] for name in ('melody', 'mse', 'melody_distance')]
    for chosen in (of_closing_evaluation, of_temperature_curve, of_search):
        assert [entry for entry in chosen(here.provides) if entry in entries] == entries
        assert not set(map(id, entries)) & set(map(id, chosen(frozenset({'text'}))))
    names = [name for entry in entries for name in entry.names]
    assert [name for name, _ in here.measure(entries, corpus.validation, seed)] == names
    measured = {f'{name}_of_data': value for name, value in here.measure(entries, corpus.validation, seed)}
    found = dict(references(here, seed))
    assert {name: found[name] for name in measured} == measured
    assert measured['mse_of_data'] == melody.nearest_mse(corpus.validation, corpus.test) > 0
    itself = dict(here.measure(entries, corpus.test, seed))
    assert itself['mse'] == 0 and itself['oa_pitch_class_transition'] > 0.6
