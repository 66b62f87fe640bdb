"""The losses, pure functions of their arguments."""

import tensorflow as tf


def token_nll(logits: tf.Tensor, tokens: tf.Tensor) -> tf.Tensor:
    """-log p of each token, nats: logits [B, T, V], tokens [B, T] -> [B, T]."""
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tokens, logits=logits)


def policy_gradient_loss(
    logits: tf.Tensor, tokens: tf.Tensor, action_values: tf.Tensor, mask: tf.Tensor | None = None
) -> tf.Tensor:
    """-sum over batch and time of Q log p (Eq. 6-8), a scalar with the gradient -sum Q grad log p.

    It is a sum and not a mean, as in the released code. The released clipping norm is meant for it.

    Args:
        logits: [B, T, V], teacher-forced on the sampled tokens.
        tokens: int32 [B, T].
        action_values: Q [B, T], held constant.
        mask: [B, T], 0 after the end of a sequence; all ones unless given.
    """
    weights = tf.stop_gradient(action_values)
    if mask is not None:
        weights *= mask
    return tf.reduce_sum(weights * token_nll(logits, tokens))


def discriminator_loss(logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Mean binary cross-entropy (Eq. 5, 26), nats: logits [B], labels [B], 1 for real."""
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits))


def causal_loss(logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Binary cross-entropy of each prefix, nats: logits [B, T], labels [B], 1 for real -> [B, T]."""
    return tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.zeros_like(logits) + labels[:, None], logits=logits)


def value_loss(values: tf.Tensor, rewards: tf.Tensor) -> tf.Tensor:
    """Squared error of each prefix: values [B, T], the reward of each sequence [B] -> [B, T]."""
    return tf.square(values - rewards[:, None])
