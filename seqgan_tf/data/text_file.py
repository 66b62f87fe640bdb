"""Text files: one sequence a line. A directory has one for each part of a corpus."""

import dataclasses
import os
import pathlib
from typing import Any

from seqgan_tf.data.corpus import PARTS, Corpus
from seqgan_tf.data.lines import LineRules, Lines, strip_lines
from seqgan_tf.data.prosody import quatrain_rules
from seqgan_tf.data.registry import DATASETS
from seqgan_tf.data.tasks import Task
from seqgan_tf.data.text_bytes import check_encoding, read_text

SHARE = 0.1  # of a file, for validation and for test, unless another is given
SUFFIXES = ('.txt', '.txt.gz')


def check(config: Any) -> None:
    """Raises ValueError where the settings, a `Config`, name no file or conflict."""
    if not config.corpus:
        raise ValueError('dataset=text needs a file or a directory. Received: corpus=""')
    check_encoding(config.encoding)
    LineRules(**{field.name: getattr(config, field.name) for field in dataclasses.fields(LineRules)})


def load(config: Any) -> Task:
    """The task of the settings, a `Config`: the lines of a corpus, scored by BLEU.

    With a table of rhyme groups its rules are those of regulated quatrains.

    Raises:
        ValueError: as `load_text` and `quatrain_rules`.
    """
    entry = DATASETS['text']
    options = {name: getattr(config, name) for name in entry.settings if name not in entry.files}
    rules = quatrain_rules(config.prosody) if config.prosody else None
    return Task(load_text(config.corpus, seed=config.seed, **options), entry.scored_by, rules=rules)


def load_text(
    path: str | pathlib.Path,
    *,
    encoding: str = 'utf-8',
    validation_share: float = SHARE,
    test_share: float = SHARE,
    seed: int = 0,
    **rules: Any,
) -> Corpus:
    """The corpus of a text file, or of a directory with one for each part.

    A file is split by shares, as `Corpus.from_texts` splits a list. The files `train.txt`,
    `validation.txt` and `test.txt` of a directory are the parts, as for `Corpus.from_parts`.

    Args:
        path: the file, one sequence a line, or the directory. Blank lines are left out. Each file
            may be a gzip file; in a directory its name may then end in `.txt.gz`.
        encoding: of the text.
        validation_share, test_share: of the lines of a file. They have no use with a directory.
        seed, rules: as for `Corpus.from_texts`.

    Raises:
        ValueError: a file cannot be read, is empty or is not in its encoding; a directory lacks a
            part, or a share is given with it; or as for `Corpus.from_texts`.
    """
    if not os.path.isdir(path):
        return Corpus.from_lines(read_lines(path, encoding), LineRules(**rules), validation_share, test_share, seed)
    check_shares(path, validation_share, test_share)
    return Corpus.from_part_lines([read_lines(file, encoding) for file in part_files(path)], LineRules(**rules))


def check_shares(folder: str | pathlib.Path, validation_share: float, test_share: float) -> None:
    """Raises ValueError where a share is given with a directory that has its parts."""
    for name, share in (('validation_share', validation_share), ('test_share', test_share)):
        if share != SHARE:
            raise ValueError(
                f'{name} is of a file, or of a directory without parts, which is split by it. '
                f'Received: {name}={share} with the directory {folder}'
            )


def part_files(folder: str | pathlib.Path) -> list[pathlib.Path]:
    """The files of the three parts in a directory.

    Raises:
        ValueError: a part has no file, or has two.
    """
    found = []
    for part in PARTS:
        files = [path for path in (pathlib.Path(folder, part + suffix) for suffix in SUFFIXES) if os.path.exists(path)]
        if len(files) != 1:
            expected = ', '.join(f'{name}.txt' for name in PARTS)
            raise ValueError(
                f'a directory of a corpus must have one file of each part: {expected}, each of which may be '
                f'a gzip file with .gz after its name. Received: {folder}, which has {len(files)} of {part}.txt'
            )
        found += files
    return found


def read_lines(path: str | pathlib.Path, encoding: str = 'utf-8') -> Lines:
    """The lines of a file.

    Raises:
        ValueError: it cannot be read, is empty or is not in its encoding.
    """
    lines = strip_lines(enumerate(read_text(path, encoding).split('\n'), start=1))
    if not lines:
        raise ValueError(f'a corpus must have at least one line of text. Received: {path}, which has none')
    return Lines(lines, lambda number: f'line {number} of {path}')
