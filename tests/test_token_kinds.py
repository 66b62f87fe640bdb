"""Laws of the kinds of tokens: the serving graph splits and joins as Python does, and a text comes back."""

import re
import unicodedata

import numpy as np
import pytest

from seqgan_tf.data.token_kinds import CLUSTER, TOKEN_KINDS, join, spellings, split
from seqgan_tf.data.vocabulary import END, Vocabulary
from seqgan_tf.serving.codec import TextCodec

LENGTH = 12
CLUSTERS = [  # each is one character to a reader
    *['👩‍👩‍👧', '👩🏽‍🚀', '🏳️‍🌈', '❤️', '❤️‍🔥', '👍🏽', '🇩🇪', '🇫', '1️⃣', '🏴\U000e0067\U000e0062\U000e007f'],
    *['e\u0301', 'e\u0323\u0302', 'ệ', 'x\u0301\u0302\u0303', 'षि', 'क़', 'ก็', 'กำ', 'ன்'],
    *[
        '한',
        '\u1112\u1161\u11ab',
        '\u1112\u1161',
        '\uac00\u11a8',
        '日',
        '神',
        '\u212b',
        'Å',
        '\U00030000',
        '\U0010ffff',
    ],
]
TEXTS = [
    'A man, riding (fast).',
    "don't 3.14 o’clock rock-and-roll",
    'write to first.last@example.org, or https://example.org/?q=1&r=%20#top',
    '... --- “quoted” «guillemets» ‘single’ "((nested))" !? $5 50% a_b C++',
    '日本語text, mixed кириллица; ελληνικά. عربي؟ עברית: हिन्दी। ไทย',
    '秦川雄帝宅，函谷壮皇居。　绮殿千寻起',
    '  two  blanks\tand\u00a0a no-break one  ',
    '👩‍👩‍👧!👍🏽👍 🇩🇪🇫🇷. ❤️, 1️⃣2️⃣',
    '<unk>, a<unk> <end> <x>',
    'ΟΔΟΣ İstanbul STRASSE ẞ ǅ',
]
ODD = [
    '\x00',
    '\x01',
    '\x1c',
    '\t',
    '\n',
    '\r\n',
    ' ',
    '\u0085',
    '\u00a0',
    '\u2028',
    '\u3000',
    '\ufdd0',
    '\uffed',
    '\ufffd',
]
ODD += ['\u200d', '\u200c', '\u0301', '\ufe0f', '\U0001f3fd', '\u11ab', 'ΑΣ', 'İ', '<unk>', '<end>', '\u0600', '\ufeff']
INVALID = [b'\xff', b'\x80', b'\xe6\x98', b'\xf0\x9f\x98', b'\xc3', b'\xed\xa0\x80', b'\xc0\x80', b'\xf4\x90\x80\x80']
NEW = ('grapheme', 'wordpunct')


def hard_texts(count=2000):
    """Texts of bytes: those above, and random ones of their parts."""
    rng = np.random.default_rng(0)
    words = [word for text in TEXTS for word in re.findall(r'\w+|\W', text)]
    parts = [part.encode() for part in (*CLUSTERS, *ODD, *words)] + INVALID
    random = [b''.join(parts[i] for i in rng.integers(0, len(parts), rng.integers(0, 9))) for _ in range(count)]
    return [b'', *(text.encode() for text in TEXTS), *parts, *random]


def vocabulary_of(texts, tokens, lower, with_unknown):
    """A vocabulary of half the symbols of texts."""
    unknown = TOKEN_KINDS[tokens].unknown
    found = {symbol for text in texts for symbol in split(text.decode(errors='replace'), tokens, 0, lower)}
    kept = sorted(symbol for symbol in found if '\n' not in symbol and symbol not in (END, unknown))[::2]
    return Vocabulary([END, *[unknown] * with_unknown, *kept], tokens, 0, lower)


@pytest.mark.parametrize('with_unknown', [True, False])
@pytest.mark.parametrize('lower', [False, True])
@pytest.mark.parametrize('tokens', [kind for kind in TOKEN_KINDS if kind != 'id'])
def test_the_graph_splits_and_joins_as_python(tokens, lower, with_unknown):
    texts = hard_texts()
    vocabulary = vocabulary_of(texts, tokens, lower, with_unknown)
    codec = TextCodec(vocabulary, LENGTH)
    rows, lengths = codec.encode(texts)
    missing = -1 if vocabulary.unknown_id is None else vocabulary.unknown_id
    for text, row, length in zip(texts, rows.numpy().tolist(), lengths.numpy().tolist()):
        symbols = vocabulary.split(text.decode(errors='replace'))
        ids = [missing if symbol == END else vocabulary.ids.get(symbol, missing) for symbol in symbols]
        assert (length, row) == (len(symbols), (ids + [-1] * LENGTH)[:LENGTH]), text
    ids = np.random.default_rng(1).integers(0, len(vocabulary), [500, LENGTH]).astype(np.int32)
    assert [text.decode() for text in codec.decode(ids).numpy()] == vocabulary.decode(ids)


@pytest.mark.parametrize('tokens', NEW)
def test_a_text_comes_back(tokens):
    reserved = '\uffed' if tokens == 'wordpunct' else '\ufdd0'
    for text in (text.decode(errors='replace') for text in hard_texts()):
        if reserved not in text:
            found = join(split(text, tokens), tokens)
            expected = ' '.join(text.split()) if tokens == 'wordpunct' else unicodedata.normalize('NFC', text)
            assert found == expected, ascii(text)


@pytest.mark.parametrize('tokens, lower', [(kind, lower) for kind in NEW for lower in (False, True)])
def test_ids_of_a_text_give_the_text(tokens, lower):
    texts = [' '.join(text.split()) for text in TEXTS]
    sequences = [split(text, tokens, 0, lower) for text in texts]
    vocabulary = Vocabulary.build(sequences, tokens, lower=lower, with_end=True)
    expected = [unicodedata.normalize('NFC', text.lower() if lower else text) for text in texts]
    decoded = vocabulary.decode(vocabulary.encode(texts, 100))
    assert [unicodedata.normalize('NFC', text) for text in decoded] == expected


def test_words_and_marks_with_joiners_where_no_blank_stands():
    assert ' '.join(split('A man, riding (fast).', 'wordpunct')) == 'A man ￭, riding (￭ fast ￭) ￭.'
    assert split("don't", 'wordpunct') == ['don', "￭'￭", 't']
    assert split('wait ... 3.14', 'wordpunct') == ['wait', '.', '￭.', '￭.', '3', '￭.￭', '14']
    assert split('👩‍👩‍👧!', 'wordpunct') == ['👩‍👩‍👧', '￭!']


@pytest.mark.parametrize('cluster', CLUSTERS, ids=ascii)
def test_what_a_reader_takes_for_one_character_is_one_symbol(cluster):
    assert split(f'a{cluster}b', 'grapheme') == ['a', unicodedata.normalize('NFC', cluster), 'b']
    assert len(split(cluster, 'char')) == len(cluster)


def test_flags_are_read_in_pairs():
    assert split('🇩🇪🇫🇷🇮', 'grapheme') == ['🇩🇪', '🇫🇷', '🇮']


def test_clusters_do_not_depend_on_the_normal_form():
    """So a graph, which cannot normalize, splits a text where Python splits it."""
    for text in hard_texts():
        text = text.decode(errors='replace')
        composed, plain, decomposed = (
            [unicodedata.normalize('NFC', cluster) for cluster in re.findall(CLUSTER, form)]
            for form in (unicodedata.normalize('NFC', text), text, unicodedata.normalize('NFD', text))
        )
        assert composed == plain == decomposed, ascii(text)


def test_spellings_are_equivalent_and_complete():
    assert spellings('ệ') == {'ệ', 'e\u0323\u0302', 'e\u0302\u0323', 'ẹ\u0302', 'ê\u0323'}
    assert spellings('각') == {'각', '\u1100\u1161\u11a8', '가\u11a8'}
    assert '\u212b' in spellings('Å') and '\ufa19' in spellings('神')
    for cluster in CLUSTERS:
        assert {unicodedata.normalize('NFC', text) for text in spellings(cluster)} == {
            unicodedata.normalize('NFC', cluster)
        }


def test_a_joiner_in_a_prompt_is_an_unknown_mark():
    assert split('a ￭,', 'wordpunct') == ['a', '\ufffd', '￭,']
    assert Vocabulary(['<unk>', 'a', '￭,'], 'wordpunct').encode(['a ￭,'], 3).tolist() == [[1, 0, 2]]
    with pytest.raises(ValueError, match='no unknown symbol'):
        Vocabulary(['a', '￭,'], 'wordpunct').encode(['a ￭,'], 3)


def test_lower_case_reaches_prompts():
    vocabulary = Vocabulary([END, 'the', 'cat'], 'word', lower=True)
    assert vocabulary.encode(['The CAT'], 3).tolist() == [[1, 2, 0]]
    rows, _ = TextCodec(vocabulary, 3).encode(['The CAT'])
    assert rows.numpy().tolist() == [[1, 2, -1]]
    with pytest.raises(ValueError, match="'The'"):
        Vocabulary([END, 'the', 'cat'], 'word').encode(['The CAT'], 3)
