"""samples.txt and examples.txt: what a run draws and what it learns from, one text a line.

No other module writes or reads their lines. The files of a foreign run are data that may be
anything, and a reader that finds no such lines gives none.
"""

import pathlib
import re
from collections.abc import Iterable

SAMPLES, EXAMPLES = 'samples.txt', 'examples.txt'
SHOWN = 8  # texts of an evaluation, and the most examples
MOST_BYTES = 2**20  # the end of a file that is read; 8 texts of a run are far shorter
_HEADER = re.compile(r'# [a-z_]+ \d+')


def format_samples(phase: str, round_: int, texts: Iterable[str]) -> str:
    """The lines of one evaluation in samples.txt: a header, then `SHOWN` texts."""
    return f'# {phase} {round_}\n' + format_examples(texts)


def format_examples(texts: Iterable[str]) -> str:
    """The lines of examples.txt."""
    return ''.join(f'{text}\n' for text in texts)


def last_samples(workdir: pathlib.Path) -> list[str]:
    """The texts of the last evaluation of a run; none if samples.txt is missing or damaged.

    A text may look like a header, so the header is found by its place.
    """
    header, *texts = _lines(workdir / SAMPLES)[-SHOWN - 1 :] or ['']
    return texts if len(texts) == SHOWN and _HEADER.fullmatch(header) else []


def examples(workdir: pathlib.Path) -> list[str]:
    """Test rows of a run as texts; none if examples.txt is missing."""
    return _lines(workdir / EXAMPLES)[:SHOWN]


def _lines(path: pathlib.Path) -> list[str]:
    """The whole lines in the last `MOST_BYTES` of a file; none if it cannot be read."""
    try:
        if not path.is_file():  # a pipe would block
            return []
        with open(path, 'rb') as file:
            file.seek(max(0, path.stat().st_size - MOST_BYTES))
            data = file.read(MOST_BYTES)
    except OSError:
        return []
    return data.decode('utf-8', 'replace').split('\n')[:-1]  # a symbol may hold any other line end
