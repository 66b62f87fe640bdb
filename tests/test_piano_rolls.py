"""Piano rolls: bars are what sounds, a text that is no tune has none, and the figure shows something."""

import io

import matplotlib
import matplotlib.image
import numpy as np
import pytest
from test_report import write_run

from seqgan_tf.data.registry import DATASETS
from seqgan_tf.errors import RunError
from seqgan_tf.music.melody import Melody
from seqgan_tf.report import style
from seqgan_tf.report.piano_rolls import piano_rolls, tune_notes
from seqgan_tf.report.study import read_study
from seqgan_tf.running.sample_texts import format_samples

MUSIC = pytest.mark.skipif('music' not in DATASETS, reason='there is no data set of music')


@pytest.mark.parametrize(
    'encoding, text, notes',
    [
        ('sampled', '40 40 0 41', [(0, 2, 40), (3, 1, 41)]),
        ('onsets', '40 89 0 41', [(0, 2, 40), (3, 1, 41)]),
        ('onsets', '40 40 89', [(0, 1, 40), (1, 2, 40)]),
        ('onsets', '89 0 89 1', [(3, 1, 1)]),
        ('sampled', '0 0', []),
    ],
)
def test_notes_of_a_tune(encoding, text, notes):
    assert tune_notes(text, Melody(encoding), 32) == notes


@pytest.mark.parametrize('text', ['', 'a tune', '40 89', '40 -1', '40 1.5', '40 ' + '9' * 5000, '40 ４１', '40 \x00'])
def test_a_text_that_is_no_tune(text):
    assert tune_notes(text, Melody(), 32) == []


@pytest.mark.parametrize('encoding', ['sampled', 'onsets'])
def test_bars_are_what_sounds(encoding):
    """Bars do not overlap, and a step is covered by the key that sounds there, if any."""
    melody, rng = Melody(encoding), np.random.default_rng(0)
    for ids in rng.integers(melody.vocab_size, size=(50, 12)):
        ids[rng.random(12) < 0.5] = melody.vocab_size - 1
        roll = np.zeros(12, int)
        for first, steps, key in tune_notes(' '.join(map(str, ids)), melody, 12):
            assert not roll[first : first + steps].any() and steps > 0
            roll[first : first + steps] = key
        np.testing.assert_array_equal(roll, melody.sounding(ids[None])[0])


def test_only_the_length_of_a_row_is_read():
    assert tune_notes('40 ' * 1000, Melody(), 8) == [(0, 8, 40)]


def write_study(root, tune='40 42 0 45', **settings):
    lines = [{'phase': 'final', 'round': 0, 'nll_test': 3.0, 'bleu_4': 0.9}]
    for label in ('mle', 'seqgan'):
        directory = write_run(root, label, 0, lines, dataset='music', oracle_path='', algorithm=label, **settings)
        (directory / 'samples.txt').write_text(format_samples('mle', 1, [tune] * 8))
    (directory / 'examples.txt').write_text(f'{tune}\n')
    return read_study([root])


@MUSIC
def test_the_figure_has_a_row_for_each_source(tmp_path):
    with matplotlib.rc_context(style.STYLE):
        figure = piano_rolls(write_study(tmp_path / 'a', melody='sampled', step=0.5, sequence_length=4))
        assert len(figure.axes) == 3 * 4
        assert {ax.get_xlim() for ax in figure.axes} == {(0, 2)} and len({ax.get_ylim() for ax in figure.axes}) == 1
        image = matplotlib.image.imread(io.BytesIO(style.png(figure)))
    assert (image[[0, -1]] == 1).all() and (image[:, [0, -1]] == 1).all(), 'it is cut off'
    assert piano_rolls(write_study(tmp_path / 'b', tune='no tune')) is None


@MUSIC
def test_settings_of_no_melody_are_refused(tmp_path):
    with pytest.raises(RunError, match='encoding must be one of'):
        piano_rolls(write_study(tmp_path, melody='chords'))
