"""MIDI files: the notes of one voice are read from them, and written to them.

`mido` reads and writes the format. It is part of the extra `music`, and is imported where it is used.
"""

import bisect
import io
import os
import pathlib
import re
import types
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from seqgan_tf.errors import RunError
from seqgan_tf.music.melody import KEYS, LOWEST_PITCH, Melody
from seqgan_tf.music.notes import Note

MOST_BYTES = 2**20  # of a file; an event in memory takes a hundred times its bytes, and it is read in microseconds
MOST_TRACKS = 256
LONGEST = 3600  # seconds from the first note to the end of the last one
FASTEST = 10_000  # microseconds of a quarter note
TEMPO = 500_000  # microseconds of a quarter note where a file says nothing: 120 a minute
DRUMS = 9  # the channel that musicians call 10
TICKS = 240  # of a step in a written file; a step is an eighth note
VELOCITY = 80
EXTRA = "pip install 'seqgan_tf[music]'"

# A number has at most 4 bytes, all but the last with the high bit. Python's time for a longer one
# grows with the square of its length. Texts in other alphabets have such bytes too, but not so many.
_ENDLESS_NUMBER = re.compile(rb'[\x80-\xff]{1024}')


def require_mido() -> types.ModuleType:
    """The module `mido`.

    Raises:
        RunError: it is not installed. The message names the extra.
    """
    try:
        import mido
    except ImportError:
        raise RunError(f'MIDI files need the package mido: {EXTRA}. Received: no module mido') from None
    return mido


def read_notes(path: str | os.PathLike) -> list[Note]:
    """The notes of a file that a piano has, from A0 to C8; none where it has no such note.

    Notes on channel 10, of drums, are left out, and so are notes of no length and notes that never
    end. Times follow the tempo map of the file, from its beginning.

    Raises:
        RunError: `mido` is not installed.
        ValueError: the file cannot be read, is damaged, or is no MIDI file of format 0 or 1 with
            ticks of a quarter note; or it has more than `MOST_BYTES`, more than `MOST_TRACKS`, a
            tempo below `FASTEST`, or more than `LONGEST` seconds.
    """
    mido, data = require_mido(), _read_bytes(pathlib.Path(path))
    try:
        if _ENDLESS_NUMBER.search(data):
            raise ValueError('a number without an end')
        file = mido.MidiFile(file=io.BytesIO(data))
    except Exception as error:  # mido checks little, so damage may raise anything
        raise ValueError(f'a tune must be a whole MIDI file. Received: {path} ({_reason(error)})') from None
    tempos, tracks = [*_tempos(file.tracks)], int.from_bytes(data[10:12])  # mido takes many for none
    for fits, rule, received in (
        (file.type in (0, 1), 'be of format 0 or 1', f'format {file.type}'),
        (file.ticks_per_beat > 0, 'count time in ticks of a quarter note', f'division {file.ticks_per_beat}'),
        (tracks <= MOST_TRACKS, f'have at most {MOST_TRACKS} tracks', f'{tracks} tracks'),
        (
            all(tempo >= FASTEST for _, tempo in tempos),
            f'have quarter notes of at least {FASTEST} microseconds',
            f'one of {min((tempo for _, tempo in tempos), default=0)}',
        ),
    ):
        if not fits:
            raise ValueError(f'a MIDI file must {rule}. Received: {path} with {received}')
    seconds = _clock(tempos, file.ticks_per_beat)
    spans = [(pitch - LOWEST_PITCH + 1, *ticks) for track in file.tracks for pitch, *ticks in _spans(track)]
    notes = [Note(key, seconds(start), seconds(end)) for key, start, end in spans if 1 <= key <= KEYS]
    length = max((note.end for note in notes), default=0) - min((note.start for note in notes), default=0)
    if length > LONGEST:
        raise ValueError(
            f'a tune must last at most {LONGEST} seconds, from its first note to the end of its last one. '
            f'Received: {path} with {float(min(length, 10**12)):.6g} seconds'
        )
    return notes


def midi_bytes(notes: Iterable[Note], melody: Melody) -> bytes:
    """A MIDI file of notes that begin and end at steps of the melody, one at a time, as bytes.

    It has one track of a piano, and a step is an eighth note. Read with the same melody, notes from
    `notes_of` give the same ids again, without the rests before the first note and after the last.

    Raises:
        RunError: `mido` is not installed.
    """
    mido, step = require_mido(), melody.seconds
    track = mido.MidiTrack([mido.MetaMessage('set_tempo', tempo=int(2 * step * 10**6))])
    now = 0
    for note in notes:
        begin, end = (int(time / step * TICKS) for time in (note.start, note.end))
        pitch = note.key + LOWEST_PITCH - 1
        track.append(mido.Message('note_on', note=pitch, velocity=VELOCITY, time=begin - now))
        track.append(mido.Message('note_off', note=pitch, velocity=0, time=end - begin))
        now = end
    buffer = io.BytesIO()
    mido.MidiFile(type=0, ticks_per_beat=2 * TICKS, tracks=[track]).save(file=buffer)
    return buffer.getvalue()


def _read_bytes(path: pathlib.Path) -> bytes:
    """The bytes of a file.

    Raises:
        ValueError: it cannot be read, is empty or has too many.
    """
    try:
        if path.exists() and not path.is_file():  # a pipe would block
            raise OSError(0, 'not a file')
        with open(path, 'rb') as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ValueError(f'a tune must be a readable file. Received: {path} ({error.strerror})') from None
    if not data:
        raise ValueError(f'a tune must be a MIDI file. Received: {path}, which is empty')
    if not data.startswith(b'MThd'):
        raise ValueError(f'a tune must be a MIDI file, which begins with MThd. Received: {path}')
    if len(data) > MOST_BYTES:
        raise ValueError(f'a MIDI file must have at most {MOST_BYTES} bytes. Received: {path}, which has more')
    return data


def _reason(error: Exception) -> str:
    """What an error of the parser says; at the end of a file it says nothing."""
    return 'it ends too early' if isinstance(error, EOFError) else str(error)[:100] or type(error).__name__


def _timed(track: Iterable) -> Iterator[tuple[int, object]]:
    """(ticks from the beginning, message) of each message of a track."""
    now = 0
    for message in track:
        now += message.time
        yield now, message


def _tempos(tracks: Iterable) -> Iterator[tuple[int, int]]:
    """(ticks, microseconds of a quarter note) of each tempo in any track."""
    for track in tracks:
        yield from ((now, message.tempo) for now, message in _timed(track) if message.type == 'set_tempo')


def _clock(tempos: Sequence[tuple[int, int]], ticks_per_beat: int):
    """The function from ticks to seconds, exact, of a tempo map."""
    starts, bases, rates = [0], [0], [TEMPO]  # of each piece: ticks, microseconds * ticks_per_beat
    for tick, tempo in sorted(tempos, key=lambda pair: pair[0]):
        bases.append(bases[-1] + (tick - starts[-1]) * rates[-1])
        starts.append(tick)
        rates.append(tempo)

    def seconds(tick: int) -> Fraction:
        piece = bisect.bisect_right(starts, tick) - 1
        return Fraction(bases[piece] + (tick - starts[piece]) * rates[piece], ticks_per_beat * 10**6)

    return seconds


def _spans(track: Iterable) -> Iterator[tuple[int, int, int]]:
    """(pitch, first tick, last tick) of each note of a track that is not of drums.

    An end is of all notes of the pitch that began before it. Only where there are none it is of
    those that began at the same time, which have no length.
    """
    began: dict[tuple[int, int], list[int]] = {}
    for now, message in _timed(track):
        if message.type not in ('note_on', 'note_off') or message.channel == DRUMS:
            continue
        voice = message.channel, message.note
        if message.type == 'note_on' and message.velocity:
            began.setdefault(voice, []).append(now)
        elif voice in began:
            starts = began.pop(voice)
            earlier = [start for start in starts if start < now]
            yield from ((message.note, start, now) for start in earlier)
            if earlier and len(earlier) < len(starts):
                began[voice] = starts[len(earlier) :]
