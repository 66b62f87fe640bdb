"""The controls: action values (tokens [B, T], seed [2]) -> Q [B, T] float32.

Their values do not depend on the sequence that they belong to.
"""

from typing import Any

import tensorflow as tf

from seqgan_tf import randomness
from seqgan_tf.data.corpus import Corpus
from seqgan_tf.policies.policy import ValuesFunction
from seqgan_tf.rewards import monte_carlo
from seqgan_tf.training.state import TrainState


def constant_values(tokens: tf.Tensor, seed: randomness.Seed) -> tf.Tensor:
    """The control without information: Q = 1 everywhere.

    It sharpens the generator's distribution and does nothing else (issue #21 of the released code).
    """
    del seed
    return tf.ones(tokens.shape)


def random_values(tokens: tf.Tensor, seed: randomness.Seed) -> tf.Tensor:
    """The control by noise: Q is uniform in [0, 1) for each token."""
    return randomness.uniforms(tokens.shape, seed)


def shuffled(values_fn: ValuesFunction) -> ValuesFunction:
    """The control with the right scale: the rows of `values_fn`, permuted within a batch."""

    def values(tokens, seed):
        order = randomness.permutation(tokens.shape[0], randomness.fold_in(seed, 1))
        return tf.gather(values_fn(tokens, seed), order)

    return values


def make_constant(state: TrainState, corpus: Corpus, config: Any) -> ValuesFunction:
    """`constant_values` for a run."""
    return constant_values


def make_random(state: TrainState, corpus: Corpus, config: Any) -> ValuesFunction:
    """`random_values` for a run."""
    return random_values


def make_shuffled(state: TrainState, corpus: Corpus, config: Any) -> ValuesFunction:
    """`shuffled` action values of a run's discriminator."""
    return shuffled(monte_carlo.make_values('discriminator', state, corpus, config))
