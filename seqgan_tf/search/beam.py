"""Beam search: the likeliest sequences of a policy, or some of its sequences without replacement.

With a seed it is the stochastic beam search of Kool et al. (2019, "Stochastic beams and where to
find them", arXiv 1903.06059). Each sequence has a perturbed log-probability, its log-probability
plus a Gumbel number. A beam holds the largest, drawn from the top down: the perturbed
log-probability of a prefix is the maximum over the sequences that continue it.
"""

from typing import NamedTuple

import tensorflow as tf

from seqgan_tf import randomness
from seqgan_tf.policies.policy import Policy, RewardFunction
from seqgan_tf.policies.sampling import check_sample, given_tokens, inverse_temperature
from seqgan_tf.policies.stateless import with_state
from seqgan_tf.search.found import Weighted
from seqgan_tf.search.resample import choose


class Beams(NamedTuple):
    """K sequences for each row, the best first.

    Where a row has fewer than K sequences, those that are left over have a log_prob of -inf, and
    their tokens mean nothing.

    Attributes:
        tokens: int32 [B, K, T], distinct sequences.
        log_prob: their log p, float32 [B, K], nats. Their end tokens count, and the given prefix
            does not.
        rank: what they are sorted by, float32 [B, K]: log_prob, or with a seed the perturbed
            log_prob.
        threshold: the best rank, float32 [B], of all other sequences of the row. It is exact with a
            seed. Without one it is only the best rank of what was pruned.
    """

    tokens: tf.Tensor
    log_prob: tf.Tensor
    rank: tf.Tensor
    threshold: tf.Tensor


def beam(
    policy: Policy,
    batch_size: int,
    length: int,
    width: int,
    *,
    seed: randomness.Seed | None = None,
    temperature: float | tf.Tensor = 1.0,
    prefix: tf.Tensor | None = None,
    prefix_length: tf.Tensor | None = None,
) -> Beams:
    """The `width` best sequences that a beam of that width finds, for each row.

    A finished sequence stays in the beam with its log p, which is not divided by its length.

    Args:
        policy: the policy.
        batch_size: B.
        length: T.
        width: K, at least 1. With K = 1 the search is greedy.
        seed: int [2], or None. With a seed the sequences are draws from the policy without
            replacement, in the order in which they are drawn. The first is a draw from the policy.
        temperature: of the policy; a number, or one for each row [B].
        prefix, prefix_length: as in `sampling.sample`, one for each row.

    Raises:
        ValueError: a width below 1, or as `sampling.sample`.
    """
    if width < 1:
        raise ValueError(f'width must be at least 1. Received: width={width}')
    check_sample(batch_size, length, prefix, prefix_length, temperature)
    rows, end_id = batch_size * width, policy.end_id
    policy, state = with_state(policy, rows)
    given, counts = given_tokens(batch_size, length, prefix, prefix_length)
    given, counts = tf.repeat(given, width, axis=1), tf.repeat(counts, width)
    scale = tf.repeat(inverse_temperature(tf.broadcast_to(temperature, [batch_size])), width)[:, None]

    def advance(position, population, log_prob, rank, threshold):
        tokens, state, is_open, sequences = population
        logits, state = policy.step(tokens, state)
        vocab_size = int(logits.shape[-1])
        log_p = tf.nn.log_softmax(logits * scale)
        only = tf.where(position < counts, given[position], -1)  # the one token that may follow, or -1
        if end_id is not None:
            only = tf.where(is_open, only, end_id)
        log_p = tf.where(
            (only < 0)[:, None], log_p, tf.where(only[:, None] == tf.range(vocab_size), 0.0, float('-inf'))
        )
        log_p = log_prob[:, :, None] + tf.reshape(log_p, [batch_size, width, vocab_size])
        ranks = log_p if seed is None else _perturbed(log_p, rank, randomness.fold_in(seed, position))

        flat = lambda values: tf.reshape(values, [batch_size, width * vocab_size])
        best, chosen = tf.math.top_k(flat(ranks), width + 1)
        threshold, rank, chosen = tf.maximum(threshold, best[:, -1]), best[:, :-1], chosen[:, :-1]
        log_prob = tf.where(rank > float('-inf'), tf.gather(flat(log_p), chosen, batch_dims=1), float('-inf'))
        parents = tf.reshape(chosen // vocab_size + tf.range(batch_size)[:, None] * width, [-1])
        tokens = tf.reshape(chosen % vocab_size, [-1])
        state, is_open, sequences = tf.nest.map_structure(
            lambda part: tf.gather(part, parents), (state, is_open, sequences)
        )
        if end_id is not None:
            is_open &= tokens != end_id
        sequences = tf.where(position == tf.range(length), tokens[:, None], sequences)
        return position + 1, (tokens, state, is_open, sequences), log_prob, rank, threshold

    population = (
        tf.fill([rows], policy.start_id),
        state,
        tf.fill([rows], True),
        tf.zeros([rows, length], tf.int32),
    )
    # The beam starts from one empty sequence a row.
    log_prob = tf.where(tf.range(width) == 0, 0.0, float('-inf')) + tf.zeros([batch_size, 1])
    rank = (
        log_prob if seed is None else log_prob + randomness.gumbels([batch_size, 1], randomness.fold_in(seed, length))
    )
    loop = (0, population, log_prob, rank, tf.fill([batch_size], float('-inf')))
    _, (*_, sequences), log_prob, rank, threshold = tf.while_loop(lambda position, *_: position < length, advance, loop)
    return Beams(tf.reshape(sequences, [batch_size, width, length]), log_prob, rank, threshold)


def resample_beams(
    policy: Policy,
    score_fn: RewardFunction,
    batch_size: int,
    length: int,
    width: int,
    seed: randomness.Seed,
    *,
    guidance: float | tf.Tensor = 1.0,
    temperature: float | tf.Tensor = 1.0,
    prefix: tf.Tensor | None = None,
    prefix_length: tf.Tensor | None = None,
) -> Weighted:
    """`resample` with `width` distinct candidates a row, the sequences of a stochastic beam.

    A sequence of log-probability log p is in the beam with probability q = P(G > threshold), G a
    Gumbel number plus log p. One is chosen with weights e^(guidance * s) p / q (Kool et al. 2019,
    section 4.2). With a width of all sequences of the policy its law is m e^(guidance * s) / Z.

    Args:
        policy, score_fn, batch_size, length: as in `resample`.
        width: the number of candidates, at least 1.
        seed, guidance, temperature, prefix, prefix_length: as in `resample`.

    Raises:
        ValueError: a width below 1, or as `sampling.sample`.
    """
    beams = beam(
        policy,
        batch_size,
        length,
        width,
        seed=randomness.fold_in(seed, 0),
        temperature=temperature,
        prefix=prefix,
        prefix_length=prefix_length,
    )
    scores = tf.reshape(score_fn(tf.reshape(beams.tokens, [-1, length])), [batch_size, width])
    beta = tf.reshape(tf.cast(guidance, tf.float32), [-1, 1])
    log_weights = tf.where(beams.log_prob > float('-inf'), beta * scores + _log_ratio(beams), float('-inf'))
    chosen = choose(log_weights, 1.0, randomness.uniforms([batch_size], randomness.fold_in(seed, 1)))
    return Weighted(
        tf.gather(beams.tokens, chosen, batch_dims=1),
        tf.gather(scores, chosen, batch_dims=1),
        tf.reduce_logsumexp(log_weights, axis=1),
    )


def _log_ratio(beams):
    """log p / q [B, K] of the sequences of a stochastic beam."""
    surplus = beams.log_prob - beams.threshold[:, None]
    return beams.log_prob - tf.math.log(-tf.math.expm1(-tf.exp(surplus)))


def _perturbed(log_p, rank, seed):
    """Perturbed log-probabilities [B, K, V] whose maximum over V is `rank` [B, K].

    They are Gumbel numbers plus log_p [B, K, V] under the condition of their maximum. The form is
    the stable one of Kool et al. (2019), appendix B.3.
    """
    free = log_p + randomness.gumbels(log_p.shape, seed)
    largest, rank = tf.reduce_max(free, axis=2, keepdims=True), rank[:, :, None]
    excess = rank - free + tf.math.log(-tf.math.expm1(free - largest))  # -inf where `free` is the largest
    ranks = rank - tf.maximum(excess, 0.0) - tf.math.log1p(tf.exp(-tf.abs(excess)))
    return tf.where(log_p > float('-inf'), ranks, float('-inf'))
