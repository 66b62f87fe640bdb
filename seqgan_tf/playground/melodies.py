"""A melody on the page: a piano roll, a player, and files to keep."""

import html
import urllib.parse

from fastapi import Response
from nicegui import app, ui

from seqgan_tf.music.audio import synthesize, wav_bytes
from seqgan_tf.music.melody import LOWEST_PITCH, Melody
from seqgan_tf.music.midi import midi_bytes
from seqgan_tf.music.notes import Note, notes_of

STEP, KEY = 12, 6  # units of the picture: the width of a step, and the height of a key
MOST_STEPS = 1000  # of a melody that is drawn and heard


def show_melody(text: str, melody: Melody, brief: bool = False) -> None:
    """The picture of ids, and unless it is brief their sound and files; a line where they are none."""
    try:
        notes = _notes(text, melody)
    except ValueError as error:
        ui.label(f'No melody is shown: {error}.').classes('sg-note')
        return
    ui.html(piano_roll(notes, len(text.split()), melody), sanitize=False).classes('sg-roll')
    if brief:
        return
    query = urllib.parse.urlencode({'ids': text, 'encoding': melody.encoding, 'step': melody.step})
    with ui.row().classes('sg-files'):
        ui.audio(f'/melody.wav?{query}').props('preload=none aria-label="The melody"')
        for name in ('WAV', 'MIDI'):
            suffix = {'WAV': 'wav', 'MIDI': 'mid'}[name]
            ui.link(name, f'/melody.{suffix}?{query}').props(f'download=melody.{suffix}')


def piano_roll(notes: list[Note], steps: int, melody: Melody) -> str:
    """An SVG picture: time runs to the right, and pitch up, from the lowest to the highest note."""
    keys = [note.key for note in notes] or [40]
    low, high = min(keys) - 2, max(keys) + 2
    width, height = steps * STEP, (high - low + 1) * KEY
    x = lambda time: round(float(time / melody.seconds) * STEP, 2)
    octaves = [key for key in range(low, high + 1) if (key + LOWEST_PITCH - 1) % 12 == 0]
    lines = [
        f'<line x1="0" x2="{width}" y1="{(high - key + 1) * KEY}" y2="{(high - key + 1) * KEY}"/>'
        f'<text x="2" y="{(high - key + 1) * KEY - 2}">C{(key + LOWEST_PITCH - 1) // 12 - 1}</text>'
        for key in octaves
    ]
    bars = [
        f'<rect x="{x(note.start)}" y="{(high - note.key) * KEY}" width="{max(1.0, x(note.end - note.start) - 1)}" '
        f'height="{KEY}" rx="1.5"/>'
        for note in notes
    ]
    label = html.escape(f'Piano roll: {len(notes)} notes in {float(steps * melody.seconds):.1f} seconds')
    return (
        f'<svg role="img" aria-label="{label}" viewBox="0 0 {width} {height}" preserveAspectRatio="none" '
        f'style="aspect-ratio: {width} / {height}">{"".join(lines)}{"".join(bars)}</svg>'
    )


def add_routes() -> None:
    """The addresses of sounds and files. They are made of the ids in the address, so nothing is kept."""
    app.add_api_route('/melody.wav', _wav, response_class=Response)
    app.add_api_route('/melody.mid', _midi, response_class=Response)


def _wav(ids: str, encoding: str = 'sampled', step: float = 0.4) -> Response:
    return _file('audio/wav', lambda melody: wav_bytes(synthesize(_ids(ids, melody), melody)), encoding, step)


def _midi(ids: str, encoding: str = 'sampled', step: float = 0.4) -> Response:
    return _file('audio/midi', lambda melody: midi_bytes(notes_of(_ids(ids, melody), melody), melody), encoding, step)


def _file(kind, content, encoding: str, step: float) -> Response:
    try:
        return Response(content(Melody(encoding, step)), media_type=kind)
    except ValueError as error:
        return Response(str(error), status_code=400, media_type='text/plain')


def _notes(text: str, melody: Melody) -> list[Note]:
    return notes_of(_ids(text, melody), melody)


def _ids(text: str, melody: Melody):
    """The ids of a text.

    Raises:
        ValueError: one is no id, or there are none or too many.
    """
    ids = melody.parse(text)
    if not 1 <= len(ids) <= MOST_STEPS:
        raise ValueError(f'a melody must have from 1 to {MOST_STEPS} steps. Received: {len(ids)}')
    return ids
