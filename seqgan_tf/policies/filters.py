"""Which tokens a draw may choose: top_k and top_p, a number for each row, in the graph.

Letter key: B rows, V vocabulary size.
"""

import tensorflow as tf

ONE_BITS = 0x3F800000  # of the float32 1.0, the largest weight


def softmax_parts(logits: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Two parts of the softmax of logits [B, V].

    Returns:
        exp(logits - the maximum of their row) [B, V], and the logarithm [B] of the sum of
        exp(logits).
    """
    peak = tf.reduce_max(logits, axis=1, keepdims=True)
    weights = tf.exp(logits - peak)
    return weights, peak[:, 0] + tf.math.log(tf.reduce_sum(weights, axis=1))


def keep_likely(logits: tf.Tensor, top_k: tf.Tensor, top_p: tf.Tensor) -> tf.Tensor:
    """Logits [B, V] with -inf in place of all but the likeliest tokens.

    Equal logits are sorted by id.

    Args:
        logits: float32 [B, V].
        top_k: int32 [B], how many tokens are kept; 0 for all.
        top_p: float32 [B] in (0, 1]. Of the top_k tokens the fewest are kept whose share of the
            probability reaches top_p; 1 for all.
    """
    logits = tf.cond(tf.reduce_any(top_k > 0), lambda: keep_top_k(logits, top_k), lambda: logits)
    return tf.cond(tf.reduce_any(top_p < 1), lambda: keep_top_p(logits, top_p), lambda: logits)


def keep_top_k(logits: tf.Tensor, top_k: tf.Tensor) -> tf.Tensor:
    """Logits [B, V] with -inf in place of all but the likeliest top_k [B] of each row, or all for 0.

    XLA cannot compile it, because a shape follows from top_k.

    Args:
        logits, top_k: as in `keep_likely`.
    """
    vocab_size = logits.shape[-1]
    counts = tf.clip_by_value(top_k, 1, vocab_size)
    values, ids = tf.math.top_k(logits, tf.reduce_max(counts))  # equal values: lower ids first
    value, token = (tf.gather(kept, counts[:, None] - 1, batch_dims=1) for kept in (values, ids))
    likely = (logits > value) | ((logits == value) & (tf.range(vocab_size) <= token))
    return tf.where(likely | (top_k == 0)[:, None], logits, float('-inf'))


def keep_top_p(logits: tf.Tensor, top_p: tf.Tensor) -> tf.Tensor:
    """Logits [B, V] with -inf in place of all but the likeliest, whose share reaches top_p [B].

    The weight of the least likely kept token is found by bisection of its bits. Positive floats
    have the order of their bits.

    Args:
        logits, top_p: as in `keep_likely`.
    """
    # For one thread a sort takes 2.9 times the CPU time for 64 rows at V 5000 and 2.1 times for 512
    # rows at V 473; for 1 row it takes 0.4 (V 473) to 0.8 times (V 5000).
    weights, _ = softmax_parts(logits)
    bits = tf.bitcast(weights, tf.int32)
    needed = top_p * tf.reduce_sum(weights, axis=1)

    def mass(least):
        return tf.reduce_sum(tf.where(bits >= least[:, None], weights, 0.0), axis=1)

    def halve(step, low, high):  # mass(low) reaches what is needed, mass(high) does not
        middle = (low + high) // 2
        enough = mass(middle) >= needed
        return step + 1, tf.where(enough, middle, low), tf.where(enough, high, middle)

    low, high = tf.ones_like(bits[:, 0]), tf.fill(tf.shape(top_p), ONE_BITS + 1)
    _, least, _ = tf.while_loop(lambda step, *_: step < ONE_BITS.bit_length(), halve, (0, low, high))
    equal = bits == least[:, None]
    # How many of the tokens with exactly this weight are kept.
    wanted = tf.math.ceil((needed - mass(least + 1)) / tf.bitcast(least, tf.float32))
    spare = tf.reduce_any(tf.reduce_sum(tf.cast(equal, tf.float32), axis=1) > wanted)
    equal = tf.cond(
        spare, lambda: equal & (tf.cumsum(tf.cast(equal, tf.float32), axis=1) <= wanted[:, None]), lambda: equal
    )
    return tf.where((bits > least[:, None]) | equal | (top_p >= 1)[:, None], logits, float('-inf'))
