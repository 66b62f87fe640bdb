"""Stopping a run from outside: SIGTERM and Ctrl-C."""

import signal


class Interruption:
    """While active, the first SIGTERM or SIGINT is remembered for the next consistent point; a second one ends the process at once."""

    def __enter__(self):
        self.signal = None
        self._before = {number: signal.signal(number, self._remember) for number in (signal.SIGTERM, signal.SIGINT)}
        return self

    def __exit__(self, *_):
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _remember(self, number, _):
        if self.signal is not None:
            raise KeyboardInterrupt
        self.signal = number
        print(
            f'\n{signal.Signals(number).name}: saving at the end of this round; once more to stop at once', flush=True
        )
