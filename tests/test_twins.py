"""The slow twins of the benchmarks against the fast paths: a ratio of two times says something only where both compute one function."""

import importlib.util

import keras
import numpy as np
import reference
import tensorflow as tf
from conftest import ROOT

from seqgan_tf import randomness
from seqgan_tf.models.discriminator import Discriminator
from seqgan_tf.models.generator import Generator
from seqgan_tf.policies import sampling
from seqgan_tf.policies.chunked import Scorer
from seqgan_tf.rewards.rollout import action_values
from seqgan_tf.training.discrimination import DiscriminatorEpoch
from seqgan_tf.training.likelihood import MLEStep
from seqgan_tf.training.reinforce import PolicyGradientStep

V, T, B, N = 7, 5, 6, 3
L2 = 0.2  # of the twins, as of the released code
SEED = tf.constant([3, 4], tf.int64)

spec = importlib.util.spec_from_file_location('twins', ROOT / 'benchmarks' / 'twins.py')
twins = importlib.util.module_from_spec(spec)
spec.loader.exec_module(twins)


class Side:
    """Networks and optimizers of their own, with the same initial weights on each side."""

    def __init__(self, sharpness=1.0):
        self.generator = Generator(V, 3, 4, initializer_stddev=0.7, seed=1)
        self.generator.head.kernel.assign(sharpness * self.generator.head.kernel)
        self.discriminator = Discriminator(V, T, 3, ((1, 4), (2, 4), (5, 3)), dropout=0.0, seed=2)
        self.discriminator.head.kernel.assign(10.0 * self.discriminator.head.kernel)  # rewards that differ clearly
        self.adam = {
            network: keras.optimizers.Adam(0.01, epsilon=1e-8) for network in (self.generator, self.discriminator)
        }
        for network, optimizer in self.adam.items():
            optimizer.build(network.trainable_variables)
        self.twin = twins.Twins(self.generator, self.discriminator, *self.adam.values())


def random_tokens(rows=B, seed=0):
    return tf.constant(np.random.default_rng(seed).integers(V, size=(rows, T)), tf.int32)


def assert_same_weights(network, other, initial):
    for ours, theirs, before in zip(network.variables, other.variables, initial.variables, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-5)
        assert np.any(np.abs(ours - before) > 1e-3)


def test_prob_real():
    side = Side()
    logits, probabilities = side.discriminator(random_tokens()), side.discriminator.prob_real(random_tokens())
    assert np.std(logits) > 1e-3
    np.testing.assert_allclose(side.twin._logits(random_tokens(), dropout=0.0), logits, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(side.twin.prob_real(random_tokens()), probabilities, rtol=1e-5)


def test_nll():
    side = Side()
    np.testing.assert_allclose(
        side.twin.nll(random_tokens()), Scorer(side.generator, 'off').nll(random_tokens()), rtol=1e-5
    )


def test_mle_step():
    fast, slow = Side(), Side()
    step, twin = MLEStep(fast.generator, fast.adam[fast.generator], 5.0, 'off'), slow.twin
    for i in range(3):
        np.testing.assert_allclose(twin.mle_step(random_tokens(seed=i)), step(random_tokens(seed=i))['nll'], rtol=1e-5)
    assert_same_weights(fast.generator, slow.generator, Side().generator)


def test_discriminator_step():
    """One batch of all rows, so that the shuffle of the fast path does not matter; the twin's loss holds the penalty."""
    fast, slow = Side(), Side()
    epoch, twin = DiscriminatorEpoch(fast.discriminator, fast.adam[fast.discriminator], L2, 2 * B, 'off'), slow.twin
    labels = tf.repeat([1.0, 0.0], B)
    for i in range(3):
        positives, negatives = random_tokens(seed=2 * i), random_tokens(seed=2 * i + 1)
        penalty = L2 * fast.discriminator.l2_penalty()
        loss = epoch(positives, negatives, randomness.fold_in(SEED, i))['d_loss'] + penalty
        np.testing.assert_allclose(
            twin.discriminator_step(tf.concat([positives, negatives], axis=0), labels), loss, rtol=1e-5
        )
    assert_same_weights(fast.discriminator, slow.discriminator, Side().discriminator)


def test_policy_update():
    fast, slow = Side(), Side()
    values = tf.constant(np.random.default_rng(0).random([B, T]), tf.float32)
    step = PolicyGradientStep(
        fast.generator, lambda tokens, seed: values, fast.adam[fast.generator], 5.0, B, T, jit='off'
    )
    twin = slow.twin
    for i in range(3):
        seed = randomness.fold_in(SEED, i)
        tokens = sampling.sample(slow.generator, B, T, randomness.fold_in(seed, 0))  # what the step draws
        np.testing.assert_allclose(twin.policy_update(tokens, values), step(seed)['pg_loss'], rtol=1e-4)
    assert_same_weights(fast.generator, slow.generator, Side().generator)


def test_sampling_has_the_law_of_the_policy():
    tf.random.set_seed(1)
    generator, rows = Generator(3, 3, 4, initializer_stddev=0.7), 6000
    twin = twins.Twins(generator, None, None, None)
    given = tf.fill([rows, 3], 2)
    tokens = twin.sample_from(given, tf.constant(1)).numpy()
    law = reference.completions(generator, (2,), 3)
    counts = np.array([np.sum(np.all(tokens == sequence, axis=1)) for sequence in law])
    expected = rows * np.array(list(law.values()))
    assert counts.sum() == rows  # the first token is kept
    assert np.sum((counts - expected) ** 2 / expected) < 30  # chi-square of 8 degrees: p = 2e-4


def test_action_values_of_certain_draws():
    """With logits this far apart every draw is certain, so both paths finish a prefix with the same tokens."""
    side, tokens = Side(sharpness=1e4), random_tokens()
    values, again = (
        action_values(side.generator, side.discriminator.prob_real, tokens, N, seed) for seed in (SEED, SEED + 1)
    )
    np.testing.assert_array_equal(values, again)
    assert np.std(values, axis=0).min() > 1e-3
    np.testing.assert_allclose(side.twin.action_values(tokens, N), values, rtol=1e-5)


def test_generator_step_in_distribution():
    """The loss of a batch is a sum over its rows, so that of many rows is nearly its expectation on both paths."""
    tf.random.set_seed(2)
    fast, slow, rows = Side(), Side(), 4000
    search = lambda tokens, seed: action_values(fast.generator, fast.discriminator.prob_real, tokens, N, seed)
    step = PolicyGradientStep(fast.generator, search, fast.adam[fast.generator], 5.0, rows, T, jit='off')
    loss = slow.twin.generator_step(tf.zeros([rows, T], tf.int32), N)
    np.testing.assert_allclose(loss, step(SEED)['pg_loss'], rtol=0.02)
