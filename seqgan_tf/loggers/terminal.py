"""The terminal: one line a round, and a progress bar with the time that is left."""

import datetime
import pathlib
from collections.abc import Mapping
from typing import Any

from tqdm import tqdm

from seqgan_tf.loggers.base import Logger
from seqgan_tf.training.state import Report


class Terminal(Logger):
    """Prints one line a round, and a progress bar where the output is a terminal."""

    def __init__(self, workdir: pathlib.Path, settings: Mapping[str, Any]):
        self.bar: tqdm | None = None
        self.phase: str | None = None

    def write(self, report: Report, step: int, seconds: float | None) -> None:
        if report.phase in ('initial', 'final'):
            say(f'{report.phase}  {_one_line(report.metrics)}')
        elif report.phase != 'temperature':  # a curve says nothing as a list of lines
            self._write_round(report, seconds or 0.0)

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()

    def _write_round(self, report: Report, seconds: float) -> None:
        if self.bar is None or report.phase != self.phase:
            self.close()
            self.phase = report.phase
            self.bar = tqdm(
                total=report.rounds,
                initial=report.round - 1,
                desc=report.phase,
                unit='round',
                disable=None,
                leave=False,
            )
        self.bar.update()
        left = datetime.timedelta(seconds=round(seconds * (report.rounds - report.round)))
        say(
            f'{report.phase} {report.round}/{report.rounds}  {_one_line(report.metrics)}'
            f'  ({seconds:.1f} s a round, {left} left)'
        )


def say(text: str) -> None:
    """Prints a line, above the progress bar if there is one."""
    tqdm.write(text)


def _one_line(metrics: Mapping[str, float]) -> str:
    return '  '.join(f'{name} {value:.4g}' for name, value in metrics.items())
