"""Quatrains of the Complete Tang Poems (全唐詩), from the files of chinese-poetry.

A quatrain is known by its shape alone: four verses of five or of seven characters. Verse of the old
style passes too, and so do the later supplements that the source has.
"""

import json
import re
from collections.abc import Iterator, Mapping

from seqgan_tf.errors import RunError

LENGTHS = (5, 7)  # characters of a verse

_NOTE = re.compile('（[^（）]*）')  # of an editor, the innermost of nested ones
_MARKS = re.compile('[，。？！；：]')
# Extension A of Unicode, its first block, and the extensions B to H. What else is in a verse of the
# source stands for a character that is lost or had no code: □, ●, private code points, brackets.
_IDEOGRAPHS = re.compile('[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af]+')


def quatrains(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The quatrains in their order, a poem a line, one blank between its verses: a file for each length.

    Notes of an editor are taken out. Left out is a poem with a character that is no ideograph, and
    one that has three or four verses, in their places, of one that was kept before: a copy, or a
    variant under a second author. Characters are those of the source, which are traditional.

    Args:
        files: {name: a JSON list of poems}, in order.

    Raises:
        RunError: a file has another form.
    """
    found: dict[int, list[str]] = {length: [] for length in LENGTHS}
    known: set[tuple[int | str, ...]] = set()
    for verses in (_verses(text) for name, data in files.items() for text in _texts(name, data)):
        if not _is_quatrain(verses):
            continue
        # Poems agree in three verses if they agree where the fourth is left out.
        threes = {(i, *verses[:i], *verses[i + 1 :]) for i in range(4)}
        if known.isdisjoint(threes):
            known |= threes
            found[len(verses[0])].append(' '.join(verses) + '\n')
    return {f'tang_quatrains_{length}.txt': ''.join(lines).encode() for length, lines in found.items()}


def _texts(name: str, data: bytes) -> Iterator[str]:
    """The texts of the poems of a file. Raises RunError where it has another form."""
    try:
        poems = json.loads(data)
        if not isinstance(poems, list):
            raise ValueError(f'JSON of the type {type(poems).__name__}')
        for number, poem in enumerate(poems, 1):
            paragraphs = poem.get('paragraphs') if isinstance(poem, dict) else None
            if not isinstance(paragraphs, list) or not all(isinstance(text, str) for text in paragraphs):
                raise ValueError(f'entry {number}: {json.dumps(poem, ensure_ascii=False):.80}')
            yield ''.join(paragraphs)
    except (ValueError, RecursionError) as error:
        raise RunError(
            f'{name} must be a JSON list of poems, which are objects with a list of strings, "paragraphs". '
            f'Received: {error}'
        ) from None


def _verses(text: str) -> list[str]:
    """What stands between the marks of a text without its notes."""
    notes = 1
    while notes:
        text, notes = _NOTE.subn('', text)
    return [verse for verse in _MARKS.split(text) if verse]


def _is_quatrain(verses: list[str]) -> bool:
    """Whether there are four verses, of one of the lengths, of ideographs alone."""
    lengths = {len(verse) for verse in verses}
    return (
        len(verses) == 4
        and len(lengths) == 1
        and lengths <= {*LENGTHS}
        and all(_IDEOGRAPHS.fullmatch(verse) for verse in verses)
    )
