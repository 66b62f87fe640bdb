"""The tab My text: what the model says of a text that somebody wrote."""

from nicegui import ui

from seqgan_tf.playground.answers import answers_to
from seqgan_tf.playground.model import Model
from seqgan_tf.playground.texts import Continue, show_answers
from seqgan_tf.playground.work import Work


class OwnText:
    """The tab of a model; each line is a text."""

    def __init__(self, model: Model, on_continue: Continue) -> None:
        self.model, self.on_continue = model, on_continue
        self.text = ui.textarea('your text, one a line').props('autogrow').classes('sg-wide')
        with ui.row().classes('sg-actions'):
            ui.button('Score', on_click=self.answer, color=None).classes('sg-go')
        self.work = Work()
        self.result = ui.element('div').classes('sg-result')

    async def answer(self) -> None:
        """Scores the lines, and shows them."""
        texts = [line.strip() for line in (self.text.value or '').splitlines() if line.strip()]
        if not texts:
            self.work.fail('a text must be there to be scored. Received: nothing')
            return
        found = await self.work.do(answers_to, self.model, texts)
        if found is None:
            return
        self.result.clear()
        with self.result:
            show_answers(*found, self.model, self.on_continue)
