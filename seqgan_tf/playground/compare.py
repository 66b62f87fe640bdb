"""The tab Compare: two models, or two settings of one, side by side."""

from nicegui import ui

from seqgan_tf.playground.controls import Controls, prompt_field, seed_field
from seqgan_tf.playground.generate import drawn
from seqgan_tf.playground.model import Model
from seqgan_tf.playground.texts import Continue, show_answers
from seqgan_tf.playground.work import Work


class Side:
    """One of the two: a model, its fields and its texts."""

    def __init__(self, label: str, model: Model, temperature: float) -> None:
        self.model = model
        with ui.element('section').classes('sg-side').props(f'aria-label="Side {label}"'):
            ui.label(f'{label}: {model.name}').classes('sg-title').props('role=heading aria-level=2')
            self.controls = Controls(model, label=label, n=3)
            self.controls.temperature.value = temperature
            self.work = Work()
            self.result = ui.element('div').classes('sg-result')


class Compare:
    """Both sides draw with one prompt and one seed, so that they differ in nothing else."""

    def __init__(self, models: tuple[Model, Model], on_continue: Continue) -> None:
        self.on_continue = on_continue
        with ui.element('div').classes('sg-form'):
            self.prompt = prompt_field('prompt of both', self.answer)
            self.seed = seed_field('1')
        with ui.row().classes('sg-actions'):
            ui.button('Compare', on_click=self.answer, color=None).classes('sg-go')
        same = models[0] is models[1]
        with ui.element('div').classes('sg-sides'):
            self.sides = [Side('A', models[0], 1.0), Side('B', models[1], 0.7 if same else 1.0)]

    async def answer(self) -> None:
        """Draws on both sides, one after the other."""
        for side in self.sides:
            try:
                request = side.controls.request(self.prompt.value or '', self.seed.value or '')
            except ValueError as error:
                side.work.fail(str(error))
                continue
            found = await side.work.do(drawn, side.model, request)
            if found is None:
                continue
            side.result.clear()
            with side.result:
                show_answers(*found, side.model, self.on_continue)
