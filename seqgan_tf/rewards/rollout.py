"""Monte-Carlo search (Eq. 3 and 4): the action value of every token of sampled sequences.

A prefix of p tokens takes T - p steps to finish, and a prefix of T - p tokens takes p steps. So the
roll-outs run in *lanes* of T steps: a lane finishes a prefix of p tokens and then a prefix of T - p
tokens, without an idle step. All lanes have one shape and share one loop of T steps. A loop for
each prefix would take T * T / 2 steps. The number of lanes bounds the memory.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from seqgan_tf import randomness
from seqgan_tf.policies import draws
from seqgan_tf.policies.policy import Policy, RewardFunction, State
from seqgan_tf.policies.sampling import before_end
from seqgan_tf.policies.stateless import with_state


def action_values(
    policy: Policy,
    reward_fn: RewardFunction,
    tokens: tf.Tensor,
    num_rollouts: int,
    seed: randomness.Seed,
    *,
    chunk_rows: int = 1024,
    jit_compile: bool = False,
) -> tf.Tensor:
    """Q [B, T]: column t is the value of tokens[:, t] given the tokens before it (Eq. 4).

    For t < T - 1 it is the mean reward of `num_rollouts` sequences. They keep the first t + 1
    tokens, and `policy` draws the others. The last column is `reward_fn(tokens)` exactly. No
    gradient passes.

    Args:
        policy: the roll-out policy G_beta.
        reward_fn: tokens [B, T] -> [B] float32.
        tokens: int32 [B, T], B and T static. After an end token all tokens must be end tokens.
        num_rollouts: N, at least 1.
        seed: int [2].
        chunk_rows: about how many lanes run side by side. A step of the loop holds chunk_rows x V
            floats. The number changes no draw, and the result only by rounding.
        jit_compile: whether XLA compiles the loop that draws, with `draw_lean`. It is for callers
            whose own graph is not compiled.

    Raises:
        ValueError: num_rollouts below 1, tokens without a static shape, or a reward of another
            shape or type.
    """
    if num_rollouts < 1:
        raise ValueError(f'num_rollouts must be at least 1. Received: num_rollouts={num_rollouts}')
    if len(tokens.shape) != 2 or None in tokens.shape:
        raise ValueError(f'tokens must have a static shape [B, T]. Received: {tokens.shape}')
    batch_size, length = map(int, tokens.shape)
    policy, _ = with_state(policy, 1)
    final = rewards_of(reward_fn, tokens)[:, None]
    if length == 1:
        return tf.stop_gradient(final)

    chunk = max(1, chunk_rows // batch_size)
    prefixes, weights = lanes(length, num_rollouts, chunk)
    chunk = min(chunk, len(prefixes))
    numbers = randomness.uniforms([len(prefixes), batch_size, length], seed, rows_axis=1)
    prefixes, weights = tf.constant(prefixes), tf.constant(weights)

    def compiled(function):
        return tf.function(function, autograph=False, jit_compile=True) if jit_compile else function

    draw = draws.draw_lean if jit_compile else draws.draw
    states = compiled(lambda: prefix_states(policy, tokens))()
    finish = compiled(lambda prefixes, numbers: finish_lanes(policy, tokens, states, prefixes, numbers, draw))

    def add_chunk(start, values):
        finished = finish(
            tf.slice(prefixes, [start], [chunk]), tf.slice(numbers, [start, 0, 0], [chunk, batch_size, length])
        )
        rewards = tf.reshape(rewards_of(reward_fn, tf.reshape(finished, [-1, length])), [2, chunk, batch_size])
        return start + chunk, values + tf.einsum(
            'plb,plt->bt', rewards, tf.slice(weights, [0, start, 0], [2, chunk, length - 1])
        )

    values = tf.zeros([batch_size, length - 1])
    _, values = tf.while_loop(lambda start, _: start < prefixes.shape[0], add_chunk, (0, values), parallel_iterations=1)
    return tf.stop_gradient(tf.concat([values, final], axis=1))


def lanes(length: int, num_rollouts: int, multiple: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """The L lanes that give each prefix its roll-outs.

    Args:
        length: T, at least 2.
        num_rollouts: N.
        multiple: L is rounded up to a multiple of it where L is larger.

    Returns:
        prefixes int32 [L] and weights float32 [2, L, T - 1]. Lane l finishes a prefix of
        p = prefixes[l] tokens, and then a prefix of T - p tokens. Its two rewards have the weights
        weights[0, l] and weights[1, l] in the mean of each column. Column p - 1 belongs to the
        prefix of p tokens. Surplus roll-outs have weight 0.
    """
    roles = []  # (lane's first prefix, does the first count, does the second)
    for prefix in range(1, length // 2 + 1):
        if 2 * prefix < length:
            roles += [(prefix, 1, 1)] * num_rollouts
        else:  # the middle prefix pairs with itself
            roles += [(prefix, 1, 1)] * (num_rollouts // 2) + [(prefix, 1, 0)] * (num_rollouts % 2)
    if len(roles) > multiple:
        roles += [(1, 0, 0)] * (-len(roles) % multiple)
    prefixes, *counts = np.array(roles, np.int32).T
    weights = np.zeros([2, len(roles), length - 1], np.float32)
    for role, (prefix, count) in enumerate(zip((prefixes, length - prefixes), counts)):
        weights[role, np.arange(len(roles)), prefix - 1] = count / num_rollouts
    return prefixes, weights


def rewards_of(reward_fn: RewardFunction, tokens: tf.Tensor) -> tf.Tensor:
    """The rewards float32 [B] of tokens [B, T]. Raises ValueError where they are anything else."""
    rewards = tf.convert_to_tensor(reward_fn(tokens))
    if rewards.dtype != tf.float32 or not rewards.shape.is_compatible_with(tokens.shape[:1]):
        raise ValueError(
            f'a reward must be float32 {tokens.shape[:1]}, one number for each sequence. '
            f'Received: {rewards.dtype.name} {rewards.shape}'
        )
    return rewards


def prefix_states(policy: Policy, tokens: tf.Tensor) -> State:
    """The states [T, B, ...] along tokens [B, T].

    Row p - 1 is the state before `step` reads tokens[:, p - 1]. That step gives the logits of
    position p.
    """
    inputs = tf.concat([tf.fill([1, tokens.shape[0]], policy.start_id), tf.transpose(tokens)[:-1]], axis=0)
    return tf.scan(lambda state, token: policy.step(token, state)[1], inputs, policy.initial_state(tokens.shape[0]))


def finish_lanes(
    policy: Policy,
    tokens: tf.Tensor,
    states: State,
    prefixes: tf.Tensor,
    numbers: tf.Tensor,
    draw: Callable[[tf.Tensor, tf.Tensor], tf.Tensor] = draws.draw,
) -> tf.Tensor:
    """Both roll-outs of each lane: int32 [2, L, B, T].

    At step j the first roll-out of a prefix of p tokens draws position p + j. It is finished after
    T - p steps. The second prefix has T - p tokens, so the second roll-out draws position j at
    step j. Both use numbers[l, b, j].

    Args:
        policy: the roll-out policy.
        tokens: int32 [B, T].
        states: their `prefix_states`.
        prefixes: int32 [L], the lanes' first prefixes.
        numbers: float32 [L, B, T], uniform in [0, 1).
        draw: logits [B, V], numbers [B] -> ids int32 [B].
    """
    batch_size, length = tokens.shape
    rows = int(prefixes.shape[0]) * int(batch_size)
    row = tf.tile(tf.range(batch_size), [prefixes.shape[0]])
    first = tf.repeat(prefixes, batch_size)  # [rows], as all that follows
    second = length - first
    given = tf.gather(tokens, row)
    end_id = policy.end_id
    still_open = before_end(tokens, end_id)

    def start(prefix):
        """A prefix's last token, whether its sequence is still open, and the state before it."""
        at = tf.stack([prefix - 1, row], axis=1)
        return (
            tf.gather_nd(tf.transpose(tokens), at),
            tf.gather_nd(tf.transpose(still_open), at),
            tf.nest.map_structure(lambda s: tf.gather_nd(s, at), states),
        )

    restart = start(second)

    def advance(step, current, drawn):
        switch = step == second
        last, is_open, state = tf.nest.map_structure(
            lambda new, old: tf.where(tf.reshape(switch, [rows] + [1] * (len(old.shape) - 1)), new, old),
            restart,
            current,
        )
        logits, state = policy.step(last, state)
        chosen = draw(logits, numbers_by_step[step])
        if end_id is not None:
            chosen = tf.where(is_open, chosen, end_id)
            is_open = is_open & (chosen != end_id)
        return step + 1, (chosen, is_open, state), drawn.write(step, chosen)

    numbers_by_step = tf.transpose(tf.reshape(numbers, [rows, length]))
    drawn = tf.TensorArray(tf.int32, size=length, element_shape=[rows])
    *_, drawn = tf.while_loop(lambda step, *_: step < length, advance, (0, start(first), drawn))
    drawn = tf.transpose(drawn.stack())

    position = tf.range(length)[None]
    shifted = tf.gather(drawn, tf.maximum(position - first[:, None], 0), batch_dims=1)
    finished = tf.stack(
        [tf.where(position < first[:, None], given, shifted), tf.where(position < second[:, None], given, drawn)]
    )
    return tf.reshape(finished, [2, -1, batch_size, length])
