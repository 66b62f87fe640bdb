"""Any number of sequences, drawn or scored in compiled chunks of one size.

`jit` is 'auto', 'on' or 'off'. 'off' runs the chunks without XLA.
"""

from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from seqgan_tf import randomness
from seqgan_tf.policies import sampling
from seqgan_tf.policies.policy import Policy, RewardFunction
from seqgan_tf.training.replicas import ONE, Replicas

SAMPLE_ROWS = 512  # sequences in a chunk


class Sampler(tf.Module):
    """Draws any number of sequences from a policy in compiled chunks.

    Args:
        policy: the policy to draw from.
        sequence_length: T.
        jit: see above.
        rows: sequences in a chunk, `SAMPLE_ROWS` unless given. Another number gives other
            sequences.
        replicas: share the rows of a chunk.
    """

    def __init__(
        self,
        policy: Policy,
        sequence_length: int,
        jit: str = 'auto',
        rows: int | None = None,
        replicas: Replicas = ONE,
    ):
        super().__init__()
        self.rows = rows or SAMPLE_ROWS

        def chunk(seed):
            draw = lambda count: sampling.sample(policy, count, sequence_length, seed)
            return replicas.over_rows(draw, self.rows, jit_compile=jit != 'off')

        self._chunk = tf.function(chunk, autograph=False)

    def __call__(self, count: int, seed: randomness.Seed) -> tf.Tensor:
        """Tokens int32 [count, T] from a seed int [2]. The first rows do not depend on `count`."""
        chunks = [self._chunk(randomness.fold_in(seed, i)) for i in range(-(-count // self.rows))]
        return tf.concat(chunks, axis=0)[:count]


class RowScorer(tf.Module):
    """One number for each of any number of sequences, in compiled chunks.

    Args:
        score_fn: tokens int32 [N, T] -> float32 [N]. A row's number must depend on that row alone.
        jit_compile: whether XLA compiles the chunks.
        replicas: share the rows of a chunk.
    """

    def __init__(self, score_fn: RewardFunction, jit_compile: bool, replicas: Replicas = ONE):
        super().__init__()

        def chunk(tokens):
            score = lambda _, tokens: score_fn(tokens)
            return replicas.over_rows(score, SAMPLE_ROWS, tokens, jit_compile=jit_compile)

        self._chunk = tf.function(chunk, autograph=False)

    def __call__(self, tokens: np.ndarray | tf.Tensor) -> np.ndarray:
        """The numbers float32 [N] of tokens [N, T]."""
        tokens = np.asarray(tokens)
        padded = np.concatenate([tokens, np.repeat(tokens[-1:], -len(tokens) % SAMPLE_ROWS, axis=0)])
        return np.concatenate([self._chunk(chunk).numpy() for chunk in in_chunks(padded)])[: len(tokens)]


class Scorer(RowScorer):
    """log p of any number of sequences under a policy: the sum over each sequence, nats."""

    def __init__(self, policy: Policy, jit: str = 'auto', replicas: Replicas = ONE):
        super().__init__(lambda tokens: sampling.sequence_log_prob(policy, tokens), jit != 'off', replicas)
        self.end_id = policy.end_id

    def nll(self, tokens: np.ndarray | tf.Tensor) -> float:
        """The mean of -log p over the tokens [N, T], nats per token.

        Tokens after the first end token of a row do not count.
        """
        counted = sampling.valid_mask(tf.constant(tokens), self.end_id).numpy().sum()
        return float(-self(tokens).astype(np.float64).sum() / counted)


def in_chunks(rows: np.ndarray) -> Iterator[tf.Tensor]:
    """The rows [N, T] in tensors of `SAMPLE_ROWS` rows; the last one may have fewer."""
    return (tf.constant(rows[start : start + SAMPLE_ROWS]) for start in range(0, len(rows), SAMPLE_ROWS))
