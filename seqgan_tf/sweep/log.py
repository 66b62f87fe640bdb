"""log.txt of a cell: what its runs print, the lock of the cell, and how its last run failed.

The lock is a `flock` on the open file that is the standard output of the run. It is held until both
the run and the sweep that started it have closed that file or ended. So a killed process leaves no
lock behind, and a run that outlives its sweep keeps its cell. `filelock`, which locks the workdir
of a run, cannot hand a lock on to another process.
"""

import contextlib
import fcntl
import pathlib
from typing import BinaryIO

NAME = 'log.txt'
FAILED = '# failed: '  # starts the last line of a log whose last run failed


def claim(workdir: pathlib.Path) -> BinaryIO | None:
    """Makes the workdir of a cell, and opens and locks its log for a run.

    Returns:
        The open log; None where another process has the cell.

    Raises:
        OSError: the directory cannot be written, or its file system has no locks.
    """
    workdir.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        log = stack.enter_context(open(workdir / NAME, 'ab'))
        try:
            fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        stack.pop_all()  # it stays open
        return log


def is_held(workdir: pathlib.Path) -> bool:
    """Whether a process has the cell. Nothing is written."""
    try:
        with open(workdir / NAME, 'rb') as log:
            fcntl.flock(log, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # there is no log, or none that can be read or locked
        pass
    return False


def last_line(workdir: pathlib.Path) -> str:
    """The last line that is not blank; empty where there is none."""
    try:
        text = (workdir / NAME).read_text('utf-8', errors='replace')
    except OSError:
        return ''
    return next((line.strip() for line in reversed(text.split('\n')) if line.strip()), '')


def record_failure(log: BinaryIO, reason: str) -> None:
    """Appends how the run failed, for `failure`. On a full disk it is not recorded."""
    with contextlib.suppress(OSError):
        log.write(f'\n{FAILED}{reason}\n'.encode())
        log.flush()


def failure(workdir: pathlib.Path) -> str | None:
    """How the last run of a cell failed; None where it did not, or where it is not recorded."""
    line = last_line(workdir)
    return line.removeprefix(FAILED) if line.startswith(FAILED) else None
