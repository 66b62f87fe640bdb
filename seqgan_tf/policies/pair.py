"""Two policies side by side."""

import tensorflow as tf

from seqgan_tf.policies.policy import Policy, State


class Pair:
    """Two policies over one vocabulary that read the same tokens.

    It is used like a policy, but its logits are a pair. Each of the two reads its own start token.
    `start_id` and `end_id` are those of the first.
    """

    def __init__(self, first: Policy, second: Policy):
        self.first, self.second = first, second
        self.start_id, self.end_id = first.start_id, first.end_id

    def initial_state(self, batch_size: int | tf.Tensor) -> State:
        """Both initial states, and a flag: true until the first step."""
        return self.first.initial_state(batch_size), self.second.initial_state(batch_size), tf.constant(True)

    def step(self, tokens: tf.Tensor, state: State) -> tuple[tuple[tf.Tensor, tf.Tensor], State]:
        """Reads tokens [B]; returns both logits [B, V] and the new state."""
        first, second, at_start = state
        logits, first = self.first.step(tokens, first)
        other_logits, second = self.second.step(tf.where(at_start, self.second.start_id, tokens), second)
        return (logits, other_logits), (first, second, tf.constant(False))
