"""How a check says what it found."""


def require(condition, message):
    """Raises ValueError with a message unless a condition holds."""
    if not condition:
        raise ValueError(message)


def outcome(what, run, *args):
    """(what is checked, with what the check says of it; what is wrong, or None): runs a check, which raises where something is."""
    try:
        detail = run(*args)
    except Exception as error:  # a damaged model fails in any way; a check reports it
        return what, one_line(error)
    return f'{what} ({detail})' if detail else what, None


def one_line(error):
    """An exception in a line of at most 500 characters."""
    return ' '.join(f'{type(error).__name__}: {error}'.split())[:500]
