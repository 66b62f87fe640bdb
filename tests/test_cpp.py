"""The C++ example under export/cpp: it builds against the installed wheel and draws what Python draws."""

import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest

from seqgan_tf import serving, serving_check
from seqgan_tf.models.discriminator import Discriminator
from seqgan_tf.models.generator import Generator
from seqgan_tf.vocabulary import END, Vocabulary

SOURCES = pathlib.Path(__file__).resolve().parent.parent / 'export' / 'cpp'
TOOLS = ('g++', 'make')

pytestmark = pytest.mark.skipif(not all(map(shutil.which, TOOLS)), reason=f'needs {" and ".join(TOOLS)} on the PATH')


@pytest.fixture(scope='module')
def program(tmp_path_factory):
    folder = shutil.copytree(SOURCES, tmp_path_factory.mktemp('build') / 'cpp', ignore=shutil.ignore_patterns('sample'))
    done = subprocess.run(['make', f'PYTHON={sys.executable}'], cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return folder / 'sample'


@pytest.fixture(scope='module')
def version(tmp_path_factory):
    vocabulary = Vocabulary([END, *(chr(0x4e00 + i) for i in range(40))])
    generator = Generator(len(vocabulary), 8, 8, initializer_stddev=1.0, end_id=vocabulary.end_id, seed=1)
    discriminator = Discriminator(len(vocabulary), 7, 8, windows=((1, 8), (2, 8)))
    return serving.export_saved_model(generator, discriminator, vocabulary, 7, tmp_path_factory.mktemp('exports') / 'poems')


def call(program, *args, code=0):
    done = subprocess.run([program, *map(str, args)], capture_output=True, text=True, encoding='utf-8', timeout=120)
    assert done.returncode == code, done.stderr
    return [line.split('\t') for line in done.stdout.splitlines()] if code == 0 else done.stderr


def test_cpp_draws_what_the_session_and_python_draw(program, version):
    inputs = {'seed': np.arange(3, 28), 'temperature': np.full(25, 0.7, np.float32)}
    rows = call(program, version, 25, 3, 0.7)
    with serving_check.SessionModel(version) as session:
        for model in (session, serving_check.python_model(version)):
            answer = model('sample', **inputs)
            assert [int(row[0]) for row in rows] == answer['seed'].tolist()
            assert [list(map(int, row[2].split())) for row in rows] == answer['tokens'].tolist()
            assert [row[3] for row in rows] == [text.decode() for text in answer['text']]
            np.testing.assert_allclose([float(row[1]) for row in rows], answer['log_prob'], rtol=1e-5)


def test_cpp_draws_fresh_seeds_at_each_start(program, version):
    seeds = [row[0] for _ in range(2) for row in call(program, version, 5)]
    assert len(set(seeds)) == 10 and all(int(seed) >= 0 for seed in seeds)


@pytest.mark.parametrize('args, message', [
    ((), 'usage: '),
    (('{version}', 0), 'error: COUNT must be at least 1. Received: 0'),
    (('{version}', 1, 1, 0), 'error: temperature must be positive and finite. Received: temperature=0'),
    (('{version}/none',), 'error: Could not find SavedModel'),
])
def test_cpp_errors(program, version, args, message):
    assert message in call(program, *(str(arg).format(version=version) for arg in args), code=1)
