"""Slow NumPy twins of the package, in float64: plain loops, one row and one token at a time. And toy policies that can be enumerated.

A slow policy has `initial_state() -> state`, `step(token, state) -> (logits [V], state)`, `start_id` and `end_id`: one row, no batch.
"""

import itertools

import numpy as np
import tensorflow as tf

from seqgan_tf.serving.twin import Twin

LARGEST_BELOW_ONE = np.nextafter(np.float32(1), np.float32(0))


def softmax(logits):
    weights = np.exp(logits - np.max(logits))
    return weights / weights.sum()


def log_softmax(logits):
    return logits - np.max(logits) - np.log(np.exp(logits - np.max(logits)).sum())


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def inverse_cdf(logits, uniform):
    """The first id whose cumulative probability is above the uniform."""
    cumulative = 0.0
    probabilities = softmax(np.asarray(logits, np.float64))
    for token, probability in enumerate(probabilities):
        cumulative += probability
        if cumulative > uniform:
            return token
    return int(np.flatnonzero(probabilities)[-1])


class MarkovChain:
    """A policy whose next token depends on the last two, so that its state (the last but one, [B]) matters.

    Args:
        logits: [V, V, V]: of the next token, after the last but one and the last.
    """

    def __init__(self, logits, end_id=None, start_id=0):
        self.logits, self.end_id, self.start_id = np.asarray(logits, np.float32), end_id, start_id
        self.vocab_size = len(self.logits)

    @classmethod
    def random(cls, vocab_size, seed=0, end_id=None, spread=1.0):
        return cls(np.random.default_rng(seed).normal(scale=spread, size=[vocab_size] * 3), end_id)

    def initial_state(self, batch_size):
        return tf.fill([batch_size], self.start_id)

    def step(self, tokens, state):
        return tf.gather_nd(tf.constant(self.logits), tf.stack([state, tokens], axis=1)), tokens


class SlowChain:
    """The slow twin of a MarkovChain."""

    def __init__(self, chain):
        self.logits = chain.logits.astype(np.float64)
        self.start_id, self.end_id = chain.start_id, chain.end_id

    def initial_state(self):
        return self.start_id

    def step(self, token, state):
        return self.logits[state, token], token


def slow(policy):
    return SlowChain(policy) if isinstance(policy, MarkovChain) else Twin(policy.variables, start_id=policy.start_id)


def read(policy, tokens):
    """The last token read and the state before reading it, once tokens [t] stand: what the next `step` needs."""
    policy = slow(policy)
    last, state = policy.start_id, policy.initial_state()
    for token in tokens:
        _, state = policy.step(last, state)
        last = token
    return last, state


def next_logits(policy, tokens):
    """Logits [V] of the token that follows tokens [t]."""
    return slow(policy).step(*read(policy, tokens))[0]


def sequence_logits(policy, tokens):
    """Teacher-forced logits [T, V] of one row."""
    return np.array([next_logits(policy, tokens[:t]) for t in range(len(tokens))])


def finish(policy, prefix, numbers):
    """The sequence that keeps a prefix and draws the rest, one token for each number, uniform in [0, 1)."""
    tokens, end_id = list(prefix), policy.end_id
    for number in numbers:
        ended = end_id is not None and end_id in tokens
        tokens.append(end_id if ended else inverse_cdf(next_logits(policy, tokens), number))
    return tokens


def next_probabilities(policy, tokens):
    """p [V] of the token that follows; after an end token, the end token for certain."""
    end_id = policy.end_id
    if end_id is not None and end_id in tokens:
        return np.eye(policy.vocab_size)[end_id]
    return softmax(next_logits(policy, tokens))


def probability(policy, tokens, given=0):
    """p of tokens [T] under a policy, given their first few."""
    return np.prod([next_probabilities(policy, tokens[:t])[tokens[t]] for t in range(given, len(tokens))])


def completions(policy, prefix, length):
    """{sequence: probability} of all sequences of a length that keep a prefix."""
    tails = itertools.product(range(policy.vocab_size), repeat=length - len(prefix))
    sequences = [(*prefix, *tail) for tail in tails]
    return {s: probability(policy, s, len(prefix)) for s in sequences}


class Reward:
    """A reward in [-1, 1] that tells all short sequences apart: no two positions and no two tokens play the same part."""

    def __init__(self, length, vocab_size, seed=0):
        self.weights = np.random.default_rng(seed).normal(scale=2.0, size=[length, vocab_size])

    def __call__(self, tokens):
        return tf.cos(
            tf.einsum('btv,tv->b', tf.one_hot(tokens, self.weights.shape[1]), tf.constant(self.weights, tf.float32))
        )

    def slow(self, tokens):
        return np.cos(sum(self.weights[t, token] for t, token in enumerate(tokens)))


def exact_action_value(policy, reward, prefix, length):
    """Q of the last token of a prefix, and the standard deviation of one roll-out's reward."""
    values = [(p, reward.slow(s)) for s, p in completions(policy, tuple(prefix), length).items()]
    mean = sum(p * r for p, r in values)
    return mean, np.sqrt(max(0.0, sum(p * (r - mean) ** 2 for p, r in values)))


def rollout_uniforms(prefixes, weights, numbers, row, prefix):
    """The uniforms of each roll-out of one prefix of one row, as the lanes hand them out: a list of N arrays [T - prefix]."""
    length = numbers.shape[-1]
    first = [
        numbers[lane, row, : length - prefix]
        for lane in np.flatnonzero(weights[0, :, prefix - 1])
        if prefixes[lane] == prefix
    ]
    second = [
        numbers[lane, row, prefix:]
        for lane in np.flatnonzero(weights[1, :, prefix - 1])
        if prefixes[lane] == length - prefix
    ]
    return first + second


def slow_action_values(policy, reward, tokens, uniforms_of):
    """Eq. 4 literally: [B, T]. `uniforms_of(row, prefix)` lists the uniforms of each roll-out."""
    tokens = np.asarray(tokens)
    values = np.zeros(tokens.shape)
    for row, sequence in enumerate(tokens):
        for prefix in range(1, len(sequence)):
            finished = [finish(policy, sequence[:prefix], u) for u in uniforms_of(row, prefix)]
            values[row, prefix - 1] = np.mean([reward.slow(s) for s in finished])
        values[row, -1] = reward.slow(sequence)
    return values


def discriminator_outputs(discriminator, tokens):
    """The two output units [B, 2], dropout off: Eq. 11, 12, 23, 24, one place and one filter at a time."""
    embedding = np.asarray(discriminator.embedding.embeddings, np.float64)
    bias = np.asarray(discriminator.feature_bias, np.float64)
    gate, transform, head = (
        [np.asarray(v, np.float64) for v in (layer.kernel, layer.bias)]
        for layer in (discriminator.transform_gate, discriminator.transform, discriminator.head)
    )
    outputs = []
    for sequence in np.asarray(tokens):
        features = []
        for convolution in discriminator.convolutions:
            kernel = np.asarray(convolution.kernel, np.float64)
            window, _, filters = kernel.shape
            for k in range(filters):
                places = [
                    sum(embedding[sequence[start + i]] @ kernel[i, :, k] for i in range(window))
                    for start in range(len(sequence) - window + 1)
                ]
                features.append(max(max(place + bias[len(features)], 0.0) for place in places))
        features = np.array(features)
        tau = sigmoid(features @ gate[0] + gate[1])
        features = tau * np.maximum(features @ transform[0] + transform[1], 0) + (1 - tau) * features
        outputs.append(features @ head[0] + head[1])
    return np.array(outputs)


def adam(weights, gradients, moments, step, learning_rate, epsilon=1e-8):
    """TensorFlow 1's Adam on lists of arrays, step counted from 1; `moments` is a list of (m, v), changed in place."""
    rate = learning_rate * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
    updated = []
    for i, (weight, gradient) in enumerate(zip(weights, gradients)):
        m = 0.9 * moments[i][0] + 0.1 * gradient
        v = 0.999 * moments[i][1] + 0.001 * gradient**2
        moments[i] = m, v
        updated.append(weight - rate * m / (np.sqrt(v) + epsilon))
    return updated
