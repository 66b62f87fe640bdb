"""Laws of the vocabulary: text -> ids -> text is the identity, and the graph says what Python says."""

import numpy as np
import pytest

from seqgan_tf.data.vocabulary import END, Vocabulary
from seqgan_tf.serving.codec import TextCodec

LENGTH = 6
CHARS = list('春夏秋冬ab😀é \t"\'\\')
WORDS = ['the', 'cat', 'Ünï', '"quoted"', 'a.', '猫', 'x\u00a0y']
IDS = [str(i) for i in range(12)]
# (symbols, tokens, verse_length), each with and without an end and an unknown symbol
PLAIN = [(CHARS, 'char', 0), (list('春夏秋冬ab😀é'), 'char', 2), (WORDS, 'word', 0), (IDS, 'id', 0)]
KINDS = [
    (special + symbols, tokens, verse_length)
    for symbols, tokens, verse_length in PLAIN
    for special in (
        [],
        [END],
        ['\ufffd' if tokens == 'char' else '<unk>'],
        [END, '\ufffd' if tokens == 'char' else '<unk>'],
    )
]


@pytest.fixture(params=KINDS, ids=lambda kind: f'{kind[1]}-{kind[2]}-{len(kind[0])}')
def vocabulary(request):
    return Vocabulary(*request.param)


def random_sequences(vocabulary, seed=0, count=200):
    """Lists of ordinary symbols; where there is an end symbol, of any length from 0 to LENGTH."""
    rng = np.random.default_rng(seed)
    ordinary = [symbol for symbol in vocabulary.symbols if symbol != END]
    lengths = rng.integers(0 if vocabulary.end_id is not None else LENGTH, LENGTH + 1, count)
    return [[str(symbol) for symbol in rng.choice(ordinary, length)] for length in lengths]


def random_ids(vocabulary, seed=1, count=200):
    return np.random.default_rng(seed).integers(0, len(vocabulary), [count, LENGTH]).astype(np.int32)


def encode_slowly(vocabulary, text):
    """What `TextCodec.encode` promises for one text of bytes: the row and the length."""
    symbols = vocabulary.split(text.decode('utf-8', errors='replace'))
    missing = -1 if vocabulary.unknown_id is None else vocabulary.unknown_id
    ids = [missing if symbol == END else vocabulary.ids.get(symbol, missing) for symbol in symbols]
    return (ids + [-1] * LENGTH)[:LENGTH], len(symbols)


def assert_encodes_as_python(vocabulary, texts):
    rows, lengths = TextCodec(vocabulary, LENGTH).encode(texts)
    for row, length, text in zip(rows.numpy(), lengths.numpy(), texts):
        assert (row.tolist(), length) == encode_slowly(vocabulary, text), text


# Python


def test_sequences_come_back(vocabulary):
    sequences = random_sequences(vocabulary)
    rows = vocabulary.encode(sequences, LENGTH)
    assert rows.dtype == np.int32 and rows.shape == (len(sequences), LENGTH)
    assert vocabulary.decode(rows) == [vocabulary.join(sequence) for sequence in sequences]


def test_split_undoes_join(vocabulary):
    for sequence in random_sequences(vocabulary):
        assert vocabulary.split(vocabulary.join(sequence)) == sequence


def test_a_row_is_its_symbols_then_ends(vocabulary):
    for sequence, row in zip(random_sequences(vocabulary), vocabulary.encode(random_sequences(vocabulary), LENGTH)):
        ids = [vocabulary.symbols.index(symbol) for symbol in sequence]
        assert row.tolist() == ids + [vocabulary.end_id] * (LENGTH - len(sequence))


def test_what_is_after_the_first_end_is_cut():
    vocabulary = Vocabulary([END, 'a', 'b'])
    assert vocabulary.decode([[1, 2, 0, 1, 0], [0, 1, 1, 1, 1], [1, 1, 1, 1, 1]]) == ['ab', '', 'aaaaa']


@pytest.mark.parametrize('count, text', [(0, ''), (1, 'a'), (2, 'ab'), (3, 'ab c'), (4, 'ab cd'), (5, 'ab cd e')])
def test_a_space_after_each_verse(count, text):
    vocabulary = Vocabulary(list('abcde'), verse_length=2)
    assert vocabulary.join(list('abcde')[:count]) == text
    assert vocabulary.split(text) == list('abcde')[:count]


def test_unknown_symbols_become_one_where_there_is_one():
    assert Vocabulary(['a', '\ufffd']).encode([['a', 'z']], 2).tolist() == [[0, 1]]
    assert Vocabulary(['<unk>', 'cat'], 'word').encode([['dog', 'cat']], 2).tolist() == [[0, 1]]
    with pytest.raises(ValueError, match="'z'"):
        Vocabulary(['a', 'b']).encode([['a', 'z']], 2)


def test_a_text_is_split_by_the_rule_of_the_vocabulary():
    words = Vocabulary([END, '<unk>', 'a', 'man', 'riding'], 'word')
    assert words.encode(['a man riding', ['man', 'a']], 4).tolist() == [[2, 3, 4, 0], [3, 2, 0, 0]]
    assert Vocabulary(list('abcd'), verse_length=2).encode(['ab cd'], 4).tolist() == [[0, 1, 2, 3]]
    assert Vocabulary(list('ab')).encode(['ab', np.str_('ba')], 2).tolist() == [[0, 1], [1, 0]]
    with pytest.raises(ValueError, match="list of texts .* Received: 'a man'"):
        words.encode('a man', 4)


@pytest.mark.parametrize('symbols, sequence', [('ab', 'a'), ('ab', 'aba'), ([END, 'a'], 'aaa')])
def test_a_length_that_does_not_fit_is_refused(symbols, sequence):
    with pytest.raises(ValueError, match=f'2 symbols. Received: {len(sequence)}'):
        Vocabulary(list(symbols)).encode([list(sequence)], 2)


@pytest.mark.parametrize(
    'arguments, message',
    [
        ((['a'],), 'at least 2'),
        (([],), 'at least 2'),
        ((['a', 'b', 'a'],), r"distinct. Repeated: \['a'\]"),
        ((['a', 'b'], 'byte'), 'tokens=byte'),
        ((['a', 'b'], 'char', -1), 'verse_length=-1'),
        ((['a', 'b'], 'word', 5), 'verse_length=5'),
        ((['a', 'b\n'],), 'line'),
    ],
)
def test_what_is_no_vocabulary_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Vocabulary(*arguments)


# Building


def test_symbols_are_ordered_by_falling_count_then_by_symbol():
    assert Vocabulary.build([list('ccab'), list('bd')]).symbols == ['b', 'c', 'a', 'd']


def test_the_order_does_not_depend_on_that_of_the_text():
    sequences = random_sequences(Vocabulary(CHARS))
    assert Vocabulary.build(sequences).symbols == Vocabulary.build(sequences[::-1]).symbols


def test_ids_are_ordered_by_number():
    assert Vocabulary.build([['10', '9', '9', '2']], 'id').symbols == ['2', '9', '10']


@pytest.mark.parametrize(
    'options, symbols',
    [
        (dict(), 'abcd'),
        (dict(with_end=True), [END, *'abcd']),
        (dict(min_count=1), 'abcd'),
        (dict(min_count=2), '\ufffdabc'),
        (dict(min_count=3, with_end=True), [END, *'\ufffdab']),
        (dict(max_vocab=4), 'abcd'),
        (dict(max_vocab=9), 'abcd'),
        (dict(max_vocab=3), '\ufffdab'),
        (dict(max_vocab=4, with_end=True), [END, *'\ufffdab']),
        (dict(max_vocab=2, with_end=True), [END, '\ufffd']),
        (dict(max_vocab=4, min_count=3), '\ufffdab'),
    ],
)
def test_rare_symbols_make_room_for_the_unknown(options, symbols):
    assert Vocabulary.build([list('aaaabbbccd')], **options).symbols == list(symbols)


def test_the_unknown_of_words_is_a_word():
    assert Vocabulary.build([['a', 'a', 'b']], 'word', min_count=2).symbols == ['<unk>', 'a']


def test_an_unknown_symbol_in_the_text_is_the_unknown():
    vocabulary = Vocabulary.build([['a', '<unk>', '<unk>', 'b']], 'word', max_vocab=2)
    assert vocabulary.symbols == ['<unk>', 'a']


@pytest.mark.parametrize('sequences, options', [([list('aaa')], {}), ([[]], {}), ([list('ab')], dict(min_count=2))])
def test_a_vocabulary_of_one_is_refused(sequences, options):
    with pytest.raises(ValueError, match='at least 2 symbols'):
        Vocabulary.build(sequences, **options)


# Files


@pytest.mark.parametrize(
    'symbols',
    [
        list('\u2028\u2029\u0085\x0b\x0c\x1c\r\t \u3000\ufeff\u00a0"\',\\😀é'),
        [END, '\ufffd', ' ', 'a'],
        ['a', END],
        ['', 'a'],
    ],
    ids=['odd', 'special', 'end last', 'empty'],
)
def test_a_file_gives_the_symbols_back(symbols, tmp_path):
    path = tmp_path / 'vocabulary.txt'
    Vocabulary(symbols).save(path)
    assert Vocabulary.load(path).symbols == symbols
    assert path.read_bytes().count(b'\n') == len(symbols)


@pytest.mark.parametrize('tokens, verse_length', [('char', 2), ('word', 0), ('id', 0)])
def test_a_loaded_vocabulary_reads_as_the_saved_one(tokens, verse_length, tmp_path):
    saved = Vocabulary(['1', '2', '3'], tokens, verse_length)
    saved.save(tmp_path / 'vocabulary.txt')
    loaded = Vocabulary.load(tmp_path / 'vocabulary.txt', tokens, verse_length)
    assert loaded.decode([[0, 1, 2]]) == saved.decode([[0, 1, 2]])


# The graph


def test_the_graph_decodes_as_python(vocabulary):
    tokens = np.concatenate([random_ids(vocabulary), vocabulary.encode(random_sequences(vocabulary), LENGTH)])
    texts = TextCodec(vocabulary, LENGTH).decode(tokens).numpy()
    assert [text.decode() for text in texts] == vocabulary.decode(tokens)


def test_the_graph_encodes_as_python(vocabulary):
    sequences = random_sequences(vocabulary)
    rows, lengths = TextCodec(vocabulary, LENGTH).encode([vocabulary.join(sequence) for sequence in sequences])
    expected = vocabulary.encode(sequences, LENGTH)
    for row, length, sequence, ids in zip(rows.numpy(), lengths.numpy(), sequences, expected):
        assert length == len(sequence)
        assert row.tolist() == ids[:length].tolist() + [-1] * (LENGTH - length)


def test_the_graph_encodes_any_text_as_python(vocabulary):
    rng = np.random.default_rng(2)
    letters = [
        *'春夏 \t\n\r\x0b\x0c\x1c\u0085\u00a0\u3000\ufeff\ufffd',
        'the',
        '3',
        'zz',
        'ab',
        '😀',
        'e\u0301',
        END,
        '<unk>',
    ]
    texts = [''.join(rng.choice(letters, rng.integers(0, 12))).encode() for _ in range(300)]
    assert_encodes_as_python(vocabulary, [b'', b' ', b'  a  b ', '\ufeff春'.encode(), *texts])


def test_the_graph_encodes_invalid_bytes_as_python(vocabulary):
    """No text of a user may stop a server, be it no text at all."""
    rng = np.random.default_rng(3)
    pieces = [
        b'\xff',
        b'\x80',
        b'\xe6\x98',
        b'\xf0\x9f\x98',
        b'\xc3',
        b'\xed\xa0\x80',
        b'\xc0\x80',
        'a春'.encode(),
        b' ',
        b'\x00',
    ]
    texts = [b''.join(pieces[i] for i in rng.integers(0, len(pieces), rng.integers(1, 9))) for _ in range(300)]
    assert_encodes_as_python(vocabulary, [b'\xff', b'\xe6', b'a\xffb', *texts])


def test_a_text_that_is_too_long_shows_in_its_length():
    rows, lengths = TextCodec(Vocabulary(list('ab')), 3).encode(['abbab', 'ab', ''])
    assert lengths.numpy().tolist() == [5, 2, 0]
    assert rows.numpy().tolist() == [[0, 1, 1], [0, 1, -1], [-1, -1, -1]]


def test_the_name_of_the_end_is_no_word_of_a_text():
    rows, _ = TextCodec(Vocabulary([END, '<unk>', 'a'], 'word'), 2).encode([f'{END} a'])
    assert rows.numpy().tolist() == [[1, 2]]
    rows, _ = TextCodec(Vocabulary([END, 'a'], 'word'), 2).encode([f'{END} a'])
    assert rows.numpy().tolist() == [[-1, 1]]
