"""Slow calls off the event loop, with a line that shows how they go."""

import asyncio
import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from nicegui import run, ui

P = ParamSpec('P')
R = TypeVar('R')


class Work:
    """A line below a button: that it works, for how long, or what went wrong.

    It is a live region, so screen readers say it. One call runs at a time; another one meanwhile is
    not started.
    """

    def __init__(self) -> None:
        with ui.row().classes('sg-work'):
            self.spinner = ui.spinner(size='1.2em').props('aria-hidden=true')
            self.line = ui.label().props('role=status')
        self.spinner.visible, self.busy, self.first = False, False, True

    async def do(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R | None:
        """What a call returns; None where it raised a ValueError, whose text is shown, or where another runs."""
        if self.busy:
            return None
        self.busy = self.spinner.visible = True
        self.say('Working: the first answer takes some seconds more, to build its graph.' if self.first else 'Working.')
        clock = ui.timer(1.0, functools.partial(self._tick, asyncio.get_running_loop().time()))
        try:
            found = await run.io_bound(call, *args, **kwargs)
        except (ValueError, OSError) as error:
            self.fail(str(error))
            return None
        finally:
            clock.cancel()
            self.busy = self.spinner.visible = False
        self.first = False
        self.say('')
        return found

    def say(self, text: str) -> None:
        """Shows a line."""
        self.line.classes(remove='sg-error')
        self.line.text = text

    def fail(self, text: str) -> None:
        """Shows what went wrong."""
        self.line.classes('sg-error')
        self.line.text = text

    def _tick(self, start: float) -> None:
        seconds = int(asyncio.get_running_loop().time() - start)
        if self.busy and seconds:
            self.line.text = self.line.text.partition(' (')[0] + f' ({seconds} s)'


def number(field: Any, name: str, kind: type = float) -> Any:
    """The number in a field.

    Raises:
        ValueError: it is empty or no number.
    """
    value = field.value
    try:
        if kind is int and isinstance(value, float) and value != int(value):
            raise ValueError
        return kind(value)
    except (TypeError, ValueError, OverflowError):
        wanted = 'a whole number' if kind is int else 'a number'
        raise ValueError(f'{name} must be {wanted}. Received: {"nothing" if value in (None, "") else value}') from None
