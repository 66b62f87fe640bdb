"""Samples side by side: texts of the data and of each label."""

import re

from seqgan_tf.report.section import Section
from seqgan_tf.report.study import Study

LISTED = 5
LONGEST = 300  # characters of a text; longer ones are cut
REAL = 'Real data are test rows at equal distances.'
SAMPLES = 'Samples are the first ones of the last evaluation of the run with the lowest seed. None was chosen.'
ROLLS = (
    'Time goes to the right and pitch upwards. All panels have the same axes. A bar is a note. With melody=sampled '
    'notes that follow each other on one key look like one, because their ids are the same.'
)
_IDS = re.compile(r'[0-9 ]*')
_JOINERS = '\u200c\u200d'  # they join letters and emoji


def samples_section(study: Study) -> Section:
    """The section of samples, as texts, and of music as a figure. Ids are not listed, because nobody reads them."""
    found = study.texts()
    lists = [
        (title, [printable(text) for text in texts[:LISTED]])
        for title, texts in found
        if not all(map(_IDS.fullmatch, texts))
    ]
    (_, real), *_ = found
    text = [*([REAL] if real else []), SAMPLES, *([ROLLS] if 'melody' in study.dataset.settings else [])]
    return Section('Samples', text, lists=lists, figures=[('piano_rolls', 'Real tunes and samples of each label')])


def printable(text: str) -> str:
    """A text as one line of characters that can be shown, at most `LONGEST` of them.

    White space becomes blanks. What cannot be printed, or changes the direction of writing, becomes
    the replacement character.
    """
    if len(text) > LONGEST:
        text = text[: LONGEST - 1] + '…'
    return ''.join(' ' if c.isspace() else c if c.isprintable() or c in _JOINERS else '\ufffd' for c in text)
