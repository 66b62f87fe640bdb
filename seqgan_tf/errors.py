"""What ends a run before its time."""


class RunError(ValueError):
    """A run cannot start or continue, for a reason that its user can mend.

    Commands show the message without a traceback. It says the rule, what was expected and what was
    received.
    """


class Stopped(KeyboardInterrupt):
    """SIGINT or SIGTERM came; the run is saved, and the same call continues it.

    Attributes:
        signal: the number of the signal.
    """

    def __init__(self, message: str, signal: int):
        super().__init__(message)
        self.signal = signal
