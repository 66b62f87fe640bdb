"""Sequential Monte Carlo: n particles a row, which a value of prefixes steers to high scores.

The values are the twists of Doucet and Johansen (2011, "A tutorial on particle filtering and
smoothing", sections 3.5 and 4), with the policy as the proposal. Del Moral (2004, "Feynman-Kac
formulae", section 7.4) shows that the estimate of Z is unbiased. It is so whatever the value is,
but its variance is small only where the value tells e^(beta s) early.
"""

import tensorflow as tf

from seqgan_tf import randomness
from seqgan_tf.policies.draws import BELOW_ONE, draw
from seqgan_tf.policies.policy import Policy, PrefixValue, RewardFunction
from seqgan_tf.policies.sampling import check_sample, given_tokens, inverse_temperature
from seqgan_tf.policies.stateless import with_state
from seqgan_tf.search.found import Weighted
from seqgan_tf.search.resample import choose


def particles(
    policy: Policy,
    score_fn: RewardFunction,
    value: PrefixValue,
    batch_size: int,
    length: int,
    num_particles: int,
    seed: randomness.Seed,
    *,
    guidance: float | tf.Tensor = 1.0,
    temperature: float | tf.Tensor = 1.0,
    prefix: tf.Tensor | None = None,
    prefix_length: tf.Tensor | None = None,
) -> Weighted:
    """Draws `num_particles` sequences a row side by side, and keeps one with its final weight.

    After each token a particle's log weight grows by guidance * (psi_t - psi_(t-1)), psi the value
    of its prefix and 0 before any token. In a row whose effective sample size is below n / 2 the
    particles are then resampled, and their mean weight goes into the estimate of Z. After the last
    token the log weight grows by guidance * (s - psi_T). One particle is never resampled, so with
    n = 1 the search is the policy itself.

    Args:
        policy: m, which draws the tokens.
        score_fn: s, tokens int32 [M, T] -> float32 [M], finite.
        value: psi, a finite number for every prefix. It should be near log E[e^(guidance * s)] /
            guidance over the sequences that continue the prefix. The value of an end token is that
            of all prefixes which continue it.
        batch_size: B.
        length: T.
        num_particles: n, at least 1.
        seed: int [2].
        guidance: beta, at least 0; a number, or one for each row [B].
        temperature: of the policy; a number, or one for each row [B].
        prefix, prefix_length: as in `sampling.sample`, one for each row.

    Raises:
        ValueError: n below 1, or as `sampling.sample`.
    """
    if num_particles < 1:
        raise ValueError(f'num_particles must be at least 1. Received: num_particles={num_particles}')
    check_sample(batch_size, length, prefix, prefix_length, temperature)
    rows, end_id = batch_size * num_particles, policy.end_id
    policy, state = with_state(policy, rows)
    numbers = tf.transpose(randomness.uniforms([rows, length], randomness.fold_in(seed, 0)))
    shifts = tf.transpose(randomness.uniforms([batch_size, length], randomness.fold_in(seed, 2)))
    given, counts = given_tokens(batch_size, length, prefix, prefix_length)
    given, counts = tf.repeat(given, num_particles, axis=1), tf.repeat(counts, num_particles)
    by_row = lambda number: tf.broadcast_to(tf.cast(number, tf.float32), [batch_size])
    scale = tf.repeat(inverse_temperature(by_row(temperature)), num_particles)[:, None]
    beta = by_row(guidance)[:, None]

    def advance(position, population, log_weights, log_z):
        tokens, state, value_state, psi, is_open, sequences = population
        logits, state = policy.step(tokens, state)
        tokens = tf.where(position < counts, given[position], draw(logits * scale, numbers[position]))
        if end_id is not None:
            tokens = tf.where(is_open, tokens, end_id)
        number, value_state = value.step(tokens, value_state)
        number = tf.where(is_open, number, psi)
        log_weights += beta * tf.reshape(number - psi, [batch_size, num_particles])
        if end_id is not None:
            is_open &= tokens != end_id
        sequences = tf.where(position == tf.range(length), tokens[:, None], sequences)
        ancestors, log_weights, log_z = _resampled(log_weights, log_z, shifts[position], position < length - 1)
        population = (tokens, state, value_state, number, is_open, sequences)
        return (
            position + 1,
            tf.nest.map_structure(lambda part: tf.gather(part, ancestors), population),
            log_weights,
            log_z,
        )

    population = (
        tf.fill([rows], policy.start_id),
        state,
        value.initial_state(rows),
        tf.zeros([rows]),
        tf.fill([rows], True),
        tf.zeros([rows, length], tf.int32),
    )
    loop = (0, population, tf.zeros([batch_size, num_particles]), tf.zeros([batch_size]))
    _, (*_, psi, _, sequences), log_weights, log_z = tf.while_loop(
        lambda position, *_: position < length, advance, loop
    )
    scores = score_fn(sequences)
    log_weights += beta * tf.reshape(scores - psi, [batch_size, num_particles])
    chosen = choose(log_weights, 1.0, randomness.uniforms([batch_size], randomness.fold_in(seed, 1)))
    chosen += tf.range(batch_size) * num_particles
    return Weighted(tf.gather(sequences, chosen), tf.gather(scores, chosen), log_z + _log_mean_exp(log_weights))


def _resampled(log_weights, log_z, shift, wanted):
    """The ancestor of each particle, int32 [B * n], and the new log weights [B, n] and log Z [B].

    The particles of a row are resampled if its effective sample size is below n / 2, and `wanted`.
    """
    batch_size, count = log_weights.shape
    log_size = 2.0 * tf.reduce_logsumexp(log_weights, axis=1) - tf.reduce_logsumexp(2.0 * log_weights, axis=1)
    poor = wanted & (tf.exp(log_size) < count / 2)
    ancestors = tf.where(poor[:, None], systematic(log_weights, shift), tf.range(count))
    return (
        tf.reshape(ancestors + tf.range(batch_size)[:, None] * count, [-1]),
        tf.where(poor[:, None], 0.0, log_weights),
        log_z + tf.where(poor, _log_mean_exp(log_weights), 0.0),
    )


def systematic(log_weights: tf.Tensor, shift: tf.Tensor) -> tf.Tensor:
    """Systematic resampling: the indices int32 [B, n] of n draws by log weights [B, n].

    An index of share p is drawn n p times, rounded up or down, and n p times in the mean (Carpenter
    et al. 1999).

    Args:
        log_weights: float32 [B, n].
        shift: float32 [B], uniform in [0, 1).
    """
    count = int(log_weights.shape[1])
    cdf = tf.cumsum(tf.nn.softmax(log_weights), axis=1)
    steps = (tf.range(count, dtype=tf.float32) + shift[:, None]) / count
    targets = tf.minimum(steps, BELOW_ONE) * cdf[:, -1:]
    return tf.reduce_sum(tf.cast(cdf[:, None] <= targets[:, :, None], tf.int32), axis=2)


def _log_mean_exp(log_weights):
    return tf.reduce_logsumexp(log_weights, axis=1) - tf.math.log(float(log_weights.shape[1]))
