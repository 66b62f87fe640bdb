"""Text files: one sequence a line."""

import dataclasses
import pathlib
from typing import Any

from seqgan_tf.data.corpus import Corpus
from seqgan_tf.data.lines import LineRules, strip_lines
from seqgan_tf.data.registry import DATASETS
from seqgan_tf.data.tasks import Task
from seqgan_tf.data.text_bytes import check_encoding, read_text


def check(config: Any) -> None:
    """Raises ValueError where the settings, a `Config`, name no file or conflict."""
    if not config.corpus:
        raise ValueError('dataset=text needs a file. Received: corpus=""')
    check_encoding(config.encoding)
    LineRules(**{field.name: getattr(config, field.name) for field in dataclasses.fields(LineRules)})


def load(config: Any) -> Task:
    """The task of the settings, a `Config`: the lines of a file, scored by BLEU.

    Raises:
        ValueError: as `load_text`.
    """
    entry = DATASETS['text']
    options = {name: getattr(config, name) for name in entry.settings if name != 'corpus'}
    return Task(load_text(config.corpus, seed=config.seed, **options), entry.scored_by)


def load_text(
    path: str | pathlib.Path,
    *,
    encoding: str = 'utf-8',
    validation_share: float = 0.1,
    test_share: float = 0.1,
    seed: int = 0,
    **rules: Any,
) -> Corpus:
    """The corpus of a text file, made as `Corpus.from_texts` makes it from a list.

    Args:
        path: the file, one sequence a line. Blank lines are left out. It may be a gzip file.
        encoding: of its text.
        validation_share, test_share, seed, rules: as for `Corpus.from_texts`.

    Raises:
        ValueError: the file cannot be read, is empty or is not in its encoding; or as for
            `Corpus.from_texts`.
    """
    lines = strip_lines(enumerate(read_text(path, encoding).split('\n'), start=1))
    if not lines:
        raise ValueError(f'a corpus must have at least one line of text. Received: {path}, which has none')
    return Corpus.from_lines(
        lines, lambda number: f'line {number} of {path}', LineRules(**rules), validation_share, test_share, seed
    )
