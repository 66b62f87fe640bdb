"""Divergences between two policies over one vocabulary, exact over the tokens of each step."""

import math

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from seqgan_tf.policies import sampling
from seqgan_tf.policies.chunked import in_chunks
from seqgan_tf.policies.pair import Pair
from seqgan_tf.policies.policy import Policy


def jsd_per_step(policy: Policy, other: Policy, samples: np.ndarray, other_samples: np.ndarray) -> float:
    """The mean Jensen-Shannon divergence of the next token, nats in [0, ln 2].

    Each divergence is exact over the vocabulary, and the mean is over prefixes and steps. Half of
    the prefixes are from one policy's samples, and half are from the other's. (CoT's "JSD" is a sum
    over steps, estimated at the drawn tokens. A divergence of whole sequences would need the
    mixture of both distributions.)

    Args:
        policy, other: policies without an end token.
        samples, other_samples: int32 [B, T], drawn from `policy` and from `other`.

    Raises:
        ValueError: samples of unequal shapes.
    """
    if samples.shape != other_samples.shape:
        raise ValueError(
            f"both policies' samples must be of one shape. Received: {samples.shape} and {other_samples.shape}"
        )
    pair = Pair(policy, other)

    @tf.function(autograph=False)
    def chunk(tokens):
        given = tf.transpose(tokens)
        return sampling.unroll(
            pair, tf.shape(tokens)[0], tokens.shape[1], lambda at, logits: (given[at], _jsd(*logits))
        )[1]

    rows = np.concatenate([samples, other_samples])
    return sum(float(tf.reduce_sum(chunk(tokens))) for tokens in in_chunks(rows)) / rows.size


def _jsd(logits, other_logits):
    """The divergence [B] of two batches of logits [B, V]."""
    log_p, log_q = tf.nn.log_softmax(logits), tf.nn.log_softmax(other_logits)
    middle = tfp.distributions.Categorical(logits=tf.reduce_logsumexp(tf.stack([log_p, log_q]), axis=0) - math.log(2))
    return sum(tfp.distributions.Categorical(logits=log).kl_divergence(middle) for log in (log_p, log_q)) / 2
