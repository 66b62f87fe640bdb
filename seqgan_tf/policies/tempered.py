"""A policy at another temperature."""

import tensorflow as tf

from seqgan_tf.policies.policy import Policy, State


class Tempered:
    """Another policy with its logits multiplied by `inverse_temperature`.

    Args:
        policy: the other policy.
        inverse_temperature: a positive number; above 1 the distribution is sharper, below 1 it is
            flatter. It may be a scalar variable, and compiled code then follows its value.
    """

    def __init__(self, policy: Policy, inverse_temperature: float | tf.Variable):
        self.policy, self.inverse_temperature = policy, inverse_temperature
        self.initial_state, self.start_id, self.end_id = (
            policy.initial_state,
            policy.start_id,
            policy.end_id,
        )

    def step(self, tokens: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
        """Reads tokens [B]; returns the next token's scaled logits [B, V] and the new state."""
        logits, state = self.policy.step(tokens, state)
        return logits * self.inverse_temperature, state
