"""Optimizers of the networks, and the clipped update."""

from collections.abc import Sequence

import keras
import tensorflow as tf

from seqgan_tf.training.replicas import sum_of

EPSILON = 1e-8  # TensorFlow 1's


def adam(learning_rate: float, network: keras.Model, weight_decay: float = 0.0) -> keras.optimizers.Optimizer:
    """Adam for a network's trainable variables, with its slots built.

    With a weight decay it is AdamW: an update first multiplies kernels and embeddings by
    1 - learning_rate * weight_decay. Biases, and all variables of fewer than two axes, are left out.

    Source: Loshchilov and Hutter 2019, arXiv 1711.05101, algorithm 2.
    """
    variables = network.trainable_variables
    if weight_decay:
        optimizer = keras.optimizers.AdamW(learning_rate, weight_decay, epsilon=EPSILON)
        optimizer.exclude_from_weight_decay([v for v in variables if len(v.shape) < 2 or 'bias' in v.name])
    else:
        optimizer = keras.optimizers.Adam(learning_rate, epsilon=EPSILON)
    optimizer.build(variables)
    return optimizer


def dense(gradients: Sequence[tf.Tensor | tf.IndexedSlices]) -> list[tf.Tensor]:
    """Gradients as tensors: those of an embedding have one part for each token that was read, and are summed."""
    return [tf.convert_to_tensor(gradient) for gradient in gradients]


def apply_clipped(
    optimizer: keras.optimizers.Optimizer,
    network: keras.Model,
    gradients: Sequence[tf.Tensor],
    clip_norm: float,
) -> tf.Tensor:
    """Applies gradients clipped to a global norm; returns their norm before the clipping, a scalar.

    On several replicas it is the sum of their gradients that is clipped and applied.

    The gradients are `dense`, so the norm is the true one. (The released code's norm counts the
    parts of a repeated token separately.)
    """
    # Each replica clips its own by the norm of the sum. Keras adds them up.
    gradients, norm = tf.clip_by_global_norm(gradients, clip_norm, use_norm=tf.linalg.global_norm(sum_of(gradients)))
    optimizer.apply(gradients, network.trainable_variables)
    return norm
