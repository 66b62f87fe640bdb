"""A policy that draws among some of its tokens only."""

from collections.abc import Callable

import tensorflow as tf

from seqgan_tf.policies.policy import Policy, State


class Filtered:
    """Another policy without some of its tokens. Sequences with such a token have probability 0.

    Args:
        policy: the other policy.
        keep: logits [B, V] -> the same with -inf in place of those of the tokens that are left out.
            It may read a variable, and compiled code then follows its value.
    """

    def __init__(self, policy: Policy, keep: Callable[[tf.Tensor], tf.Tensor]):
        self.policy, self.keep = policy, keep
        self.initial_state, self.start_id, self.end_id = (
            policy.initial_state,
            policy.start_id,
            policy.end_id,
        )

    def step(self, tokens: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
        """Reads tokens [B]; returns the next token's kept logits [B, V] and the new state."""
        logits, state = self.policy.step(tokens, state)
        return self.keep(logits), state
