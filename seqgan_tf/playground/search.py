"""The tab Search: the candidates beside the one that the discriminator chooses."""

from nicegui import ui

from seqgan_tf.playground.answers import Answer, answers_of
from seqgan_tf.playground.controls import Controls, prompt_field, seed_field
from seqgan_tf.playground.model import Model, Request
from seqgan_tf.playground.texts import Continue, legend, show_text
from seqgan_tf.playground.work import Work


class Search:
    """The tab of a model with a discriminator."""

    def __init__(self, model: Model, on_continue: Continue) -> None:
        self.model, self.on_continue = model, on_continue
        if not model.searches:
            ui.label('This model has no search: no discriminator was trained with it.').classes('sg-note')
            return
        with ui.element('div').classes('sg-form'):
            self.prompt = prompt_field('prompt', self.answer)
            self.controls = Controls(model, n=None, candidates=16, filters=False)
            self.seed = seed_field()
        with ui.row().classes('sg-actions'):
            ui.button('Search', on_click=self.answer, color=None).classes('sg-go')
        self.work = Work()
        self.result = ui.element('div').classes('sg-result')

    async def answer(self) -> None:
        """Draws candidates, and shows them with the chosen one before them."""
        try:
            request = self.controls.request(self.prompt.value or '', self.seed.value or '')
        except ValueError as error:
            self.work.fail(str(error))
            return
        found = await self.work.do(searched, self.model, request)
        if found is None:
            return
        answers, chosen, notes = found
        self.result.clear()
        with self.result:
            for note in notes:
                ui.label(note).classes('sg-note')
            if answers[chosen].symbols:
                legend()
            ui.label('Chosen').classes('sg-title').props('role=heading aria-level=2')
            show_text(answers[chosen], self.model, self.on_continue, title=f'candidate {chosen}')
            with ui.row().classes('sg-actions'):
                keep = lambda: ui.download.content(f'{answers[chosen].text}\n', 'text.txt')
                ui.button('Save the chosen text', on_click=keep, color=None).props('outline').classes('sg-quiet')
            ui.label('All candidates, the likeliest to be real first').classes('sg-title').props(
                'role=heading aria-level=2'
            )
            order = sorted(range(len(answers)), key=lambda i: -(answers[i].prob_real or 0.0))
            for i in order:
                mark = f'candidate {i}' + (', chosen' if i == chosen else '')
                show_text(answers[i], self.model, self.on_continue, title=mark, brief=True)


def searched(model: Model, request: Request) -> tuple[list[Answer], int, list[str]]:
    """The candidates, which of them is chosen, and lines about what could not be said."""
    found = model.candidates(request)
    columns = found['text'], found['log_prob'], found['prob_real']
    rows = [{'text': text, 'log_prob': log_prob, 'prob_real': real} for text, log_prob, real in zip(*columns)]
    answers, notes = answers_of(model, rows)
    return answers, found['chosen'], notes
