"""dataset=music: tunes are cut into windows, and all windows of a tune are in one part."""

import shutil

import numpy as np
import pytest

from seqgan_tf.config import Config
from seqgan_tf.data.corpus import PARTS
from seqgan_tf.data.music import windows_of
from seqgan_tf.data.tasks import load_task
from seqgan_tf.music.melody import HOLD, REST, Melody
from seqgan_tf.music.midi import midi_bytes
from seqgan_tf.music.notes import notes_of

T = 4


def tune(number, length, melody=Melody()):
    """Ids of a tune that no other tune shares: it walks up from a key of its own, then repeats it."""
    ids = np.resize([number, number, number + 1, number + 2], length)
    return np.where(np.arange(length) % 4 == 1, HOLD, ids) if melody.encoding == 'onsets' else ids


def write(path, ids, melody=Melody()):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(midi_bytes(notes_of(ids, melody), melody))


def load(path, **settings):
    return load_task(Config(**dict(dataset='music', corpus=str(path), sequence_length=T) | settings))


@pytest.fixture
def tunes(tmp_path):
    """Ten tunes of two windows and a half, at several depths."""
    for i in range(10):
        write(
            tmp_path / 'tunes' / ('deep/er' if i % 2 else '') / f'{i}.{"MID" if i % 3 else "midi"}', tune(3 * i + 1, 10)
        )
    return tmp_path / 'tunes'


@pytest.fixture
def texts(tmp_path):
    """The three files of ids."""
    (tmp_path / 'texts').mkdir()
    for i, part in enumerate(PARTS):
        lines = [' '.join(map(str, tune(10 * i + j, 9))) for j in (1, 5)]
        (tmp_path / 'texts' / f'{part}.txt').write_text('\n'.join(lines) + '\n')
    return tmp_path / 'texts'


def test_the_task_is_music(tunes):
    for encoding, size in (('sampled', 89), ('onsets', 90)):
        task = load(tunes, melody=encoding)
        vocabulary = task.corpus.vocabulary
        assert task.provides == {'text', 'music'} and task.scored_by.metric == 'bleu_4'
        assert task.melody == Melody(encoding, 0.4)
        assert vocabulary.symbols == [str(i) for i in range(size)] and vocabulary.end_id is None
        assert vocabulary.decode(task.corpus.test[:1]) == [' '.join(map(str, task.corpus.test[0]))]


def test_windows_stand_side_by_side_and_have_a_note():
    ids = np.array([1, 2, 3, 4, 0, 0, 0, 0, 0, 5, 0, 6, 7, 7])
    assert windows_of(ids, Melody(), 4).tolist() == [[1, 2, 3, 4], [0, 5, 0, 6]]
    assert windows_of(ids[:3], Melody(), 4).shape == (0, 4)


@pytest.mark.parametrize('seed', range(5))
def test_a_window_of_onsets_sounds_as_its_part_of_the_tune(seed):
    melody = Melody('onsets')
    ids = np.random.default_rng(seed).choice([REST, 40, 41, *[HOLD] * 5], 43).astype(np.int32)
    expected = melody.sounding(ids[None])[0][:40].reshape(-1, 4)
    windows = windows_of(ids, melody, 4)
    assert melody.sounding(windows).tolist() == [keys.tolist() for keys in expected if keys.any()]


def test_no_tune_is_in_two_parts(tunes):
    corpus = load(tunes, validation_share=0.2, test_share=0.3).corpus
    owners = [{(int(row[row > 0].min()) - 1) // 3 for row in getattr(corpus, part)} for part in PARTS]
    assert [len(found) for found in owners] == [5, 2, 3] and len(set.union(*owners)) == 10
    assert [len(getattr(corpus, part)) for part in PARTS] == [10, 4, 6]


def test_rows_are_a_function_of_the_seed(tunes):
    first, same, other = (load(tunes, seed=seed).corpus.test.tolist() for seed in (1, 1, 2))
    assert first == same != other


def test_parts_of_midi_files_are_as_they_are(tunes, tmp_path):
    for i, part in enumerate(PARTS):
        write(tmp_path / 'parts' / part / 'a' / 'b.mid', tune(10 * i + 1, 8))
    corpus = load(tmp_path / 'parts').corpus
    assert [getattr(corpus, part).tolist() for part in PARTS] == [[tune(10 * i + 1, 4).tolist()] * 2 for i in range(3)]


def test_files_of_ids_give_the_rows_of_their_midi_files(texts, tmp_path):
    for part in PARTS:
        for i, line in enumerate((texts / f'{part}.txt').read_text().splitlines()):
            write(tmp_path / 'same' / part / f'{i}.mid', np.array(line.split(), int))
    ids, midi = load(texts).corpus, load(tmp_path / 'same').corpus
    for part in PARTS:
        assert (getattr(ids, part) == getattr(midi, part)).all()


def test_repeated_rows_are_dropped_from_the_training_part(texts):
    shared = (texts / 'test.txt').read_text().splitlines()[0]
    with open(texts / 'train.txt', 'a') as file:
        file.write(shared + '\n')
    rows = lambda corpus, part: {tuple(row) for row in getattr(corpus, part).tolist()}
    kept, dropped = (load(texts, on_repeated=choice).corpus for choice in ('keep', 'drop'))
    assert rows(kept, 'train') & rows(kept, 'test') and not rows(dropped, 'train') & rows(dropped, 'test')
    assert len(dropped.train) == len(rows(dropped, 'train')) and (dropped.test == kept.test).all()


def test_notes_say_what_was_read_and_left_out(tunes):
    write(tunes / 'empty.mid', np.array([0]))
    write(tunes / 'short.mid', np.array([40]))
    write(tunes / 'silent.mid', np.array([40, 0, 0, 0, 0, 0, 0, 0, 0, 41, 42, 43]))
    notes = load(tunes).corpus.notes
    assert notes[0] == (
        '12 tunes of 113 steps give 22 windows of 4 steps, side by side; 4 of their steps are rests (4.5%)'
    )
    assert notes[1] == (
        '21 steps at the ends of tunes and 1 windows without a note dropped; 1 tunes are shorter than a window'
    )
    assert notes[2] == f'1 files without a note of a piano left out, the first is {tunes}/empty.mid'


def test_the_step_is_that_of_the_midi_files(tunes):
    rows = load(tunes, step=0.2).corpus
    twice = load(tunes, step=0.4).corpus
    assert len(rows.train) > 2 * len(twice.train) and (rows.train[:, ::2] == rows.train[:, 1::2]).all()


@pytest.mark.parametrize(
    'change, settings, message',
    [
        (lambda p: None, {'corpus': ''}, 'dataset=music needs a directory'),
        (lambda p: shutil.rmtree(p), {}, 'must be a directory.*, which is not there'),
        (lambda p: (shutil.rmtree(p), p.write_text('1 2')), {}, 'must be a directory.*, which is a file'),
        (lambda p: (p / 'test.txt').unlink(), {}, 'one file of each part.*0 of test.txt'),
        (lambda p: [(p / f'{part}.txt').unlink() for part in PARTS], {}, 'must have files .*mid.*, which has none'),
        (lambda p: (p / 'test.txt').write_text('1 2 3 4\n1 2 89\n'), {}, "from 0 to 88.*'89' in line 2 of .*test.txt"),
        (lambda p: (p / 'test.txt').write_text('1 2 x'), {}, "from 0 to 88.*'x' in line 1 of .*test.txt"),
        (lambda p: (p / 'test.txt').write_text('1 2 3'), {}, 'a window of sequence_length=4 .*test.txt with 1 tunes'),
        (lambda p: (p / 'test.txt').write_text('0 0 0 0'), {}, 'a window of sequence_length=4 .*test.txt with 1 tunes'),
        (lambda p: None, {'melody': 'onsets'}, 'go with melody=sampled. Received: melody=onsets with .*train.txt'),
        (lambda p: None, {'test_share': 0.2}, 'test_share is of a file.*test_share=0.2 with the directory'),
        (lambda p: None, {'step': 0.0}, 'step must be at least 0.01'),
    ],
)
def test_what_does_not_fit_is_refused(texts, change, settings, message):
    change(texts)
    with pytest.raises(ValueError, match=message):
        load(texts, **settings)


def test_bad_directories_of_midi_files_are_refused(tunes, tmp_path):
    write(tmp_path / 'parts' / 'train' / 'a.mid', tune(1, 8))
    with pytest.raises(ValueError, match='must have the directories.*parts without validation, test'):
        load(tmp_path / 'parts')
    write(tmp_path / 'silent' / 'a.mid', np.array([0]))
    write(tmp_path / 'silent' / 'b.mid', np.array([0]))
    with pytest.raises(ValueError, match='must have a note from A0 to C8.*a.mid and 1 more files without one'):
        load(tmp_path / 'silent')
    with pytest.raises(ValueError, match='sequence_length=64 steps. Received: .*tunes with 0 of them'):
        load(tunes, sequence_length=64)
    (tunes / 'deep' / 'bad.mid').write_bytes(b'MThd')
    with pytest.raises(ValueError, match='a whole MIDI file. Received: .*deep/bad.mid'):
        load(tunes)


def test_the_montreal_set_has_the_windows_that_were_counted(data_dir, tmp_path):
    """Windows without a rest: 5,305, 1,377 and 1,334, counted by another program."""
    for part in PARTS:
        shutil.copy(data_dir / f'nottingham_montreal_{part}.txt', tmp_path / f'{part}.txt')
    corpus = load(tmp_path, sequence_length=32).corpus
    counts = [int((getattr(corpus, part) != REST).all(axis=1).sum()) for part in PARTS]
    assert counts == [5305, 1377, 1334]
