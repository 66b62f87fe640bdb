"""The losses against NumPy, and the policy gradient against Eq. 7 and finite differences."""

import numpy as np
import pytest
import reference
import tensorflow as tf

from seqgan_tf.models.generator import Generator
from seqgan_tf.training.losses import discriminator_loss, policy_gradient_loss, token_nll

SHAPES = [(1, 1, 2), (1, 4, 3), (3, 1, 5), (3, 4, 7)]  # B, T, V


def example(shape, seed=0):
    """Logits, tokens, action values and a mask."""
    rng = np.random.default_rng(seed)
    mask = (np.arange(shape[1]) < rng.integers(1, shape[1] + 1, size=shape[:1])[:, None]).astype(np.float32)
    return (
        rng.normal(scale=2, size=shape).astype(np.float32),
        rng.integers(shape[2], size=shape[:2]).astype(np.int32),
        rng.random(shape[:2], np.float32),
        mask,
    )


def log_p(logits, tokens):
    """log p [B, T] of each token, one at a time."""
    return np.array(
        [[reference.log_softmax(l.astype(np.float64))[t] for l, t in zip(*row)] for row in zip(logits, tokens)]
    )


@pytest.mark.parametrize('shape', SHAPES)
def test_token_nll(shape):
    logits, tokens, _, _ = example(shape)
    np.testing.assert_allclose(token_nll(logits, tokens), -log_p(logits, tokens), rtol=1e-4, atol=1e-6)


def test_token_nll_of_huge_logits_is_finite():
    np.testing.assert_allclose(token_nll(tf.constant([[[1e4, 0.0, -1e4]]]), tf.constant([[1]])), [[1e4]])


@pytest.mark.parametrize('masked', [False, True])
@pytest.mark.parametrize('shape', SHAPES)
def test_policy_gradient_loss_is_a_sum(shape, masked):
    logits, tokens, values, mask = example(shape)
    expected = -np.sum(values * (mask if masked else 1) * log_p(logits, tokens))
    np.testing.assert_allclose(
        policy_gradient_loss(logits, tokens, values, mask if masked else None), expected, rtol=1e-4
    )


@pytest.mark.parametrize('masked', [False, True])
@pytest.mark.parametrize('shape', SHAPES)
def test_gradient_of_the_logits_is_eq_7(shape, masked):
    """d/dlogits of -sum Q log p is -Q (onehot - softmax)."""
    logits, tokens, values, mask = (tf.constant(x) for x in example(shape))
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = policy_gradient_loss(logits, tokens, values, mask if masked else None)
    weights = values * (mask if masked else tf.ones_like(mask))
    expected = -weights[..., None] * (tf.one_hot(tokens, shape[2]) - tf.nn.softmax(logits))
    np.testing.assert_allclose(tape.gradient(loss, logits), expected, rtol=1e-4, atol=1e-6)


def test_action_values_get_no_gradient():
    logits, tokens, values, _ = (tf.constant(x) for x in example((3, 4, 7)))
    with tf.GradientTape() as tape:
        tape.watch(values)
        loss = policy_gradient_loss(logits, tokens, values)
    assert tape.gradient(loss, values) is None


@pytest.mark.parametrize('masked', [False, True])
def test_gradient_of_the_weights_is_that_of_q_log_p(masked):
    """Central differences of sum Q log p, with log p from the twin in float64, along random directions of all weights."""
    generator = Generator(5, 2, 3, initializer_stddev=0.7)
    _, tokens, values, mask = example((3, 4, 5))
    weights = values * (mask if masked else 1)
    with tf.GradientTape() as tape:
        loss = policy_gradient_loss(generator(tokens), tokens, values, mask if masked else None)
    gradients = [tf.convert_to_tensor(g).numpy() for g in tape.gradient(loss, generator.trainable_variables)]
    twin, rng = reference.slow(generator), np.random.default_rng(0)
    arrays = [twin.embedding, *twin.lstms[0], twin.head, twin.head_bias]

    def objective():
        total = 0.0
        for row, weight in zip(tokens, weights):
            last, state = twin.start_id, twin.initial_state()
            for token, w in zip(row, weight):
                logits, state = twin.step(last, state)
                total += w * reference.log_softmax(logits)[token]
                last = token
        return total

    for array, gradient in zip(arrays, gradients, strict=True):
        here, direction, size = array.copy(), rng.normal(size=gradient.shape), 1e-5
        array[:] = here + size * direction
        above = objective()
        array[:] = here - size * direction
        slope = (above - objective()) / (2 * size)
        array[:] = here
        assert abs(slope) > 1e-3
        np.testing.assert_allclose(np.sum(gradient * direction), -slope, rtol=1e-3)


@pytest.mark.parametrize('batch_size', [1, 6])
def test_discriminator_loss(batch_size):
    rng = np.random.default_rng(batch_size)
    logits, labels = (
        rng.normal(scale=3, size=batch_size).astype(np.float32),
        rng.integers(2, size=batch_size).astype(np.float32),
    )
    p = reference.sigmoid(logits.astype(np.float64))
    expected = -np.mean(np.where(labels == 1, np.log(p), np.log(1 - p)))
    np.testing.assert_allclose(discriminator_loss(logits, labels), expected, rtol=1e-5)


def test_discriminator_loss_of_huge_logits_is_finite():
    np.testing.assert_allclose(
        discriminator_loss(tf.constant([1e4, -1e4, 1e4]), tf.constant([1.0, 0.0, 0.0])), 1e4 / 3, rtol=1e-6
    )


def test_discriminator_loss_falls_towards_the_labels():
    logits, labels = tf.constant([0.5, 0.5]), tf.constant([1.0, 0.0])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = discriminator_loss(logits, labels)
    gradient = tape.gradient(loss, logits)
    assert gradient[0] < 0 < gradient[1]
