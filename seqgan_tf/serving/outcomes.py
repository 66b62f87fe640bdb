"""How a check reports what it found."""

from collections.abc import Callable
from typing import Any

Outcome = tuple[str, str | None]  # what was checked; what is wrong, or None


def require(condition: Any, message: str) -> None:
    """Raises ValueError with a message unless a condition is true."""
    if not condition:
        raise ValueError(message)


def outcome(what: str, run: Callable[..., str | None], *args: Any) -> Outcome:
    """Runs a check, which raises where something is wrong, and reports it.

    Args:
        what: what is checked.
        run: the check, called with `args`. It may return details in words, which join `what`.
    """
    try:
        detail = run(*args)
    except Exception as error:  # a damaged model can raise anything
        return what, one_line(error)
    return f'{what} ({detail})' if detail else what, None


def one_line(error: BaseException) -> str:
    """An exception as one line of at most 500 characters."""
    return ' '.join(f'{type(error).__name__}: {error}'.split())[:500]
