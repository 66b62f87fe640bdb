"""Laws of reading files: gzip and encodings give the same corpus, and what is wrong is said with the flag that mends it."""

import gzip

import numpy as np
import pytest

from seqgan_tf.config import Config
from seqgan_tf.data import text_bytes
from seqgan_tf.data.text_file import load_text

LINES = '床前明月光\n疑是地上霜\n举头望明月\n低头思故乡\n'
WESTERN = 'Le café est fermé\nÀ la carte, s’il vous plaît\nrésumé naïf\n'
LATIN = 'ab\nba\nbb\n'


def load(tmp_path, content, **options):
    path = tmp_path / 'corpus.txt'
    path.write_bytes(content)
    return load_text(path, sequence_length=40, **options)


@pytest.mark.parametrize(
    'encoding', ['utf-8', 'utf-8-sig', 'utf-16', 'utf-16-le', 'utf-32', 'gb18030', 'GBK', 'big5hkscs']
)
@pytest.mark.parametrize('pack', [bytes, gzip.compress], ids=['plain', 'gzip'])
def test_every_encoding_gives_the_same_corpus(pack, encoding, tmp_path):
    text = LINES if encoding != 'big5hkscs' else '牀前明月光\n疑是地上霜\n舉頭望明月\n'
    found = load(tmp_path, pack(text.encode(encoding)), encoding=encoding)
    expected = load(tmp_path, text.encode())
    assert found.vocabulary.symbols == expected.vocabulary.symbols
    np.testing.assert_array_equal(found.test, expected.test)


def test_a_byte_order_mark_is_no_symbol(tmp_path):
    content = b'\xff\xfe' + LATIN.encode('utf-16-le')
    assert sorted(load(tmp_path, content, encoding='utf-16-le').vocabulary.symbols) == ['<end>', 'a', 'b']


@pytest.mark.parametrize(
    'content, advice',
    [
        (LINES.encode('utf-16'), 'UTF-16 by its first bytes: try --encoding=utf-16$'),
        (LATIN.encode('utf-16'), 'UTF-16 by its first bytes: try --encoding=utf-16$'),
        (LATIN.encode('utf-32'), 'UTF-32 by its first bytes: try --encoding=utf-32$'),
        (LATIN.encode('utf-16-le'), 'UTF-16 by its zero bytes: try --encoding=utf-16-le$'),
        (LATIN.encode('utf-16-be'), 'UTF-16 by its zero bytes: try --encoding=utf-16-be$'),
        (WESTERN.encode('windows-1252'), 'Windows-1252: try --encoding=windows-1252$'),
        (LINES.encode('gb18030'), 'Chinese in GB18030: try --encoding=gb18030$'),
        (gzip.compress(LINES.encode('gb18030')), 'try --encoding=gb18030$'),
        (LINES.encode()[:-2], r'4 is not \(unexpected end of data\)$'),
        (LINES.encode() + b'\xff', r'5 is not \(invalid start byte\)$'),
    ],
    ids=['bom', 'ascii bom', 'utf-32', 'le', 'be', 'western', 'chinese', 'chinese gzip', 'cut', 'one bad byte'],
)
def test_an_error_says_what_the_file_looks_like(content, advice, tmp_path):
    with pytest.raises(ValueError, match=f'utf-8 text. Received: .*corpus.txt, whose line .*{advice}') as raised:
        load(tmp_path, content)
    assert len(str(raised.value)) < 500


def test_the_flag_of_the_advice_reads_the_file(tmp_path):
    for text, encoding in ((WESTERN, 'windows-1252'), (LINES, 'gb18030'), (LATIN, 'utf-16-be')):
        assert load(tmp_path, text.encode(encoding), encoding=encoding).vocabulary.ids.keys() >= {text[0], text[1]}


def test_a_line_is_counted_in_the_encoding(tmp_path):
    with pytest.raises(ValueError, match='utf-16-le text. .* line 3 is not'):
        load(tmp_path, 'ab\nba\n'.encode('utf-16-le') + b'\x00\xdc', encoding='utf-16-le')
    with pytest.raises(ValueError, match='ascii text. .* line 2 is not'):
        load(tmp_path, 'ab\nbé\n'.encode(), encoding='ascii')


@pytest.mark.parametrize('encoding', ['utf-9', '', 'hex', 'rot13', 'undefined', 'a\0b', 'ü'])
def test_what_is_no_encoding_is_refused_before_the_file_is_read(encoding):
    with pytest.raises(ValueError, match='encoding must be one that Python knows'):
        load_text('nowhere.txt', encoding=encoding)
    with pytest.raises(ValueError, match='encoding must be one that Python knows'):
        Config(dataset='text', corpus='nowhere.txt', encoding=encoding)


PACKED = gzip.compress(LINES.encode() * 100)


@pytest.mark.parametrize(
    'content', [PACKED[:-9], PACKED[:20], PACKED[:-6] + b'\0' * 6, b'\x1f\x8b\x08', b'\x1f\x8bxyz' * 9], ids=range(5)
)
def test_a_damaged_gzip_is_refused(content, tmp_path):
    with pytest.raises(ValueError, match='a gzip file must be whole. Received: .*corpus.txt'):
        load(tmp_path, content)


@pytest.mark.parametrize('pack', [bytes, gzip.compress], ids=['plain', 'gzip'])
def test_too_many_bytes_are_refused(pack, tmp_path, monkeypatch):
    monkeypatch.setattr(text_bytes, 'MOST_BYTES', 1000)
    assert len(gzip.compress(b'ab\n' * 1000)) < 1000
    with pytest.raises(ValueError, match='at most 1000 bytes. Received: .*corpus.txt'):
        load(tmp_path, pack(b'ab\n' * 1000))


@pytest.mark.parametrize('pack', [bytes, gzip.compress], ids=['plain', 'gzip'])
def test_a_file_of_the_most_bytes_is_read(pack, tmp_path, monkeypatch):
    content = pack(LATIN.encode() * 10)
    monkeypatch.setattr(text_bytes, 'MOST_BYTES', max(90, len(content)))
    assert len(load(tmp_path, content).train) == 24
