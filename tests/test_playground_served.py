"""A model of the playground behind a server: it answers as one in the process."""

import argparse
import dataclasses
import math

import pytest
from serving_models import networks
from serving_server import serve

from seqgan_tf.commands.client import connect
from seqgan_tf.config import Config
from seqgan_tf.data.verse_rules import TONES
from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.playground.in_process import InProcess
from seqgan_tf.playground.model import Data, Request
from seqgan_tf.playground.served import Served
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


def test_a_server_that_went_is_told(served):
    model = Served(served.rest, 'poetry')
    model.server = connect(argparse.Namespace(url='http://127.0.0.1:1', model='poetry', version=None, label=None))
    assert 'must be a TensorFlow Serving' in model.news()
    with pytest.raises(ValueError, match='must be a TensorFlow Serving'):
        model.draw(Request())
