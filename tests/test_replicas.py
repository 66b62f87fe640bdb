"""Several devices: the number of replicas changes nothing but rounding, and mistakes are told."""

import os
import subprocess
import sys

import numpy as np
import pytest
import replica_rounds
import tensorflow as tf

from seqgan_tf import randomness
from seqgan_tf.config import Config
from seqgan_tf.errors import RunError
from seqgan_tf.running import devices
from seqgan_tf.training.replicas import ONE, Replicas, rows_of, sum_of

ROUNDS = ','.join(replica_rounds.ROUNDS)


def rounds_on(count, jit, names, path):
    """What tests/replica_rounds.py finds in a process of its own: its CPU has so many devices from the start."""
    command = [sys.executable, replica_rounds.__file__, str(count), jit, str(path), names]
    ended = subprocess.run(command, capture_output=True, text=True, env=os.environ | {'TF_CPP_MIN_LOG_LEVEL': '3'})
    assert ended.returncode == 0, ended.stderr
    return np.load(path)


@pytest.fixture(scope='module')
def alone(tmp_path_factory):
    return rounds_on(1, 'off', ROUNDS, tmp_path_factory.mktemp('alone') / 'found.npz')


@pytest.mark.parametrize(
    'count, jit, names',
    [(4, 'off', 'scheduled_sampling,rollouts,value_network,selfgan'), (2, 'auto', 'logit,causal')],
)
def test_replicas_change_rounding_only(alone, tmp_path, count, jit, names):
    found = rounds_on(count, jit, names, tmp_path / 'found.npz')
    assert set(found) == {name for name in alone if name.split('/')[0] in names.split(',')}
    for name in found:
        if found[name].dtype.kind == 'i' or name.endswith('_epochs'):
            np.testing.assert_array_equal(found[name], alone[name], err_msg=name)
        else:  # Adam makes a step of the learning rate, 0.01, of a gradient that is rounding alone
            tolerance = 2e-3 if '/weights/' in name else 2e-5
            np.testing.assert_allclose(found[name], alone[name], rtol=1e-3, atol=tolerance, err_msg=name)


# Without replicas


def test_one_device_pays_nothing():
    """A function is called as it is, so its graph is the same as without replicas."""
    function, values = lambda *given: given, tf.range(3)
    assert ONE.over_rows(function, 3, values) == (3, values)
    assert ONE.update(function, values, None) == (values, None)
    assert ONE.compile_part(function, True) is function
    assert rows_of(values) is values and sum_of(values) is values


def test_a_replica_gets_its_rows_of_the_numbers(monkeypatch):
    """The numbers of all replicas, side by side, are the numbers of one device."""

    class Replica:
        num_replicas_in_sync = 3

        def __init__(self, index):
            self.replica_id_in_sync_group = index

    for shape, axis in (([4, 5], 0), ([2, 4, 5], 1), (tf.constant([4]), 0)):
        whole = list(shape)
        whole[axis] *= 3
        expected = randomness.uniforms(whole, (1, 2))
        parts = []
        for index in range(3):
            with monkeypatch.context() as patch:
                patch.setattr(tf.distribute, 'get_replica_context', lambda: Replica(index))
                parts.append(randomness.uniforms(shape, (1, 2), rows_axis=axis))
        np.testing.assert_array_equal(tf.concat(parts, axis=axis), expected)


# Mistakes


def refusal(**settings):
    with pytest.raises(RunError) as error:
        devices.make_replicas(Config(**settings))
    return str(error.value)


def test_devices_are_made_before_tensorflow_begins():
    tf.constant(0)
    assert 'before the first operation of TensorFlow' in refusal(strategy='mirrored', num_devices=2)


@pytest.mark.parametrize('text', ['', '{', '[]', '{"cluster": {}}', '{"cluster": {"worker": ["a:1"]}}'])
def test_workers_that_are_not_named(monkeypatch, text):
    monkeypatch.setenv('TF_CONFIG', text)
    message = refusal(strategy='multi_worker')
    assert '--workers=HOST:PORT' in message and f'TF_CONFIG={text!r}' in message


@pytest.mark.parametrize('workers, index', [('a:1,b:1', 2), ('a:1,a:1', 0)])
def test_workers_that_are_named_badly(workers, index):
    message = refusal(strategy='multi_worker', workers=workers, worker_index=index)
    assert message.endswith(f'Received: worker_index={index}, workers={workers}')


@pytest.mark.parametrize('settings', [dict(batch_size=10), dict(batch_size=9, policy_batch_size=10)])
def test_a_batch_is_shared_evenly(monkeypatch, settings):
    three = Replicas()
    three.count = 3
    monkeypatch.setattr(devices, '_replicas', lambda *_: three)
    assert '=10, 3 replicas' in refusal(strategy='mirrored', **settings)
    assert devices.make_replicas(Config(strategy='mirrored', batch_size=9)) is three


def test_devices_go_with_a_strategy():
    assert refusal(num_devices=2).endswith('Received: strategy=none, num_devices=2')


@pytest.mark.skipif(len(tf.config.list_physical_devices('GPU')) > 1, reason='several GPUs are here')
@pytest.mark.parametrize('settings', [dict(), dict(strategy='auto'), dict(strategy='mirrored'), dict(num_devices=1)])
def test_without_gpus_there_is_one_device(settings):
    assert devices.make_replicas(Config(**settings)) is ONE
