"""What searches return."""

from typing import NamedTuple

import tensorflow as tf


class Found(NamedTuple):
    """One sequence for each row.

    Attributes:
        tokens: int32 [B, T].
        scores: s of these tokens, float32 [B].
    """

    tokens: tf.Tensor
    scores: tf.Tensor


class Weighted(NamedTuple):
    """One sequence for each row, chosen by weights.

    Attributes:
        tokens: int32 [B, T].
        scores: s of these tokens, float32 [B].
        log_z: the logarithm, float32 [B], of an unbiased estimate of Z = E_m[e^(guidance * s)] in
            each row, m the policy after the row's prefix. Nats.
    """

    tokens: tf.Tensor
    scores: tf.Tensor
    log_z: tf.Tensor
