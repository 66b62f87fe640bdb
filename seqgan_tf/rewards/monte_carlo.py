"""The reward of a run, and its action values: the reward carried back to each token."""

from typing import Any

import tensorflow as tf

from seqgan_tf.data.corpus import Corpus
from seqgan_tf.policies.policy import RewardFunction, ValuesFunction
from seqgan_tf.rewards.registry import REWARDS, VALUES
from seqgan_tf.rewards.rollout import action_values
from seqgan_tf.training.devices import rollout_rows
from seqgan_tf.training.state import TrainState


def make_values(name: str, state: TrainState, corpus: Corpus, config: Any) -> ValuesFunction:
    """The action values (tokens [B, T], seed [2]) -> Q [B, T] of a reward in `REWARDS`."""
    reward = REWARDS[name]
    made = reward.make(state, corpus, config)
    return made if reward.per_token else VALUES[config.value].make(state, config, made)


def make_reward(name: str, state: TrainState, corpus: Corpus, config: Any) -> RewardFunction:
    """The reward tokens [B, T] -> [B] in `REWARDS`, of finished sequences.

    Of a control it is the reward whose action values it changes.
    """
    return REWARDS[REWARDS[name].underlying or name].make(state, corpus, config)


def carried_back(state: TrainState, config: Any, reward_fn: RewardFunction) -> ValuesFunction:
    """The action values of a reward: by roll-outs of G_beta (Eq. 4), or without any.

    Replicas share the sequences.
    """

    def of_finished(tokens, seed):
        del seed
        return tf.tile(reward_fn(tokens)[:, None], [1, tokens.shape[1]])

    def by_rollouts(tokens, seed):
        return action_values(
            state.rollout_policy,
            reward_fn,
            tokens,
            config.num_rollouts,
            seed,
            jit_compile=config.jit == 'auto',
            chunk_rows=config.rollout_chunk or rollout_rows(state.generator.vocab_size),
        )

    values_fn = by_rollouts if config.num_rollouts else of_finished

    def shared(tokens, seed):
        return state.replicas.over_rows(lambda _, tokens: values_fn(tokens, seed), int(tokens.shape[0]), tokens)

    return shared
