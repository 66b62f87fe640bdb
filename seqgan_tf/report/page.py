"""A report as Markdown, and as one HTML page that needs no other file."""

import base64
import html
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # it loads TensorFlow
    from seqgan_tf.report.section import Section

TITLE = 'SeqGAN: comparison over seeds'
EMPTY = '(empty)'  # in place of a text of no characters
CSS = """
:root { --ink: #1d2430; --soft: #5b6472; --line: #dfe3e8; --paper: #ffffff; --tint: #f5f7f9; --link: #0b5cad }
* { box-sizing: border-box }
html { -webkit-text-size-adjust: 100% }
body { margin: 0; color: var(--ink); background: var(--paper);
       font: 17px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif }
main { max-width: 68rem; margin: 0 auto; padding: 1.5rem 1.1rem 4rem }
h1 { font-size: clamp(1.5rem, 4vw, 2.1rem); line-height: 1.2; margin: .5rem 0 1rem }
h2 { font-size: 1.3rem; line-height: 1.3; margin: 3rem 0 .6rem; padding-top: .9rem; border-top: 1px solid var(--line) }
h3 { font-size: 1rem; margin: 1.8rem 0 .4rem }
p { max-width: 44rem; margin: .6rem 0; overflow-wrap: anywhere }
nav { font-size: .95rem } nav a { color: var(--link); text-decoration: none; margin-right: 1.1rem; display: inline-block }
a:hover, a:focus { text-decoration: underline }
.wide { overflow-x: auto; margin: .5rem 0 1rem }
table { border-collapse: collapse; font-size: .88rem; line-height: 1.35; font-variant-numeric: tabular-nums }
th, td { padding: .42rem .8rem .42rem .1rem; text-align: left; vertical-align: top; white-space: nowrap;
         border-bottom: 1px solid var(--line) }
td.long { white-space: normal; min-width: 16rem }
thead th { border-bottom: 2px solid var(--ink); font-weight: 600; vertical-align: bottom }
tbody th { font-weight: 600; position: sticky; left: 0; background: var(--paper);
           white-space: normal; overflow-wrap: anywhere; min-width: 8.5rem; max-width: 14rem }
small { display: block; color: var(--soft); font-size: .92em; font-weight: 400 }
tr.reference th, tr.reference td, tr.paper th, tr.paper td { color: var(--soft); font-weight: 400; background: var(--tint) }
.lists { display: flex; flex-wrap: wrap; gap: 0 1.6rem }
.lists div { flex: 1 1 15rem; min-width: 0 }
.lists h3, .lists li { overflow-wrap: anywhere }
.lists ul { list-style: none; margin: 0; padding: 0; font-size: .92rem; line-height: 1.45 }
.lists li { padding: .42rem 0; border-bottom: 1px solid var(--line) }
figure { margin: 1rem 0 }
figure img { display: block; width: 100%; min-width: 40rem; height: auto }
figure.narrow img { max-width: 48rem }
figcaption { color: var(--soft); font-size: .92rem; max-width: 44rem }
@media (max-width: 40rem) { body { font-size: 16px } main { padding: 1rem .8rem 3rem } tbody th { max-width: 9rem } }
@media print { .wide { overflow: visible } h2 { break-after: avoid } }
"""


def markdown(sections: Iterable['Section']) -> str:
    """The report as Markdown. Its figures are files in the same directory."""
    lines = [f'# {TITLE}', '']
    for section in sections:
        lines += [f'## {_plain(section.title)}', '']
        for paragraph in section.paragraphs:
            lines += [_plain(paragraph), '']
        for table in section.tables:
            lines += [f'### {_plain(table.title)}', ''] if table.title else []
            lines += [
                _pipes(table.head),
                _pipes(['---'] * len(table.head)),
                *(_pipes(cells) for _, cells in table.rows),
                '',
            ]
        for title, texts in section.lists:
            lines += [f'### {_plain(title)}', '', *(f'- {_literal(text)}' for text in texts), '']
        for name, caption in section.figures:
            lines += [f'![{_plain(caption)}]({name}.png)', '']
    return '\n'.join(lines)


def html_page(sections: Sequence['Section'], images: Mapping[str, bytes]) -> str:
    """The report as an HTML page; `images` is {name: PNG bytes} of its figures."""
    body = ''.join(_section(i, section, images) for i, section in enumerate(sections))
    links = ''.join(f'<a href="#s{i}">{html.escape(section.title)}</a>' for i, section in enumerate(sections))
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<title>{TITLE}</title>\n<link rel="icon" href="data:,">\n<style>{CSS}</style>\n</head>\n<body>\n<main>\n<h1>{TITLE}</h1>\n'
        f'<nav>{links}</nav>\n{body}</main>\n</body>\n</html>\n'
    )


def _section(i: int, section: 'Section', images: Mapping[str, bytes]) -> str:
    parts = [f'<section id="s{i}">\n<h2>{html.escape(section.title)}</h2>\n']
    parts += [f'<p>{html.escape(paragraph)}</p>\n' for paragraph in section.paragraphs]
    for table in section.tables:
        parts += [f'<h3>{html.escape(table.title)}</h3>\n'] if table.title else []
        head = ''.join(f'<th scope="col">{_cell(text)}</th>' for text in table.head)
        rows = ''.join(
            f'<tr class="{kind}"><th scope="row">{_cell(first)}</th>{"".join(map(_data_cell, rest))}</tr>\n'
            for kind, (first, *rest) in table.rows
        )
        parts.append(
            f'<div class="wide" tabindex="0"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n'
        )
    if section.lists:
        parts += ['<div class="lists">\n', *(_list(title, texts) for title, texts in section.lists), '</div>\n']
    for name, caption in section.figures:
        data, text = base64.b64encode(images[name]).decode(), html.escape(caption)
        kind = ' class="narrow"' if name == 'quality_diversity' else ''
        parts.append(
            f'<figure{kind}><div class="wide" tabindex="0"><img alt="{text}" src="data:image/png;base64,{data}"></div>\n'
            f'<figcaption>{text}.</figcaption></figure>\n'
        )
    return ''.join([*parts, '</section>\n'])


def _list(title: str, texts: Iterable[str]) -> str:
    items = ''.join(f'<li dir="auto">{html.escape(text) or EMPTY}</li>\n' for text in texts)
    return f'<div><h3>{html.escape(title)}</h3>\n<ul>\n{items}</ul></div>\n'


def _data_cell(text: str) -> str:
    return f'<td{" class=long" if len(text) > 60 else ""}>{_cell(text)}</td>'


def _cell(text: str) -> str:
    """The text of a cell. Its second line is in small print."""
    first, *rest = text.split('\n')
    return html.escape(first) + ''.join(f'<small>{html.escape(line)}</small>' for line in rest)


def _pipes(cells: Iterable[str]) -> str:
    return '| ' + ' | '.join(' '.join(_plain(line) for line in cell.split('\n')) for cell in cells) + ' |'


def _literal(text: str) -> str:
    """A text as a code span of Markdown, in which nothing is markup. Its fence is longer than any in the text."""
    fence = '`' * (1 + max(map(len, re.findall('`+', text)), default=0))
    return f'{fence} {text} {fence}' if text.strip() else EMPTY


def _plain(text: str) -> str:
    """Escapes what Markdown could read as markup, except an underscore inside a word."""
    return text if set(text) == {'-'} else re.sub(r'[\\`*<>|#&]|(?<=\])[(\[]|(?<!\w)_|_(?!\w)', r'\\\g<0>', text)
