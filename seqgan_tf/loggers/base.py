"""The contract of a logger."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from seqgan_tf.training.state import Report


class Logger(Protocol):
    """Shows the reports of a run, in the order of its rounds. It changes nothing in the run.

    A subclass overrides the methods for which it has something to show.
    """

    def write(self, report: Report, step: int, seconds: float | None) -> None:
        """Shows one report.

        Args:
            report: its metrics are finite numbers. The phases 'initial' and 'final' have no rounds.
                In the phases of the closing evaluation before 'final' each report is one point of
                a curve.
            step: number of rounds that the run has done in all phases. In the phases of curves:
                number of the point.
            seconds: duration of the round; None where it was not measured.
        """

    def write_samples(self, step: int, texts: Sequence[str], variables: Sequence[Any]) -> None:
        """Shows, at each evaluation, sample texts and the Keras variables of the generator."""

    def write_music(self, step: int, rolls: Mapping[str, np.ndarray], sounds: np.ndarray | None = None) -> None:
        """Shows what a generator of music composes.

        Args:
            step: as for `write`.
            rolls: at each evaluation piano rolls by name, uint8 [H, W, 3]: samples, and data.
            sounds: at the end of the run those of its pieces, float32 [N, frames] in [-1, 1] with
                `seqgan_tf.music.audio.RATE` frames a second.
        """

    def close(self) -> None:
        """Shows the rest. No other method is called afterwards."""
