"""The error that a user can mend: commands show its message without a traceback."""


class RunError(ValueError):
    """A run cannot start or continue, for a reason that its user can mend.

    The message says the rule, what was expected and what was received.
    """
