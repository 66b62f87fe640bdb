"""Resampling: n sequences of a policy for each row, of which one is chosen by its score.

With weights e^(beta s) the chosen one tends to the residual model m(y) e^(beta s(y)) / Z as n grows
(sampling importance resampling; Deng et al. 2020, arXiv 2004.11714, section 3.3). With beta to
infinity it is the best of n.
"""

import tensorflow as tf

from seqgan_tf import randomness
from seqgan_tf.policies.draws import draw
from seqgan_tf.policies.policy import Policy, RewardFunction
from seqgan_tf.policies.sampling import sample
from seqgan_tf.search.found import Weighted


def resample(
    policy: Policy,
    score_fn: RewardFunction,
    batch_size: int,
    length: int,
    num_candidates: int,
    seed: randomness.Seed,
    *,
    guidance: float | tf.Tensor = 1.0,
    temperature: float | tf.Tensor = 1.0,
    prefix: tf.Tensor | None = None,
    prefix_length: tf.Tensor | None = None,
    jit_compile: bool = False,
) -> Weighted:
    """Draws `num_candidates` sequences a row, and keeps one with weights e^(guidance * s).

    Args:
        policy: m, which draws the candidates.
        score_fn: s, tokens int32 [M, T] -> float32 [M].
        batch_size: B.
        length: T.
        num_candidates: n, at least 1.
        seed: int [2].
        guidance: beta, at least 0; a number, or one for each row [B].
        temperature: of the policy; a number, or one for each row [B].
        prefix, prefix_length: as in `sampling.sample`, one for each row.
        jit_compile: whether XLA compiles the drawing of candidates. It is for callers whose own
            graph is not compiled.

    Raises:
        ValueError: n below 1, or as `sampling.sample`.
    """
    candidates, scores = scored_candidates(
        policy,
        score_fn,
        batch_size,
        length,
        num_candidates,
        seed,
        temperature=temperature,
        prefix=prefix,
        prefix_length=prefix_length,
        jit_compile=jit_compile,
    )
    return keep_one(candidates, scores, guidance, seed)


def scored_candidates(
    policy: Policy,
    score_fn: RewardFunction,
    batch_size: int,
    length: int,
    num_candidates: int,
    seed: randomness.Seed,
    *,
    temperature: float | tf.Tensor = 1.0,
    prefix: tf.Tensor | None = None,
    prefix_length: tf.Tensor | None = None,
    jit_compile: bool = False,
) -> tuple[tf.Tensor, tf.Tensor]:
    """The candidates int32 [B, n, T] of `resample`, and their scores float32 [B, n].

    Arguments and errors are those of `resample`.
    """
    if num_candidates < 1:
        raise ValueError(f'num_candidates must be at least 1. Received: num_candidates={num_candidates}')

    def repeated(values):
        return values if len(getattr(values, 'shape', ())) == 0 else tf.repeat(values, num_candidates, axis=0)

    if prefix is not None and prefix_length is None:
        prefix_length = tf.fill([batch_size], prefix.shape[1])

    def draw_candidates():
        return sample(
            policy,
            batch_size * num_candidates,
            length,
            randomness.fold_in(seed, 0),
            prefix=repeated(prefix),
            prefix_length=repeated(prefix_length),
            temperature=repeated(temperature),
        )

    if jit_compile:
        draw_candidates = tf.function(draw_candidates, autograph=False, jit_compile=True)
    candidates = tf.ensure_shape(draw_candidates(), [batch_size * num_candidates, length])
    scores = tf.reshape(score_fn(candidates), [batch_size, num_candidates])
    return tf.reshape(candidates, [batch_size, num_candidates, length]), scores


def keep_one(candidates: tf.Tensor, scores: tf.Tensor, guidance: float | tf.Tensor, seed: randomness.Seed) -> Weighted:
    """One of the candidates int32 [B, n, T] of each row, by their scores [B, n]; see `resample`."""
    batch_size, num_candidates = scores.shape
    chosen = choose(scores, guidance, randomness.uniforms([batch_size], randomness.fold_in(seed, 1)))
    return Weighted(
        tf.gather(candidates, chosen, batch_dims=1),
        tf.gather(scores, chosen, batch_dims=1),
        tf.reduce_logsumexp(_exponents(scores, guidance), axis=1) - tf.math.log(float(num_candidates)),
    )


def choose(scores: tf.Tensor, guidance: float | tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
    """The index int32 [B] of one of the scores [B, n], chosen with weights e^(guidance * s).

    Args:
        scores: float32 [B, n]. A score of -inf is never chosen, unless all of a row are -inf.
        guidance: beta, at least 0 and finite; a number, or one for each row [B]. However large,
            the weights are exact, and equal best scores share the choice.
        numbers: float32 [B], uniform in [0, 1).
    """
    best = tf.reduce_max(scores, axis=1, keepdims=True)
    below = tf.where(scores > float('-inf'), scores - best, 0.0)  # beta times this never overflows to NaN
    weights = tf.where(scores > float('-inf'), _exponents(below, guidance), float('-inf'))
    return draw(weights, numbers)


def _exponents(scores, guidance):
    return scores * tf.reshape(tf.convert_to_tensor(guidance, tf.float32), [-1, 1])
