"""The devices of a run: `--strategy`, `--num_devices` and `--workers` as `Replicas`."""

import contextlib
import functools
import json
import os
import signal
import threading
from collections.abc import Iterator

import tensorflow as tf

from seqgan_tf.config import Config
from seqgan_tf.errors import RunError
from seqgan_tf.loggers.terminal import tell
from seqgan_tf.training.replicas import ONE, Replicas


def make_replicas(config: Config) -> Replicas:
    """The replicas of a run. The same settings give the same object.

    TensorFlow fixes its devices and its cluster with its first operation. So several devices of a
    CPU, and several workers, can only be had before that.

    Raises:
        RunError: there are fewer devices, the workers are not named or named badly, TensorFlow has
            begun already, or the batches cannot be shared evenly.
    """
    replicas = _replicas(config.strategy, config.num_devices, config.workers, config.worker_index)
    for name in ('batch_size', 'policy_batch_size'):
        if getattr(config, name) % replicas.count:
            raise RunError(
                f'{name} must be a multiple of the number of replicas. '
                f'Received: {name}={getattr(config, name)}, {replicas.count} replicas'
            )
    if replicas.count > 1 and config.discriminator == 'given':
        raise RunError('a Keras model as discriminator goes with one device. Received: strategy=' + config.strategy)
    return replicas


@functools.cache
def _replicas(strategy: str, num_devices: int, workers: str, worker_index: int) -> Replicas:
    if strategy == 'none' and num_devices > 1:
        raise RunError(
            'several devices go with strategy=mirrored, multi_worker or auto. '
            f'Received: strategy={strategy}, num_devices={num_devices}'
        )
    gpus = tf.config.list_physical_devices('GPU')
    if num_devices > len(gpus) > 0:
        raise RunError(f'num_devices must be at most the number of GPUs. Received: {num_devices}, {len(gpus)} GPUs')
    if strategy == 'multi_worker':
        meeting = _multi_worker(gpus[: num_devices or len(gpus)], _cluster(workers, worker_index))
        return Replicas(meeting) if meeting.num_replicas_in_sync > 1 else ONE
    if strategy == 'none' or (strategy == 'auto' and len(gpus) < 2):
        return ONE
    count = num_devices or max(1, len(gpus))
    if count == 1:
        return ONE
    if not gpus:
        _divide_cpu(count)
    kind = 'GPU' if gpus else 'CPU'
    return Replicas(tf.distribute.MirroredStrategy([f'{kind}:{i}' for i in range(count)]))


def _divide_cpu(count: int) -> None:
    """Makes `count` logical devices of the CPU."""
    cpu = tf.config.list_physical_devices('CPU')[0]
    try:
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * count)
    except RuntimeError:
        raise RunError(
            'several devices of a CPU must be made before the first operation of TensorFlow in a process. '
            f'Received: num_devices={count}, after it'
        ) from None


def _cluster(workers: str, worker_index: int) -> tuple[list[str], int]:
    """The addresses of the workers, and which of them this process is."""
    if workers:
        return [address for address in workers.split(',') if address], worker_index
    text = os.environ.get('TF_CONFIG', '')
    try:
        found = json.loads(text)
        return list(found['cluster']['worker']), int(found['task']['index'])
    except (ValueError, KeyError, TypeError):
        raise RunError(
            'strategy=multi_worker takes its workers from --workers=HOST:PORT,HOST:PORT and --worker_index, or from '
            'TF_CONFIG={"cluster": {"worker": ["HOST:PORT", ...]}, "task": {"type": "worker", "index": 0}}. '
            f'Received: no workers, TF_CONFIG={text!r}'
        ) from None


def _multi_worker(gpus: list, cluster: tuple[list[str], int]) -> tf.distribute.Strategy:
    addresses, index = cluster
    if not 0 <= index < len(addresses) or len(set(addresses)) < len(addresses):
        raise RunError(
            'each worker has an address of its own, and worker_index is its place among them. '
            f'Received: worker_index={index}, workers={",".join(addresses)}'
        )
    tell(f'worker {index} of {len(addresses)}, waiting for the others: {", ".join(addresses)}')
    try:
        if gpus:
            tf.config.set_visible_devices(gpus, 'GPU')
        with _stopped_at_once():
            return tf.distribute.MultiWorkerMirroredStrategy(
                tf.distribute.cluster_resolver.SimpleClusterResolver(
                    tf.train.ClusterSpec({'worker': addresses}), task_type='worker', task_id=index, rpc_layer='grpc'
                )
            )
    except RuntimeError:
        raise RunError(
            'several workers must meet before the first operation of TensorFlow in a process. '
            f'Received: workers={",".join(addresses)}, after it'
        ) from None
    except tf.errors.OpError as error:
        raise RunError(
            f'the address of a worker must be free on its machine. Received: {addresses[index]} ({error.message})'
        ) from None


@contextlib.contextmanager
def _stopped_at_once() -> Iterator[None]:
    """A context in which Ctrl-C ends the process: TensorFlow's wait for the others does not come back to Python."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
