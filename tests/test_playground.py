"""What the playground asks and shows, without a browser: symbols in their texts, both kinds of models, curves, commands."""

import argparse
import dataclasses
import math
import shutil
import socket
import sys

import numpy as np
import pytest
from serving_models import DEPENDENT, VOCABULARIES, networks
from serving_server import serve

from seqgan_tf.commands.client import connect
from seqgan_tf.config import Config
from seqgan_tf.data.verse_rules import TONES, verse_marks
from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.music.melody import Melody
from seqgan_tf.playground import command
from seqgan_tf.playground.answers import answers_of, answers_to, drawn_symbols, likelihood, shown
from seqgan_tf.playground.in_process import InProcess
from seqgan_tf.playground.model import LONGEST, Data, Missing, Request
from seqgan_tf.playground.served import Served
from seqgan_tf.playground.symbols import continued, places_of
from seqgan_tf.serving.export import export_saved_model

SETTINGS = dataclasses.asdict(Config(dataset='verse'))


@pytest.fixture(scope='module')
def export(tmp_path_factory):
    """An export of random networks on the characters of verse."""
    vocabulary = Vocabulary(sorted(TONES), tokens='char', verse_length=5)
    base = tmp_path_factory.mktemp('exports') / 'poetry'
    export_saved_model(*networks(vocabulary, 20), vocabulary, 20, base, SETTINGS)
    return base


@pytest.fixture(scope='module')
def local(export):
    return InProcess(str(export))


@pytest.fixture(scope='module')
def served(export):
    with serve(export) as server:
        yield server


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


def close(one, other):
    return one == other or (isinstance(one, float) and math.isclose(one, other, rel_tol=1e-4, abs_tol=1e-4))


def same(one, other):
    """Whether answers agree, numbers to four digits."""
    if isinstance(one, dict):
        return one.keys() <= other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return close(one, other)


@pytest.mark.parametrize('port', ['rest', 'grpc'])
def test_a_served_model_answers_as_one_in_the_process(port, local, served):
    if port == 'grpc' and served.grpc is None:
        pytest.skip('tensorflow-serving-api is not installed')
    model = Served(served.rest if port == 'rest' else f'grpc://{served.grpc}', 'poetry')
    assert (model.searches, model.data) == (True, Data('verse')) == (local.searches, local.data)
    plain = Request(n=3, prompt='明月', temperature=0.9, top_k=50, top_p=0.9, seed=5)
    searched = Request(prompt='明', num_candidates=5, guidance=2.0, seed=3)
    rows = local.draw(plain)
    texts = [row['text'] for row in rows]
    assert same(rows, model.draw(plain))
    assert same(local.draw(searched), model.draw(searched))
    assert same(local.score(texts), model.score(texts))
    assert same(local.inspect(texts), model.inspect(texts))
    found = model.candidates(searched)
    assert same(local.candidates(searched), found)
    assert len(found['text']) == 5 and found['text'][found['chosen']] == local.draw(searched)[0]['text']
    for bad in ('x', '明' * 21):
        with pytest.raises(ValueError) as one:
            local.draw(Request(prompt=bad))
        with pytest.raises(ValueError) as other:
            model.draw(Request(prompt=bad))
        assert str(one.value) == str(other.value)
    assert model.news() == ''


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


def test_a_new_version_is_told_and_taken(export, tmp_path):
    base = tmp_path / 'poetry'
    shutil.copytree(export, base)
    model = InProcess(str(base))
    assert model.news() == ''
    shutil.copytree(base / '1', base / '2')
    assert model.news() == f'{base} has version 2. Here version 1 answers.'
    model.renew()
    assert model.news() == ''
    shutil.rmtree(base)
    assert 'is gone' in model.news() and model.draw(Request(seed=1))


def test_a_server_that_went_is_told(served):
    model = Served(served.rest, 'poetry')
    model.server = connect(argparse.Namespace(url='http://127.0.0.1:1', model='poetry', version=None, label=None))
    assert 'must be a TensorFlow Serving' in model.news()
    with pytest.raises(ValueError, match='must be a TensorFlow Serving'):
        model.draw(Request())


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
