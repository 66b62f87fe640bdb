"""The figure of values by token: what is drawn is what was given, below it stand the symbols."""

import numpy as np
import pytest

pytest.importorskip('matplotlib', reason='the figures need the extra `plots`')

from matplotlib import font_manager  # noqa: E402

from seqgan_tf.report import style  # noqa: E402
from seqgan_tf.report.token_values import token_values  # noqa: E402

VALUES = {'one': np.array([[0.0, 0.5, 1.0, 0.25]]), 'two': np.array([[1.0, 1.0, 0.0, 0.5]])}


def ticks(figure):
    return [label.get_text() for label in figure.axes[0].get_xticklabels()]


def test_the_lines_have_the_values_and_the_axis_the_symbols():
    figure = token_values(['abcd'], VALUES, verse_length=2)
    lines = {line.get_label(): line for line in figure.axes[0].lines}
    for name, values in VALUES.items():
        np.testing.assert_array_equal(lines[name].get_xydata(), np.stack([np.arange(1, 5), values[0]], axis=1))
    assert ticks(figure) == list('abcd')
    ends = [line.get_xdata()[0] for label, line in lines.items() if label.startswith('_')]
    assert ends == [2.5]  # one verse ends inside the text
    assert style.png(figure).startswith(b'\x89PNG')


def test_a_text_that_no_font_has_is_drawn_with_positions():
    lacking = '\U0010fffd'
    assert style.font_for(lacking) is None
    assert ticks(token_values([lacking * 4], VALUES)) == ['1', '2', '3', '4']


def test_the_font_of_a_text_has_its_characters():
    if (path := style.font_for('明月')) is None:
        pytest.skip('no installed font has Chinese characters')
    assert {ord('明'), ord('月')} <= font_manager.get_font(path).get_charmap().keys()
