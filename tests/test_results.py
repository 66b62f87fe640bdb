"""The committed reports are those of the committed runs."""

import pathlib

import pytest

from seqgan_tf.report.command import build
from seqgan_tf.report.study import read_study

RESULTS = pathlib.Path(__file__).resolve().parents[1] / 'benchmarks' / 'results'


@pytest.mark.parametrize(
    'study',
    [
        'paper',
        'verse',
        'tuned/verse',
        'tuned/verse_grid',
        'tuned/poems',
        'tuned/poems_grid',
        'tasks/music',
        'tasks/music_grid',
        'tasks/speeches_grid',
        'tasks/poems',
        'tasks/speeches',
    ],
)
def test_a_report_made_from_scratch_is_the_committed_one(study):
    """Tables to the last byte; a picture's bytes depend on the drawing library's version."""
    files = build(read_study([RESULTS / study / 'runs']))
    committed = {path.name for path in (RESULTS / study / 'report').iterdir()}
    assert committed == set(files)
    for name in committed:
        if name.endswith(('.md', '.csv')):
            assert (RESULTS / study / 'report' / name).read_bytes() == files[name], name
