"""The terminal: one line a round, and a progress bar with what is left of the run."""

import itertools
import pathlib
import statistics
import sys
import textwrap
import types
from collections.abc import Mapping, Sequence
from typing import Any

from tqdm import tqdm

from seqgan_tf.algorithms.registry import planned_rounds
from seqgan_tf.data.registry import DATASETS
from seqgan_tf.loggers.base import Logger
from seqgan_tf.loggers.layout import GAP, block, by_importance, duration, line_width, row, row_width
from seqgan_tf.training.state import PHASES, Report

BAR = '{desc} {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt}{postfix}'
LEFT = len('left 7m30s+')  # characters of the time that is left, at most
EVALUATED = ('mle', 'adversarial')  # the phases with evaluations


class Terminal(Logger):
    """Prints one line a round, and a progress bar where the output is a terminal.

    A phase is announced with the phases after it. Its time left is the median duration of its
    rounds in this process times their number; the first round, which compiles, is left out. `+`
    stands for later phases, which cannot be timed yet. Evaluations are not part of the time.
    """

    def __init__(self, workdir: pathlib.Path, settings: Mapping[str, Any]):
        self.score = DATASETS[settings['dataset']].scored_by.metric
        self.plan = planned_rounds(types.SimpleNamespace(**settings))
        self.bar: tqdm | None = None
        self.phase, self.rounds = '', 0
        self.names: list[str] = []  # of the metrics in a line of the phase
        self.seconds: list[float] = []  # durations of the rounds of the phase in this process

    def write(self, report: Report, step: int, seconds: float | None) -> None:
        if report.phase in ('initial', 'final'):
            names = by_importance(report.metrics, self.score)
            say(block(report.phase, report.metrics, names, line_width()))
            if report.phase == 'initial':
                self._begin_next(list(self.plan))
        elif report.phase in PHASES:  # a curve says nothing as a list of lines
            self._write_round(report, seconds)

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()

    def _begin_next(self, phases: Sequence[str]) -> None:
        if phases:
            self._begin(phases[0], self.plan[phases[0]], 0)

    def _begin(self, phase: str, rounds: int, done: int) -> None:
        """Announces a phase. Its bar shows the rounds that are done, and that the next compiles."""
        self.close()
        self.phase, self.rounds, self.names, self.seconds = phase, rounds, [], []
        say(_listed(f'{phase}: {rounds} rounds', self._then()))
        self.bar = tqdm(
            total=rounds,
            initial=done,
            desc=phase,
            bar_format=BAR,
            postfix=_listed('compiling', self._then()),
            disable=None,
            leave=False,
            dynamic_ncols=True,
        )

    def _write_round(self, report: Report, seconds: float | None) -> None:
        if report.phase != self.phase:  # the run was resumed, or started from another one
            self._begin(report.phase, report.rounds, report.round - 1)
        if not self.names:
            evaluated = (self.score, 'nll_test', 'nll_validation') if report.phase in EVALUATED else ()
            self.names = by_importance([*evaluated, *report.metrics], self.score)
        if seconds is not None:
            self.seconds.append(seconds)
        if self.bar is not None:
            self.bar.n = report.round
            self.bar.set_postfix_str(_listed(self._left(report), self._then()), refresh=False)
        say(self._line(report))
        if report.round == report.rounds:
            self.close()
            self._begin_next(self._later())

    def _line(self, report: Report) -> str:
        """The line of a round. It names the phases to come where they fit beside three figures."""
        digits = len(str(self.rounds))
        head = f'{report.phase} {report.round:{digits}}/{report.rounds}'.ljust(len(report.phase) + 2 + 2 * digits)
        left, then, width = self._left(report), self._then(), line_width() - len(head) - 2 * GAP
        named = row_width(self.names[:3]) + len(then) + LEFT + 1 <= width
        tail = _listed(left, then) if named else left + '+' * bool(left and then)
        figures = row(report.metrics, self.names, width - LEFT - (len(then) + 1) * named)
        return f'{head}  {figures}  {tail}'.rstrip()

    def _left(self, report: Report) -> str:
        """The time that is left of the phase; '' until its second round is measured, and at its end."""
        measured = self.seconds[1:]
        if not measured or report.round == report.rounds:
            return ''
        return f'left {duration(statistics.median(measured) * (report.rounds - report.round))}'

    def _later(self) -> list[str]:
        """The phases to come."""
        return list(itertools.dropwhile(lambda phase: phase != self.phase, self.plan))[1:]

    def _then(self) -> str:
        later = ', '.join(f'{phase} {self.plan[phase]}' for phase in self._later())
        return f'then {later}' if later else ''


def say(text: str) -> None:
    """Prints a text as it is, above the progress bar if there is one."""
    tqdm.write(text)


def tell(sentence: str) -> None:
    """Prints a sentence; on a terminal in lines of its width, broken between words only."""
    if sys.stdout.isatty():
        sentence = textwrap.fill(
            sentence, line_width(), subsequent_indent='  ', break_long_words=False, break_on_hyphens=False
        )
    say(sentence)


def _listed(*texts: str) -> str:
    return ', '.join(filter(None, texts))
