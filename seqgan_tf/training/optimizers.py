"""Optimizers of the networks, and the clipped update."""

from collections.abc import Sequence

import keras
import tensorflow as tf


def adam(learning_rate: float, network: keras.Model) -> keras.optimizers.Optimizer:
    """Adam for a network's trainable variables, with its slots built."""
    optimizer = keras.optimizers.Adam(learning_rate, epsilon=1e-8)  # TensorFlow 1's epsilon
    optimizer.build(network.trainable_variables)
    return optimizer


def apply_clipped(
    optimizer: keras.optimizers.Optimizer,
    network: keras.Model,
    gradients: Sequence[tf.Tensor | tf.IndexedSlices],
    clip_norm: float,
) -> tf.Tensor:
    """Applies gradients clipped to a global norm; returns their norm before the clipping, a scalar.

    The embedding's sparse gradient is summed first, so the norm is the true one. (The released
    code's norm counts the parts of a repeated token separately.)
    """
    gradients, norm = tf.clip_by_global_norm([tf.convert_to_tensor(g) for g in gradients], clip_norm)
    optimizer.apply(gradients, network.trainable_variables)
    return norm
