"""Action values from a network that was trained on whole prefixes, in place of roll-outs.

They cost one pass of a small LSTM. They are biased by what the network has not learned, and have no
noise of draws.
"""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from seqgan_tf.models.prefix_network import PrefixNetwork
from seqgan_tf.policies.policy import RewardFunction, ValuesFunction
from seqgan_tf.policies.sampling import before_end
from seqgan_tf.rewards.rollout import rewards_of
from seqgan_tf.training.replicas import ONE, Replicas
from seqgan_tf.training.state import TrainState


def from_network(state: TrainState, config: Any, reward_fn: RewardFunction) -> ValuesFunction:
    """The action values of a run's value network: what it expects of the reward after each token."""
    return learned_values(
        state.value_network, reward_fn, tf.identity, state.generator.end_id, config.jit == 'auto', state.replicas
    )


def from_causal(state: TrainState, config: Any, reward_fn: RewardFunction) -> ValuesFunction:
    """The action values of a run's causal discriminator: the probability that a prefix is real.

    With reward=logit it is the logit.
    """
    scale = tf.identity if config.reward == 'logit' else tf.sigmoid
    return learned_values(
        state.causal_discriminator, reward_fn, scale, state.generator.end_id, config.jit == 'auto', state.replicas
    )


def learned_values(
    network: PrefixNetwork,
    reward_fn: RewardFunction,
    scale: Callable[[tf.Tensor], tf.Tensor],
    end_id: int | None,
    jit_compile: bool = False,
    replicas: Replicas = ONE,
) -> ValuesFunction:
    """Action values (tokens [B, T], seed [2]) -> Q [B, T]; the seed has no use.

    Column t is `scale` of the network's number for the first t + 1 tokens. Where a sequence has
    ended, at its end token and after it and in the last column, it is `reward_fn(tokens)` exactly,
    as with roll-outs. No gradient passes.

    Args:
        network: gives the numbers [B, T] of tokens [B, T].
        reward_fn: tokens [B, T] -> [B] float32.
        scale: brings the numbers to the scale of the reward.
        end_id: the token that ends a sequence, or None.
        jit_compile: whether XLA compiles the network. It is for callers whose own graph is not
            compiled.
        replicas: share the sequences.
    """
    numbers_of = tf.function(lambda tokens: scale(network(tokens)), autograph=False, jit_compile=jit_compile)

    def values_of(_, tokens):
        is_open = before_end(tokens, end_id) & (tf.range(tokens.shape[1]) < tokens.shape[1] - 1)
        return tf.stop_gradient(tf.where(is_open, numbers_of(tokens), rewards_of(reward_fn, tokens)[:, None]))

    def values(tokens, seed):
        del seed
        return replicas.over_rows(values_of, int(tokens.shape[0]), tokens)

    return values
