"""What all tests share."""

import pathlib

import pytest

from seqgan_tf.running.startup import load_tensorflow

ROOT = pathlib.Path(__file__).resolve().parent.parent

load_tensorflow()


@pytest.fixture(scope='session')
def data_dir():
    """A folder of public corpora beside the project; the tests that measure on them skip where it is absent."""
    path = ROOT.parent / 'shared' / 'data'
    if not path.is_dir():
        pytest.skip(f'no corpora at {path}')
    return path
