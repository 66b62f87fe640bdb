"""What a run tells its user without a traceback."""


class RunError(ValueError):
    """A run cannot start or go on, for a reason that its user can mend; the message says the rule and what was found."""
