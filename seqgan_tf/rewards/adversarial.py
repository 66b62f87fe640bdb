"""The rewards that a discriminator gives to finished sequences."""

import functools
from typing import Any

from seqgan_tf.data.corpus import Corpus
from seqgan_tf.policies.policy import RewardFunction
from seqgan_tf.training.devices import scoring_dtype
from seqgan_tf.training.state import TrainState


def make(state: TrainState, corpus: Corpus, config: Any) -> RewardFunction:
    """SeqGAN's reward (Eq. 2), the probability of being real: tokens [B, T] -> [B].

    It is computed in the type that `--precision` names.

    Raises:
        ValueError: the state has no discriminator.
    """
    del corpus
    return functools.partial(_discriminator(state).prob_real, dtype=scoring_dtype(config.precision))


def make_logit(state: TrainState, corpus: Corpus, config: Any) -> RewardFunction:
    """The logit of being real, tokens [B, T] -> [B], computed as `make` does.

    For the best discriminator against samples of G it is log p/G, whose mean under G is
    -KL(G to p). So the policy gradient with this reward descends the reverse KL divergence.

    Raises:
        ValueError: the state has no discriminator.
    """
    del corpus
    return functools.partial(_discriminator(state), dtype=scoring_dtype(config.precision))


def _discriminator(state):
    if state.discriminator is None:
        raise ValueError('a reward of the discriminator needs that part in the state. Received: None')
    return state.discriminator
