"""Laws of corpora from lists: one way for lists and files, what is wrong is named, and notes say what may be better."""

import numpy as np
import pytest

from seqgan_tf.data.corpus import Corpus
from seqgan_tf.data.text_file import load_text

POEMS = [f'{a}{b}春夏秋' for a in '天地玄黄宇宙洪荒' for b in '日月盈昃']
NOISE = dict(sequence_length=40)


def rows_of(corpus):
    return np.concatenate([corpus.train, corpus.validation, corpus.test])


def as_set(rows):
    return {tuple(row) for row in rows.tolist()}


def notes_of(texts, word, **options):
    """The notes of a corpus that have a word."""
    return [note for note in Corpus.from_texts(texts, **options).notes if word in note]


@pytest.mark.parametrize(
    'options',
    [
        dict(sequence_length=5),
        dict(sequence_length=6, seed=3, test_share=0.3),
        dict(tokens='word', sequence_length=2),
        dict(tokens='grapheme', sequence_length=4, on_long='truncate'),
        dict(tokens='wordpunct', sequence_length=3, on_repeated='drop'),
        dict(sequence_length=5, verse_length=5, min_count=2),
    ],
    ids=str,
)
def test_a_list_and_a_file_of_its_lines_give_one_corpus(options, tmp_path):
    texts = ['', *POEMS, ' \t', POEMS[0], '  ' + POEMS[1] + '\u3000']
    path = tmp_path / 'corpus.txt'
    path.write_text('\n'.join(texts), 'utf-8')
    one, other = Corpus.from_texts(texts, **options), load_text(path, **options)
    for part in ('train', 'validation', 'test'):
        np.testing.assert_array_equal(getattr(one, part), getattr(other, part))
    assert vars(one.vocabulary) == vars(other.vocabulary) and one.notes == other.notes


@pytest.mark.parametrize(
    'texts, options, message',
    [
        ('春夏', {}, "a list of str. Received: one str: '春夏'"),
        (b'ab', {}, 'a list of str. Received: one bytes'),
        (['ab', b'ab'], {}, r"a list of str. Received: texts\[1\]=b'ab'"),
        (['ab', None], {}, r'texts\[1\]=None'),
        ([['a', 'b']], {}, r"texts\[0\]=\['a', 'b'\]"),
        ([], {}, 'at least one that is not blank. Received: 0 texts'),
        ([' ', '\n'], {}, 'at least one that is not blank. Received: 2 texts'),
        (['ab', 'a\nb'], {}, r"one line. Received: a line feed in texts\[1\]: 'a\\nb'"),
        (['ab', 'a\ud800'], {}, r'Received: texts\[1\]'),
        (['ab', '', 'abcde'], dict(sequence_length=3), r'1 longer lines, the first is texts\[2\] with 5: abcde'),
        (['0 1', '1 x'], dict(tokens='id'), r"'x' in texts\[1\]"),
        (['a b', 'a ￭ b'], dict(tokens='wordpunct'), r'must not have ￭ .* Received: texts\[1\]: a ￭ b'),
        (['ab', 'ba'], dict(tokens='byte'), 'tokens=byte'),
        (['ab', 'ba'], dict(on_repeated='once'), 'on_repeated=once'),
        (['ab', 'ba'], dict(tokens='id', min_count=2), 'min_count=2'),
        (['ab', 'ba'], dict(tokens='word', verse_length=2), 'verse_length=2, tokens=word'),
        (['ab', 'ba', 'aa'], dict(test_share=-0.1), 'test_share=-0.1'),
        (['ab', 'ba', 'aa'], dict(validation_share=float('nan')), 'validation_share=nan'),
        (['ab', 'ba'], {}, 'Received: 2 rows'),
    ],
)
def test_what_is_no_list_of_texts_is_refused(texts, options, message):
    with pytest.raises(ValueError, match=message) as raised:
        Corpus.from_texts(texts, **options)
    assert len(str(raised.value)) < 500


def test_lower_case_joins_words():
    corpus = Corpus.from_texts(['The cat', 'the CAT', 'a cat'], tokens='word', sequence_length=2, lower=True)
    assert sorted(corpus.vocabulary.symbols) == ['a', 'cat', 'the'] and corpus.vocabulary.lower


def test_lower_case_comes_before_the_count_of_verses():
    corpus = Corpus.from_texts(['AB CD', 'ab cd', 'AD CB'], verse_length=2, sequence_length=4, lower=True)
    assert sorted(corpus.vocabulary.symbols) == list('abcd')


# Rows that repeat


def test_repeated_rows_are_counted_and_kept():
    texts = POEMS * 2
    (note,) = notes_of(texts, 'equal', sequence_length=5)
    corpus = Corpus.from_texts(texts, sequence_length=5)
    shared = sum(tuple(row) in as_set(corpus.train) for row in corpus.test.tolist())
    assert len(rows_of(corpus)) == 64 and shared > 0
    assert note.startswith(f'32 of 64 rows equal an earlier one, and {shared} of 6 test rows are training rows too')
    assert '--on_repeated=drop' in note


def test_dropped_repeats_leave_no_test_row_in_training():
    corpus = Corpus.from_texts(POEMS * 3, sequence_length=5, on_repeated='drop')
    assert len(rows_of(corpus)) == len(POEMS) == len(as_set(rows_of(corpus)))
    assert not as_set(corpus.test) & as_set(corpus.train)
    assert corpus.notes == ('64 rows that equal an earlier one dropped',)


def test_rows_that_became_equal_are_dropped_too():
    texts = [f'the w{i}' for i in range(30)] + ['the cat', 'a cat', 'a w']
    corpus = Corpus.from_texts(texts, tokens='word', sequence_length=2, min_count=2, on_repeated='drop')
    assert corpus.vocabulary.decode(np.sort(rows_of(corpus), axis=0))
    assert len(rows_of(corpus)) == len(as_set(rows_of(corpus))) == 4  # the <unk>, the cat, a cat, a <unk>


def test_distinct_texts_in_order_are_as_before():
    """Dropping what is not there changes no row."""
    kept, dropped = (Corpus.from_texts(POEMS, sequence_length=5, on_repeated=way) for way in ('keep', 'drop'))
    np.testing.assert_array_equal(rows_of(kept), rows_of(dropped))
    assert kept.notes == dropped.notes == ()


# Notes


@pytest.mark.parametrize('length, noted', [(5, False), (6, False), (7, True), (20, True)])
def test_a_length_that_is_never_used_is_noted(length, noted):
    found = notes_of(POEMS, 'longest', sequence_length=length)
    assert bool(found) is noted
    if noted:
        assert f'has 5 symbols, and sequence_length={length}' in found[0] and '--sequence_length=5 ' in found[0]


def test_characters_of_several_code_points_are_noted():
    texts = [*POEMS, 'a 👍🏽 b', 'e\u0301t\u00e9']
    (note,) = notes_of(texts, '--tokens=grapheme', **NOISE)
    assert note.startswith('2 lines') and '👍🏽 of 2' in note
    assert not notes_of(POEMS, '--tokens=grapheme', **NOISE)
    assert not notes_of(texts, '--tokens=grapheme', tokens='grapheme', **NOISE)


@pytest.mark.parametrize('verse_length', [0, 5])
@pytest.mark.parametrize('first, last', [('，', '。'), ('\u3000', '')])
def test_marks_between_verses_are_noted(first, last, verse_length):
    texts = [f'{one}{first}{other}{last}' for one, other in zip(POEMS, POEMS[1:])]
    (note,) = notes_of(texts, '--verse_length=5', verse_length=verse_length, **NOISE)
    assert note.startswith(f'{len(texts)} lines') and texts[0] in note


def test_marks_of_prose_are_not_noted():
    texts = [f'{one[:3]}，{other}。' for one, other in zip(POEMS, POEMS[1:])]
    assert not notes_of(texts, 'verse_length', **NOISE)
    assert notes_of(texts, '--verse_length=4', verse_length=4, **NOISE)


def test_words_with_punctuation_or_capitals_are_noted():
    texts = ['A slice of cucumbers.', 'cucumbers and a knife', 'a Slice of bread', 'bread. and butter', 'and a cat']
    found = notes_of(texts, 'words differ', tokens='word', **NOISE)
    assert len(found) == 2
    assert found[0].startswith('2 of ') and '`bread.` and `bread`; --tokens=wordpunct' in found[0]
    assert found[1].startswith('2 of ') and '`A` and `a`; --lower' in found[1]
    (capitals,) = notes_of(texts, 'words differ', tokens='wordpunct', **NOISE)
    assert '--lower' in capitals
    assert not notes_of(texts, 'words differ', tokens='wordpunct', lower=True, **NOISE)
    assert not notes_of(['a cat sat', 'a dog sat.', 'b c'], 'words differ', tokens='word', min_count=2, **NOISE)
