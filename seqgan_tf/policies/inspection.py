"""What a policy expected at each position of given sequences.

Letter key: B batch, T sequence length, V vocabulary size, K alternatives.
"""

from typing import NamedTuple

import tensorflow as tf

from seqgan_tf.policies.policy import Policy
from seqgan_tf.policies.stateless import with_state


class Inspection(NamedTuple):
    """Log-probabilities in nats, each given the tokens before its position.

    After the first end token they are 0, and every alternative is the end token.

    Attributes:
        log_prob: float32 [B, T], of the tokens. Their sum is `sampling.sequence_log_prob`.
        alternatives: int32 [B, T, K], the likeliest tokens, the likeliest first. Equally likely
            tokens are sorted by id.
        alternative_log_prob: float32 [B, T, K], theirs.
    """

    log_prob: tf.Tensor
    alternatives: tf.Tensor
    alternative_log_prob: tf.Tensor


def inspect_tokens(policy: Policy, tokens: tf.Tensor, num_alternatives: int) -> Inspection:
    """The log-probability of each token [B, T] under a policy, beside the likeliest ones there.

    The logits of one position are in memory at a time, [B, V].

    Args:
        policy: the policy.
        tokens: int32 [B, T].
        num_alternatives: K, from 1 to V.
    """
    batch_size, length = tf.shape(tokens)[0], int(tokens.shape[1])
    end_id = policy.end_id
    policy, initial_state = with_state(policy, batch_size)

    def advance(position, read, state, open_rows, *arrays):
        logits, state = policy.step(read, state)
        log_p, here = tf.nn.log_softmax(logits), tokens[:, position]
        best_log_p, best = tf.math.top_k(log_p, num_alternatives)
        found = Inspection(tf.gather(log_p, here, batch_dims=1), best, best_log_p)
        if end_id is not None:
            found = Inspection(
                tf.where(open_rows, found.log_prob, 0.0),
                tf.where(open_rows[:, None], found.alternatives, end_id),
                tf.where(open_rows[:, None], found.alternative_log_prob, 0.0),
            )
            open_rows = open_rows & (here != end_id)
        return (
            position + 1,
            here,
            state,
            open_rows,
            *map(lambda array, value: array.write(position, value), arrays, found),
        )

    arrays = [
        tf.TensorArray(dtype, size=length, element_shape=[None, *shape])
        for dtype, shape in ((tf.float32, []), (tf.int32, [num_alternatives]), (tf.float32, [num_alternatives]))
    ]
    start = tf.fill([batch_size], policy.start_id)
    loop = [0, start, initial_state, tf.fill([batch_size], True), *arrays]
    _, _, _, _, *arrays = tf.while_loop(lambda position, *_: position < length, advance, loop)
    # Not a transpose; see `sampling.unroll`.
    return Inspection(*(tf.stack(tf.unstack(array.stack()), axis=1) for array in arrays))
