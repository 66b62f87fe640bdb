"""Laws of corpora of three parts: the parts stay as they are, training alone makes the vocabulary, and leaks are counted."""

import gzip
import json

import numpy as np
import pytest

from seqgan_tf.config import Config
from seqgan_tf.data.corpus import PARTS, Corpus
from seqgan_tf.data.tasks import load_task
from seqgan_tf.data.text_file import load_text
from seqgan_tf.data.vocabulary import END
from seqgan_tf.running import dry_run
from seqgan_tf.running.experiment import run

TRAIN = [f'{a}{b}' for a in 'abcd' for b in 'abcd']
TEXTS = (TRAIN, ['ba', 'ab'], ['dc', 'aa', 'bb'])


@pytest.fixture
def folder(tmp_path):
    """A directory with the three parts in TEXTS."""
    path = tmp_path / 'letters'
    path.mkdir()
    for part, texts in zip(PARTS, TEXTS):
        (path / f'{part}.txt').write_text(''.join(text + '\n' for text in texts), 'utf-8')
    return path


def parts(train=TRAIN, validation=('ba', 'ab'), test=('dc', 'aa', 'bb'), **rules):
    return Corpus.from_parts(train, validation, test, **dict(sequence_length=2) | rules)


def decoded(corpus):
    return tuple(corpus.vocabulary.decode(getattr(corpus, part)) for part in PARTS)


# The parts


@pytest.mark.parametrize('packed', [False, True])
@pytest.mark.parametrize('rules', [{}, dict(min_count=5), dict(on_repeated='drop', sequence_length=4)], ids=str)
def test_a_directory_and_lists_of_its_lines_give_one_corpus(rules, packed, folder):
    if packed:
        path = folder / 'validation.txt'
        (folder / 'validation.txt.gz').write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    one, other = load_text(folder, **dict(sequence_length=2) | rules), parts(**rules)
    for part in PARTS:
        np.testing.assert_array_equal(getattr(one, part), getattr(other, part))
    assert vars(one.vocabulary) == vars(other.vocabulary) and one.notes == other.notes


def test_the_parts_stay_as_they_are_and_in_order(folder):
    assert decoded(parts()) == TEXTS
    assert decoded(load_text(folder, sequence_length=2, seed=1)) == TEXTS


def test_texts_come_back_with_an_end_symbol_if_any_part_is_shorter():
    assert parts().vocabulary.end_id is None
    shorter = parts(test=('a', 'bb'))
    assert shorter.vocabulary.symbols[0] == END and decoded(shorter)[2] == ['a', 'bb']


# The vocabulary


def test_a_symbol_that_training_lacks_becomes_the_unknown_symbol():
    corpus = parts(validation=('ax', 'ab'), test=('yx', 'aa'))
    assert corpus.vocabulary.symbols == ['\ufffd', 'a', 'b', 'c', 'd']
    assert decoded(corpus) == (TRAIN, ['a\ufffd', 'ab'], ['\ufffd\ufffd', 'aa'])
    (note,) = [note for note in corpus.notes if 'no training line' in note]
    assert note.startswith('2 symbols of validation and test lines (37.50% of their text) are in no training line')
    assert ': x y; no training row has \ufffd' in note


def test_counts_are_those_of_the_training_part():
    train = ['ab', 'ba', 'ac']
    corpus = parts(train, ('cc', 'cc'), ('xc', 'cc'), min_count=2)
    assert corpus.vocabulary.symbols == ['\ufffd', 'a', 'b']
    assert corpus.notes[0].startswith('1 rarer symbols (16.67% of the text) became \ufffd: c')
    assert 'are in no training line and became \ufffd: x' in corpus.notes[1] and 'min_count' not in corpus.notes[1]
    assert parts(train, ('cc',), ('xc',), max_vocab=2).vocabulary.symbols == ['\ufffd', 'a']


def test_spellings_of_known_symbols_are_known():
    corpus = parts(['ab', 'b\u00e9'], ('a\u1ebf',), ('ae\u0301',), tokens='grapheme')
    assert corpus.vocabulary.decode(corpus.test) == ['a\u00e9']
    assert corpus.vocabulary.decode(corpus.validation) == ['a\ufffd']


def test_ids_of_all_parts_are_kept():
    rules = dict(tokens='id')
    corpus = parts(['0 1', '1 2'], ('2 4',), ('5 0',), **rules)
    assert corpus.vocabulary.symbols == [str(i) for i in range(6)] and decoded(corpus)[2] == ['5 0']
    assert len(parts(['0 1', '1 2'], ('2 4',), ('5 0',), max_vocab=9, **rules).vocabulary) == 9
    with pytest.raises(ValueError, match=r"in \[0, 5\) .* Received: '5' in test_texts\[0\]"):
        parts(['0 1', '1 2'], ('2 4',), ('5 0',), max_vocab=5, **rules)


# Rows that stand in two parts


def test_training_rows_among_the_others_are_counted():
    (note,) = parts(['ab', 'ab', 'ba', 'cd', 'dc'], ('cd', 'cd'), ('ab', 'dd', 'dd')).notes
    assert note == (
        'of 5 training rows 2 stand among the test rows and 1 among the validation rows, and 1 equal an earlier one; '
        '--on_repeated=drop leaves them out'
    )
    (note,) = parts(['ab', 'cd'], ('dd',), ('cc',)).notes
    assert note == (
        'of 2 training rows 0 stand among the test rows and 0 among the validation rows, and 0 equal an earlier one'
    )


def test_dropped_repeats_leave_validation_and_test_alone():
    corpus = parts(['ab', 'ba', 'ba', 'cd', 'dc'], ('cd', 'cd'), ('ab', 'dd', 'dd'), on_repeated='drop')
    assert decoded(corpus) == (['ba', 'dc'], ['cd', 'cd'], ['ab', 'dd', 'dd'])
    assert corpus.notes[0].endswith('1 equal an earlier one; all of these are dropped')
    with pytest.raises(ValueError, match='at least one training row. Received: 2 rows'):
        parts(['ab', 'ba'], ('ab',), ('ba',), on_repeated='drop')


# What is refused


@pytest.mark.parametrize('part', PARTS)
def test_a_missing_part_is_answered_with_the_three_names(part, folder):
    (folder / f'{part}.txt').unlink()
    expected = f'train.txt, validation.txt, test.txt, .* Received: .*letters, which has 0 of {part}.txt'
    with pytest.raises(ValueError, match=expected):
        load_text(folder)


def test_a_part_in_two_files_is_refused(folder):
    (folder / 'test.txt.gz').write_bytes(gzip.compress(b'ab\n'))
    with pytest.raises(ValueError, match='which has 2 of test.txt'):
        load_text(folder)


@pytest.mark.parametrize(
    'content, rules, message',
    [
        (b'', {}, 'at least one line of text. Received: .*validation.txt, which has none'),
        (b'\n \n', {}, 'at least one line of text. Received: .*validation.txt, which has none'),
        (b'ab\n\nabc\n', {}, '1 longer lines, the first is line 3 of .*validation.txt with 3: abc'),
        (b'abc\nabc\n', dict(on_long='drop'), 'at least one line. Received: 2 lines, from line 1 of .*validation.txt'),
        (b'ab\n\xff\n', {}, 'utf-8 text. Received: .*validation.txt, whose line 2 is not'),
        (b'a  b\n', dict(verse_length=1), 'one space after each 1 characters, .* line 1 of .*validation.txt'),
    ],
    ids=['empty', 'blank', 'long', 'all long', 'bytes', 'verses'],
)
def test_a_bad_line_is_named_by_file_and_line(content, rules, message, folder):
    (folder / 'validation.txt').write_bytes(content)
    with pytest.raises(ValueError, match=message) as raised:
        load_text(folder, **dict(sequence_length=2) | rules)
    assert len(str(raised.value)) < 500


@pytest.mark.parametrize('name', ['validation_share', 'test_share'])
def test_a_share_has_no_use_with_a_directory(name, folder):
    with pytest.raises(ValueError, match=f'{name} is of a file, .* Received: {name}=0.2 with the directory .*letters'):
        load_text(folder, **{name: 0.2})


@pytest.mark.parametrize(
    'changes, message',
    [
        (dict(train='ab'), 'train_texts must be a list of str. Received: one str'),
        (dict(validation=[]), 'validation_texts must have at least one that is not blank. Received: 0 texts'),
        (dict(test=['ab', 'a\nb']), r'line feed in test_texts\[1\]'),
        (dict(test=['ab', 'abc']), r'the first is test_texts\[1\] with 3: abc'),
        (dict(on_repeated='once'), 'on_repeated=once'),
    ],
)
def test_what_is_no_list_of_texts_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        parts(**changes)


# Runs


def settings(folder, **changes):
    sizes = dict(batch_size=4, eval_samples=8, embedding_dim=4, hidden_dim=4, jit='off', loggers='', mle_epochs=1)
    return Config(
        **sizes | dict(algorithm='mle', dataset='text', corpus=str(folder), sequence_length=2, max_vocab=4) | changes
    )


def test_a_dry_run_reads_a_directory(folder, monkeypatch):
    lines = []
    for name in ('say', 'tell'):
        monkeypatch.setattr(dry_run, name, lines.append)
    dry_run.dry_run(settings(folder, workdir=str(folder.parent / 'run')))
    assert lines[0] == 'text: 16 training, 2 validation and 3 test sequences of 2 symbols, vocabulary 4'
    assert [line for line in lines if line.startswith('note: of 16 training rows')]
    assert not (folder.parent / 'run').exists()


def test_a_run_of_a_directory_goes_on_from_a_moved_one(folder, tmp_path):
    workdir = tmp_path / 'run'
    run(settings(folder, workdir=str(workdir)))
    moved = folder.rename(tmp_path / 'moved')
    run(settings(f'{moved}/', workdir=str(workdir), mle_epochs=2))
    fingerprint = json.loads((workdir / 'data.json').read_text('utf-8'))
    assert [fingerprint[part]['rows'] for part in PARTS] == [16, 2, 3]
    np.testing.assert_array_equal(
        load_task(settings(moved)).corpus.test, load_task(settings(moved, seed=1)).corpus.test
    )
