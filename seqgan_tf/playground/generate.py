"""The tab Generate: texts with their figures and tinted symbols."""

from nicegui import ui

from seqgan_tf.playground.answers import Answer, answers_of
from seqgan_tf.playground.controls import Controls, prompt_field, seed_field
from seqgan_tf.playground.model import Model, Request
from seqgan_tf.playground.texts import Continue, show_answers
from seqgan_tf.playground.work import Work


class Generate:
    """The tab of a model; `prompt` is its field, which other tabs fill."""

    def __init__(self, model: Model, on_continue: Continue) -> None:
        self.model, self.on_continue = model, on_continue
        with ui.element('div').classes('sg-form'):
            self.prompt = prompt_field('prompt', self.answer)
            self.controls = Controls(model)
            self.seed = seed_field()
        with ui.row().classes('sg-actions'):
            ui.button('Generate', on_click=self.answer, color=None).classes('sg-go')
            self.save = ui.button('Save texts', on_click=self._save, color=None).props('outline').classes('sg-quiet')
        self.work = Work()
        self.save.visible, self.texts = False, []
        self.result = ui.element('div').classes('sg-result')

    async def answer(self) -> None:
        """Draws texts, and shows them in place of those before."""
        try:
            request = self.controls.request(self.prompt.value or '', self.seed.value or '')
        except ValueError as error:
            self.work.fail(str(error))
            return
        found = await self.work.do(drawn, self.model, request)
        if found is None:
            return
        self.texts, self.save.visible = [answer.text for answer in found[0]], True
        self.result.clear()
        with self.result:
            show_answers(*found, self.model, self.on_continue)

    def _save(self) -> None:
        ui.download.content('\n'.join([*self.texts, '']), 'texts.txt')


def drawn(model: Model, request: Request) -> tuple[list[Answer], list[str]]:
    """The answers to a request, and lines about what could not be said."""
    return answers_of(model, model.draw(request))
