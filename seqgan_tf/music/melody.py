"""Melodies as ids, one for each step of time: the piano key that sounds, or none."""

import dataclasses

import numpy as np

KEYS = 88  # of a piano; key 1 is A0
LOWEST_PITCH = 21  # the MIDI pitch of key 1, so pitch = key + 20
REST = 0  # the id of a step without a note
HOLD = KEYS + 1  # the id of a step in which the note of the step before goes on

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
        ValueError: there is no such encoding, or the step is not above 0.
    """

    encoding: str = 'sampled'
    step: float = 0.4

    def __post_init__(self) -> None:
        if self.encoding not in ENCODINGS:
            raise ValueError(f'encoding must be one of {", ".join(ENCODINGS)}. Received: {self.encoding}')
        if not self.step > 0:
            raise ValueError(f'step must be above 0 seconds. Received: {self.step}')

    @property
    def vocab_size(self) -> int:
        """V, the number of ids."""
        return ENCODINGS[self.encoding]

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
