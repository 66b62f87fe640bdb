"""Music: tunes of MIDI files or of ids, cut into windows of one length."""

import os
import pathlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from seqgan_tf.data.corpus import PARTS, Corpus, split_rows
from seqgan_tf.data.registry import DATASETS
from seqgan_tf.data.tasks import Task
from seqgan_tf.data.text_file import SUFFIXES, check_shares, part_files, read_lines
from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.music import midi
from seqgan_tf.music.melody import HOLD, REST, Melody
from seqgan_tf.music.notes import ids_of

MIDI_SUFFIXES = ('.mid', '.midi')


class Tunes(NamedTuple):
    """The tunes of a directory, or of one of its parts.

    Attributes:
        place: where they stand, for messages.
        ids: int32 [steps] of each tune.
        silent: the MIDI files that are left out, since they have no note of a piano.
    """

    place: pathlib.Path
    ids: list[np.ndarray]
    silent: Sequence[pathlib.Path] = ()


def check(config: Any) -> None:
    """Raises ValueError where the settings, a `Config`, name no directory."""
    if not config.corpus:
        raise ValueError('dataset=music needs a directory of MIDI files or of ids. Received: corpus=""')


def load(config: Any) -> Task:
    """The task of the settings, a `Config`: windows of the tunes in a directory, scored by BLEU.

    A tune is cut into windows of T steps side by side from its start. What is left at its end is
    dropped, and so is a window without a note. Windows of one tune resemble each other, so all of
    them are in one part.

    Raises:
        ValueError: the directory has no tunes or lacks a part, a file or a line cannot be read, or
            settings do not fit what it has.
    """
    melody, length = Melody(config.melody, config.step), config.sequence_length
    found = _read(pathlib.Path(config.corpus), melody, config.validation_share, config.test_share)
    windows = [[windows_of(ids, melody, length) for ids in tunes.ids] for tunes in found]
    notes = list(_describe(found, windows, length))
    if len(found) == 1:
        windows = _split(windows[0], found[0].place, length, config)
    for tunes, part in zip(found, windows):
        if not sum(map(len, part)):
            raise ValueError(
                f'each part must have a window of sequence_length={length} steps with a note. '
                f'Received: {tunes.place} with {len(part)} tunes, which have none'
            )
    vocabulary = Vocabulary([str(i) for i in range(melody.vocab_size)], tokens='id')
    rows = [np.concatenate(part) for part in windows]
    corpus = Corpus.from_part_rows(rows, vocabulary, config.on_repeated, notes)
    return Task(corpus, DATASETS['music'].scored_by, melody=melody)


def windows_of(ids: np.ndarray, melody: Melody, length: int) -> np.ndarray:
    """The windows int32 [N, length] of a tune int32 [steps], without those that have no note.

    A window that begins within a held note begins with its key, since a hold there holds nothing.
    """
    whole = len(ids) // length * length
    windows = ids[:whole].reshape(-1, length).copy()
    keys = melody.sounding(ids[None, :whole]).reshape(-1, length)
    windows[:, 0] = np.where(windows[:, 0] == HOLD, keys[:, 0], windows[:, 0])
    return windows[(keys != REST).any(axis=1)]


# Reading.


def _read(path: pathlib.Path, melody: Melody, validation_share: float, test_share: float) -> list[Tunes]:
    """The tunes of the three parts, or of all where the directory has no parts.

    Raises:
        ValueError: as for `load`.
    """
    if not path.is_dir():
        raise ValueError(
            'corpus of dataset=music must be a directory: of MIDI files; of the directories train, validation and '
            'test of MIDI files; or of train.txt, validation.txt and test.txt, a tune of ids a line. '
            f'Received: {path}, which is {"a file" if path.exists() else "not there"}'
        )
    in_text = any((path / (part + suffix)).exists() for part in PARTS for suffix in SUFFIXES)
    in_parts = any((path / part).is_dir() for part in PARTS)
    if not (in_text or in_parts):
        return [_read_midi(path, melody)]
    check_shares(path, validation_share, test_share)
    if in_text:
        return [_read_text(file, melody) for file in part_files(path)]
    missing = [part for part in PARTS if not (path / part).is_dir()]
    if missing:
        raise ValueError(
            f'a directory with a part must have the directories {", ".join(PARTS)}. '
            f'Received: {path} without {", ".join(missing)}'
        )
    return [_read_midi(path / part, melody) for part in PARTS]


def _read_text(path: pathlib.Path, melody: Melody) -> Tunes:
    """The tunes of a file of ids, a tune a line.

    Raises:
        ValueError: it cannot be read, or has something that is no id of the encoding; or the
            encoding needs onsets, which such a file does not have.
    """
    if melody.encoding != 'sampled':
        raise ValueError(
            'files of ids have the key of each step and no onsets, so they go with melody=sampled. '
            f'Received: melody={melody.encoding} with {path}'
        )
    lines, tunes = read_lines(path), []
    for number, line in lines.texts.items():
        try:
            tunes.append(melody.parse(line))
        except ValueError as error:
            raise ValueError(f'{error} in {lines.place(number)}') from None
    return Tunes(path, tunes)


def _read_midi(folder: pathlib.Path, melody: Melody) -> Tunes:
    """The tunes of the MIDI files below a directory, in the order of their paths.

    Raises:
        ValueError: there is none, none has a note, or one cannot be read.
    """
    paths = sorted(_midi_files(folder), key=lambda path: path.relative_to(folder).parts)
    if not paths:
        raise ValueError(
            f'a directory of tunes must have files {" or ".join(f"*{suffix}" for suffix in MIDI_SUFFIXES)}, at any '
            f'depth. Received: {folder}, which has none'
        )
    notes = {path: midi.read_notes(path) for path in paths}
    silent = [path for path in paths if not notes[path]]
    if len(silent) == len(paths):
        raise ValueError(
            'a tune must have a note from A0 to C8, the keys of a piano, that is not on the channel of drums. '
            f'Received: {silent[0]}{f" and {len(silent) - 1} more files" if silent[1:] else ""} without one'
        )
    return Tunes(folder, [ids_of(notes[path], melody) for path in paths if notes[path]], silent)


def _midi_files(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    def fail(error: OSError):
        raise ValueError(
            f'each directory of a corpus must be readable. Received: {error.filename} ({error.strerror})'
        ) from None

    for parent, _, names in os.walk(folder, onerror=fail):
        yield from (pathlib.Path(parent, name) for name in names if name.lower().endswith(MIDI_SUFFIXES))


# Parts.


def _split(tunes: Sequence[np.ndarray], place: pathlib.Path, length: int, config: Any) -> list[list[np.ndarray]]:
    """The windows of tunes in three parts, by shares of the tunes that have windows.

    Raises:
        ValueError: too few tunes have any.
    """
    tunes = [windows for windows in tunes if len(windows)]
    numbers = np.arange(len(tunes))[:, None]
    try:
        parts = split_rows(numbers, config.validation_share, config.test_share, config.seed)
    except ValueError:
        raise ValueError(
            'a directory of MIDI files must have tunes for training, validation and test, each with a window of '
            f'sequence_length={length} steps. Received: {place} with {len(tunes)} of them'
        ) from None
    return [[tunes[i] for i in part[:, 0]] for part in parts]


def _describe(found: Sequence[Tunes], parts: Sequence[Sequence[np.ndarray]], length: int) -> Iterator[str]:
    """Notes for the user: what was read, and what was left out."""
    ids = [row for tunes in found for row in tunes.ids]
    windows = [rows for part in parts for rows in part]
    whole, kept = sum(len(row) // length for row in ids), sum(map(len, windows))
    rests, steps = sum(int((rows == REST).sum()) for rows in windows), sum(map(len, ids))
    yield (
        f'{len(ids)} tunes of {steps} steps give {kept} windows of {length} steps, side by side; '
        f'{rests} of their steps are rests ({rests / max(1, kept * length):.1%})'
    )
    short = sum(len(row) < length for row in ids)
    yield (
        f'{steps - whole * length} steps at the ends of tunes and {whole - kept} windows without a note dropped; '
        f'{short} tunes are shorter than a window'
    )
    silent = [path for tunes in found for path in tunes.silent]
    if silent:
        yield f'{len(silent)} files without a note of a piano left out, the first is {silent[0]}'
