"""Runs the cells of a grid, each in a process and a directory of its own.

What a cell is, its directory and its settings: `seqgan_tf.sweep.grid.make_cells`. A cell that names another cell's directory in its settings
(`--start_from={out}/mle/seed_{seed}`) waits for that one. What a run prints is added to log.txt in its directory.
"""

import dataclasses
import graphlib
import os
import shlex
import signal
import subprocess
import sys
import time

from tqdm import tqdm

from seqgan_tf.running.interruption import Interruption
from seqgan_tf.sweep.grid import requirements

TRAINER = (sys.executable, '-m', 'seqgan_tf.train')
POLL_SECONDS = 0.1


@dataclasses.dataclass
class Job:
    """A cell that runs: its process, and when it was started."""

    process: subprocess.Popen
    started: float


class Sweep:
    """The runs of a grid, at most `jobs` at once.

    Args:
        cells: list of `Cell`.
        jobs: processes at once. Each is given the processors of this one divided by `jobs`, at least one, as its number of threads, unless
            the environment says TF_NUM_INTRAOP_THREADS, TF_NUM_INTEROP_THREADS or OMP_NUM_THREADS. Sums are split among threads, so with
            another number of them they may round otherwise: what is to be equal bit for bit is run with one number.
        trainer: the training command, to which settings are added.

    Raises:
        ValueError: jobs below 1, or cells that wait for each other.
    """

    def __init__(self, cells, jobs, trainer=TRAINER):
        if jobs < 1:
            raise ValueError(f'jobs must be at least 1. Received: jobs={jobs}')
        self.cells, self.jobs, self.trainer = {cell.name: cell for cell in cells}, jobs, trainer
        self.required = requirements(cells)
        self.order = graphlib.TopologicalSorter(self.required)
        try:
            self.order.prepare()
        except graphlib.CycleError as error:
            raise ValueError(
                f'no cell may start from what waits for it. Received: {" <- ".join(error.args[1])}'
            ) from None
        self.ready, self.running, self.done, self.failed = [], {}, [], {}
        threads = str(max(1, len(os.sched_getaffinity(0)) // jobs))
        self.environment = (
            dict.fromkeys(('TF_NUM_INTRAOP_THREADS', 'TF_NUM_INTEROP_THREADS', 'OMP_NUM_THREADS'), threads)
            | os.environ
            | {'PYTHONUNBUFFERED': '1'}
        )

    def run(self):
        """Runs what is not finished; returns the signal that stopped it, or None. `done` and `failed` say what came of the cells.

        The first SIGTERM or SIGINT is handed on, once, as SIGTERM: the runs save and end. A second one kills them.

        Raises:
            KeyboardInterrupt: at the second signal.
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
                    if not self.running:
                        return interruption.signal
                    time.sleep(POLL_SECONDS)
                    self._collect(told)
            finally:
                for job in self.running.values():
                    job.process.kill()
                    job.process.wait()

    def unfinished(self):
        """{name: reason} of the cells that failed, or wait for one that did."""
        waiting = {
            name: f'not started, as it starts from {", ".join(sorted(self.required[name] - set(self.done)))}'
            for name in self.cells
        }
        return {name: self.failed.get(name, waiting[name]) for name in self.cells if name not in self.done}

    def _start_ready(self):
        """Starts what can be started, and passes over what was finished before."""
        self.ready += self.order.get_ready()
        while self.ready and len(self.running) < self.jobs:
            name = self.ready.pop(0)
            if self.cells[name].finished():
                self._finish(name, 'was finished before')
            else:
                self._start(name)
            self.ready += self.order.get_ready()

    def _start(self, name):
        cell = self.cells[name]
        command = [*self.trainer, *cell.flags()]
        try:
            cell.workdir.mkdir(parents=True, exist_ok=True)
            with open(_log(cell), 'ab') as log:
                log.write(f'# {shlex.join(command)}\n'.encode())
                log.flush()
                # In a session of its own: Ctrl-C in the terminal reaches this process alone, which hands it on once.
                process = subprocess.Popen(
                    command,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    stdin=subprocess.DEVNULL,
                    env=self.environment,
                    start_new_session=True,
                )
        except OSError as error:
            self._fail(name, f'could not be started ({error})')
            return
        self.running[name] = Job(process, time.perf_counter())
        self._say(f'{name} started')

    def _collect(self, stopping):
        """Takes note of the runs that have ended."""
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
                reason = f'exit status {code}' if code > 0 else f'ended by {signal.Signals(-code).name}'
                self._fail(name, f'{reason} after {_clock(job)}: {_last_line(_log(self.cells[name]))}')

    def _finish(self, name, how):
        self.done.append(name)
        self.order.done(name)
        self.bar.update()
        self._say(f'{name} {how}')

    def _fail(self, name, reason):
        self.failed[name] = reason
        self._say(f'{name} failed: {reason}')

    def _say(self, event):
        """A line for an event, above the bar where there is one."""
        tqdm.write(f'[{len(self.done)}/{len(self.cells)}] {event}')
        sys.stdout.flush()


def _log(cell):
    return cell.workdir / 'log.txt'


def _last_line(path):
    lines = path.read_text('utf-8', errors='replace').split('\n')
    return next((line.strip() for line in reversed(lines) if line.strip()), '')


def _clock(job):
    return f'{time.perf_counter() - job.started:.0f} s'
