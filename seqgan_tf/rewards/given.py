"""Rewards from Python: the function that `seqgan_tf.run(config, reward=...)` was given."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from seqgan_tf.data.corpus import Corpus
from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.policies.policy import RewardFunction
from seqgan_tf.training.state import TrainState


class TextReward:
    """Marks a Python function of texts as a reward: a list of B texts -> B finite numbers.

    It runs in Python, between the compiled parts of the generator step. One step scores about
    B * N * (T - 1) texts, 19,456 with the defaults, and decoding them takes a few microseconds a
    text on top of the function itself. A reward of TensorFlow ops (tokens [B, T] -> [B]) needs no
    such mark, and is compiled with the step. Whole steps cannot be compiled (jit=on) with this one.

    Args:
        function: list of str -> sequence of B numbers.

    Attributes:
        failure: the exception that the function raised, or None. TensorFlow hides it in its own.
    """

    def __init__(self, function: Callable[[list[str]], Sequence[float]]):
        self.function = function
        self.failure: Exception | None = None

    def of_tokens(self, vocabulary: Vocabulary) -> RewardFunction:
        """The reward tokens [B, T] -> [B] of a vocabulary."""
        self.failure = None  # that of an earlier run

        def score(tokens: np.ndarray) -> np.ndarray:
            try:
                return self._checked(vocabulary.decode(tokens))
            except Exception as error:
                self.failure = error
                raise

        def reward(tokens):
            rewards = tf.numpy_function(score, [tokens], tf.float32)
            return tf.ensure_shape(rewards, tokens.shape[:1])

        return reward

    def _checked(self, texts: list[str]) -> np.ndarray:
        rewards = np.asarray(self.function(texts), np.float32)
        if rewards.shape != (len(texts),) or not np.isfinite(rewards).all():
            raise ValueError(
                f'a TextReward must give one finite number for each of {len(texts)} texts. '
                f'Received: shape {rewards.shape}, {np.count_nonzero(~np.isfinite(rewards))} not finite'
            )
        return rewards


def check(reward: Any, jit: str) -> None:
    """Raises ValueError where a reward that was given cannot be used with the setting `jit`."""
    if not callable(reward) and not isinstance(reward, TextReward):
        received = 'none' if reward is None else type(reward).__name__
        raise ValueError(
            f'reward=given takes a function or a TextReward: seqgan_tf.run(config, reward=...). Received: {received}'
        )
    if isinstance(reward, TextReward) and jit == 'on':
        raise ValueError('a TextReward runs in Python, so it does not go with jit=on. Received: jit=on')


def make(state: TrainState, corpus: Corpus, config: Any) -> RewardFunction | None:
    """The reward that a run was given, as a function tokens [B, T] -> [B]."""
    reward = state.reward
    return reward.of_tokens(corpus.vocabulary) if isinstance(reward, TextReward) else reward
