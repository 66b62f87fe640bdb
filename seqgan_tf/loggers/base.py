"""The contract of a logger."""

from collections.abc import Sequence
from typing import Any, Protocol

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

    def close(self) -> None:
        """Shows the rest. No other method is called afterwards."""
