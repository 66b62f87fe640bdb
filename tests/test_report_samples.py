"""Samples in a report: those of the runs, as literal text whatever they hold; files that are no samples do no harm."""

import html.parser
import os
import re

import pytest
from test_report import write_run

from seqgan_tf.report.command import build
from seqgan_tf.report.page import html_page, markdown
from seqgan_tf.report.samples import LONGEST, printable, samples_section
from seqgan_tf.report.section import Section
from seqgan_tf.report.study import read_study
from seqgan_tf.running import sample_texts

FINAL = [{'phase': 'final', 'round': 0, 'nll_test': 8.0, 'bleu_2': 0.3}]
HARD = [
    '<b>&amp;</b><script>alert(1)</script>',
    'a|b | `code` ``two``',
    '`',
    '# mle 3',
    '- [x](http://example.org) ![y](z) *a* _b_ ~~c~~ $d$',
    '---',
    '    indented',
    '1. one',
]


def write(root, label='mle', seed=0, samples=None, examples=None):
    directory = write_run(root, label, seed, FINAL, dataset='text', corpus='/data/x', oracle_path='')
    for name, text in (('samples.txt', samples), ('examples.txt', examples)):
        if text is not None:
            (directory / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return directory


def lists(root):
    return dict(samples_section(read_study([root])).lists)


def block(word, phase='mle', round_=1):
    return sample_texts.format_samples(phase, round_, [f'{word} {i}' for i in range(sample_texts.SHOWN)])


def test_they_are_the_last_ones_of_the_lowest_seed(tmp_path):
    write(tmp_path, seed=3, samples=block('another'))
    write(tmp_path, seed=1, samples=block('old') + block('new', 'adversarial', 7), examples='a real one\nand two\n')
    write(tmp_path, 'seqgan', samples=block('other'))
    assert lists(tmp_path) == {
        'real data': ['a real one', 'and two'],
        'mle': [f'new {i}' for i in range(5)],
        'seqgan': [f'other {i}' for i in range(5)],
    }


def test_a_text_that_looks_like_a_header_is_a_text(tmp_path):
    samples = sample_texts.format_samples('mle', 1, ['# mle 2'] * sample_texts.SHOWN)
    assert sample_texts.last_samples(write(tmp_path, samples=block('x') + samples)) == ['# mle 2'] * sample_texts.SHOWN


@pytest.mark.parametrize(
    'samples',
    [
        None,
        '',
        '\n',
        'no header\n' * 20,
        block('x')[:-1],
        '# mle 1\nfew\n',
        b'\xff\xfe\x00' * 100,
        b'\0' * (sample_texts.MOST_BYTES + 5),
        'one long line ' * sample_texts.MOST_BYTES,
    ],
    ids=range(9),
)
def test_a_file_of_no_samples_has_no_list(samples, tmp_path):
    write(tmp_path, samples=samples)
    assert lists(tmp_path) == {} and '## Samples' not in build(read_study([tmp_path]))['report.md'].decode()


def test_what_is_no_file_has_no_list(tmp_path):
    directory = write(tmp_path)
    (directory / 'examples.txt').mkdir()
    os.mkfifo(directory / 'samples.txt')  # reading it would block
    assert lists(tmp_path) == {}


def test_only_the_end_of_a_long_file_is_read(tmp_path):
    long = block('x' * 300) * (2 * sample_texts.MOST_BYTES // 2400)
    assert lists(write(tmp_path, samples=long + block('last')).parent)['mle'][0] == 'last 0'


def test_bytes_that_are_no_text_are_shown_as_such(tmp_path):
    write(tmp_path, samples=block('x').encode().replace(b'x 0', b'\xff 0'), examples=b'\xc3\n')
    assert lists(tmp_path)['mle'][0] == '\ufffd 0' and lists(tmp_path)['real data'] == ['\ufffd']


def test_ids_are_not_listed(tmp_path):
    ids = sample_texts.format_samples('mle', 1, ['60 0 62'] * sample_texts.SHOWN)
    write(tmp_path, samples=ids, examples='1 2 3\n')
    assert lists(tmp_path) == {}


@pytest.mark.parametrize(
    'text, shown',
    [
        ('a\tb\u3000c\u2028d', 'a b c d'),
        ('\x00\x1b[31m\u202e\ue000', '\ufffd\ufffd[31m\ufffd\ufffd'),
        ('👩\u200d🚀 é 诗', '👩\u200d🚀 é 诗'),
        ('x' * LONGEST, 'x' * LONGEST),
        ('x' * 1000, 'x' * (LONGEST - 1) + '…'),
    ],
)
def test_what_cannot_be_shown(text, shown):
    assert printable(text) == shown


class Items(html.parser.HTMLParser):
    """The texts of the list items, and all tags."""

    def __init__(self, page):
        super().__init__()
        self.items, self.tags, self.inside = [], set(), False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        if tag == 'li':
            self.items.append('')
        self.inside = tag == 'li'

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.items[-1] += data


def test_a_browser_reads_the_texts_themselves():
    found = Items(html_page([Section('Samples', [], lists=[('<i>', HARD)])], {}))
    assert found.items == HARD and not found.tags & {'b', 'script', 'i'}


def test_markdown_has_the_texts_as_literals():
    """A code span holds all between its fences; no fence stands inside. CommonMark strips one blank at each end."""
    text = markdown([Section('Samples', [], lists=[('mle', [*HARD, '', '  '])])])
    items = [line.removeprefix('- ') for line in text.splitlines() if line.startswith('- ')]
    for item, meant in zip(items, HARD, strict=False):
        fence, inner = re.fullmatch(r'(`+) (.*) \1', item).groups()
        assert inner == meant and fence not in re.findall('`+', inner)
    assert items[len(HARD) :] == ['(empty)'] * 2
