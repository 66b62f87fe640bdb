"""seqgan-midi: texts of ids become files."""

import io
import json
import sys
import types

import numpy as np
import pytest

from seqgan_tf.commands import midi as command
from seqgan_tf.config import Config
from seqgan_tf.music import midi
from seqgan_tf.music.melody import Melody
from seqgan_tf.music.notes import ids_of

TEXTS = ['40 40 0 41', '50 51 52 53']


@pytest.fixture
def call(monkeypatch, tmp_path, capsys):
    """Runs the command in a directory; returns the names that it printed."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments, stdin=''):
        monkeypatch.setattr(sys, 'argv', ['seqgan-midi', *arguments])
        monkeypatch.setattr(sys, 'stdin', types.SimpleNamespace(buffer=io.BytesIO(stdin.encode())))
        command.main()
        return capsys.readouterr().out.split()

    return run


def texts_of(folder, melody=Melody()):
    paths = sorted(folder.glob('*.mid'))
    return [' '.join(map(str, ids_of(midi.read_notes(path), melody))) for path in paths]


@pytest.mark.parametrize(
    'content',
    [
        '\n'.join(TEXTS) + '\n\n',
        '\n'.join(json.dumps({'text': text, 'seed': 1}) for text in TEXTS),  # seqgan-sample --format=json
        json.dumps({'text': TEXTS}),
        json.dumps({'predictions': [{'text': text, 'tokens': [0]} for text in TEXTS]}),  # REST predict, by row
        json.dumps({'predictions': TEXTS}),
        json.dumps({'outputs': {'text': TEXTS, 'tokens': [[0], [0]]}}, indent=2),  # by column
        json.dumps([{'text': text} for text in TEXTS]),
    ],
)
def test_lines_and_answers_give_the_same_files(call, tmp_path, content):
    (tmp_path / 'texts').write_text(content)
    assert call('--texts=texts', '--out=a') == ['a/1.mid', 'a/2.mid'] == call('--texts=-', '--out=a', stdin=content)
    assert texts_of(tmp_path / 'a') == TEXTS


def test_playback_has_the_encoding_and_the_step_that_are_given(call, tmp_path):
    assert call('--texts=-', '--out=a', '--melody=onsets', '--step=0.25', '--wav', stdin='40 89 40') == [
        'a/1.mid',
        'a/1.wav',
    ]
    assert texts_of(tmp_path / 'a', Melody('onsets', 0.25)) == ['40 89 40']
    assert [float(note.end) for note in midi.read_notes(tmp_path / 'a' / '1.mid')] == [0.5, 0.75]


def test_a_workdir_says_what_ids_mean(call, tmp_path):
    config = Config(dataset='music', corpus='x', melody='onsets', step=0.25)
    (tmp_path / 'config.json').write_text(config.to_json())
    call('--workdir=.', '--texts=-', '--out=a', stdin='40 89 40')
    assert texts_of(tmp_path / 'a', Melody('onsets', 0.25)) == ['40 89 40']
    call('--workdir=.', '--texts=-', '--out=a', '--step=1', stdin='40 89 40')
    assert texts_of(tmp_path / 'a', Melody('onsets', 1.0)) == ['40 89 40']


@pytest.mark.parametrize(
    'arguments, stdin, message',
    [
        ('', '', 'workdir or texts must be given. Received: neither'),
        ('--texts=-', '', 'texts must be at least 1 and at most 1000. Received: 0'),
        ('--texts=-', '1\n' * 1001, 'texts must be at least 1 and at most 1000. Received: 1001'),
        ('--texts=-', '40\n40 89', "must be ids from 0 to 88, .*'89' in text 2"),
        ('--texts=-', '40\n{"text": "40"}', 'must be ids from 0 to 88'),
        ('--texts=-', '{"text": ""}', 'more than 0 and at most 3600 seconds. Received: text 1 with 0 steps'),
        ('--texts=-', '40 ' * 9001, 'at most 3600 seconds. Received: text 1 with 9001 steps of 0.4 seconds'),
        ('--texts=-', '{"error": "no such model"}', 'must have one of predictions, .*no such model'),
        ('--texts=-', '{"predictions": [7]}', 'must have one of predictions, .*Received: 7'),
        ('--texts=-', '{"text": ', 'must be lines of ids, or JSON'),
        ('--texts=-', '[' * 100_000, 'nested too deeply'),
        ('--texts=nowhere', '', 'must be a readable file in utf-8. Received: nowhere'),
        ('--texts=- --n=2', '40', 'n is of melodies that are sampled'),
        ('--texts=- --seed=2', '40', 'seed is of melodies that are sampled'),
        ('--texts=- --step=9', '40', 'step must be at least 0.01 and at most 8.0 seconds. Received: 9.0'),
        ('--texts=- --step=nan', '40', 'step must be at least 0.01'),
        ('--workdir=nowhere', '', 'config.json must hold the settings of a run'),
        ('--workdir=nowhere --n=0', '', 'n must be at least 1'),
        ('--workdir=nowhere --melody=onsets', '', 'melody must come without --workdir'),
        (
            '--workdir=verse --texts=-',
            '40',
            'workdir must be a run of dataset=music. Received: verse with dataset=verse',
        ),
    ],
)
def test_what_does_not_fit_is_refused(call, tmp_path, arguments, stdin, message):
    (tmp_path / 'verse').mkdir()
    (tmp_path / 'verse' / 'config.json').write_text(Config(dataset='verse').to_json())
    with pytest.raises(SystemExit, match=f'^error: (?s:.*){message}'):
        call(*arguments.split(), '--out=a', stdin=stdin)
    assert not (tmp_path / 'a').exists()


@pytest.mark.parametrize('module, arguments', [('mido', []), ('pretty_midi', ['--wav'])])
def test_a_missing_package_is_named(call, tmp_path, monkeypatch, module, arguments):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(SystemExit, match=rf"pip install 'seqgan_tf\[music\]'. Received: no module {module}"):
        call('--texts=-', '--out=a', *arguments, stdin='40')
    assert not (tmp_path / 'a').exists()


def test_where_nothing_can_be_written_nothing_is(call, tmp_path):
    (tmp_path / 'a').write_text('a file')
    with pytest.raises(SystemExit, match='error: out must be a directory that can be written'):
        call('--texts=-', '--out=a', stdin='40')
    assert sorted(path.name for path in tmp_path.iterdir()) == ['a']


def test_rests_alone_are_a_file_without_notes(call, tmp_path):
    call('--texts=-', '--out=a', '--wav', stdin='0 0 0')
    assert midi.read_notes(tmp_path / 'a' / '1.mid') == []
    assert not np.frombuffer((tmp_path / 'a' / '1.wav').read_bytes()[44:], '<i2').any()
