"""Every search in a SavedModel: the session loader answers as Python does, with ops that every server has."""

import numpy as np
import pytest
import tensorflow as tf

from seqgan_tf.models.discriminator import Discriminator
from seqgan_tf.models.generator import Generator
from seqgan_tf.models.prefix_network import PrefixNetwork
from seqgan_tf.search.beam import beam, resample_beams
from seqgan_tf.search.particles import particles
from seqgan_tf.search.resample import resample
from seqgan_tf.search.tree_search import tree_search
from seqgan_tf.serving.check import check_portable
from seqgan_tf.serving.loaders import SessionModel

V, T, ROWS = 9, 5, 3


class Searches(tf.Module):
    """Networks with random weights, and a function of a seed int64 [2] for each search."""

    def __init__(self):
        super().__init__()
        self.policy = Generator(V, 4, 5, initializer_stddev=0.7, end_id=1)
        self.score = Discriminator(V, T, 4, ((1, 5), (2, 5)))
        self.value = PrefixNetwork(V, 4, 5, seed=2)
        networks = self.policy, self.score, self.value
        self.session_variables = [v.value for network in networks for v in network.variables]

    def functions(self):
        policy, score, value = self.policy, self.score, self.value
        found = {
            'resample': lambda seed: resample(policy, score, ROWS, T, 4, seed),
            'particles': lambda seed: particles(policy, score, value, ROWS, T, 4, seed, guidance=2.0),
            'tree_search': lambda seed: tree_search(policy, score, value, ROWS, T, 4, seed, width=3),
            'beam': lambda seed: beam(policy, ROWS, T, 4, seed=seed),
            'resample_beams': lambda seed: resample_beams(policy, score, ROWS, T, 4, seed),
        }
        seed = tf.TensorSpec([2], tf.int64, 'seed')
        return {
            name: tf.function(lambda seed, run=run: run(seed)._asdict(), autograph=False, input_signature=[seed])
            for name, run in found.items()
        }


@pytest.fixture(scope='module')
def exported(tmp_path_factory):
    module, path = Searches(), tmp_path_factory.mktemp('export')
    functions = module.functions()
    tf.saved_model.save(module, str(path), functions)
    check_portable(path)
    with SessionModel(path) as session:
        yield functions, session


@pytest.mark.parametrize('name', ['resample', 'particles', 'tree_search', 'beam', 'resample_beams'])
def test_a_session_answers_as_python_does(exported, name):
    functions, session = exported
    for seed in (np.array([1, 2]), np.array([3, 4])):
        here, there = functions[name](tf.constant(seed)), session(name, seed=seed)
        assert here.keys() == there.keys()
        np.testing.assert_array_equal(here['tokens'], there['tokens'])
        for key in here.keys() - {'tokens'}:
            np.testing.assert_allclose(here[key], there[key], rtol=1e-4, atol=1e-5)
