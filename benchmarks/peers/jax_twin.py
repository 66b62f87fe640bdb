"""The pieces in JAX: the networks of this project, roll-outs in lanes, Adam of optax, float32.

compare.py starts it. Everything is compiled. The draw is the two-level inverse CDF of
`seqgan_tf/policies/draws.py`.
"""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import optax
import problem
import worker
from recipe import SAMPLES


def cell(g, inputs, state):
    """The new (h, c) of generator weights g from inputs [B, 4H], which are x W + b, and (h, c)."""
    entry, forget, value, output = jnp.split(inputs + state[0] @ g[2], 4, axis=1)
    new = jax.nn.sigmoid(forget) * state[1] + jax.nn.sigmoid(entry) * jnp.tanh(value)
    return jax.nn.sigmoid(output) * jnp.tanh(new), new


def inputs_of(g, tokens):
    """x W + b for tokens of any shape."""
    return g[0][tokens] @ g[1] + g[3]


def zeros(rows):
    """(h, c) before the start token."""
    return jnp.zeros([rows, problem.HIDDEN]), jnp.zeros([rows, problem.HIDDEN])


def states_of(g, tokens):
    """(h, c), each [T, B, H], before each token of [B, T] is drawn, the start token read."""
    read = jnp.pad(tokens[:, :-1], ((0, 0), (1, 0))).T
    advance = lambda state, inputs: (cell(g, inputs, state),) * 2
    return jax.lax.scan(advance, zeros(len(tokens)), inputs_of(g, read))[1]


def nll(g, tokens):
    """-log p of each token [B, T].

    On a CPU it takes a sixth of the time of `optax.softmax_cross_entropy_with_integer_labels`: XLA
    fuses these sums with their exponentials, and the logit of a token comes from its own column of
    the kernel, because the gradient of a gather from the logits is slow.
    """
    hidden, chosen = states_of(g, tokens)[0].reshape(-1, problem.HIDDEN), tokens.T.reshape(-1)
    logits = hidden @ g[4] + g[5]
    largest = jax.lax.stop_gradient(logits.max(axis=1, keepdims=True))
    total = jnp.log(jnp.exp(logits - largest).sum(axis=1)) + largest[:, 0]
    return (total - (hidden * g[4].T[chosen]).sum(axis=1) - g[5][chosen]).reshape(-1, len(tokens)).T


def draw(logits, numbers):
    """Ids [B] by inverse CDF from logits [B, V] and uniforms [B]."""
    vocab = logits.shape[1]
    block = math.isqrt(vocab - 1) + 1
    filling = -(-vocab // block) * block - vocab
    logits = jnp.pad(logits, ((0, 0), (0, filling)), constant_values=-jnp.inf).reshape(len(logits), -1, block)
    weights = jnp.exp(logits - logits.max(axis=(1, 2), keepdims=True))
    sums = jnp.cumsum(weights.sum(axis=2), axis=1)
    target = numbers[:, None] * sums[:, -1:]
    chosen = jnp.minimum((sums <= target).sum(axis=1, keepdims=True), sums.shape[1] - 1)
    before = jnp.take_along_axis(jnp.pad(sums, ((0, 0), (1, 0))), chosen, axis=1)
    inside = jnp.cumsum(jnp.take_along_axis(weights, chosen[:, :, None], axis=1)[:, 0], axis=1)
    place = jnp.minimum((inside <= target - before).sum(axis=1), block - 1)
    return jnp.minimum(chosen[:, 0] * block + place, vocab - 1)


def step(g, tokens, state, numbers):
    """One token drawn after tokens [B], and the new state."""
    state = cell(g, inputs_of(g, tokens), state)
    return draw(state[0] @ g[4] + g[5], numbers), state


@functools.partial(jax.jit, static_argnums=(2, 3))
def sample(g, key, rows, length):
    """Tokens [rows, T]."""

    def advance(carry, numbers):
        tokens, state = step(g, *carry, numbers)
        return (tokens, state), tokens

    start = jnp.zeros([rows], jnp.int32), zeros(rows)
    return jax.lax.scan(advance, start, jax.random.uniform(key, [length, rows]))[1].T


def logit(d, tokens, strongest, key=None):
    """The logit [B] of tokens [B, T] by one of the two functions below; dropout acts where it has a key."""
    embedded = d['embedding'][tokens]
    features = jnp.concatenate([strongest(embedded, kernel) for kernel in d['convolutions']], axis=1)
    features = jax.nn.relu(features + d['feature_bias'])
    gate = jax.nn.sigmoid(features @ d['gate'][0] + d['gate'][1])
    features = gate * jax.nn.relu(features @ d['transform'][0] + d['transform'][1]) + (1 - gate) * features
    if key is not None:
        kept = jax.random.bernoulli(key, 1 - problem.DROPOUT, features.shape)
        features = jnp.where(kept, features / (1 - problem.DROPOUT), 0.0)
    outputs = features @ d['head'][0] + d['head'][1]
    return outputs[:, 1] - outputs[:, 0]


def by_products(embedded, kernel):
    """The largest response [B, F] of a kernel [w, 64, F] over [B, T, 64]; faster in training."""
    width, places = kernel.shape[0], embedded.shape[1] - kernel.shape[0] + 1
    windows = jnp.concatenate([embedded[:, i : i + places] for i in range(width)], axis=2)
    return (windows @ kernel.reshape(-1, kernel.shape[2])).max(axis=1)


def by_convolution(embedded, kernel):
    """The same, faster where nothing is trained."""
    return jax.lax.conv_general_dilated(embedded, kernel, (1,), 'VALID', dimension_numbers=('NWC', 'WIO', 'NWC')).max(
        axis=1
    )


@functools.partial(jax.jit, static_argnums=(3,))
def action_values(g, d, tokens, num_rollouts, key):
    """Q [B, T] by roll-outs in lanes, as in `seqgan_tf/rewards/rollout.py`."""
    batch, length = tokens.shape
    states = states_of(g, tokens)
    prefixes, weights = problem.lanes(length, num_rollouts)
    chunk = min(len(prefixes), max(1, problem.LANE_ROWS // batch))
    surplus = -len(prefixes) % chunk  # lanes without weight
    prefixes = np.pad(prefixes, (0, surplus), mode='edge').reshape(-1, chunk)
    weights = np.pad(weights, ((0, 0), (0, surplus), (0, 0))).reshape(2, len(prefixes), chunk, length - 1)

    def add_chunk(values, lanes):
        prefixes, counted, key = lanes
        finished = finish_lanes(g, tokens, states, jnp.repeat(prefixes, batch), key)
        rewards = jax.nn.sigmoid(logit(d, finished, by_convolution)).reshape(2, chunk, batch)
        return values + jnp.einsum('plb,plt->bt', rewards, counted), None

    lanes = jnp.array(prefixes), jnp.array(weights.swapaxes(0, 1)), jax.random.split(key, len(prefixes))
    values, _ = jax.lax.scan(add_chunk, jnp.zeros([batch, length - 1]), lanes)
    return jnp.concatenate([values, jax.nn.sigmoid(logit(d, tokens, by_convolution))[:, None]], axis=1)


def finish_lanes(g, tokens, states, first, key):
    """Both roll-outs of each lane, [2 L B, T]. `states` are [T, B, H], those before each token is read."""
    batch, length = tokens.shape
    row, second = jnp.arange(len(first)) % batch, length - first
    start = lambda prefix: (tokens[row, prefix - 1], tuple(state[prefix - 1, row] for state in states))
    restart = start(second)

    def advance(current, inputs):
        position, numbers = inputs
        choose = lambda new, old: jnp.where((second == position).reshape([-1] + [1] * (old.ndim - 1)), new, old)
        last, state = step(g, *jax.tree.map(choose, restart, current), numbers)
        return (last, state), last

    inputs = jnp.arange(length), jax.random.uniform(key, [length, len(first)])
    drawn = jax.lax.scan(advance, start(first), inputs)[1].T
    position, given = jnp.arange(length), tokens[row]
    shifted = jnp.take_along_axis(drawn, jnp.maximum(position - first[:, None], 0), axis=1)
    return jnp.concatenate(
        [jnp.where(position < p[:, None], given, new) for p, new in ((first, shifted), (second, drawn))]
    )


class Trained:
    """Weights and their optimizer, updated in place by compiled steps."""

    def __init__(self, weights, rate, loss, clip_norm=None):
        adam = optax.adam(rate, eps=problem.EPSILON)
        optimizer = adam if clip_norm is None else optax.chain(optax.clip_by_global_norm(clip_norm), adam)
        self.weights = jax.tree.map(jnp.array, weights)
        self.moments = optimizer.init(self.weights)

        @functools.partial(jax.jit, donate_argnums=(0, 1))
        def update(weights, moments, *data):
            (_, shown), gradients = jax.value_and_grad(loss, has_aux=True)(weights, *data)
            changes, moments = optimizer.update(gradients, moments)
            return optax.apply_updates(weights, changes), moments, shown

        self._update = update

    def step(self, *data):
        """One update; returns the loss that is shown."""
        self.weights, self.moments, shown = self._update(self.weights, self.moments, *data)
        return shown


def generator_of(weights, loss):
    """A generator that is trained by a loss."""
    twice = lambda *arguments: (loss(*arguments),) * 2
    return Trained(weights, problem.GENERATOR_RATE, twice, problem.CLIP_NORM)


def mle_loss(g, tokens):
    """The mean of -log p."""
    return nll(g, tokens).mean()


def policy_loss(g, tokens, values):
    """That of REINFORCE with values [B, T]."""
    return (nll(g, tokens) * values).sum()


def discriminator_loss(d, tokens, labels, key):
    """The loss with its penalty, and without it."""
    loss = optax.sigmoid_binary_cross_entropy(logit(d, tokens, by_products, key), labels).mean()
    return loss + problem.L2 / 2 * sum(jnp.square(weight).sum() for weight in d['head']), loss


def sharpened(weights, factor):
    """Weights whose output kernel is multiplied."""
    return [*weights[:4], factor * weights[4], weights[5]]


def main():
    """Answers compare.py."""
    arguments = problem.parser(__doc__).parse_args()
    batch, length, vocab = arguments.batch_size, arguments.sequence_length, arguments.vocab_size
    weights = problem.generator_weights(vocab), problem.discriminator_weights(vocab, length)
    new_discriminator = lambda: Trained(weights[1], problem.DISCRIMINATOR_RATE, discriminator_loss)
    mle, policy = generator_of(weights[0], mle_loss), generator_of(weights[0], policy_loss)
    discriminator = new_discriminator()
    rollout_policy = jax.tree.map(jnp.array, problem.generator_weights(vocab, seed=1))
    tokens = jnp.array(problem.tokens(batch, length, vocab), jnp.int32)
    labels = (jnp.arange(batch) % 2).astype(jnp.float32)
    counter = iter(range(10**6))
    key = lambda: jax.random.key(next(counter))
    values_of = lambda tokens: action_values(
        rollout_policy, discriminator.weights, tokens, arguments.num_rollouts, key()
    )

    def samples(count):
        rows = problem.SAMPLE_ROWS
        chunks = [sample(mle.weights, key(), rows, length) for _ in range(-(-count // rows))]
        return np.concatenate(chunks)[:count]

    def generator_step():
        sampled = sample(policy.weights, key(), batch, length)
        return policy.step(sampled, values_of(sampled))

    def facts():
        mine, other, silent = (
            generator_of(weights[0], mle_loss),
            generator_of(weights[0], policy_loss),
            new_discriminator(),
        )
        law, values = sharpened(weights[0], problem.PEAKED), jnp.array(problem.values(batch, length))
        sharp = sharpened(weights[0], problem.SHARP)
        sampled = sample(law, key(), problem.FACT_SAMPLES, length)
        measured = {
            'nll': nll(weights[0], tokens).tolist(),
            'logit': logit(silent.weights, tokens, by_convolution).tolist(),
            'action_values': action_values(sharp, silent.weights, tokens, 3, key()).tolist(),
            'nll_of_samples': float(nll(law, sampled).mean()),
        }
        return measured | {
            'mle_losses': [float(mine.step(tokens)) for _ in range(3)],
            'policy_losses': [float(other.step(tokens, values)) for _ in range(3)],
            'discriminator_losses': [float(silent.step(tokens, labels, None)) for _ in range(3)],
        }

    calls = {
        'mle_step': lambda: mle.step(tokens),
        'discriminator_step': lambda: discriminator.step(tokens, labels, key()),
        'action_values': lambda: values_of(tokens),
        'generator_step': generator_step,
        'sample_10k': lambda: samples(SAMPLES),
    }
    worker.serve(
        {piece: (lambda call=call: jax.block_until_ready(call()), 1) for piece, call in calls.items()},
        {'jax': jax.__version__, 'optax': optax.__version__},
        facts,
    )


if __name__ == '__main__':
    main()
