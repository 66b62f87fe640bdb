"""Laws of text corpora: what is read comes back as text, what is left out is said, what is wrong is named with its line."""

import pathlib

import numpy as np
import pytest

from seqgan_tf.data.text_file import load_text
from seqgan_tf.data.vocabulary import END

DATA = pathlib.Path(__file__).resolve().parents[2] / 'shared' / 'data'
REAL = [
    ('tang_quatrains_5.txt', dict(verse_length=5)),
    ('texygen_shi.txt', dict(verse_length=5)),
    ('image_coco.txt', dict(tokens='word', sequence_length=40)),
    ('nottingham_melody_32.txt', dict(tokens='id', sequence_length=32)),
]


@pytest.fixture
def load(tmp_path):
    """Loads a corpus from text or bytes."""

    def load(content, **options):
        path = tmp_path / 'corpus.txt'
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return load_text(path, **options)

    return load


def texts(corpus):
    """All lines of a corpus, in no order."""
    return sorted(corpus.vocabulary.decode(np.concatenate([corpus.train, corpus.validation, corpus.test])))


def random_lines(letters, lengths, count=60, joint='', seed=0):
    rng = np.random.default_rng(seed)
    return [joint.join(str(letter) for letter in rng.choice(letters, rng.choice(lengths))) for _ in range(count)]


# What comes back


@pytest.mark.parametrize('lengths', [[5], [1, 2, 5]], ids=['full', 'variable'])
@pytest.mark.parametrize(
    'letters, joint, tokens',
    [(list('春夏秋冬😀"\\'), '', 'char'), (['a', 'the', 'Ünï', '猫.'], ' ', 'word'), (['0', '3', '11'], ' ', 'id')],
)
def test_lines_come_back(letters, joint, tokens, lengths, load):
    lines = random_lines(letters, lengths, joint=joint)
    corpus = load('\n'.join(lines), tokens=tokens, sequence_length=5)
    assert texts(corpus) == sorted(lines)
    assert (corpus.vocabulary.end_id == 0) is (len(lengths) > 1) and corpus.sequence_length == 5
    assert not [note for note in corpus.notes if 'equal an earlier one' not in note]


def test_a_short_line_ends_with_end_ids(load):
    corpus = load('ab\nabb\n' * 5, sequence_length=4)
    rows = {tuple(row) for row in np.concatenate([corpus.train, corpus.validation, corpus.test]).tolist()}
    end, a, b = (corpus.vocabulary.ids[symbol] for symbol in (END, 'a', 'b'))
    assert rows == {(a, b, end, end), (a, b, b, end)}


def test_verses_lose_their_spaces_and_get_them_back(load):
    corpus = load('ab cd e\nabcde\nea bc d\n', verse_length=2, sequence_length=5)
    assert ' ' not in corpus.vocabulary.ids and corpus.sequence_length == 5
    assert texts(corpus) == ['ab cd e', 'ab cd e', 'ea bc d']


def test_without_verses_a_space_is_a_symbol(load):
    assert texts(load('a b\nab \nb a\nb  a\n', sequence_length=5)) == ['a b', 'ab', 'b  a', 'b a']


@pytest.mark.parametrize(
    'content',
    [
        'ab\nba\nbb\n',
        'ab\nba\nbb',
        'ab\r\nba\r\nbb\r\n',
        '\ufeffab\nba\nbb\n',
        '\n\nab\n \t\nba\n\r\n  bb \n\n',
        '\u3000ab\u3000\nba\nbb\n',
    ],
    ids=['plain', 'no last line end', 'crlf', 'bom', 'blank lines', 'wide spaces'],
)
def test_how_lines_are_ended_and_framed_does_not_matter(content, load):
    corpus = load(content, sequence_length=2)
    assert texts(corpus) == ['ab', 'ba', 'bb'] and corpus.vocabulary.symbols == ['b', 'a']


def test_only_a_line_feed_ends_a_line(load):
    """Unicode has more line ends, and none of them may cut a poem in two."""
    assert texts(load('a\u2028b\na\u0085b\na\x0cb\n', sequence_length=3)) == sorted(['a\u2028b', 'a\u0085b', 'a\x0cb'])


def test_ids_are_numbers_in_order(load):
    corpus = load('10 2\n2 0\n0 0\n', tokens='id', sequence_length=2)
    assert corpus.vocabulary.symbols == [str(i) for i in range(11)]
    assert load('10 2\n2 0\n0 0\n', tokens='id', sequence_length=2, max_vocab=20).vocabulary.symbols[-1] == '19'


def test_ids_that_end_move_up_by_the_end(load):
    corpus = load('1 2\n2\n0 0\n', tokens='id', sequence_length=2)
    assert corpus.vocabulary.symbols == [END, '0', '1', '2'] and texts(corpus) == ['0 0', '1 2', '2']


@pytest.mark.parametrize('name, options', REAL, ids=[name for name, _ in REAL])
def test_a_real_corpus_comes_back(name, options):
    if not (DATA / name).exists():
        pytest.skip(f'no {DATA / name}')
    lines = (DATA / name).read_text('utf-8').splitlines()
    assert texts(load_text(DATA / name, **options)) == sorted(lines)


# The split


def test_the_split_is_by_the_shares_and_the_seed(load):
    lines = '\n'.join(f'{i:03}' for i in range(200))
    first, again, other = (
        load(lines, sequence_length=3, validation_share=0.1, test_share=0.2, seed=seed) for seed in (0, 0, 1)
    )
    assert [len(part) for part in (first.train, first.validation, first.test)] == [140, 20, 40]
    np.testing.assert_array_equal(first.test, again.test)
    assert not np.array_equal(first.test, other.test) and texts(first) == texts(other)


# What is left out


def test_long_lines_are_counted_and_the_first_is_named(load):
    with pytest.raises(
        ValueError, match=r'sequence_length=3 .* 2 longer lines, the first is line 3 of .*corpus.txt with 5: abcde$'
    ):
        load('ab\n\nabcde\nabc\nabcd\n', sequence_length=3)


def test_long_lines_can_be_dropped(load):
    corpus = load('ab\nabcde\nabc\nabcd\nc\n', sequence_length=3, on_long='drop')
    assert texts(corpus) == ['ab', 'abc', 'c'] and 'd' not in corpus.vocabulary.ids
    assert corpus.notes == ('2 lines of more than 3 symbols dropped',)


def test_long_lines_can_be_cut(load):
    corpus = load('ab\nabcde\nabc\nabcd\nc\n', sequence_length=3, on_long='truncate')
    assert texts(corpus) == ['ab', 'abc', 'abc', 'abc', 'c'] and 'd' not in corpus.vocabulary.ids
    assert corpus.notes[0] == '2 lines cut to 3 symbols'


def test_words_are_what_is_counted_in_long_lines(load):
    with pytest.raises(ValueError, match='1 longer lines, .* line 2 of .* with 3: one two three'):
        load('one two\none two three\n', tokens='word', sequence_length=2)


@pytest.mark.parametrize('options', [dict(min_count=2), dict(max_vocab=3)])
def test_rare_symbols_are_counted_and_named(options, load):
    corpus = load('aaab\nabbc\nbbad\nabab\n', sequence_length=4, **options)
    assert corpus.vocabulary.symbols == ['\ufffd', 'a', 'b']
    assert corpus.notes == ('2 rarer symbols (12.50% of the text) became \ufffd: c d',)
    assert texts(corpus) == ['aaab', 'abab', 'abb\ufffd', 'bba\ufffd']


def test_of_many_rare_words_the_first_ten_are_named(load):
    corpus = load('\n'.join(f'the w{i}' for i in range(30)), tokens='word', sequence_length=2, min_count=2, max_vocab=9)
    note = corpus.notes[0]
    assert (
        note.startswith('30 rarer symbols (50.00% of the text) became <unk>: w')
        and note.endswith(' ...')
        and note.count(' w') == 10
    )


def test_text_that_holds_the_unknown_symbol_has_nothing_to_note(load):
    corpus = load('a <unk>\n<unk> b\na b\n', tokens='word', sequence_length=2)
    assert corpus.notes == () and texts(corpus) == ['<unk> b', 'a <unk>', 'a b']


# What is refused

BAD = {
    'empty': (b'', {}, 'at least one line of text'),
    'blank': (b'\n \r\n\t\n', {}, 'at least one line of text'),
    'only a bom': (b'\xef\xbb\xbf', {}, 'at least one line of text'),
    'two lines': (b'ab\nba\n', {}, 'training, validation and test. Received: 2 rows'),
    'not utf-8': (b'ab\nba\n\xff\xfe\n', {}, 'utf-8 text. Received: .*corpus.txt, whose line 3 is not'),
    'not utf-8 after a bom': (b'\xef\xbb\xbfab\nb\n\xff\n', {}, 'whose line 3 is not'),
    'cut utf-8': ('ab\nba\n春'.encode()[:-1], {}, 'whose line 3 is not'),
    'big5': ('四時運灰琯'.encode('big5'), {}, 'whose line 1 is not'),
    'utf-16': ('ab\nba\n'.encode('utf-16'), {}, 'whose line 1 is not'),
    'one symbol': (b'aa\naa\naa\n', {}, 'at least 2 symbols'),
    'one id': (b'0 0\n0 0\n0 0\n', dict(tokens='id'), 'at least 2 symbols'),
    'too rare': (b'ab\ncd\nef\n', dict(min_count=2), 'at least 2 symbols'),
    'id out of range': (
        b'0 1\n1 2\n0 5\n',
        dict(tokens='id', max_vocab=5),
        r"in \[0, 5\) .* Received: '5' in line 3 of .*corpus.txt",
    ),
    'huge id': (b'0 1\n1 99999999\n', dict(tokens='id'), r"in \[0, 1000000\) .* Received: '99999999' in line 2"),
    'id of many digits': (b'0 1\n1 ' + b'9' * 5000 + b'\n', dict(tokens='id'), 'in line 2 of .*corpus.txt'),
    'no spaces in a long line': (b'1,' * 9999, dict(tokens='id'), "Received: '1,1,.* in line 1 of .*corpus.txt"),
    'negative id': (b'0 1\n\n-1 0\n', dict(tokens='id'), "Received: '-1' in line 3"),
    'word for an id': (b'0 1\n1 x\n', dict(tokens='id'), "Received: 'x' in line 2"),
    'fraction for an id': (b'0 1\n1 1.0\n', dict(tokens='id'), "Received: '1.0' in line 2"),
    'leading zero': (b'0 1\n1 01\n', dict(tokens='id'), "Received: '01' in line 2"),
    'wide digit': ('0 1\n1 ２\n'.encode(), dict(tokens='id'), "Received: '２' in line 2"),
    'end as a word': (b'a b\nb <end>\n', dict(tokens='word'), '<end> is the end symbol .* line 2'),
    'uneven verses': (
        b'ab cd\na bcd\n',
        dict(verse_length=2, sequence_length=4),
        'verse_length=2 .* line 2 of .*: a bcd',
    ),
    'two spaces': (b'ab cd\nab  cd\n', dict(verse_length=2, sequence_length=4), 'line 2 of'),
    'all too long': (b'abc\nabc\n', dict(on_long='drop'), 'all 2 lines are longer than 2'),
    'unknown on_long': (b'ab\n', dict(on_long='cut'), 'on_long=cut'),
    'length 1': (b'ab\n', dict(sequence_length=1), 'sequence_length=1'),
    'unknown tokens': (b'ab\nba\nbb\n', dict(tokens='byte'), 'tokens=byte'),
}


@pytest.mark.parametrize('content, options, message', BAD.values(), ids=BAD)
def test_bad_text_is_refused_on_one_screen(content, options, message, load):
    with pytest.raises(ValueError, match=message) as raised:
        load(content, **dict(sequence_length=2) | options)
    assert len(str(raised.value)) < 500


@pytest.mark.parametrize(
    'make, reason',
    [
        (lambda path: None, 'No such file'),
        (lambda path: path.symlink_to(path.with_name('nowhere')), 'No such file'),
    ],
    ids=['missing', 'broken link'],
)
def test_what_is_no_file_is_refused(make, reason, tmp_path):
    make(tmp_path / 'corpus.txt')
    with pytest.raises(ValueError, match=f'readable file. Received: .*corpus.txt .{reason}'):
        load_text(tmp_path / 'corpus.txt')
