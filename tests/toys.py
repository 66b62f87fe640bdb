"""Toy policies, scores and prefix values of searches, with their exact laws by enumeration."""

import itertools

import numpy as np
import tensorflow as tf

LENGTH, VOCAB = 3, 3
ALL = np.array(list(itertools.product(range(VOCAB), repeat=LENGTH)), np.int32)
PLACES = VOCAB ** np.arange(LENGTH)[::-1]  # tokens @ PLACES is the row of ALL
TABLE = np.random.default_rng(1).normal(size=[VOCAB**LENGTH]).astype(np.float32)


class Chain:
    """A policy of bigrams over three tokens, which counts its steps."""

    start_id = 0
    logits = tf.constant(np.random.default_rng(0).normal(size=[VOCAB, VOCAB]), tf.float32)

    def __init__(self, end_id=None):
        self.end_id = end_id

    def initial_state(self, batch_size):
        return tf.zeros([batch_size])

    def step(self, tokens, state):
        return tf.gather(self.logits, tokens), state + 1


def score(tokens):
    """A number from a table for each sequence."""
    return tf.gather(tf.constant(TABLE), tf.linalg.matvec(tokens, tf.constant(PLACES, tf.int32)))


def log_probabilities(end_id=None):
    """log m of each sequence in ALL; -inf where something follows an end token."""
    rows = tf.nn.log_softmax(Chain.logits).numpy().astype(np.float64)
    before = np.concatenate([np.zeros([len(ALL), 1], int), ALL[:, :-1]], axis=1)
    steps = rows[before, ALL]
    if end_id is not None:
        after_end = np.pad(np.cumsum(ALL == end_id, axis=1) > 0, [[0, 0], [1, 0]])[:, :-1]
        steps = np.where(after_end, np.where(ALL == end_id, 0.0, -np.inf), steps)
    return steps.sum(axis=1)


def law(guidance, end_id=None):
    """m e^(guidance * s) of each sequence in ALL; its sum is Z."""
    return np.exp(log_probabilities(end_id) + guidance * TABLE.astype(np.float64))


def chi_square(tokens, probabilities):
    """The statistic of tokens [N, T], and its degrees of freedom."""
    counts = np.bincount(np.asarray(tokens) @ PLACES, minlength=len(ALL))
    possible = probabilities > 0
    assert not counts[~possible].any()
    expected = probabilities[possible] * counts.sum()
    return ((counts[possible] - expected) ** 2 / expected).sum(), possible.sum() - 1


class TableValue:
    """A prefix value from a table for the prefixes of each length: [[V], [V * V], ...]."""

    def __init__(self, tables):
        self.table = tf.constant(np.concatenate(tables), tf.float32)
        sizes = [len(table) for table in tables]
        self.offsets = tf.constant(np.cumsum([0, *sizes[:-1]]), tf.int32)

    def initial_state(self, batch_size):
        zeros = tf.zeros([batch_size], tf.int32)
        return zeros, zeros

    def step(self, tokens, state):
        prefix, count = state
        prefix = prefix * VOCAB + tokens
        return tf.gather(self.table, tf.gather(self.offsets, count) + prefix), (prefix, count + 1)


def perfect_tables(guidance, end_id=None):
    """log E[e^(guidance * s) | prefix] / guidance for prefixes of 1 to T tokens."""
    weights, m = law(guidance, end_id), np.exp(log_probabilities(end_id))
    tables = []
    for length in range(1, LENGTH + 1):
        shape = [VOCAB**length, -1]
        mass = m.reshape(shape).sum(axis=1)
        tables.append(
            np.log(np.divide(weights.reshape(shape).sum(axis=1), mass, out=np.ones_like(mass), where=mass > 0))
            / guidance
        )
    return tables


def random_tables(seed, scale):
    """Values that know nothing of the score."""
    generator = np.random.default_rng(seed)
    return [scale * generator.normal(size=VOCAB**length) for length in range(1, LENGTH + 1)]
