"""Any number of sequences, drawn or scored in compiled chunks of one size."""

import numpy as np
import tensorflow as tf

from seqgan_tf import randomness
from seqgan_tf.policies import sampling

SAMPLE_ROWS = 512  # sequences side by side


class Sampler(tf.Module):
    """Draws any number of sequences from a policy in compiled chunks.

    Args:
        rows: of a chunk, `SAMPLE_ROWS` unless given. Another number gives other sequences.
    """

    def __init__(self, policy, sequence_length, jit='auto', rows=None):
        super().__init__()
        self.rows = rows or SAMPLE_ROWS
        self._chunk = tf.function(
            lambda seed: sampling.sample(policy, self.rows, sequence_length, seed),
            autograph=False,
            jit_compile=jit != 'off',
        )

    def __call__(self, count, seed):
        """Tokens int32 [count, T]; seed int [2]. The first rows do not depend on how many follow."""
        chunks = [self._chunk(randomness.fold_in(seed, i)) for i in range(-(-count // self.rows))]
        return tf.concat(chunks, axis=0)[:count]


class Scorer(tf.Module):
    """Log-probabilities of any number of sequences under a policy, in compiled chunks."""

    def __init__(self, policy, jit='auto'):
        super().__init__()
        self.end_id = policy.end_id
        self._chunk = tf.function(
            lambda tokens: sampling.sequence_log_prob(policy, tokens), autograph=False, jit_compile=jit != 'off'
        )

    def __call__(self, tokens):
        """log p [N] of tokens [N, T], nats, float32 NumPy."""
        tokens = np.asarray(tokens)
        padded = np.concatenate([tokens, np.repeat(tokens[-1:], -len(tokens) % SAMPLE_ROWS, axis=0)])
        return np.concatenate([self._chunk(chunk).numpy() for chunk in in_chunks(padded)])[: len(tokens)]

    def nll(self, tokens):
        """Mean -log p over all tokens of all rows that count, nats per token."""
        counted = sampling.valid_mask(tf.constant(tokens), self.end_id).numpy().sum()
        return float(-self(tokens).astype(np.float64).sum() / counted)


def in_chunks(rows):
    """The rows [N, T] in tensors of `SAMPLE_ROWS` rows; the last one may have fewer."""
    return (tf.constant(rows[start : start + SAMPLE_ROWS]) for start in range(0, len(rows), SAMPLE_ROWS))
