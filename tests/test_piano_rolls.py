"""Piano rolls in a report: the notes of the ids, none of a text that is no tune, one row for each source."""

import io
from fractions import Fraction

import matplotlib
import matplotlib.image
import numpy as np
import pytest
from test_report import write_run

from seqgan_tf.errors import RunError
from seqgan_tf.music.melody import Melody
from seqgan_tf.music.notes import Note, notes_of
from seqgan_tf.report import style
from seqgan_tf.report.piano_rolls import notes_of_text, piano_rolls
from seqgan_tf.report.study import read_study
from seqgan_tf.running.sample_texts import format_samples


def test_notes_are_those_of_the_ids():
    for melody in (Melody('sampled'), Melody('onsets', 0.25)):
        ids = np.random.default_rng(0).integers(melody.vocab_size, size=40)
        assert notes_of_text(' '.join(map(str, ids)), melody, 40) == notes_of(ids, melody)


@pytest.mark.parametrize('text', ['', 'a tune', '40 89', '40 -1', '40 1.5', '40 ' + '9' * 5000, '40 ４１', '40 \x00'])
def test_a_text_that_is_no_tune(text):
    assert notes_of_text(text, Melody(), 32) == []


def test_only_the_length_of_a_row_is_read():
    assert notes_of_text('40 ' * 1000, Melody(), 8) == [Note(40, 0, Fraction(16, 5))]


def write_study(root, tune='40 42 0 45', **settings):
    lines = [{'phase': 'final', 'round': 0, 'nll_test': 3.0, 'bleu_4': 0.9}]
    for label in ('mle', 'seqgan'):
        directory = write_run(root, label, 0, lines, dataset='music', oracle_path='', algorithm=label, **settings)
        (directory / 'samples.txt').write_text(format_samples('mle', 1, [tune] * 8))
    (directory / 'examples.txt').write_text(f'{tune}\n')
    return read_study([root])


def test_the_figure_has_a_row_for_each_source(tmp_path):
    with matplotlib.rc_context(style.STYLE):
        figure = piano_rolls(write_study(tmp_path / 'a', melody='sampled', step=0.5, sequence_length=4))
        assert len(figure.axes) == 3 * 4
        assert {ax.get_xlim() for ax in figure.axes} == {(0, 2)} and len({ax.get_ylim() for ax in figure.axes}) == 1
        image = matplotlib.image.imread(io.BytesIO(style.png(figure)))
    assert (image[[0, -1]] == 1).all() and (image[:, [0, -1]] == 1).all(), 'it is cut off'
    assert piano_rolls(write_study(tmp_path / 'b', tune='no tune')) is None


def test_settings_of_no_melody_are_refused(tmp_path):
    with pytest.raises(RunError, match='encoding must be one of'):
        piano_rolls(write_study(tmp_path, melody='chords'))
