"""The settings of a request as fields."""

from collections.abc import Awaitable, Callable

from nicegui import ui

from seqgan_tf.playground.model import MOST_CANDIDATES, MOST_TEXTS, Model, Request
from seqgan_tf.playground.work import number


class Controls:
    """Fields for a `Request`.

    Args:
        model: without a discriminator it has no fields of a search.
        label: goes before the names of fields where a page has several of them.
        n: how many texts at first; None for no such field.
        candidates: at first; 1 for a plain draw.
        filters: whether there are top_k and top_p.
    """

    def __init__(
        self, model: Model, *, label: str = '', n: int | None = 4, candidates: int = 1, filters: bool = True
    ) -> None:
        named = lambda name: f'{label}: {name}' if label else name
        with ui.element('div').classes('sg-fields'):
            self.temperature = ui.number(named('temperature'), value=1.0, min=0.05, step=0.1)
            self.top_k = ui.number(named('top_k (0: all)'), value=0, min=0, step=1) if filters else None
            self.top_p = ui.number(named('top_p (1: all)'), value=1.0, min=0.05, max=1, step=0.05) if filters else None
            self.num_candidates = self.guidance = None
            if model.searches:
                self.num_candidates = ui.number(
                    named('candidates'), value=candidates, min=1, max=MOST_CANDIDATES, step=1
                )
                self.guidance = ui.number(named('guidance'), value=1.0, min=0, step=0.5)
            self.n = None if n is None else ui.number(named('how many'), value=n, min=1, max=MOST_TEXTS, step=1)

    def request(self, prompt: str, seed: str) -> Request:
        """The request that the fields say.

        Args:
            prompt: how the texts begin.
            seed: an integer; '' for a fresh one.

        Raises:
            ValueError: a field is empty, is no number, or is out of range.
        """
        values = {'prompt': prompt, 'seed': _seed(seed)}
        for name, kind in (
            ('n', int),
            ('temperature', float),
            ('top_k', int),
            ('top_p', float),
            ('num_candidates', int),
            ('guidance', float),
        ):
            field = getattr(self, name)
            if field is not None:
                values[name] = number(field, name, kind)
        return Request(**values)


def prompt_field(label: str, on_enter: Callable[[], Awaitable[None]]) -> ui.input:
    """A field for how texts begin; Enter in it is the button of its tab."""
    field = ui.input(label, placeholder='none').props('stack-label').classes('sg-wide')
    return field.on('keydown.enter', on_enter)


def seed_field(value: str = '') -> ui.input:
    """A field for a seed; a field of numbers would round those of 64 bits."""
    return ui.input('seed', placeholder='fresh', value=value).props('inputmode=numeric stack-label')


def _seed(text: str) -> int:
    try:
        return int(text) if text.strip() else -1
    except ValueError:
        raise ValueError(f'seed must be an integer, or empty for a fresh one. Received: {text[:60]}') from None
