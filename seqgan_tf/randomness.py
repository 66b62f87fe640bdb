"""Random numbers as pure functions of a seed, the same in eager, graph and XLA execution."""

import tensorflow as tf


def uniforms(shape, seed):
    """Uniforms in [0, 1), float32 multiples of 2^-23, from an int seed [2].

    Philox gives the same bits everywhere, but XLA makes other floats of them than TensorFlow's kernels do; so they are made here.
    """
    bits = tf.random.stateless_uniform(shape, seed, minval=None, maxval=None, dtype=tf.int32, alg='philox')
    return tf.cast(tf.bitwise.bitwise_and(bits, 2**23 - 1), tf.float32) * 2.0**-23


def permutation(count, seed):
    """The numbers int32 [count] from 0 to count - 1 in a random order, from an int seed [2].

    A stable sort of random keys has one result in eager, graph and XLA execution.
    """
    return tf.argsort(uniforms([count], seed), stable=True)


def fold_in(seed, data):
    """A new seed, int64 [2], from an int seed [2] and an integer, so that each use of one seed has a stream of its own."""
    return tf.random.experimental.stateless_fold_in(tf.cast(seed, tf.int64), tf.cast(data, tf.int64), alg='philox')
