"""Any number of sequences, drawn or scored in compiled chunks of one size.

`jit` is 'auto', 'on' or 'off'. 'off' runs the chunks without XLA.
"""

from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf

from seqgan_tf import randomness
from seqgan_tf.policies import sampling
from seqgan_tf.policies.policy import Policy

SAMPLE_ROWS = 512  # sequences in a chunk


class Sampler(tf.Module):
    """Draws any number of sequences from a policy in compiled chunks.

    Args:
        policy: the policy to draw from.
        sequence_length: T.
        jit: see above.
        rows: sequences in a chunk, `SAMPLE_ROWS` unless given. Another number gives other
            sequences.
    """

    def __init__(self, policy: Policy, sequence_length: int, jit: str = 'auto', rows: int | None = None):
        super().__init__()
        self.rows = rows or SAMPLE_ROWS
        self._chunk = tf.function(
            lambda seed: sampling.sample(policy, self.rows, sequence_length, seed),
            autograph=False,
            jit_compile=jit != 'off',
        )

    def __call__(self, count: int, seed: randomness.Seed) -> tf.Tensor:
        """Tokens int32 [count, T] from a seed int [2]. The first rows do not depend on `count`."""
        chunks = [self._chunk(randomness.fold_in(seed, i)) for i in range(-(-count // self.rows))]
        return tf.concat(chunks, axis=0)[:count]


class Scorer(tf.Module):
    """Log-probabilities of any number of sequences under a policy, in compiled chunks."""

    def __init__(self, policy: Policy, jit: str = 'auto'):
        super().__init__()
        self.end_id = policy.end_id
        self._chunk = tf.function(
            lambda tokens: sampling.sequence_log_prob(policy, tokens), autograph=False, jit_compile=jit != 'off'
        )

    def __call__(self, tokens: np.ndarray | tf.Tensor) -> np.ndarray:
        """log p float32 [N] of tokens [N, T], the sum over each sequence, nats."""
        return scored(self._chunk, tokens)

    def nll(self, tokens: np.ndarray | tf.Tensor) -> float:
        """The mean of -log p over the tokens [N, T], nats per token.

        Tokens after the first end token of a row do not count.
        """
        counted = sampling.valid_mask(tf.constant(tokens), self.end_id).numpy().sum()
        return float(-self(tokens).astype(np.float64).sum() / counted)


def scored(score: Callable[[tf.Tensor], tf.Tensor], tokens: np.ndarray | tf.Tensor) -> np.ndarray:
    """The numbers [N] that a function of chunks gives to tokens [N, T].

    Every chunk has `SAMPLE_ROWS` rows, the last one filled up with its last row. So a compiled
    function is traced once.
    """
    tokens = np.asarray(tokens)
    padded = np.concatenate([tokens, np.repeat(tokens[-1:], -len(tokens) % SAMPLE_ROWS, axis=0)])
    return np.concatenate([score(chunk).numpy() for chunk in in_chunks(padded)])[: len(tokens)]


def in_chunks(rows: np.ndarray) -> Iterator[tf.Tensor]:
    """The rows [N, T] in tensors of `SAMPLE_ROWS` rows; the last one may have fewer."""
    return (tf.constant(rows[start : start + SAMPLE_ROWS]) for start in range(0, len(rows), SAMPLE_ROWS))
