"""Melodies as MIDI files: what is written is read again, and what is read is what the definition says."""

import csv
import io
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import wave
from fractions import Fraction

import mido
import numpy as np
import pretty_midi
import pytest

from seqgan_tf.errors import RunError
from seqgan_tf.music import midi
from seqgan_tf.music.audio import RATE, synthesize, wav_bytes
from seqgan_tf.music.melody import HOLD, KEYS, LOWEST_PITCH, REST, Melody
from seqgan_tf.music.notes import Note, ids_of, notes_of
from seqgan_tf.music.piano_roll import BEGIN, KEY, NOTE, STEP, piano_roll

END = b'\x00\xff\x2f\x00'
C4 = b'\x00\x90\x3c\x40\x60\x80\x3c\x00'  # a note of 96 ticks
STEPS = (0.4, 0.25, 1 / 3, 0.01, 8.0)


def chunk(events):
    return b'MTrk' + struct.pack('>I', len(events)) + events


def midi_file(*tracks, format=1, division=96, count=None):
    header = struct.pack('>IHHH', 6, format, len(tracks) if count is None else count, division)
    return b'MThd' + header + b''.join(chunk(track + END) for track in tracks)


def random_ids(melody, length, seed):
    """Ids with few keys, so that notes repeat, and without rests at the ends."""
    rng = np.random.default_rng(seed)
    ids = rng.choice([REST, 1, 40, 41, KEYS, *([HOLD] * 4 if melody.encoding == 'onsets' else [40])], length)
    ids[0], ids[-1] = 40, KEYS
    return ids.astype(np.int32)


def canonical(ids):
    """A hold after a rest is a rest."""
    ids = ids.copy()
    for t in range(1, len(ids)):
        if ids[t] == HOLD and ids[t - 1] == REST:
            ids[t] = REST
    return ids


def write(path, ids, melody):
    path.write_bytes(midi.midi_bytes(notes_of(ids, melody), melody))
    return path


def read(path, melody):
    return ids_of(midi.read_notes(path), melody)


@pytest.mark.parametrize('encoding', ['sampled', 'onsets'])
@pytest.mark.parametrize('step', STEPS)
def test_what_is_written_is_read_again(tmp_path, encoding, step):
    melody = Melody(encoding, step)
    for seed in range(20):
        ids = random_ids(melody, 2 + 3 * seed, seed)
        assert read(write(tmp_path / 'a.mid', ids, melody), melody).tolist() == canonical(ids).tolist()


def test_rests_at_the_ends_are_not_read_again(tmp_path):
    melody = Melody()
    path = write(tmp_path / 'a.mid', np.array([0, 0, 40, 0, 41, 0]), melody)
    assert read(path, melody).tolist() == [40, 0, 41]


@pytest.mark.parametrize('encoding', ['sampled', 'onsets'])
@pytest.mark.parametrize('step', STEPS)
def test_another_library_reads_the_same_notes(tmp_path, encoding, step):
    melody = Melody(encoding, step)
    ids = random_ids(melody, 64, 1)
    [piano] = pretty_midi.PrettyMIDI(str(write(tmp_path / 'a.mid', ids, melody))).instruments
    found = [(note.pitch - LOWEST_PITCH + 1, note.start, note.end) for note in piano.notes]
    expected = [(note.key, float(note.start), float(note.end)) for note in notes_of(ids, melody)]
    np.testing.assert_allclose(sorted(found, key=lambda note: note[1]), expected, rtol=1e-6)


def test_equal_neighbours_are_one_note_unless_onsets_are_known():
    spans = lambda ids, encoding: [
        (note.key, int(note.start), int(note.end)) for note in notes_of(np.array(ids), Melody(encoding, 1.0))
    ]
    assert spans([40, 40, 0, 41], 'sampled') == [(40, 0, 2), (41, 3, 4)]
    assert spans([40, 40, 0, 41], 'onsets') == [(40, 0, 1), (40, 1, 2), (41, 3, 4)]
    assert spans([HOLD, 40, HOLD, 0, HOLD, 41], 'onsets') == [(40, 1, 3), (41, 5, 6)]
    assert spans([0, 0], 'sampled') == []


@pytest.mark.parametrize('encoding', ['sampled', 'onsets'])
@pytest.mark.parametrize('seed', range(10))
def test_ids_are_those_of_the_definition(encoding, seed):
    """At t the highest note that sounds; with onsets its key if it began in (t - step, t], or differs from before."""
    rng, melody = np.random.default_rng(seed), Melody(encoding, 0.4)
    starts, lengths = rng.integers(0, 60, 12), rng.integers(1, 20, 12)
    notes = [
        Note(int(key), Fraction(int(start), 7), Fraction(int(start + length), 7))
        for key, start, length in zip(rng.integers(40, 44, 12), starts, lengths)
    ]
    origin, step = min(note.start for note in notes), Fraction(2, 5)
    expected, before, time = [], REST, origin
    while time < max(note.end for note in notes):
        heard = [note for note in notes if note.start <= time < note.end]
        key = max((note.key for note in heard), default=REST)
        begins = any(note.key == key and note.start > time - step for note in heard)
        expected.append(HOLD if encoding == 'onsets' and key and key == before and not begins else key)
        before, time = key, time + step
    assert ids_of(notes, melody).tolist() == expected


def test_times_follow_the_tempo_map(tmp_path):
    """120 a minute, then 60 from the second quarter on, said by another track."""
    tempo = b'\x60\xff\x51\x03\x0f\x42\x40'
    (tmp_path / 'a.mid').write_bytes(midi_file(tempo, C4 * 2))
    notes = midi.read_notes(tmp_path / 'a.mid')
    assert notes == [Note(40, Fraction(0), Fraction(1, 2)), Note(40, Fraction(1, 2), Fraction(3, 2))]


def test_drums_and_what_no_piano_has_are_left_out(tmp_path):
    drums, low, high = C4.replace(b'\x90', b'\x99').replace(b'\x80', b'\x89'), b'\x14', b'\x6d'
    others = [C4.replace(b'\x3c', pitch) for pitch in (low, high)]
    (tmp_path / 'a.mid').write_bytes(midi_file(drums, *others))
    assert midi.read_notes(tmp_path / 'a.mid') == []
    (tmp_path / 'a.mid').write_bytes(midi_file(drums, *others, C4))
    assert [note.key for note in midi.read_notes(tmp_path / 'a.mid')] == [40]


@pytest.mark.parametrize(
    'events, spans',
    [
        ('+0 -4', [(0, 4)]),
        ('+0 +4 -4 -8', [(0, 4), (4, 8)]),  # the end of the first comes after the beginning of the second
        ('+0 +4 -8 -9', [(0, 8), (4, 8)]),
        ('+2 -2 +4 -8', [(4, 8)]),  # no length
        ('+0', []),
        ('-0 +1 -2', [(1, 2)]),
    ],
)
def test_where_notes_end(tmp_path, events, spans):
    track, now = b'', 0
    for event in events.split():
        tick = int(event[1:])
        track += bytes([96 * (tick - now) // 4, 0x90, 60, 64 if event[0] == '+' else 0])
        now = tick
    (tmp_path / 'a.mid').write_bytes(midi_file(track))
    assert [(8 * note.start, 8 * note.end) for note in midi.read_notes(tmp_path / 'a.mid')] == spans


@pytest.mark.parametrize(
    'data, message',
    [
        (b'', 'a tune must be a MIDI file. Received: .*a.mid, which is empty'),
        (b'RIFF', 'a tune must be a MIDI file, which begins with MThd'),
        (midi_file(C4)[:-6], r'a whole MIDI file. Received: .*a.mid \(it ends too early'),
        (midi_file(C4)[:20], r'a whole MIDI file. Received: .*a.mid \(it ends too early'),
        (midi_file(C4, count=2000), 'a whole MIDI file'),
        (midi_file(*[b''] * 2000), 'at most 256 tracks. Received: .*a.mid with 2000 tracks'),
        (midi_file(*[b''] * 40_000), 'at most 256 tracks. Received: .*a.mid with 40000 tracks'),
        (midi_file(C4, format=2), 'of format 0 or 1. Received: .*a.mid with format 2'),
        (midi_file(C4, division=0xE728), 'in ticks of a quarter note. Received: .*a.mid with division -'),
        (midi_file(C4, division=0), 'in ticks of a quarter note. Received: .*a.mid with division 0'),
        (
            midi_file(b'\x00\xff\x51\x03\x00\x00\x00' + C4),
            'at least 10000 microseconds. Received: .*a.mid with one of 0',
        ),
        (midi_file(b'\x00\x90\x3c\x40\xff\xff\xff\x7f\x80\x3c\x00'), 'at most 3600 seconds, .*Received: .*a.mid'),
        (midi_file(b'\x00\x90\x3c\x40' + b'\xff' * 900 + b'\x7f\x80\x3c\x00'), 'at most 3600 seconds, .*a.mid'),
        (midi_file(b'\xff' * 10**6), r'a whole MIDI file. Received: .*a.mid \(a number without an end'),
        (midi_file(b'\x00\xf0\xff\xff\xff\x7f'), 'a whole MIDI file'),
        (midi_file(C4) + bytes(2**20), 'at most 1048576 bytes. Received: .*a.mid'),
    ],
    ids=lambda value: value if isinstance(value, str) else '',
)
def test_a_bad_file_is_named(tmp_path, data, message):
    (tmp_path / 'a.mid').write_bytes(data)
    with pytest.raises(ValueError, match=message):
        midi.read_notes(tmp_path / 'a.mid')


def test_what_is_no_file_is_named(tmp_path):
    (tmp_path / 'gone.mid').symlink_to(tmp_path / 'nowhere')
    os.mkfifo(tmp_path / 'pipe.mid')
    for name, reason in (('gone.mid', 'No such file'), ('pipe.mid', 'not a file'), ('', 'not a file')):
        with pytest.raises(ValueError, match=f'a tune must be a readable file. Received: .*{name} .{reason}'):
            midi.read_notes(tmp_path / name)


def test_damage_anywhere_raises_one_kind_of_error(tmp_path):
    rng, whole = np.random.default_rng(0), midi_file(b'\x60\xff\x51\x03\x0f\x42\x40', C4 * 20)
    for _ in range(300):
        data = np.frombuffer(whole, np.uint8).copy()
        data[rng.integers(len(data), size=3)] = rng.integers(256, size=3)
        (tmp_path / 'a.mid').write_bytes(data.tobytes())
        try:
            midi.read_notes(tmp_path / 'a.mid')
        except ValueError:
            pass


@pytest.mark.parametrize('module', ['mido', 'pretty_midi'])
def test_a_missing_package_is_named_with_its_extra(tmp_path, monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(RunError, match=rf"pip install 'seqgan_tf\[music\]'. Received: no module {module}"):
        midi.read_notes(tmp_path / 'a.mid') if module == 'mido' else synthesize(np.array([40]), Melody())


def test_a_sound_has_the_pitch_and_the_length_of_its_notes():
    melody = Melody('sampled', 0.5)
    sound = synthesize(np.array([0, 49, 49, 0]), melody)  # A4, 440 Hz
    assert sound.dtype == np.float32 and len(sound) == 3 * RATE and np.abs(sound).max() == 1
    assert not sound[: RATE // 2].any() and not sound[-RATE - RATE // 2 :].any()
    heard = sound[RATE // 2 : RATE + RATE // 2]
    assert np.argmax(np.abs(np.fft.rfft(heard))) == 440
    assert not synthesize(np.zeros(4, int), melody).any(), 'rests alone are silence'


def test_a_wav_file_has_the_frames_of_its_sound():
    sound = np.linspace(-1, 1, 1001, dtype=np.float32)
    with wave.open(io.BytesIO(wav_bytes(sound))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
        frames = np.frombuffer(file.readframes(file.getnframes()), '<i2')
    np.testing.assert_allclose(frames / 32767, sound, atol=1 / 32767)


@pytest.mark.parametrize('encoding', ['sampled', 'onsets'])
def test_a_piano_roll_has_a_bar_for_each_note(encoding):
    melody = Melody(encoding)
    rows = np.stack([random_ids(melody, 12, seed) for seed in range(3)])
    picture, height = piano_roll(rows, melody), KEYS * KEY
    gap = (len(picture) - 3 * height) // 2
    assert picture.dtype == np.uint8 and picture.shape == (3 * height + 2 * gap, 12 * STEP, 3)
    for i, keys in enumerate(melody.sounding(rows)):
        part = picture[i * (height + gap) :][:height]
        inked = ((part == NOTE) | (part == BEGIN)).all(axis=2)[::KEY, STEP - 1 :: STEP]  # [88, T], high keys first
        assert (inked.sum(axis=0) == (keys > 0)).all()
        assert [KEYS - row for row in inked.argmax(axis=0)[keys > 0]] == keys[keys > 0].tolist()
        begun = (part == BEGIN).all(axis=2)[::KEY, ::STEP].any(axis=0)
        assert np.flatnonzero(begun).tolist() == [
            int(note.start / melody.seconds) for note in notes_of(rows[i], melody)
        ]


def test_a_player_plays_a_written_file(tmp_path):
    """The synthesizer of another project, where it is installed with sounds."""
    if shutil.which('timidity') is None:
        pytest.skip('timidity is not on the PATH')
    config = next(filter(os.path.exists, ('/etc/timidity/freepats.cfg', '/etc/timidity/fluidr3_gm.cfg')), None)
    if config is None:
        pytest.skip('timidity has no sounds')
    path = write(tmp_path / 'a.mid', np.array([40] * 8), Melody('sampled', 0.5))
    command = ['timidity', '-c', config, '-Ow', '-o', str(tmp_path / 'a.wav'), str(path)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert 'Format: 0  Tracks: 1' in printed and 'Notes lost totally: 0' in printed
    with wave.open(str(tmp_path / 'a.wav')) as file:
        seconds = file.getnframes() / file.getframerate()
        frames = np.frombuffer(file.readframes(file.getnframes()), '<i2')
    assert 4 <= seconds < 8 and np.abs(frames).max() > 1000


@pytest.mark.parametrize('step, name', [(0.4, 'nottingham_melody.txt'), (0.25, 'nottingham_melody_eighth.txt')])
def test_the_files_of_nottingham_give_the_published_ids(data_dir, step, name):
    """SEQGAN_MIDI is the folder MIDI/melody of jukedeck/nottingham-dataset at 0992bb6."""
    folder = pathlib.Path(os.environ.get('SEQGAN_MIDI', ''))
    if not (folder / 'ashover1.mid').is_file():
        pytest.skip('SEQGAN_MIDI names no folder with the melodies of jukedeck/nottingham-dataset')
    with open(data_dir / 'nottingham_tunes.tsv', encoding='utf-8') as file:
        tunes = [row['tune'] for row in csv.DictReader(file, delimiter='\t')]
    lines = (data_dir / name).read_text().splitlines()
    assert len(lines) == len(tunes) == 1029
    sampled, onsets = Melody('sampled', step), Melody('onsets', step)
    for tune, line in zip(tunes, lines):
        notes = midi.read_notes(folder / f'{tune}.mid')
        ids = ids_of(notes, onsets)
        assert ' '.join(map(str, ids_of(notes, sampled))) == line
        assert (onsets.sounding(ids[None])[0] == sampled.parse(line)).all()


def test_mido_reads_the_tempo_and_the_times_that_were_written(tmp_path):
    path = write(tmp_path / 'a.mid', np.array([40, 0, 41]), Melody('sampled', 0.4))
    file = mido.MidiFile(path)
    assert [message.tempo for message in file.tracks[0] if message.type == 'set_tempo'] == [800_000]
    assert file.length == pytest.approx(1.2)
