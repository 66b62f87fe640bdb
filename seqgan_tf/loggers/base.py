"""What a logger is."""

from collections.abc import Sequence
from typing import Any, Protocol

from seqgan_tf.training.state import Report


class Logger(Protocol):
    """Shows what a run reports. It is called in the order of the rounds.

    It changes nothing of the run. A subclass overrides what it has something to show for.
    """

    def write(self, report: Report, step: int, seconds: float | None) -> None:
        """Shows one report.

        Args:
            report: its metrics are finite numbers. The phases 'initial' and 'final' have no rounds;
                in the phase 'temperature' each report is one point of a curve.
            step: number of rounds that the run has done in all phases; of 'temperature', the point.
            seconds: how long the round took; None where it was not measured.
        """

    def write_samples(self, step: int, texts: Sequence[str], variables: Sequence[Any]) -> None:
        """Shows sample texts and the generator's Keras variables, at each evaluation."""

    def close(self) -> None:
        """Shows what is left; nothing is written afterwards."""
