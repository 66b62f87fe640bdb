"""The examples under export/examples: an exported model in other people's code."""

import importlib.util
import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from seqgan_tf.data.vocabulary import END, Vocabulary
from seqgan_tf.models.discriminator import Discriminator
from seqgan_tf.models.generator import Generator
from seqgan_tf.policies import sampling
from seqgan_tf.serving.export import export_saved_model
from seqgan_tf.serving.loaders import SessionModel

EXAMPLES = pathlib.Path(__file__).resolve().parent.parent / 'export' / 'examples'


def example(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f'{name}.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope='module')
def version(tmp_path_factory):
    vocabulary = Vocabulary([END, *(chr(0x4E00 + i) for i in range(40))])
    generator = Generator(len(vocabulary), 8, 8, initializer_stddev=1.0, end_id=vocabulary.end_id, seed=1)
    discriminator = Discriminator(len(vocabulary), 7, 8, windows=((1, 8), (2, 8)))
    return str(
        export_saved_model(generator, discriminator, vocabulary, 7, tmp_path_factory.mktemp('exports') / 'poems')
    )


def test_signatures_compose_inside_a_function(version):
    loaded = tf.saved_model.load(version)
    best = example('compose').best_of(loaded, 16)
    with SessionModel(version) as session:
        for seed in (0, 100):
            drawn = session('sample', seed=np.arange(seed, seed + 16), temperature=np.ones(16, np.float32))['text']
            assert (
                best(tf.constant(seed, tf.int64)).numpy() == drawn[session('score', text=drawn)['prob_real'].argmax()]
            )
    assert best.experimental_get_tracing_count() == 1


def test_a_model_is_a_keras_layer(version):
    texts = np.array(['一丁', '\U0001f600'])
    with SessionModel(version) as session:
        expected = session('score', text=np.array([text.encode() for text in texts], object))['prob_real']
    model = example('keras_layer').RealText(version)
    np.testing.assert_allclose(model(tf.constant(texts)), expected, rtol=1e-5)
    np.testing.assert_allclose(model.predict(tf.constant(texts), verbose=0), expected, rtol=1e-5)
    assert expected[0] > 0 and expected[1] == 0


def test_a_generator_in_a_keras_file_goes_on_training(tmp_path):
    generator = Generator(30, 8, 8, initializer_stddev=1.0, end_id=0, seed=1)
    tokens, seed = tf.constant(np.random.default_rng(0).integers(1, 30, [16, 6]), tf.int32), tf.constant([1, 2])
    path = str(tmp_path / 'generator.keras')
    generator.save(path)
    np.testing.assert_array_equal(
        sampling.sample(keras.saving.load_model(path), 9, 6, seed), sampling.sample(generator, 9, 6, seed)
    )
    before = sampling.sequence_nll(generator, tokens).numpy().mean()
    example('keras_file').train_on(path, tokens)
    trained = keras.saving.load_model(path)
    assert (trained.vocab_size, trained.end_id) == (30, 0)
    assert sampling.sequence_nll(trained, tokens).numpy().mean() < before - 0.01
