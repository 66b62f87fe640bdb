"""The rewards that a discriminator gives to finished sequences."""

import functools
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from seqgan_tf.data.corpus import Corpus
from seqgan_tf.policies.policy import RewardFunction
from seqgan_tf.training.devices import compute_dtype
from seqgan_tf.training.state import TrainState


def make(state: TrainState, corpus: Corpus, config: Any) -> RewardFunction:
    """SeqGAN's reward (Eq. 2), the probability of being real: tokens [B, T] -> [B].

    It is computed in the type that `--precision` names. With `--discriminator_calibration` it is
    the sigmoid of `calibrated_logit`.

    Raises:
        ValueError: the state has no discriminator.
    """
    del corpus
    dtype = compute_dtype(config.precision)
    if state.discriminator_scale is None:
        return functools.partial(_discriminator(state).prob_real, dtype=dtype)
    logit_fn = calibrated_logit(state)
    return lambda tokens: tf.sigmoid(logit_fn(tokens, dtype=dtype))


def make_logit(state: TrainState, corpus: Corpus, config: Any) -> RewardFunction:
    """The `calibrated_logit` of being real, tokens [B, T] -> [B], computed in the type of `make`.

    For the best discriminator against samples of G it is log p/G, whose mean under G is
    -KL(G to p). So the policy gradient with this reward descends the reverse KL divergence.

    Raises:
        ValueError: the state has no discriminator.
    """
    del corpus
    return functools.partial(calibrated_logit(state), dtype=compute_dtype(config.precision))


def calibrated_logit(state: TrainState) -> Callable[..., tf.Tensor]:
    """The logit of being real times the state's scale, tokens [B, T] -> [B].

    It takes `dtype` as the discriminator does. Without `--discriminator_calibration` it is the
    discriminator itself.

    Raises:
        ValueError: the state has no discriminator.
    """
    discriminator, scale = _discriminator(state), state.discriminator_scale
    if scale is None:
        return discriminator
    return lambda tokens, dtype=tf.float32: scale * discriminator(tokens, dtype=dtype)


def _discriminator(state):
    if state.discriminator is None:
        raise ValueError('a reward of the discriminator needs that part in the state. Received: None')
    return state.discriminator
