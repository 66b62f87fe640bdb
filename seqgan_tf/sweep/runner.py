"""Runs the cells of a grid. Each cell has its own process and its own directory.

`seqgan_tf.sweep.grid.make_cells` says what a cell is. A cell waits for another one if its settings
name the directory of that one (`--start_from={out}/mle/seed_{seed}`). Several sweeps may share
cells: the lock of a cell's log (`seqgan_tf.sweep.log`) says which of them runs it, and the others
wait for its end.
"""

import dataclasses
import graphlib
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import BinaryIO

from tqdm import tqdm

from seqgan_tf.running.interruption import Interruption
from seqgan_tf.sweep import log
from seqgan_tf.sweep.grid import Cell, requirements

TRAINER = (sys.executable, '-m', 'seqgan_tf.train')
POLL_SECONDS = 0.1
HELD_SECONDS = 2.0  # between looks at cells that other processes run; each look asks a shared disk


@dataclasses.dataclass
class Job:
    """A cell that is running: its process, its locked log, and the time of its start in seconds."""

    process: subprocess.Popen
    log: BinaryIO
    started: float


class Sweep:
    """The runs of a grid.

    Each process gets processors // jobs threads, at least one, unless the environment sets
    TF_NUM_INTRAOP_THREADS, TF_NUM_INTEROP_THREADS or OMP_NUM_THREADS. Threads share the terms of a
    sum, so rounding depends on their number. Only runs with equal numbers of threads are equal bit
    for bit.

    Attributes:
        done: names of the finished cells.
        failed: {name: reason} of the cells that failed.

    Args:
        cells: the cells to run.
        jobs: maximum number of processes at the same time.
        trainer: the training command. The settings of a cell are appended.

    Raises:
        ValueError: jobs is below 1, or cells wait for each other.
    """

    def __init__(self, cells: Sequence[Cell], jobs: int, trainer: Sequence[str] = TRAINER):
        if jobs < 1:
            raise ValueError(f'jobs must be at least 1. Received: jobs={jobs}')
        self.cells, self.jobs, self.trainer = {cell.name: cell for cell in cells}, jobs, trainer
        self.required = requirements(cells)
        self.order = graphlib.TopologicalSorter(self.required)
        try:
            self.order.prepare()
        except graphlib.CycleError as error:
            raise ValueError(
                f'no cell may start from a cell that waits for it. Received: {" <- ".join(error.args[1])}'
            ) from None
        self.ready: list[str] = []
        self.held: dict[str, float] = {}  # cells that others run, and when to look again
        self.met: set[str] = set()  # cells that others were seen to run
        self.running: dict[str, Job] = {}
        self.done: list[str] = []
        self.failed: dict[str, str] = {}
        # macOS has no affinity.
        processors = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1
        threads = str(max(1, processors // jobs))
        self.environment = (
            dict.fromkeys(('TF_NUM_INTRAOP_THREADS', 'TF_NUM_INTEROP_THREADS', 'OMP_NUM_THREADS'), threads)
            | os.environ
            | {'PYTHONUNBUFFERED': '1'}
        )

    def run(self) -> int | None:
        """Runs the cells that are not finished, and waits for those that other processes run.

        After the first SIGTERM or SIGINT each run gets one SIGTERM: it saves and ends. A second
        signal kills the runs.

        Returns:
            The signal that stopped the sweep, or None.

        Raises:
            KeyboardInterrupt: the second signal came.
        """
        told = False
        with (
            Interruption() as interruption,
            tqdm(total=len(self.cells), desc='cells', unit='cell', disable=None, leave=False) as self.bar,
        ):
            try:
                while True:
                    if interruption.signal is None:
                        self._start_ready()
                    elif not told:
                        told = True
                        for job in self.running.values():
                            job.process.terminate()
                    if not self.running and (interruption.signal is not None or not self.held):
                        return interruption.signal
                    time.sleep(POLL_SECONDS)
                    self._collect(interruption.signal is not None)
            finally:
                for job in self.running.values():
                    job.process.kill()
                    job.process.wait()

    def unfinished(self) -> dict[str, str]:
        """{name: reason} of the cells that failed or wait for a cell that failed."""
        waiting = {
            name: f'not started, as it starts from {", ".join(sorted(self.required[name] - set(self.done)))}'
            for name in self.cells
        }
        return {name: self.failed.get(name, waiting[name]) for name in self.cells if name not in self.done}

    def _start_ready(self) -> None:
        """Starts the cells that can be started."""
        due = [name for name, again in self.held.items() if time.perf_counter() >= again]
        for name in due:
            del self.held[name]
        self.ready += [*due, *self.order.get_ready()]
        while self.ready and len(self.running) < self.jobs:
            name = self.ready.pop(0)
            try:
                self._take(name)
            except (OSError, ValueError) as error:
                self._fail(name, f'could not be started ({error})')
            self.ready += self.order.get_ready()

    def _take(self, name: str) -> None:
        """Starts a cell, unless it is finished or another process runs it."""
        cell = self.cells[name]
        if cell.finished() and not log.is_held(cell.workdir):
            self._finish(name, 'was finished before')
            return
        file = log.claim(cell.workdir)
        if file is None:
            if name not in self.met:
                self.met.add(name)
                self._say(f'{name} is run by another process')
            self.held[name] = time.perf_counter() + HELD_SECONDS
        elif cell.finished():  # between the look above and the lock
            file.close()
            self._finish(name, 'was finished before')
        else:
            try:
                self._start(name, file)
            except (OSError, ValueError):
                file.close()
                raise

    def _start(self, name: str, file: BinaryIO) -> None:
        """Starts a cell, which holds the lock of its log through its standard output."""
        command = [*self.trainer, *self.cells[name].flags()]
        file.write(f'# {shlex.join(command)}\n'.encode())
        file.flush()
        # In its own session, a run gets no Ctrl-C of the terminal. This process gets it and sends
        # one signal to each run.
        process = subprocess.Popen(
            command,
            stdout=file,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=self.environment,
            start_new_session=True,
        )
        self.running[name] = Job(process, file, time.perf_counter())
        self._say(f'{name} started')

    def _collect(self, stopping: bool) -> None:
        """Records the runs that have ended, and gives their cells free."""
        for name, job in list(self.running.items()):
            code = job.process.poll()
            if code is None:
                continue
            del self.running[name]
            if code == 0:
                self._finish(name, f'finished in {_clock(job)}')
            elif stopping and code in (-signal.SIGTERM, 128 + signal.SIGTERM):
                self._say(f'{name} stopped after {_clock(job)}')
            else:
                ended = f'exit status {code}' if code > 0 else f'ended by {signal.Signals(-code).name}'
                reason = f'{ended} after {_clock(job)}: {log.last_line(self.cells[name].workdir)}'
                log.record_failure(job.log, reason)
                self._fail(name, reason)
            job.log.close()

    def _finish(self, name: str, how: str) -> None:
        self.done.append(name)
        self.order.done(name)
        self.bar.update()
        self._say(f'{name} {how}')

    def _fail(self, name: str, reason: str) -> None:
        self.failed[name] = reason
        self._say(f'{name} failed: {reason}')

    def _say(self, event: str) -> None:
        """Prints a line for an event, above the progress bar if there is one."""
        tqdm.write(f'[{len(self.done)}/{len(self.cells)}] {event}')
        sys.stdout.flush()


def _clock(job: Job) -> str:
    return f'{time.perf_counter() - job.started:.0f} s'
