"""Two policies side by side."""

import tensorflow as tf


class Pair:
    """Two policies over one vocabulary that read the same tokens, each from its own start: a policy whose logits are a pair.

    `end_id` is the first one's.
    """

    def __init__(self, first, second):
        self.first, self.second = first, second
        self.start_id, self.end_id = first.start_id, first.end_id

    def initial_state(self, batch_size):
        """The states of both, and whether nothing was read yet."""
        return self.first.initial_state(batch_size), self.second.initial_state(batch_size), tf.constant(True)

    def step(self, tokens, state):
        """Reads tokens [B]; returns both logits [B, V] and the new state."""
        first, second, at_start = state
        logits, first = self.first.step(tokens, first)
        other_logits, second = self.second.step(tf.where(at_start, self.second.start_id, tokens), second)
        return (logits, other_logits), (first, second, tf.constant(False))
