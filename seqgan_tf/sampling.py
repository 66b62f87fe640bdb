"""Drawing tokens from a policy: pure functions of their seeds.

A policy has `initial_state(batch_size)`, `step(tokens [B], state) -> (logits [B, V], state)`, `start_id`, and optionally `end_id`.
Nothing here is tied to a class, so the oracle, a roll-out policy and a Markov chain of a test are sampled by the same code.
"""

import functools
import math

import tensorflow as tf

from seqgan_tf.randomness import uniforms

# Scaling the largest admissible target by this keeps it strictly below the total in float32, whatever the rounding.
BELOW_ONE = 1.0 - 2.0**-23
COLUMNS, STRIPS = (
    16,
    8,
)  # `draw_lean` sums a block in so many columns, and takes the maximum of a row first among so many strips of it
STEEPEST = 1e30  # the largest 1 / temperature: the likeliest token is certain long before, and logits stay finite


def draw(logits, uniforms):
    """One id for each row by inverse CDF: logits [B, V], uniforms [B] in [0, 1) -> int32 [B].

    One uniform makes one draw, and a row depends on nothing but itself. A logit of -inf is never drawn, unless all are.
    """
    # Padded before the exponentials, not after, so that XLA fuses these with the block sums: half the time of a draw.
    logits = _in_blocks(logits, float('-inf'))
    return _search_blocks(tf.exp(logits - tf.reduce_max(logits, axis=[1, 2], keepdims=True)), uniforms)


def draw_lean(logits, uniforms):
    """`draw` in two thirds of its time where XLA compiles it on a CPU, and in twice its time where nothing does.

    Its sums are rounded otherwise, so where a uniform is within rounding of the border between two ids, it may choose the other.
    The time of `draw` goes into passes over [B, V]. XLA fuses sums and maxima of slices, but no reduction, with what makes their
    operands; so here nothing of that size is written but the logits.
    """
    vocab_size = logits.shape[-1]
    block = -(-math.isqrt(vocab_size) // COLUMNS) * COLUMNS
    whole = (vocab_size - 1) // block  # blocks before the last, which holds 1 to `block` ids
    blocks, last = (
        tf.reshape(logits[:, : whole * block], [tf.shape(logits)[0], whole, block]),
        logits[:, whole * block :],
    )
    width = -(-vocab_size // STRIPS)
    strips = [
        logits[:, start : start + width] for start in (min(i * width, vocab_size - width) for i in range(STRIPS))
    ]  # may overlap
    largest = tf.reduce_max(functools.reduce(tf.maximum, strips), axis=1, keepdims=True)

    columns = [tf.exp(blocks[:, :, i : i + COLUMNS] - largest[:, :, None]) for i in range(0, block, COLUMNS)]
    sums = [
        tf.reduce_sum(functools.reduce(tf.add, columns), axis=-1),
        tf.reduce_sum(tf.exp(last - largest), axis=1, keepdims=True),
    ]

    def weights_of(chosen):
        ids = chosen[:, None] * block + tf.range(block)
        weights = tf.exp(tf.gather(logits, tf.minimum(ids, vocab_size - 1), batch_dims=1) - largest)
        return tf.where(ids < vocab_size, weights, 0.0)

    return _search(tf.concat(sums, axis=1), weights_of, uniforms)


def draw_weighted(weights, uniforms):
    """`draw` for weights [B, V] in place of logits; they need not sum to 1."""
    return _search_blocks(_in_blocks(weights, 0.0), uniforms)


def _in_blocks(values, filling):
    """[B, V] as [B, blocks, block], the last block filled up."""
    vocab_size = values.shape[-1]
    block = math.isqrt(vocab_size - 1) + 1
    blocks = -(-vocab_size // block)
    padded = tf.pad(values, [[0, 0], [0, blocks * block - vocab_size]], constant_values=filling)
    return tf.reshape(padded, [-1, blocks, block])


def _search_blocks(weights, uniforms):
    """The ids [B] that uniforms [B] choose by weights [B, blocks, block]."""
    return _search(tf.reduce_sum(weights, axis=-1), lambda chosen: tf.gather(weights, chosen, batch_dims=1), uniforms)


def _search(sums, weights_of, uniforms):
    """The ids [B] that uniforms [B] choose by the blocks' sums [B, blocks] and `weights_of`: blocks [B] -> their weights [B, block].

    The CDF is searched on two levels, block sums and then inside one block, so that no cumulative sum over all of V is formed.
    """
    block_cdf = tf.cumsum(sums, axis=-1)
    target = tf.minimum(uniforms, BELOW_ONE) * block_cdf[:, -1]
    chosen = _first_above(block_cdf, target)
    before = tf.where(chosen > 0, tf.gather(block_cdf, tf.maximum(chosen - 1, 0), batch_dims=1), 0.0)

    cdf = tf.cumsum(weights_of(chosen), axis=-1)
    target = tf.minimum(target - before, cdf[:, -1] * BELOW_ONE)
    return chosen * cdf.shape[-1] + _first_above(cdf, target)


def _first_above(cdf, target):
    """The first index whose cumulative weight is above the target: a place where the weight itself is positive."""
    return tf.reduce_sum(tf.cast(cdf <= target[:, None], tf.int32), axis=-1)


def unroll(policy, batch_size, length, choose):
    """Runs a policy for `length` steps, each token chosen by the caller.

    Args:
        choose: (position, logits [B, V]) -> (ids int32 [B], score float32 [B]).

    Returns:
        tokens int32 [B, T], and the sum [B] of the scores. After an end token every token is the end token and no score counts.
    """
    end_id = getattr(policy, 'end_id', None)

    def advance(position, tokens, state, open_rows, total, sequence):
        logits, state = policy.step(tokens, state)
        tokens, score = choose(position, logits)
        if end_id is not None:
            tokens = tf.where(open_rows, tokens, end_id)
            score = tf.where(open_rows, score, 0.0)
            open_rows = open_rows & (tokens != end_id)
        return position + 1, tokens, state, open_rows, total + score, sequence.write(position, tokens)

    sequence = tf.TensorArray(tf.int32, size=length, element_shape=[None])
    start = tf.fill([batch_size], policy.start_id)
    loop = (0, start, policy.initial_state(batch_size), tf.fill([batch_size], True), tf.zeros([batch_size]), sequence)
    *_, total, sequence = tf.while_loop(lambda position, *_: position < length, advance, loop)
    # Not a transpose: oneDNN has none for int32, and says so in a server's log. This takes as long.
    return tf.stack(tf.unstack(sequence.stack()), axis=1), total


def sample(policy, batch_size, length, seed, *, prefix=None, prefix_length=None, temperature=1.0):
    """Sequences drawn from a policy: tokens int32 [B, T] with T = `length`.

    Args:
        seed: int [2]; the same seed gives the same tokens, and row i does not depend on the batch size.
        prefix: tokens [B, P], P <= T, kept untouched; nothing is drawn before `prefix_length`.
        prefix_length: int [B] in [0, P]; P for every row unless given.
        temperature: divides the logits; a positive number, or one for each row [B].

    Raises:
        ValueError: a length below 1, a prefix that does not fit, or a temperature that is not above 0.
    """
    _check_sample(batch_size, length, prefix, prefix_length, temperature)
    numbers = tf.transpose(uniforms([batch_size, length], seed))
    scale = tf.reshape(inverse_temperature(temperature), [-1, 1])
    if prefix is None:
        prefix, prefix_length = tf.zeros([batch_size, 0], tf.int32), 0
    prefix = tf.cast(prefix, tf.int32)
    prefix_length = prefix.shape[1] if prefix_length is None else prefix_length
    given = tf.transpose(tf.pad(prefix, [[0, 0], [0, length - prefix.shape[1]]]))

    def choose(position, logits):
        drawn = draw(logits * scale, numbers[position])
        return tf.where(position < prefix_length, given[position], drawn), tf.zeros([batch_size])

    return unroll(policy, batch_size, length, choose)[0]


def sequence_log_prob(policy, tokens):
    """log p of tokens [B, T] under a policy: the sum [B] in nats over each sequence, its first end token included."""
    given = tf.cast(tokens, tf.int32)

    def choose(position, logits):
        here = given[:, position]
        return here, -tf.nn.sparse_softmax_cross_entropy_with_logits(labels=here, logits=logits)

    return unroll(policy, tf.shape(tokens)[0], tokens.shape[1], choose)[1]


def sequence_nll(policy, tokens):
    """-log p of tokens [B, T] under a policy: [B], the mean over each sequence's tokens, nats per token.

    Every published NLL_oracle is this mean, though Eq. 13 is written as a sum over t.
    """
    counted = tf.reduce_sum(valid_mask(tokens, getattr(policy, 'end_id', None)), axis=1)
    return -sequence_log_prob(policy, tokens) / counted


def valid_mask(tokens, end_id):
    """Which tokens [B, T] count, float32: all up to and including the first end token; all where `end_id` is None."""
    if end_id is None:
        return tf.ones_like(tokens, tf.float32)
    ended = tf.cumsum(tf.cast(tokens == end_id, tf.int32), axis=1, exclusive=True)
    return tf.cast(ended == 0, tf.float32)


def inverse_temperature(temperature):
    """1 / temperature [B], at most `STEEPEST`; the same at each place of a batch.

    In float64, because a float32 reciprocal is off by a bit in those places of a batch that the CPU's vector instructions reach.
    """
    return tf.cast(tf.minimum(1.0 / tf.cast(tf.cast(temperature, tf.float32), tf.float64), STEEPEST), tf.float32)


def _check_sample(batch_size, length, prefix, prefix_length, temperature):
    if isinstance(length, int) and length < 1:
        raise ValueError(f'length must be at least 1. Received: length={length}')
    if isinstance(batch_size, int) and batch_size < 1:
        raise ValueError(f'batch_size must be at least 1. Received: batch_size={batch_size}')
    if prefix is None and prefix_length is not None:
        raise ValueError('prefix_length needs a prefix. Received: prefix=None')
    if prefix is not None and (len(prefix.shape) != 2 or prefix.shape[1] > length):
        raise ValueError(
            f'prefix must be [batch_size, P] with P at most length={length}. Received: shape {tuple(prefix.shape)}'
        )
    if isinstance(temperature, (int, float)) and not 0 < temperature < math.inf:
        raise ValueError(f'temperature must be positive and finite. Received: temperature={temperature}')
