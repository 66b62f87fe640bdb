"""The contracts: what a policy is, and what functions say what its sequences are worth.

Sampling, roll-outs, scoring and serving are written against `Policy` and against no class.
"""

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import tensorflow as tf

State = Any  # a nest of tensors [B, ...]; a step keeps its structure and shapes

# A reward: tokens int32 [B, T] -> [B] float32, one number for each finished sequence.
RewardFunction = Callable[[tf.Tensor], tf.Tensor]
# Action values: tokens int32 [B, T], seed int [2] -> Q [B, T] float32, one number for each token.
ValuesFunction = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


class PrefixValue(Protocol):
    """A number for every prefix of a sequence, read token by token.

    A value network and a causal discriminator are such values. The tokens after an end token do not
    count, so a caller keeps the value of the end token for them.
    """

    def initial_state(self, batch_size: int | tf.Tensor) -> State:
        """The state before any token: a nest of tensors [B, ...]."""
        ...

    def step(self, tokens: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
        """Reads tokens int32 [B]; returns the value [B] of the prefix that ends with them, and the new state."""
        ...


@runtime_checkable
class Policy(Protocol):
    """A distribution over sequences, given token by token.

    A generator, the oracle and a Markov chain are policies. None of them needs to inherit from this
    class.

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
