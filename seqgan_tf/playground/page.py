"""The page: a title, news of the model, and the tabs."""

import pathlib
import re
from collections.abc import Callable

from nicegui import run, ui

from seqgan_tf.playground.compare import Compare
from seqgan_tf.playground.generate import Generate
from seqgan_tf.playground.model import Model
from seqgan_tf.playground.own_text import OwnText
from seqgan_tf.playground.search import Search
from seqgan_tf.playground.training import Training

STYLE = pathlib.Path(__file__).with_name('page.css').read_text('utf-8')
NEWS_SECONDS = 5.0
HEAD = re.compile(r'\A---\n.*?\n---\n', re.DOTALL)  # of a model card, in YAML
TABS = ('Generate', 'Search', 'My text', 'Compare', 'Training', 'Model')


def page_of(model: Model, compared: Model | None, workdir: pathlib.Path | None) -> Callable[[], None]:
    """The function that builds the page for a browser that opens it.

    Args:
        model: answers.
        compared: the second model of the tab Compare; None for two settings of the first.
        workdir: the run of the tab Training, or None.
    """

    def page() -> None:
        ui.colors(primary='#1d4e89', dark='#15191e', dark_page='#15191e')
        ui.add_css(STYLE)
        ui.dark_mode(None)
        with ui.element('div').classes('sg-main'):
            with ui.element('header').classes('sg-header'):
                ui.label('seqgan playground').classes('sg-brand').props('role=heading aria-level=1')
                ui.label(model.name).classes('sg-figures')
            _News(model)
            with ui.tabs().classes('sg-tabs').props('no-caps align=left') as tabs:
                for name in TABS:
                    ui.tab(name)

            def continue_from(prompt: str) -> None:
                generate.prompt.value = prompt
                tabs.value = 'Generate'
                generate.prompt.run_method('focus')

            with ui.tab_panels(tabs, value='Generate', animated=False).classes('sg-panels').props('keep-alive'):
                with ui.tab_panel('Generate'):
                    generate = Generate(model, continue_from)
                with ui.tab_panel('Search'):
                    Search(model, continue_from)
                with ui.tab_panel('My text'):
                    OwnText(model, continue_from)
                with ui.tab_panel('Compare'):
                    Compare((model, compared or model), continue_from)
                with ui.tab_panel('Training'):
                    Training(workdir)
                with ui.tab_panel('Model'):
                    _card(model)

    return page


class _News:
    """A line that appears when something has happened to the model, with a button that takes the newest one."""

    def __init__(self, model: Model) -> None:
        self.model = model
        with ui.row().classes('sg-news') as self.row:
            self.line = ui.label().props('role=status')
            ui.button('Use the newest', on_click=self._renew, color=None).props('outline dense no-caps').classes(
                'sg-quiet'
            )
        self.row.visible = False
        ui.timer(NEWS_SECONDS, self._look)

    async def _look(self) -> None:
        news = await run.io_bound(self.model.news)
        self.line.text, self.row.visible = news or '', bool(news)

    async def _renew(self) -> None:
        try:
            await run.io_bound(self.model.renew)
        except (ValueError, OSError) as error:
            self.line.text = str(error)
            return
        self.row.visible = False


def _card(model: Model) -> None:
    if model.card:
        # The head is for the Hugging Face Hub. Tables are wide: the block scrolls, and the keyboard reaches it.
        ui.markdown(HEAD.sub('', model.card)).classes('sg-card').props('tabindex=0 role=region aria-label="Model card"')
    else:
        ui.label('This model has no model card.').classes('sg-note')
