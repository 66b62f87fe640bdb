"""The rules of regulated verse, by a table of medieval rhyme groups: tones and rhyme of quatrains.

A line of the table has the tone of a group, 平 (level) or 仄 (oblique), the name of the group, and
its characters, separated by blanks. `python -m seqgan_tf.data pingshui` makes one. A character that
is read in several ways stands in several groups.
"""

import pathlib
from collections.abc import Mapping, Sequence

from seqgan_tf.data.tasks import Rules
from seqgan_tf.data.text_bytes import read_text

LEVEL, OBLIQUE = '平', '仄'
TONES = (LEVEL, OBLIQUE)
LINES, LINE_LENGTH = 4, 5

Readings = Mapping[str, set[tuple[str, str]]]  # {character: (tone, group) of each reading}


def quatrain_rules(path: str | pathlib.Path) -> Rules:
    """The function of texts that gives the shares of quatrains that keep `tones`, `rhyme`, and both.

    A text of any other form than four verses of five characters, with a blank after each, keeps
    neither. Nor does a poem with a character that the table lacks where a rule reads it.

    Args:
        path: the table.

    Raises:
        ValueError: the table cannot be read, or is none.
    """
    readings = read_table(path)

    def shares(texts: Sequence[str]) -> dict[str, float]:
        kept = [_kept(text, readings) for text in texts]
        return {
            'prosody_tones': sum(tones for tones, _ in kept) / len(kept),
            'prosody_rhyme': sum(rhyme for _, rhyme in kept) / len(kept),
            'prosody_all': sum(tones and rhyme for tones, rhyme in kept) / len(kept),
        }

    return shares


def keeps_tones(lines: Sequence[str], readings: Readings) -> bool:
    """Whether the second and fourth characters of four lines have the tones of regulated verse.

    These places alone are checked (Wang Li, Prosody of Chinese Verse, 1958):

    - Within a line the two tones differ.
    - The second places of a couplet's lines have opposite tones (對): lines 1 and 2, lines 3 and 4.
    - The second place of line 3 has the tone of that of line 2 (粘).

    So one tone settles all eight. A character with readings of both tones counts as either.
    """
    patterns = ((first, TONES[first == LEVEL]) for first in TONES)
    return any(
        all(
            any(tone == wanted for tone, _ in readings.get(line[place], ()))
            for line, order in zip(lines, (1, -1, -1, 1))
            for place, wanted in zip((1, 3), pattern[::order])
        )
        for pattern in patterns
    )


def keeps_rhyme(lines: Sequence[str], readings: Readings) -> bool:
    """Whether lines 2 and 4 end in different characters that share a rhyme group."""
    second, fourth = lines[1][-1], lines[3][-1]
    return second != fourth and not readings.get(second, set()).isdisjoint(readings.get(fourth, ()))


def read_table(path: str | pathlib.Path) -> Readings:
    """{character: (tone, group) of each reading} of a table.

    Raises:
        ValueError: the file cannot be read, or a line is not a tone, a group and its characters.
    """
    readings: dict[str, set[tuple[str, str]]] = {}
    for number, line in enumerate(read_text(path, 'utf-8').splitlines(), start=1):
        fields = line.split()
        if len(fields) != 3 or fields[0] not in TONES:
            raise ValueError(
                f'prosody must be a table with a tone ({LEVEL} or {OBLIQUE}), a rhyme group and its characters in '
                f'each line. Received: line {number} of {path}: {line[:40]!r}'
            )
        tone, group, characters = fields
        for character in characters:
            readings.setdefault(character, set()).add((tone, group))
    return readings


def _kept(text: str, readings: Readings) -> tuple[bool, bool]:
    """Whether a text keeps the tones, and the rhyme."""
    lines = text.split()
    if [len(line) for line in lines] != [LINE_LENGTH] * LINES:
        return False, False
    return keeps_tones(lines, readings), keeps_rhyme(lines, readings)
