"""A text on the page, with figures, tinted symbols, and what kind of text it is."""

import pathlib
from collections.abc import Callable

from nicegui import events, ui
from nicegui.element import Element

from seqgan_tf.playground import melodies, verses
from seqgan_tf.playground.answers import Answer, drawn_symbols
from seqgan_tf.playground.model import Model
from seqgan_tf.playground.symbols import continued

Continue = Callable[[str], None]  # takes a prompt


class Symbols(Element, component=pathlib.Path(__file__).with_name('symbols.js')):
    """The symbols of a text as buttons; calls back with the prompt that continues one of them."""

    def __init__(self, answer: Answer, model: Model, on_continue: Continue) -> None:
        super().__init__()
        self.answer, self.on_continue = answer, on_continue
        self._props['symbols'] = drawn_symbols(answer, model.data.melody)
        self._props['label'] = 'Symbols; arrow keys move'
        self._props['verse'] = model.data.dataset == 'verse'
        self.on('continue', self._continue)

    def _continue(self, event: events.GenericEventArguments) -> None:
        """Reads only numbers from the browser, and ignores those that are out of range."""
        number, alternative = event.args.get('number'), event.args.get('alternative')
        if type(number) is not int or not 0 <= number < len(self.answer.symbols) or not self.answer.places:
            return
        others = self.answer.symbols[number]['alternative']
        if alternative is not None and (type(alternative) is not int or not 0 <= alternative < len(others)):
            return
        chosen = None if alternative is None else others[alternative]
        self.on_continue(continued(self.answer.text, self.answer.places, number, chosen))


def show_text(answer: Answer, model: Model, on_continue: Continue, *, title: str = '', brief: bool = False) -> None:
    """An article with one text.

    Args:
        answer: the text.
        model: whose text it is.
        on_continue: what happens to a prompt that is to be continued.
        title: what is said before the figures.
        brief: whether verse goes without its table of rules, and a melody without sound and files.
    """
    with ui.element('article').classes('sg-text'):
        if answer.symbols:
            Symbols(answer, model, on_continue)
        else:
            verse = model.data.dataset == 'verse'
            text = answer.text.replace(' ', '\n') if verse else answer.text
            ui.label(text or '(an empty text)').classes('sg-plain')
        ui.label(_figures(answer, title)).classes('sg-figures')
        if model.data.dataset == 'verse':
            verses.show_rules(answer.text, brief)
        if model.data.melody is not None:
            melodies.show_melody(answer.text, model.data.melody, brief)


def show_answers(answers: list[Answer], notes: list[str], model: Model, on_continue: Continue) -> None:
    """Lines about what could not be said, what the tint means, and the texts. The rest is as for `show_text`."""
    for note in notes:
        ui.label(note).classes('sg-note')
    if any(answer.symbols for answer in answers):
        legend()
    for answer in answers:
        show_text(answer, model, on_continue)


def _figures(answer: Answer, title: str) -> str:
    parts = [title] if title else []
    parts.append(f'log-probability {answer.log_prob:.2f} nats')
    if answer.prob_real is not None:
        parts.append(f'real with probability {answer.prob_real:.3f}')
    if answer.seed is not None:
        parts.append(f'seed {answer.seed}')
    return ' · '.join(parts)


def legend() -> None:
    """What the tint means."""
    with ui.element('p').classes('sg-legend'):
        ui.label('Likely').classes('sg-swatch').style('--tint: 0')
        ui.label('surprising').classes('sg-swatch').style('--tint: 1')
        ui.label('A tint shows how unlikely a symbol is after those before it. Choose one for the likeliest instead.')
