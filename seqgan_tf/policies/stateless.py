"""Policies without a state, such as a table of bigrams, in loops that carry tensors."""

import tensorflow as tf

from seqgan_tf.policies.policy import Policy, State


class Stateless:
    """A policy whose state holds no tensor, with a state of one tensor that nothing reads."""

    def __init__(self, policy: Policy):
        self.policy, self.start_id, self.end_id = policy, policy.start_id, policy.end_id

    def initial_state(self, batch_size: int | tf.Tensor) -> State:
        """Zeros [B]."""
        return tf.zeros([batch_size])

    def step(self, tokens: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
        """The policy's logits for tokens [B]."""
        return self.policy.step(tokens, self.policy.initial_state(tf.shape(tokens)[0]))[0], state


def with_state(policy: Policy, batch_size: int | tf.Tensor) -> tuple[Policy, State]:
    """A policy whose state a loop can carry, and that state for B sequences."""
    state = policy.initial_state(batch_size)
    if any(part is not None for part in tf.nest.flatten(state)):
        return policy, state
    stateless = Stateless(policy)
    return stateless, stateless.initial_state(batch_size)
