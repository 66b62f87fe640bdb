"""What the playground asks and shows, without a browser: symbols in their texts, both kinds of models, curves, commands."""

import math
import shutil
import socket
import sys

import numpy as np
import pytest
from serving_models import DEPENDENT, VOCABULARIES, networks

from seqgan_tf.config import Config
from seqgan_tf.data.verse_rules import TONES, verse_marks
from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.music.melody import Melody
from seqgan_tf.playground import command, in_process
from seqgan_tf.playground.answers import answers_of, answers_to, drawn_symbols, likelihood, shown
from seqgan_tf.playground.in_process import InProcess
from seqgan_tf.playground.model import LONGEST, Missing, Request
from seqgan_tf.playground.served import Served
from seqgan_tf.playground.symbols import continued, places_of
from seqgan_tf.running.trained import Trained


@pytest.fixture(scope='module')
def trained():
    """Random networks on the characters of verse."""
    vocabulary = Vocabulary(sorted(TONES), tokens='char', verse_length=5)
    return Trained(*networks(vocabulary, 20), vocabulary, 20, Config(dataset='verse'))


@pytest.fixture(scope='module')
def local(trained):
    """The networks as a model in the process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(in_process, 'load', lambda path: trained)
        return InProcess('exports/poetry')


# Symbols in their texts.


@pytest.mark.parametrize('name', [*VOCABULARIES, *DEPENDENT])
def test_a_prefix_of_the_text_has_the_symbols_before_it(name):
    """For every vocabulary: places cover the text, and the prompt that continues a symbol splits into those up to it."""
    vocabulary, length = (VOCABULARIES | DEPENDENT)[name]
    rng = np.random.default_rng(0)
    checked = 0
    for _ in range(100):
        drawn = [vocabulary.symbols[i] for i in rng.integers(vocabulary.end_id == 0, len(vocabulary), length)]
        text = vocabulary.join(drawn)
        symbols = vocabulary.split(text)
        places = places_of(text, symbols)
        if places is None:  # as where a symbol is written in another way
            continue
        checked += 1
        assert ''.join(place.gap + text[place.start : place.end] for place in places).strip() == text.strip()
        for number in range(len(symbols)):
            if not name.startswith(('graphemes', 'words and marks')):  # there a symbol depends on the next one
                assert vocabulary.split(continued(text, places, number)) == symbols[: number + 1]
                other = vocabulary.symbols[-1]
                assert vocabulary.split(continued(text, places, number, other)) == [*symbols[:number], other]
    assert checked > 50


def test_the_end_stands_behind_the_text():
    places = places_of('a b', ['a', 'b', ''])
    assert places is not None and [(p.gap, p.start, p.end) for p in places] == [('', 0, 1), (' ', 2, 3), ('', 3, 3)]
    assert continued('a b', places, 2, 'c') == 'a b c'
    assert places_of('a b', ['a', 'x']) is None


@pytest.mark.parametrize(
    'change, message',
    [
        ({'n': 65}, 'from 1 to 64. Received: 65'),
        ({'n': 0}, 'from 1 to 64. Received: 0'),
        ({'n': 64, 'num_candidates': 256}, 'at most 4096. Received: 16384'),
        ({'prompt': 'x' * (LONGEST + 1)}, 'at most 10000 characters. Received: 10001'),
        ({'temperature': math.nan}, 'positive and finite. Received: nan'),
        ({'num_candidates': 257}, 'from 1 to 256. Received: 257'),
        ({'guidance': -1.0}, 'at least 0 and finite. Received: -1.0'),
        ({'num_candidates': 2, 'top_k': 3}, 'Received: top_k=3, top_p=1.0'),
        ({'seed': 2**63}, 'an integer of 64 bits'),
    ],
)
def test_a_request_has_limits(change, message):
    with pytest.raises(ValueError, match=message):
        Request(**change)


# Models.


def test_symbols_of_an_answer_sum_to_its_likelihood(local):
    [answer], notes = answers_of(local, local.draw(Request(seed=4)))
    assert notes == [] and answer.prob_real is not None
    assert sum(symbol['log_prob'] for symbol in answer.symbols) == pytest.approx(answer.log_prob, rel=1e-4)
    drawn = drawn_symbols(answer, None)
    assert ''.join(symbol['text'] for symbol in drawn) == answer.text.replace(' ', '')
    assert all(0 <= symbol['tint'] <= 1 and len(symbol['alternatives']) == 5 for symbol in drawn)
    assert [symbol['gap'] for symbol in drawn] == ['', '', '', '', ''] + 3 * [' ', '', '', '', '']


def test_an_earlier_export_still_generates(local):
    """It lacks `inspect`: texts come without symbols, and a line says what is missing."""

    class Server:
        def status(self, seconds):
            return [{'version': 1, 'state': 'AVAILABLE'}]

        def predict(self, signature, rows, seconds):
            if signature in ('inspect', 'candidates'):
                raise ValueError(f'answers 400: Serving signature key "{signature}" not found.')
            return [{'text': '明', 'log_prob': -1.0, 'prob_real': 0.5, 'seed': 1, 'error': ''} for _ in rows]

    model = Served.__new__(Served)
    model.server, model.searches, model.first = Server(), True, 1
    answers, notes = answers_of(model, model.draw(Request(n=2)))
    assert [(answer.text, answer.prob_real, answer.symbols) for answer in answers] == 2 * [('明', 0.5, [])]
    assert notes == [
        'Probabilities of symbols are not shown: this export has no signature inspect. Export the run again.'
    ]
    with pytest.raises(Missing, match='no signature candidates'):
        model.candidates(Request())


def test_each_line_is_scored_on_its_own(local):
    poem = local.draw(Request(seed=1))[0]['text']
    answers, notes = answers_to(local, [poem, 'x', poem])
    assert [answer.text for answer in answers] == [poem, poem]
    assert len(notes) == 1 and notes[0].startswith('Line 2: ')
    with pytest.raises(ValueError, match='must be in the vocabulary'):
        answers_to(local, ['x'])
    with pytest.raises(ValueError, match='from 1 to 64. Received: 65'):
        answers_to(local, 65 * [poem])


def test_a_new_version_is_told_and_taken(trained, tmp_path, monkeypatch):
    monkeypatch.setattr(in_process, 'load', lambda path: trained)
    for number in (1, 2):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / 'saved_model.pb').touch()
        if number == 1:
            model = InProcess(str(tmp_path))
            assert model.news() == ''
    assert model.news() == f'{tmp_path} has version 2. Here version 1 answers.'
    model.renew()
    assert model.news() == ''
    shutil.rmtree(tmp_path)
    assert 'is gone' in model.news() and model.draw(Request(seed=1))


# What is shown.


def test_likelihoods_have_few_digits():
    assert [likelihood(math.log(p)) for p in (1.0, 0.5, 0.01234, 0.00001)] == ['100.0 %', '50 %', '1.23 %', '< 0.01 %']


def test_keys_have_the_names_of_pianists():
    assert [shown(i, Melody()) for i in ('1', '4', '40', '88', '0')] == ['A0', 'C1', 'C4', 'C8', 'rest']
    assert (shown('89', Melody('onsets')), shown('', None), shown('40', None)) == ('hold', '∎', '40')


def test_curves_go_on_over_the_phases():
    training = pytest.importorskip('seqgan_tf.playground.training', reason='nicegui is not installed')
    entries = [
        {'phase': 'initial', 'round': 0, 'nll': 6.0},
        {'phase': 'mle', 'round': 1, 'nll': 3.0},
        {'phase': 'mle', 'round': 2, 'nll': 2.0},
        {'phase': 'discriminator', 'round': 4, 'd_loss': 1.0},
        {'phase': 'adversarial', 'round': 1, 'nll': 1.5},
        {'phase': 'final', 'round': 0, 'nll': 1.4},
    ]
    assert training.curves_of(entries, 'nll') == {
        'mle': [(0, 6.0), (1, 3.0), (2, 2.0)],
        'adversarial': [(2, 2.0), (7, 1.5)],
    }
    assert training.curves_of(entries, 'd_loss') == {'discriminator': [(6, 1.0)]}
    assert training.curves_of(entries[:1], 'nll') == {'initial': [(0, 6.0)]}


def test_a_line_says_why_a_poem_rhymes():
    verses = pytest.importorskip('seqgan_tf.playground.verses', reason='nicegui is not installed')
    poem = '边城烟树远村外雨初晴倦客扶筇立回头怨远行'
    assert verses.rhyme_line(verse_marks(poem)) == 'It rhymes: 晴 qing2, 行 xing2 (中东)'
    assert verses.rhyme_line(verse_marks(poem[:19] + '晴')).endswith('at fault 晴 (used twice)')
    assert verses.rhyme_line(verse_marks(poem[:19] + '远')).endswith('at fault 远 (oblique tone)')


def test_a_piano_roll_has_a_bar_for_each_note():
    melodies = pytest.importorskip('seqgan_tf.playground.melodies', reason='nicegui is not installed')
    melody = Melody()
    notes = melodies.notes_of(melody.parse('40 40 0 44'), melody)
    picture = melodies.piano_roll(notes, 4, melody)
    assert picture.count('<rect') == 2 and '2 notes in 1.6 seconds' in picture
    assert '>C4<' in picture
    assert melodies._wav('40 x').status_code == 400
    assert melodies._midi(ids='40 44').body.startswith(b'MThd')


# The command.


@pytest.mark.parametrize(
    'arguments, message',
    [
        ([], 'one of export_dir, workdir and url must be given. Received: none'),
        (['--export_dir=x', '--url=http://y', '--model=z'], 'one of export_dir and url must be given'),
        (['--url=http://y'], 'url and model must be given together'),
        (['--url=ftp://y', '--model=z'], 'url must be an address of http://'),
        (['--export_dir=/no/such'], 'a trained generator is loaded from'),
        (['--workdir=/no/such'], 'a trained generator is loaded from'),
        (['--url=http://127.0.0.1:1', '--model=z'], 'must be a TensorFlow Serving'),
        (['--export_dir=x', '--port=0'], 'port must be from 1 to 65535'),
    ],
)
def test_bad_arguments_are_answered_in_a_line(arguments, message, monkeypatch):
    monkeypatch.setattr(sys, 'argv', ['seqgan-playground', *arguments])
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert str(ended.value).startswith('error: ') and message in str(ended.value)


def test_a_taken_port_is_told(monkeypatch):
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr(sys, 'argv', ['seqgan-playground', '--export_dir=x', f'--port={port}'])
        with pytest.raises(SystemExit, match=f'port must be free. Received: 127.0.0.1:{port}'):
            command.main()
