"""How long a round took."""

import dataclasses
import time


@dataclasses.dataclass(frozen=True)
class Duration:
    """Seconds on the clock, and CPU seconds of this process in all its threads."""

    wall: float
    cpu: float


class Stopwatch:
    """Measures from its construction on."""

    def __init__(self):
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def read(self) -> Duration:
        """The time since the construction."""
        return Duration(time.perf_counter() - self.wall, time.process_time() - self.cpu)
