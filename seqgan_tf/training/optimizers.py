"""Optimizers of the networks, and the clipped update."""

import keras
import tensorflow as tf


def adam(learning_rate, network):
    """Adam for a network's trainable variables, its slots built."""
    optimizer = keras.optimizers.Adam(learning_rate, epsilon=1e-8)  # TensorFlow 1's epsilon
    optimizer.build(network.trainable_variables)
    return optimizer


def apply_clipped(optimizer, network, gradients, clip_norm):
    """Applies gradients clipped to a global norm; returns the norm before.

    The embedding's sparse gradient is summed first, so the norm is the true one. (The released code's norm counts a repeated token's
    parts apart.)
    """
    gradients, norm = tf.clip_by_global_norm([tf.convert_to_tensor(g) for g in gradients], clip_norm)
    optimizer.apply(gradients, network.trainable_variables)
    return norm
