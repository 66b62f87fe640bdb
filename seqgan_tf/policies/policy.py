"""What a policy is: the one contract that sampling, roll-outs, scoring and serving are written against."""

from typing import Any, Protocol, runtime_checkable

import tensorflow as tf

State = Any  # a nest of tensors, batch first, of the same structure and shapes before and after a step


@runtime_checkable
class Policy(Protocol):
    """A distribution over sequences, given token by token.

    A generator, the oracle, an n-gram table and a Markov chain are all policies; none of them needs
    to inherit from this class.

    Attributes:
        start_id: the token that `step` reads before the first one.
        end_id: the token that ends a sequence, or None where every sequence has full length. After
            an end token every token is the end token.
    """

    start_id: int
    end_id: int | None

    def initial_state(self, batch_size: int | tf.Tensor) -> State:
        """The state before any token: a nest of tensors [B, ...]."""
        ...

    def step(self, tokens: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
        """Reads tokens int32 [B]; returns the logits [B, V] of the next token and the new state."""
        ...
