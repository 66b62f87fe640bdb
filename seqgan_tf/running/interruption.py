"""Stopping a run from outside: SIGTERM and Ctrl-C."""

import contextlib
import signal
import threading
import types
from typing import Self


class Interruption:
    """A context that handles SIGTERM and SIGINT.

    `signal` is the number of the first one, or None. The run reads it at the end of a round, where
    its state is consistent. A second signal ends the run at once. In a thread other than the main
    one nothing is handled, because signals go to the main thread.
    """

    def __enter__(self) -> Self:
        self.signal: int | None = None
        handled = (signal.SIGTERM, signal.SIGINT) if threading.current_thread() is threading.main_thread() else ()
        self._before = {number: signal.signal(number, self._remember) for number in handled}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _remember(self, number: int, _: types.FrameType | None) -> None:
        if self.signal is not None:
            raise KeyboardInterrupt
        self.signal = number
        with contextlib.suppress(RuntimeError):  # the signal came in the middle of another line's output
            print(
                f'\n{signal.Signals(number).name}: saving at the end of this round; once more to stop at once',
                flush=True,
            )
