"""Melodies as ids, one for each step of time: the piano key that sounds, or none."""

import dataclasses
import fractions

import numpy as np

KEYS = 88  # of a piano; key 1 is A0
LOWEST_PITCH = 21  # the MIDI pitch of key 1, so pitch = key + 20
REST = 0  # the id of a step without a note
HOLD = KEYS + 1  # the id of a step in which the note of the step before goes on

SHORTEST_STEP, LONGEST_STEP = 0.01, 8.0  # seconds; two of the longest are the longest quarter note of MIDI

# {encoding: number of its ids}
ENCODINGS = {'sampled': KEYS + 1, 'onsets': KEYS + 2}


@dataclasses.dataclass(frozen=True)
class Melody:
    """How ids stand for a melody of one voice.

    Attributes:
        encoding: 'sampled': an id is the key that sounds at its step, or 0 for none, so a held note
            and a repeated one look alike (the paper's ids). 'onsets': a key begins a note, 89 holds
            it, and 0 is a rest.
        step: seconds of one step (paper: 0.4).

    Raises:
        ValueError: there is no such encoding, or the step is not in 0.01..8.
    """

    encoding: str = 'sampled'
    step: float = 0.4

    def __post_init__(self) -> None:
        if self.encoding not in ENCODINGS:
            raise ValueError(f'encoding must be one of {", ".join(ENCODINGS)}. Received: {self.encoding}')
        if not SHORTEST_STEP <= self.step <= LONGEST_STEP:
            raise ValueError(
                f'step must be at least {SHORTEST_STEP} and at most {LONGEST_STEP} seconds. Received: {self.step}'
            )

    @property
    def vocab_size(self) -> int:
        """V, the number of ids."""
        return ENCODINGS[self.encoding]

    @property
    def seconds(self) -> fractions.Fraction:
        """The step in whole microseconds, the unit of time of a MIDI file."""
        return fractions.Fraction(round(self.step * 1e6), 10**6)

    def parse(self, text: str) -> np.ndarray:
        """The ids int32 [T] of a text: whole numbers between blanks.

        Raises:
            ValueError: a symbol is no id of the encoding. The message has no place; the caller adds
                it.
        """
        known = {str(i): i for i in range(self.vocab_size)}
        symbols = text.split()
        bad = next((symbol for symbol in symbols if symbol not in known), None)
        if bad is not None:
            raise ValueError(
                f'a melody of the encoding {self.encoding} must be ids from 0 to {self.vocab_size - 1}, separated by '
                f'blanks. Received: {bad[:60]!r}'
            )
        return np.array([known[symbol] for symbol in symbols], np.int32)

    def sounding(self, ids: np.ndarray) -> np.ndarray:
        """The key that sounds at each step, 0 for none: int32 [N, T] from ids [N, T].

        A hold at the beginning, or after a rest, holds nothing.
        """
        keys = np.array(ids, np.int32)
        for t in range(keys.shape[1]):
            before = keys[:, t - 1] if t else REST
            keys[:, t] = np.where(keys[:, t] == HOLD, before, keys[:, t])
        return keys

    def onsets(self, ids: np.ndarray) -> np.ndarray:
        """Where a note begins: bool [N, T] from ids [N, T].

        With 'sampled' a note begins where the key is another one than at the step before.
        """
        ids = np.asarray(ids)
        before = np.full_like(ids, HOLD) if self.encoding == 'onsets' else np.pad(ids, ((0, 0), (1, 0)))[:, :-1]
        return (ids != REST) & (ids != before)
