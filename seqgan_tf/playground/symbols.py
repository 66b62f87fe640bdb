"""Where the symbols of a text stand in it, and the prompts that continue it."""

from typing import NamedTuple

from seqgan_tf.data.token_kinds import JOINER


class Place(NamedTuple):
    """A symbol in its text: what stands before it, and where it begins and ends."""

    gap: str
    start: int
    end: int


def places_of(text: str, symbols: list[str]) -> list[Place] | None:
    """The place of each symbol, '' for the end; None where the text is not made of the symbols.

    White space between symbols belongs to none of them, unless a symbol is white space itself.
    """
    places, start = [], 0
    for symbol in symbols:
        shown, gap = symbol.strip(JOINER) if symbol != JOINER else symbol, ''
        if not _stands(text, start, shown):
            gap = text[start : len(text) - len(text[start:].lstrip())]
        begin = start + len(gap)
        if symbol == '':
            places.append(Place('', len(text), len(text)))
            continue
        if not _stands(text, begin, shown):
            return None
        start = begin + len(shown)
        places.append(Place(gap, begin, start))
    return places


def continued(text: str, places: list[Place], number: int, alternative: str | None = None) -> str:
    """The prompt that ends with a symbol, or with an alternative in its place."""
    if alternative is None:
        return text[: places[number].end]
    before = text[: places[number - 1].end] if number else ''
    gap = places[number].gap
    if not gap and before and places[number].start == len(text):  # after the last symbol: as between others
        gap = max((place.gap for place in places), key=len)
    joined = alternative.startswith(JOINER)
    return before + ('' if joined else gap) + alternative.strip(JOINER)


def _stands(text: str, start: int, symbol: str) -> bool:
    """Whether a symbol stands at a place of a text; a vocabulary may have lower case alone."""
    return text[start : start + len(symbol)].lower() == symbol.lower()
