"""The action values of a run: its reward, carried back to each token by roll-outs."""

from seqgan_tf.rewards.registry import REWARDS
from seqgan_tf.rewards.rollout import action_values
from seqgan_tf.training.devices import rollout_rows


def make_values(name, state, corpus, config):
    """The action values (tokens [B, T], seed [2]) -> Q [B, T] of the reward with that name."""
    reward = REWARDS[name]
    made = reward.make(state, corpus, config)
    return made if reward.per_token else search(state, config, made)


def search(state, config, reward_fn):
    """The action values of a reward of finished sequences, by roll-outs of beta (Eq. 4)."""

    def values(tokens, seed):
        return action_values(
            state.rollout_policy,
            reward_fn,
            tokens,
            config.num_rollouts,
            seed,
            jit_compile=config.jit == 'auto',
            chunk_rows=config.rollout_chunk or rollout_rows(state.generator.vocab_size),
        )

    return values
