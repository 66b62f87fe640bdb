"""Sentences of transcribed speeches, from the files of the Corpus of Presidential Speeches.

The rules are those of these transcripts, and the result is pinned by its checksum.
"""

import html
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping

from seqgan_tf.data.corpus import PARTS

FEWEST, MOST = 3, 50  # words of a sentence, dashes not counted

_HEADER = ('<title=', '<date=')
_ASIDES = (
    r'<THE PRESIDENT:>',
    r'<(?:Q|AUDIENCE)[^<>]*(?:<[^<>]*>[^<>]*)*>',  # a question, which may hold a stage direction
    r'(?i:<[^<>]*(?:applause|laughter)[^<>]*>)',
    r'<The wind[^<>]*>',
)
_EDITS = (
    *((aside, ' ') for aside in _ASIDES),
    ('[\u2018\u2019]', "'"),
    ('[\u201c\u201d]', '"'),
    ('[\u2013\u2014]', ' -- '),
    ('\u2026', '... '),
    (r'\b([UD])\. ([SNC])\.', r'\1.\2.'),
    (r'(?:\s*-){2,}\s*|\s+-\s+', ' -- '),
    (r'\s+', ' '),
    (r' -- ([.?!,])', r'\1'),
)
_END = re.compile(r"""([.?!]+)["')\]]*\s+(?=["'(\[]*[A-Z0-9$])""")
_BREAK = re.compile(r'[\s"(-]')
_TITLES = r'Mr|Mrs|Ms|Dr|Sr|Jr|St|Gen|Sen|Rep|Gov|Lt|Col|Sgt|Rev|No|vs?|Capt|Prof|Hon|Maj|[A-HJ-Z]'
_PLACES = r'U\.S|U\.N|D\.C'  # they end a sentence before a word that opens one
_OPENERS = re.compile(r'(?:And|In|But|We|The|It) ')


def speeches(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The sentences of speeches in their order, one a line: all in one file, and in three by speech.

    Left out are questions and calls, stage directions, sentences with an insertion of the editor,
    and those that have fewer than `FEWEST` or more than `MOST` words, no end mark, or a lower-case
    start. Double quotes are taken out where their number is odd. A file has each sentence once.

    Of every ten speeches the fifth is for validation and the tenth for test. A sentence that is said
    in two parts stands in both.

    Args:
        files: {name: a speech in utf-8}, one paragraph a line, in order.
    """
    spoken = [[*_whole_sentences(data)] for data in files.values()]
    results = {'obama_sentences.txt': spoken}
    for part in PARTS:
        results[f'speeches/{part}.txt'] = [speech for i, speech in enumerate(spoken) if _part_of(i) == part]
    return {path: _once(speeches) for path, speeches in results.items()}


def _part_of(index: int) -> str:
    """The part of the speech with an index from 0."""
    return {4: 'validation', 9: 'test'}.get(index % 10, 'train')


def _once(speeches: Iterable[list[str]]) -> bytes:
    """The lines of a file with the sentences of speeches, without those that repeat an earlier one."""
    return ''.join(f'{sentence}\n' for sentence in dict.fromkeys(itertools.chain(*speeches))).encode()


def _whole_sentences(data: bytes) -> Iterator[str]:
    """The sentences of a speech that are kept, see `speeches`."""
    for sentence in itertools.chain.from_iterable(map(_sentences, _paragraphs(data))):
        plain = sentence.replace('"', '').strip() if sentence.count('"') % 2 else sentence
        if _is_whole(plain):
            yield plain


def _paragraphs(data: bytes) -> Iterator[str]:
    """The paragraphs of a speech, without what others say; an interrupted one goes on after that."""
    waiting = ''
    for line in data.decode().split('\n'):
        text = '' if line.startswith(_HEADER) else html.unescape(line)
        for pattern, rewrite in _EDITS:
            text = re.sub(pattern, rewrite, text)
        text = text.strip()
        if waiting and text and not (waiting.endswith('--') or text.startswith('--')):
            yield waiting
            waiting = ''
        waiting = f'{waiting} {text}'.strip().replace('-- --', '--')
    yield waiting


def _sentences(text: str) -> Iterator[str]:
    """The sentences of a paragraph: an end mark, a blank and a capital are between two of them."""
    start = 0
    for match in _END.finditer(text):
        if not (match[1].endswith('...') or _abbreviates(text[start : match.start()], match, text[match.end() :])):
            yield text[start : match.end()].strip()
            start = match.end()
    if text[start:]:
        yield text[start:]


def _abbreviates(before: str, match: re.Match[str], after: str) -> bool:
    """Whether the mark between two texts is the point of an abbreviation or of an initial."""
    if match[0].strip() != '.':
        return False
    word = _BREAK.split(before)[-1]
    return bool(re.fullmatch(_TITLES, word) or (re.fullmatch(_PLACES, word) and not _OPENERS.match(after)))


def _is_whole(sentence: str) -> bool:
    """Whether a sentence is kept, see `speeches`."""
    count = sum(word != '--' for word in sentence.split())
    return (
        FEWEST <= count <= MOST
        and not re.search('[<>]', sentence)
        and bool(re.search(r"""[.?!]["')]*$""", sentence))
        and not sentence[0].islower()
    )
