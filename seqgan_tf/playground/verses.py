"""The rules of a poem on the page, ticked character by character."""

from nicegui import ui

from seqgan_tf.data.verse_rules import VERSE_LENGTH, Mark, verse_marks

TONES = {'平': 'level', '仄': 'oblique', '中': 'free', '?': 'unknown'}
RULES = ('tones', 'rhyme', 'grammar')


def show_rules(text: str, brief: bool = False) -> None:
    """Which rules a poem keeps, in a line, and unless it is brief which of its characters keep them."""
    try:
        marks = verse_marks(text)
    except ValueError as error:
        ui.label(f'No rules are shown: {error}.').classes('sg-note')
        return
    with ui.element('div').classes('sg-rules'):
        for rule in RULES:
            kept = all(getattr(mark, f'keeps_{rule}') for mark in marks)
            ui.label(f'{_tick(kept)} {rule}').classes('sg-kept' if kept else 'sg-broken').props(
                f'aria-label="{rule} {"kept" if kept else "broken"}" role=img'
            )
        ui.label(rhyme_line(marks)).classes('sg-why')
    if brief:
        return
    with ui.element('details').classes('sg-details'):
        with ui.element('summary'):
            ui.label('Every character')
        _table(marks)


def rhyme_line(marks: list[Mark]) -> str:
    """Which characters rhyme, or which do not, with their readings."""
    rhyming = [mark for mark in marks if mark.rhyme]
    said = ', '.join(f'{mark.character} {mark.reading or "?"}' for mark in rhyming)
    groups = {mark.rhyme for mark in rhyming}
    if all(mark.keeps_rhyme for mark in rhyming):
        return f'It rhymes: {said} ({groups.pop()})'
    bad = ', '.join(f'{mark.character} ({_fault(mark, rhyming)})' for mark in rhyming if not mark.keeps_rhyme)
    return f'It does not rhyme: {said}; at fault {bad}'


def _fault(mark: Mark, rhyming: list[Mark]) -> str:
    """What is wrong with a character that does not rhyme."""
    if mark.tone != '平':
        return f'{TONES[mark.tone]} tone'
    twice = [other.character for other in rhyming].count(mark.character) > 1
    return 'used twice' if twice else f'group {mark.rhyme}'


def _table(marks: list[Mark]) -> None:
    """A row for each character: reading, tone, rhyme and phrase, each ticked or crossed."""
    with ui.element('div').classes('sg-scroll').props('tabindex=0 role=region aria-label="Rules of each character"'):
        with ui.element('table').classes('sg-table'):
            with ui.element('thead'), ui.element('tr'):
                for title in ('character', 'reading', 'tone', 'rhyme', 'phrase'):
                    with ui.element('th').props('scope=col'):
                        ui.label(title)
            with ui.element('tbody'):
                for i, mark in enumerate(marks):
                    with ui.element('tr').classes('' if i % VERSE_LENGTH else 'sg-first'):
                        _row(mark)


def _row(mark: Mark) -> None:
    wanted = '' if mark.keeps_tones else f', not {TONES[mark.expected]}'
    cells = (
        (mark.character, None),
        (mark.reading or '–', None),
        (TONES[mark.tone] + wanted, mark.keeps_tones),
        (mark.rhyme or '–', mark.keeps_rhyme if mark.rhyme else None),
        (mark.category or 'no phrase', mark.keeps_grammar),
    )
    for text, kept in cells:
        with ui.element('td').classes('' if kept is not False else 'sg-broken'):
            ui.label(text if kept is None else f'{_tick(kept)} {text}')


def _tick(kept: bool) -> str:
    return '✓' if kept else '✗'
