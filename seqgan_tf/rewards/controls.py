"""Action values of the controls: functions of (tokens [B, T], seed [2]) -> Q [B, T] float32 that take the place of roll-outs."""

import tensorflow as tf

from seqgan_tf import randomness


def constant_values(tokens, seed):
    """The control without any information: Q = 1 everywhere. What it changes, sharpening alone changes (issue #21 of the released code)."""
    del seed
    return tf.ones(tokens.shape)


def random_values(tokens, seed):
    """The control by noise: Q uniform in [0, 1), drawn anew for every token."""
    return randomness.uniforms(tokens.shape, seed)


def shuffled(values_fn):
    """The control with the right scale and the wrong sequences: the action values of `values_fn`, its rows dealt out anew in the batch."""

    def values(tokens, seed):
        order = randomness.permutation(tokens.shape[0], randomness.fold_in(seed, 1))
        return tf.gather(values_fn(tokens, seed), order)

    return values
