"""Random numbers as pure functions of a seed, the same in eager, graph and XLA execution."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

Seed = tf.Tensor | np.ndarray | Sequence[int]  # int [2]
Integer = tf.Tensor | int


def uniforms(shape: tf.Tensor | Sequence[Integer], seed: Seed, rows_axis: int = 0) -> tf.Tensor:
    """Random numbers of a shape, uniform in [0, 1), from an int seed [2].

    They are float32 multiples of 2^-23.
    Philox gives the same bits everywhere. XLA and TensorFlow's kernels make different floats of
    them, so the floats are made here.

    On one of n replicas (`training.replicas`) they are its part of the numbers for all replicas,
    which have n times the length along `rows_axis`. So the numbers of a row do not depend on n.

    Raises:
        ValueError: the seed is not two integers.
    """
    replica = tf.distribute.get_replica_context()  # None across replicas
    if replica is None or replica.num_replicas_in_sync == 1:
        return _uniforms(shape, seed)
    sizes = tf.unstack(shape) if tf.is_tensor(shape) else [*shape]
    sizes[rows_axis] *= replica.num_replicas_in_sync
    parts = tf.split(_uniforms(sizes, seed), replica.num_replicas_in_sync, axis=rows_axis)
    return tf.gather(parts, replica.replica_id_in_sync_group)


def _uniforms(shape, seed):
    bits = tf.random.stateless_uniform(shape, _checked(seed), minval=None, maxval=None, dtype=tf.int32, alg='philox')
    return tf.cast(tf.bitwise.bitwise_and(bits, 2**23 - 1), tf.float32) * 2.0**-23


def gumbels(shape: tf.Tensor | Sequence[Integer], seed: Seed) -> tf.Tensor:
    """Standard Gumbel numbers of a shape, float32 and finite, from an int seed [2].

    The k largest sums of log-probabilities and such numbers are k draws without replacement
    (Gumbel-top-k; Kool et al. 2019, arXiv 1903.06059). The first of them is a draw.
    """
    return -tf.math.log(-tf.math.log(uniforms(shape, seed) + 2.0**-24))


def permutation(count: Integer, seed: Seed) -> tf.Tensor:
    """The numbers int32 [count] from 0 to count - 1 in a random order, from an int seed [2].

    A stable sort of random keys has one result in eager, graph and XLA execution.
    """
    return tf.argsort(uniforms([count], seed), stable=True)


def dropped(values: tf.Tensor, rate: float, seed: Seed) -> tf.Tensor:
    """Values with a share `rate` of them set to 0 and the others divided by 1 - rate (dropout).

    Args:
        values: float32 of any shape.
        rate: in [0, 1).
        seed: int [2].
    """
    kept = uniforms(tf.shape(values), seed) >= rate
    return tf.where(kept, values / (1.0 - rate), 0.0)


def fold_in(seed: Seed, data: Integer) -> tf.Tensor:
    """A new seed, int64 [2], from an int seed [2] and an integer.

    It gives each use of one seed a stream of its own.
    """
    return tf.random.experimental.stateless_fold_in(
        tf.cast(_checked(seed), tf.int64), tf.cast(data, tf.int64), alg='philox'
    )


def _checked(seed):
    """A seed as a tensor. Raises ValueError where it is not two integers."""
    tensor = tf.convert_to_tensor(seed)
    if not (tensor.dtype.is_integer and tensor.shape.is_compatible_with([2])):
        raise ValueError(
            f'a seed must be two integers, such as (1, 2). Received: {tensor.dtype.name} of shape {tensor.shape}'
        )
    return tensor
