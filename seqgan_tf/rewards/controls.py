"""The controls: action values (tokens [B, T], seed [2]) -> Q [B, T] float32 that know nothing of the sequences."""

import tensorflow as tf

from seqgan_tf import randomness
from seqgan_tf.rewards import monte_carlo


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


def make_constant(state, corpus, config):
    """`constant_values`."""
    return constant_values


def make_random(state, corpus, config):
    """`random_values`."""
    return random_values


def make_shuffled(state, corpus, config):
    """`shuffled` action values of the discriminator."""
    return shuffled(monte_carlo.make_values('discriminator', state, corpus, config))
