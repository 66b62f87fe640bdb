"""Any number of resampled sequences, in compiled chunks of one size."""

from collections.abc import Sequence

import tensorflow as tf

from seqgan_tf import randomness
from seqgan_tf.policies.policy import Policy, RewardFunction
from seqgan_tf.search.found import Weighted
from seqgan_tf.search.resample import keep_one, scored_candidates
from seqgan_tf.training.replicas import ONE, Replicas

CANDIDATES = 1024  # in a chunk: the convolutions of a discriminator hold 0.1 MB for each


class Resampler(tf.Module):
    """Resamples any number of sequences in compiled chunks.

    Args:
        policy: the policy that draws the candidates.
        score_fn: s, tokens int32 [M, T] -> float32 [M].
        sequence_length: T.
        num_candidates: n, for each sequence.
        jit: 'auto': XLA compiles the drawing; 'on': and the scores; 'off': nothing.
        replicas: share the rows of a chunk.
    """

    def __init__(
        self,
        policy: Policy,
        score_fn: RewardFunction,
        sequence_length: int,
        num_candidates: int,
        jit: str = 'auto',
        replicas: Replicas = ONE,
    ):
        super().__init__()
        self.rows = max(1, CANDIDATES // num_candidates)

        def chunk(seed, guidances):
            def search(rows):
                scored = scored_candidates(
                    policy, score_fn, rows, sequence_length, num_candidates, seed, jit_compile=jit == 'auto'
                )
                return [keep_one(*scored, guidance, seed) for guidance in tf.unstack(guidances)]

            return replicas.over_rows(search, self.rows, jit_compile=jit == 'on')

        self._chunk = tf.function(chunk, autograph=False)

    def __call__(self, count: int, seed: randomness.Seed, guidance: float = 1.0) -> Weighted:
        """`count` sequences from a seed int [2]. The first do not depend on `count`."""
        return self.curve(count, seed, [guidance])[0]

    def curve(self, count: int, seed: randomness.Seed, guidances: Sequence[float]) -> list[Weighted]:
        """As a call with each guidance. The candidates are drawn and scored once."""
        betas = tf.constant(guidances, tf.float32)
        chunks = [self._chunk(randomness.fold_in(seed, i), betas) for i in range(-(-count // self.rows))]
        return [Weighted(*(tf.concat(parts, axis=0)[:count] for parts in zip(*found))) for found in zip(*chunks)]
