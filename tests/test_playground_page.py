"""The playground in a real browser: every tab by keyboard and by pointer, audited at two widths, in light and in dark.

The page runs in a process of its own, and Chromium sees only what a user sees.
"""

import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from serving_models import networks
from serving_server import serve

from seqgan_tf.config import Config
from seqgan_tf.data.verse import make_poems
from seqgan_tf.data.verse_rules import TONES
from seqgan_tf.data.vocabulary import END, Vocabulary
from seqgan_tf.serving.export import export_saved_model

pytest.importorskip('nicegui', reason="the page needs nicegui: pip install '.[playground]'")
playwright = pytest.importorskip('playwright.sync_api', reason='the browser is driven by playwright')
axe_package = pytest.importorskip('axe_playwright_python', reason='the audit is that of axe-core')
CHROMIUM = shutil.which('chromium') or shutil.which('chromium-browser') or shutil.which('google-chrome')
if not CHROMIUM:
    pytest.skip('there is no Chromium on the PATH', allow_module_level=True)

AXE = (pathlib.Path(axe_package.__file__).parent / 'axe.min.js').read_text('utf-8')
ROOT = pathlib.Path(__file__).resolve().parents[1]
PATIENCE = 90_000  # milliseconds for an answer; the first one builds its graph
SCRIPT = '<script>document.title="broken"</script>'
POEM = make_poems(1, 0)[0]


@contextlib.contextmanager
def page_of(*arguments):
    """The address of a playground that was started with arguments."""
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, '-m', 'seqgan_tf.playground', f'--port={port}', *arguments],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith('PYTEST_')}  # NiceGUI reads them
        | {'PYTHONPATH': str(ROOT)},
    )
    address = f'http://127.0.0.1:{port}/'
    try:
        end = time.monotonic() + 120
        while not answers(address):
            assert process.poll() is None and time.monotonic() < end, 'the playground must start within two minutes'
            time.sleep(0.5)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)


def answers(address):
    with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=20) as answer:
        return answer.status == 200
    return False


@pytest.fixture(scope='module')
def browser():
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=['--no-sandbox'])
        yield browser
        browser.close()


@pytest.fixture(scope='module')
def exports(tmp_path_factory):
    """Exports of random networks: of verse, and of words of which one is a script."""
    base = tmp_path_factory.mktemp('exports')
    verse = Vocabulary(sorted(TONES), tokens='char', verse_length=5)
    words = Vocabulary([END, '<unk>', SCRIPT, '<b>bold</b>', 'plain', 'word'], 'word')
    export_saved_model(*networks(verse, 20), verse, 20, base / 'verse', dataclasses.asdict(Config(dataset='verse')))
    export_saved_model(*networks(words, 6), words, 6, base / 'words', {})
    return base


@pytest.fixture(scope='module')
def workdir(tmp_path_factory):
    """The directory of a run that has logged two rounds."""
    path = tmp_path_factory.mktemp('run')
    (path / 'metrics.jsonl').write_text(line_of(1, 3.0) + line_of(2, 2.0))
    return path


def line_of(number, nll):
    return json.dumps({'phase': 'mle', 'round': number, 'nll': nll}) + '\n'


@pytest.fixture(scope='module')
def verse_page(exports, workdir):
    with page_of(f'--export_dir={exports / "verse"}', f'--workdir={workdir}') as address:
        yield address


@contextlib.contextmanager
def opened(browser, address, width=1400, scheme='light'):
    """A page in a context of its own; at its end every request was one to the page's own origin."""
    context = browser.new_context(viewport={'width': width, 'height': 900}, color_scheme=scheme)
    context.set_default_timeout(PATIENCE)
    page, asked, failed = context.new_page(), [], []
    page.on('request', lambda request: asked.append(request.url))
    page.on('websocket', lambda socket: asked.append(socket.url.replace('ws://', 'http://')))
    page.on('pageerror', lambda error: failed.append(str(error)))
    page.goto(address)
    page.get_by_role('button', name='Generate', exact=True).wait_for()
    yield page
    assert [url for url in asked if not url.startswith((address, 'data:', 'blob:'))] == []
    assert failed == []
    context.close()


def audit(page):
    """The findings of axe-core that are serious or critical."""
    page.wait_for_timeout(400)  # a transition of colours is no colour
    page.evaluate(AXE)
    found = page.evaluate('axe.run().then(r => r.violations.map(v => [v.impact, v.id, v.nodes[0].html]))')
    return [finding for finding in found if finding[0] in ('serious', 'critical')]


def tab(page, name):
    page.get_by_role('tab', name=name, exact=True).click()
    page.locator('.q-tab-panel').locator('visible=true').wait_for()


def press(page, name):
    """Presses a button, and waits for texts."""
    page.get_by_role('button', name=name, exact=True).click()
    page.locator('.q-tab-panel article').first.wait_for()


@pytest.mark.parametrize('width', [380, 1400])
@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_no_tab_has_a_serious_finding(width, scheme, browser, verse_page):
    with opened(browser, verse_page, width, scheme) as page:
        assert audit(page) == []
        press(page, 'Generate')
        page.get_by_text('Every character').first.click()
        page.locator('article').first.get_by_role('toolbar').get_by_role('button').nth(2).click()
        page.get_by_role('button', name='Continue from here').wait_for()
        assert audit(page) == []
        for name, button in (('Search', 'Search'), ('My text', 'Score'), ('Compare', 'Compare')):
            tab(page, name)
            if name == 'My text':
                page.get_by_label('your text, one a line').fill(f'{POEM}\n{SCRIPT}')
            press(page, button)
            assert audit(page) == [], name
            assert page.evaluate('document.documentElement.scrollWidth') <= width, name
        for name in ('Training', 'Model'):
            tab(page, name)
            assert audit(page) == [], name
            assert page.evaluate('document.documentElement.scrollWidth') <= width, name
        assert page.get_by_role('region', name='Model card').get_by_role('heading', name='Limits').count() == 1
        assert page.get_by_text('library_name').count() == 0  # the head of a card is for the Hub


def test_a_text_is_made_and_continued_by_keyboard(browser, verse_page):
    with opened(browser, verse_page) as page:
        page.get_by_label('prompt', exact=True).focus()
        page.keyboard.type('明月')
        page.keyboard.press('Enter')
        line = page.locator('article').first.get_by_role('toolbar')
        line.wait_for()
        symbols = line.get_by_role('button')
        assert symbols.count() == 20 and symbols.first.inner_text() == '明'
        symbols.first.focus()
        for key in ('ArrowRight', 'ArrowRight', 'ArrowRight'):
            page.keyboard.press(key)
        chosen = symbols.nth(3)
        assert chosen.evaluate('element => element === document.activeElement')
        others = page.get_by_role('group', name='In place of')
        assert others.get_by_role('button').count() == 6
        page.keyboard.press('Escape')
        assert others.count() == 0
        page.keyboard.press('ArrowLeft')
        wanted = others.get_by_role('button').first.locator('.sg-name').inner_text()
        page.keyboard.press('Tab')
        page.keyboard.press('Enter')
        page.wait_for_function('wanted => document.activeElement.value === wanted', arg=f'明月{wanted}')


def test_markup_is_text_wherever_it_comes_from(browser, exports):
    """As a prompt, as a text, and as a symbol of the vocabulary; the model is served, and its server goes."""
    with serve(exports / 'words') as server, page_of(f'--url={server.rest}', '--model=words') as address:
        with opened(browser, address) as page:
            page.get_by_label('prompt', exact=True).fill(SCRIPT)
            press(page, 'Generate')
            first = page.locator('article').first.get_by_role('toolbar').get_by_role('button').first
            assert first.inner_text() == SCRIPT
            tab(page, 'My text')
            page.get_by_label('your text, one a line').fill(f'plain <b>bold</b>\n{"word " * 9}')
            press(page, 'Score')
            assert page.get_by_text('Line 2: text must have at most 6 symbols').count() == 1
            assert page.title() == 'seqgan playground' and page.locator('article b, article script').count() == 0
            if server.model is None:
                return
            server.model.close()  # as a server whose model has gone
            server.model.loaded.clear()
            page.get_by_role('button', name='Score', exact=True).click()
            page.get_by_text('answers 404').or_(page.get_by_text('must be')).first.wait_for()
            assert page.get_by_label('your text, one a line').input_value().startswith('plain')


def test_bad_values_are_answered_in_a_line(browser, verse_page):
    with opened(browser, verse_page, 380) as page:
        for label, value, message in (
            ('temperature', '-1', 'temperature must be positive and finite. Received: -1'),
            ('how many', '65', 'the number of texts must be from 1 to 64. Received: 65'),
            ('seed', 'x', 'seed must be an integer, or empty for a fresh one. Received: x'),
            ('prompt', 'x', 'every symbol of prompt must be in the vocabulary'),
        ):
            field = page.get_by_label(label, exact=True)
            before = field.input_value()
            field.fill(value)
            page.get_by_role('button', name='Generate', exact=True).click()
            page.get_by_text(message).wait_for()
            field.fill(before)
        press(page, 'Generate')


def test_curves_grow_while_a_run_trains(browser, verse_page, workdir):
    with opened(browser, verse_page) as page:
        tab(page, 'Training')
        page.get_by_text('training; last line: mle 2').wait_for()
        page.get_by_role('img', name='nll by round. Last values: mle: 2 at 2').wait_for()
        with open(workdir / 'metrics.jsonl', 'a') as log:
            log.write(line_of(3, 1.5))
        page.get_by_text('training; last line: mle 3').wait_for()
        page.get_by_role('img', name='nll by round. Last values: mle: 1.5 at 3').wait_for()


def test_other_hosts_are_refused(verse_page):
    """A page of another origin cannot reach the playground under a name of its own."""
    request = urllib.request.Request(verse_page, headers={'Host': 'evil.example'})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=20)
    assert refused.value.code == 400
    with urllib.request.urlopen(verse_page, timeout=20) as answer:
        assert "default-src 'self'" in answer.headers['Content-Security-Policy']
