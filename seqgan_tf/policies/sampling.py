"""Drawing tokens from a policy: pure functions of their seeds.

Everything is written against the `Policy` protocol. So the oracle, a roll-out policy and a test's
Markov chain are sampled by the same code.
"""

import math
from collections.abc import Callable

import tensorflow as tf

from seqgan_tf.policies.draws import draw
from seqgan_tf.policies.policy import Policy
from seqgan_tf.policies.stateless import with_state
from seqgan_tf.randomness import Integer, Seed, uniforms

# The largest 1 / temperature. Logits stay finite, and the likeliest token is certain long before.
STEEPEST = 1e30


def unroll(
    policy: Policy,
    batch_size: Integer,
    length: Integer,
    choose: Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]],
) -> tuple[tf.Tensor, tf.Tensor]:
    """Runs a policy for `length` steps while the caller chooses each token.

    Args:
        policy: a policy, or a `Pair`, whose logits are a pair of tensors [B, V].
        batch_size: B.
        length: T.
        choose: (position, logits [B, V]) -> (ids int32 [B], score float32 [B]).

    Returns:
        tokens int32 [B, T], and the sum [B] of the scores. After an end token every token is the
        end token, and no score counts.
    """
    end_id = policy.end_id
    policy, initial_state = with_state(policy, batch_size)

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
    loop = (0, start, initial_state, tf.fill([batch_size], True), tf.zeros([batch_size]), sequence)
    *_, total, sequence = tf.while_loop(lambda position, *_: position < length, advance, loop)
    # Not a transpose: oneDNN has none for int32, and says so in a server's log. This takes as long.
    return tf.stack(tf.unstack(sequence.stack()), axis=1), total


def sample(
    policy: Policy,
    batch_size: Integer,
    length: int,
    seed: Seed,
    *,
    prefix: tf.Tensor | None = None,
    prefix_length: tf.Tensor | int | None = None,
    temperature: tf.Tensor | float = 1.0,
) -> tf.Tensor:
    """Sequences drawn from a policy: tokens int32 [B, T].

    Args:
        policy: the policy.
        batch_size: B, at least 1.
        length: T, at least 1.
        seed: int [2]. The same seed gives the same tokens, and row i does not depend on B.
        prefix: tokens [B, P], P <= T, with which the sequences start.
        prefix_length: int [B] in [0, P], how many tokens of each row's prefix are kept; P for every
            row unless given.
        temperature: divides the logits; a positive number, or one for each row [B].

    Raises:
        ValueError: a length or batch size below 1, a prefix that does not fit, or a temperature
            that is not positive and finite.
    """
    check_sample(batch_size, length, prefix, prefix_length, temperature)
    numbers = tf.transpose(uniforms([batch_size, length], seed))
    scale = tf.reshape(inverse_temperature(temperature), [-1, 1])
    given, prefix_length = given_tokens(batch_size, length, prefix, prefix_length)

    def choose(position, logits):
        drawn = draw(logits * scale, numbers[position])
        return tf.where(position < prefix_length, given[position], drawn), tf.zeros([batch_size])

    return unroll(policy, batch_size, length, choose)[0]


def given_tokens(
    batch_size: Integer, length: int, prefix: tf.Tensor | None, prefix_length: tf.Tensor | int | None
) -> tuple[tf.Tensor, tf.Tensor]:
    """The prefix of each row by position, int32 [T, B], and its length, int32 [B].

    `prefix` and `prefix_length` are as in `sample`. Positions after the prefix have the token 0.
    """
    if prefix is None:
        prefix, prefix_length = tf.zeros([batch_size, 0], tf.int32), 0
    prefix = tf.cast(prefix, tf.int32)
    prefix_length = prefix.shape[1] if prefix_length is None else prefix_length
    given = tf.transpose(tf.pad(prefix, [[0, 0], [0, length - int(prefix.shape[1])]]))
    return given, tf.broadcast_to(tf.cast(prefix_length, tf.int32), [batch_size])


def sequence_log_prob(policy: Policy, tokens: tf.Tensor) -> tf.Tensor:
    """log p of tokens [B, T] under a policy: the sum [B] over each sequence, nats.

    The first end token counts, and what follows it does not.
    """
    given = tf.cast(tokens, tf.int32)

    def choose(position, logits):
        here = given[:, position]
        return here, -tf.nn.sparse_softmax_cross_entropy_with_logits(labels=here, logits=logits)

    return unroll(policy, tf.shape(tokens)[0], tokens.shape[1], choose)[1]


def sequence_nll(policy: Policy, tokens: tf.Tensor) -> tf.Tensor:
    """-log p of tokens [B, T] under a policy, [B]: the mean over each sequence, nats per token.

    Every published NLL_oracle is this mean, although the paper's Eq. 13 is a sum over t.
    """
    counted = tf.reduce_sum(valid_mask(tokens, policy.end_id), axis=1)
    return -sequence_log_prob(policy, tokens) / counted


def sequence_entropy(policy: Policy, tokens: tf.Tensor) -> tf.Tensor:
    """The sum [B] over tokens [B, T] of the entropy of each token given those before it, nats.

    Its mean over samples of the policy is the entropy of the policy (the chain rule), as that of
    -log p is. It is finite for any tokens, also where the policy gives them probability 0.
    """
    given = tf.cast(tokens, tf.int32)

    def choose(position, logits):
        log_p = tf.nn.log_softmax(logits)
        return given[:, position], -tf.reduce_sum(tf.math.multiply_no_nan(log_p, tf.exp(log_p)), axis=1)

    return unroll(policy, tf.shape(tokens)[0], tokens.shape[1], choose)[1]


def valid_mask(tokens: tf.Tensor, end_id: int | None) -> tf.Tensor:
    """Float32 [B, T]: 1 for the tokens [B, T] that count, 0 for the others.

    All tokens up to the first end token count, and it counts too. All count where `end_id` is None.
    """
    counted = tf.pad(before_end(tokens, end_id)[:, :-1], [[0, 0], [1, 0]], constant_values=True)
    return tf.cast(counted, tf.float32)


def before_end(tokens: tf.Tensor, end_id: int | None) -> tf.Tensor:
    """Bool [B, T]: which of the tokens [B, T] are before the first end token.

    All are where `end_id` is None.
    """
    if end_id is None:
        return tf.ones_like(tokens, tf.bool)
    return tf.cumsum(tf.cast(tokens == end_id, tf.int32), axis=1) == 0


def inverse_temperature(temperature: tf.Tensor | float) -> tf.Tensor:
    """1 / temperature [B], float32, at most `STEEPEST`.

    It is computed in float64, so that a row's result does not depend on its place in a batch. The
    CPU's vector instructions make float32 reciprocals that differ in the last bit from the others.
    """
    return tf.cast(tf.minimum(1.0 / tf.cast(tf.cast(temperature, tf.float32), tf.float64), STEEPEST), tf.float32)


def check_sample(
    batch_size: Integer,
    length: int,
    prefix: tf.Tensor | None,
    prefix_length: tf.Tensor | int | None,
    temperature: tf.Tensor | float,
) -> None:
    """Raises ValueError where these arguments of `sample` break its rules."""
    if isinstance(length, int) and length < 1:
        raise ValueError(f'length must be at least 1. Received: length={length}')
    if isinstance(batch_size, int) and batch_size < 1:
        raise ValueError(f'batch_size must be at least 1. Received: batch_size={batch_size}')
    if prefix is None and prefix_length is not None:
        raise ValueError('prefix_length needs a prefix. Received: prefix=None')
    if prefix is not None and (len(prefix.shape) != 2 or (prefix.shape[1] or 0) > length):
        raise ValueError(
            f'prefix must be [batch_size, P] with P at most length={length}. Received: shape {tuple(prefix.shape)}'
        )
    if isinstance(temperature, (int, float)) and not 0 < temperature < math.inf:
        raise ValueError(f'temperature must be positive and finite. Received: temperature={temperature}')
