"""The losses, pure functions of their arguments."""

import tensorflow as tf


def token_nll(logits, tokens):
    """-log p of each token, nats: logits [B, T, V], tokens [B, T] -> [B, T]."""
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tokens, logits=logits)


def policy_gradient_loss(logits, tokens, action_values, mask=None):
    """-sum over batch and time of Q log p (Eq. 6-8): a scalar whose gradient is -sum Q grad log p.

    A sum, as in the released code, and no mean: the clipping norm that follows is meant for it.

    Args:
        logits: [B, T, V], teacher-forced on the sampled tokens [B, T].
        action_values: Q [B, T]; held constant.
        mask: [B, T], 0 past the end of a sequence; all ones unless given.
    """
    weights = tf.stop_gradient(action_values)
    if mask is not None:
        weights *= mask
    return tf.reduce_sum(weights * token_nll(logits, tokens))


def discriminator_loss(logits, labels):
    """Mean binary cross-entropy (Eq. 5, 26), nats: logits [B], labels [B] with 1 for real."""
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits))
