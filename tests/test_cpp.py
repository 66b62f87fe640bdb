"""The C++ example under export/cpp: it builds against the installed wheel and answers as the session and Python do."""

import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest
from serving_models import CHARS, VOCABULARIES, networks, opened

from seqgan_tf.serving.loaders import python_model
from seqgan_tf.serving.trial_requests import prompts_of

SOURCES = pathlib.Path(__file__).resolve().parent.parent / 'export' / 'cpp'
TOOLS = ('g++', 'make')

pytestmark = pytest.mark.skipif(not all(map(shutil.which, TOOLS)), reason=f'needs {" and ".join(TOOLS)} on the PATH')


@pytest.fixture(scope='module')
def program(tmp_path_factory):
    folder = shutil.copytree(SOURCES, tmp_path_factory.mktemp('build') / 'cpp', ignore=shutil.ignore_patterns('ask'))
    done = subprocess.run(['make', f'PYTHON={sys.executable}'], cwd=folder, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return folder / 'ask'


@pytest.fixture(scope='module', params=['ending characters', 'words'])
def model(request, tmp_path_factory):
    vocabulary, length = VOCABULARIES[request.param]
    with opened(*networks(vocabulary, length), vocabulary, length, tmp_path_factory.mktemp('exports')) as found:
        yield found


def call(program, model, *args, code=0):
    """The rows that the program prints, each a list of its outputs, and its errors."""
    done = subprocess.run(
        [program, model if isinstance(model, str) else model.path, *map(str, args)],
        capture_output=True,
        text=True,
        encoding='utf-8',
        timeout=120,
    )
    assert done.returncode == code, done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith('error: ')]
    return [line.split('\t') for line in done.stdout.splitlines()], errors


def assert_rows(rows, errors, answer):
    """What the program prints against the arrays of a model: equal outputs of the good rows, and the error of each bad row."""
    good = answer['error'] == b''
    assert errors == [f'error: row {row}: {answer["error"][row].decode()}' for row in np.flatnonzero(~good)]
    assert len(rows) == good.sum()
    drawn = ('seed', 'log_prob', 'prob_real', 'tokens', 'text')
    names = drawn if 'tokens' in answer else ('log_prob', 'prob_real', 'length')
    names = [name for name in names if name in answer]
    for i, name in enumerate(names):
        expected, printed = answer[name][good], [row[i] for row in rows]
        if expected.dtype.kind == 'f':
            np.testing.assert_allclose([float(value) for value in printed], expected, rtol=1e-5)
        elif name == 'text':
            assert printed == [text.decode() for text in expected]
        else:
            assert [list(map(int, value.split())) for value in printed] == np.reshape(
                expected, [len(rows), -1]
            ).tolist()


def both(model):
    """The two ways to load a model in Python."""
    return model.session, python_model(model.path)


def test_cpp_draws_what_the_session_and_python_draw(program, model):
    found = call(program, model, 'sample', 25, 3, 0.7)
    for loaded in both(model):
        assert_rows(*found, loaded('sample', seed=np.arange(3, 28), temperature=np.full(25, 0.7, np.float32)))


def test_cpp_completes_what_they_complete_bad_prompts_included(program, model):
    drawn = model.session('sample', seed=np.arange(6), temperature=np.ones(6, np.float32))['text']
    prompts = [
        *prompts_of(model.session, drawn)[0],
        CHARS[0] * 30 + ' w1é' * 30,
        '\U0001f600'.encode(),
        b'<end>',
    ]
    prompts = [prompt if isinstance(prompt, str) else prompt.decode() for prompt in prompts]
    asked = {
        'seed': np.arange(8, 17),
        'temperature': np.full(9, 1.3, np.float32),
        'prompt': np.array([prompt.encode() for prompt in prompts], object),
        'top_k': np.full(9, 5, np.int32),
        'top_p': np.full(9, 0.9, np.float32),
    }
    found = call(program, model, 'complete', 8, 1.3, 5, 0.9, *prompts, code=1)
    assert found[1]
    for loaded in both(model):
        assert_rows(*found, loaded('complete', **asked))


def test_cpp_scores_what_they_score_bad_texts_included(program, model):
    drawn = model.session('sample', seed=np.arange(9), temperature=np.ones(9, np.float32))['text']
    texts = [
        *(text.decode() for text in drawn[:5]),
        CHARS[0] * 30 + ' w1é' * 30,
        *(text.decode() for text in drawn[5:]),
        '',
    ]
    found = call(program, model, 'score', *texts, code=1)
    assert len(found[1]) == 1
    for loaded in both(model):
        assert_rows(*found, loaded('score', text=np.array([text.encode() for text in texts], object)))


def test_cpp_searches_as_they_search_bad_prompts_included(program, model):
    prompts = [CHARS[1], 'w1é', '', CHARS[0] * 30 + ' w1é' * 30, '']
    asked = {
        'seed': np.arange(8, 13),
        'temperature': np.full(5, 1.3, np.float32),
        'prompt': np.array([prompt.encode() for prompt in prompts], object),
        'num_candidates': np.full(5, 9, np.int32),
        'guidance': np.full(5, 50.0, np.float32),
    }
    found = call(program, model, 'search', 8, 1.3, 9, 50, *prompts, code=1)
    assert found[1]
    for loaded in both(model):
        assert_rows(*found, loaded('search', **asked))


@pytest.mark.parametrize('model', ['words'], indirect=True)
@pytest.mark.parametrize(
    'args, name',
    [
        (('sample', 2, 1, 'nan'), 'temperature'),
        (('complete', 1, 'inf', 0, 1, '', ''), 'temperature'),
        (('complete', 1, 1, -1, 1, '', ''), 'top_k'),
        (('complete', 1, 1, 0, 1.5, '', ''), 'top_p'),
        (('search', 1, 1, 257, 1, '', ''), 'num_candidates'),
        (('search', 1, 1, 9, -1, '', ''), 'guidance'),
    ],
)
def test_cpp_answers_bad_rows_by_their_rule(program, model, args, name):
    rows, errors = call(program, model, *args, code=1)
    assert rows == [] and len(errors) == 2 and all(f': {name} must be' in error for error in errors)


@pytest.mark.parametrize('model', ['words'], indirect=True)
def test_cpp_draws_fresh_seeds_at_each_start(program, model):
    seeds = [row[0] for _ in range(2) for row in call(program, model, 'sample', 5)[0]]
    assert len(set(seeds)) == 10 and all(int(seed) >= 0 for seed in seeds)


@pytest.mark.parametrize(
    'args, message',
    [
        ((), 'error: arguments must be MODEL_DIR and: sample COUNT'),
        (('sample', 0), 'error: COUNT must be at least 1. Received: 0'),
        (('sample', 'one'), 'error: an argument must be an integer. Received: one'),
        (('score', 'text'), 'error: Could not find SavedModel'),
    ],
)
def test_cpp_errors(program, args, message):
    _, errors = call(program, '/none', *args, code=1)
    assert len(errors) == 1 and errors[0].startswith(message)


def test_cpp_without_a_discriminator(program, tmp_path):
    """Such a model has no `prob_real`, and the program leaves the column out."""
    vocabulary, length = VOCABULARIES['words']
    generator, _ = networks(vocabulary, length)
    with opened(generator, None, vocabulary, length, tmp_path) as model:
        text = model.session('sample', seed=np.array([3]), temperature=np.ones(1, np.float32))['text']
        assert call(program, model, 'search', 1, 1, 2, 1, '', code=1)[1] == ['error: the model has no signature search']
        rows, errors = call(program, model, 'score', text[0].decode())
        assert len(rows[0]) == 2
        assert_rows(rows, errors, model.session('score', text=text))
