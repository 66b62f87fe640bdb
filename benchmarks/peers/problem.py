"""What every implementation of the comparison is given: sizes, weights and tokens. It needs NumPy alone."""

import argparse
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # recipe.py, run.py

SIZES = {'batch_size': 64, 'sequence_length': 20, 'vocab_size': 5000, 'num_rollouts': 16}  # B, T, V, N
# (window, filters): Table 5 of the paper.
WINDOWS = (
    *((1, 100), (2, 200), (3, 200), (4, 200), (5, 200), (6, 100), (7, 100), (8, 100), (9, 100), (10, 100)),
    *((15, 160), (20, 160)),
)
HIDDEN, EMBEDDING = 32, 64  # E = H of the generator, and the discriminator's embedding
CLIP_NORM, L2, DROPOUT = 5.0, 0.2, 0.25
GENERATOR_RATE, DISCRIMINATOR_RATE = 0.01, 1e-4
# Of Adam. Keras adds it before the bias is corrected, PyTorch and optax after that: so small, it is one function.
EPSILON = 1e-12
EPOCH_BATCHES = 20  # discriminator steps in a call, as in run.py
LANE_ROWS, SAMPLE_ROWS = 448, 512  # rows that an implementation with batched roll-outs draws side by side
SHARP = 1e8  # times the output layer's kernel, it leaves one token to draw
PEAKED = 100.0  # times it, the law is far from uniform
FACT_SAMPLES = 512


def parser(description):
    """An `ArgumentParser` with the sizes and the number of threads."""
    arguments = argparse.ArgumentParser(description=description)
    for name, default in SIZES.items():
        arguments.add_argument('--' + name, type=int, default=default)
    arguments.add_argument('--threads', type=int, default=2)
    return arguments


def windows_for(length):
    """The windows that fit into T = length."""
    return tuple((window, filters) for window, filters in WINDOWS if window <= length)


def generator_weights(vocab, seed=0):
    """[V, E], then kernel [E, 4H], recurrent kernel [H, 4H] and bias [4H] of the LSTM, head [H, V] and [V].

    The gates are in Keras's order: input, forget, cell, output. They come from N(0, 0.1).
    """
    draw = np.random.default_rng([0, seed])
    shapes = ((vocab, HIDDEN), (HIDDEN, 4 * HIDDEN), (HIDDEN, 4 * HIDDEN), (4 * HIDDEN,), (HIDDEN, vocab), (vocab,))
    return [draw.normal(0.0, 0.1, shape).astype(np.float32) for shape in shapes]


def discriminator_weights(vocab, length):
    """{name: array} of the discriminator; a dense kernel is [inputs, outputs], `convolutions` are [w, 64, filters]."""
    draw = np.random.default_rng(1)
    normal = lambda *shape: draw.normal(0.0, 0.1, shape).astype(np.float32)
    width = sum(filters for _, filters in windows_for(length))
    dense = lambda: draw.uniform(-1, 1, (width, width)).astype(np.float32) * np.float32((3 / width) ** 0.5)
    return {
        'embedding': draw.uniform(-1, 1, (vocab, EMBEDDING)).astype(np.float32),
        'convolutions': [normal(window, EMBEDDING, filters) for window, filters in windows_for(length)],
        'feature_bias': np.full(width, 0.1, np.float32),
        'gate': (dense(), normal(width)),
        'transform': (dense(), normal(width)),
        'head': (0.3 * normal(width, 2), np.full(2, 0.1, np.float32)),
    }


def tokens(rows, length, vocab):
    """Random tokens int64 [rows, T]."""
    return np.random.default_rng(2).integers(vocab, size=(rows, length))


def lanes(length, num_rollouts):
    """Prefixes int [L] and weights [2, L, T - 1], as `seqgan_tf.rewards.rollout.lanes` has them.

    Lane l finishes a prefix of prefixes[l] tokens, and then one of T - prefixes[l] tokens.
    """
    roles = [(p, 1, 1) for p in range(1, (length + 1) // 2) for _ in range(num_rollouts)]
    if length % 2 == 0:  # the middle prefix pairs with itself
        roles += [(length // 2, 1, 1)] * (num_rollouts // 2) + [(length // 2, 1, 0)] * (num_rollouts % 2)
    prefixes, first, second = np.array(roles).T
    weights = np.zeros([2, len(roles), length - 1], np.float32)
    for role, (prefix, counts) in enumerate(((prefixes, first), (length - prefixes, second))):
        weights[role, np.arange(len(roles)), prefix - 1] = counts / num_rollouts
    return prefixes, weights


def values(batch, length):
    """Action values [B, T] that the facts take for granted."""
    return np.random.default_rng(3).random((batch, length), np.float32)
