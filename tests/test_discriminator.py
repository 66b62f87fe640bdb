"""The discriminator against convolutions and a highway written out in NumPy; dropout; saving."""

import json

import keras
import numpy as np
import pytest
import reference
import tensorflow as tf

from seqgan_tf.models.discriminator import Discriminator, windows_for

TABLE_5 = {  # of the paper
    20: [
        (1, 100),
        (2, 200),
        (3, 200),
        (4, 200),
        (5, 200),
        (6, 100),
        (7, 100),
        (8, 100),
        (9, 100),
        (10, 100),
        (15, 160),
        (20, 160),
    ],
    32: [
        (1, 100),
        (2, 200),
        (3, 200),
        (4, 200),
        (5, 200),
        (6, 100),
        (7, 100),
        (8, 100),
        (9, 100),
        (10, 100),
        (16, 160),
        (24, 160),
        (32, 160),
    ],
}
SEED = tf.constant([3, 4])


def tiny(length=4, dropout=0.25, seed=0, windows=((1, 2), (2, 3))):
    """With large random weights, so that every part of the network acts."""
    discriminator = Discriminator(6, length, 3, windows, dropout, seed)
    rng = np.random.default_rng(seed)
    discriminator.set_weights([rng.normal(scale=0.8, size=w.shape) for w in discriminator.get_weights()])
    return discriminator


def random_tokens(batch_size, length, vocab_size=6):
    return np.random.default_rng(0).integers(vocab_size, size=(batch_size, length)).astype(np.int32)


@pytest.mark.parametrize('batch_size', [1, 5])
@pytest.mark.parametrize(
    'length, windows', [(2, ((1, 2), (2, 1))), (2, ((2, 1),)), (5, ((1, 1),)), (5, ((1, 3), (3, 2), (5, 4)))]
)
def test_call_is_the_twin(length, windows, batch_size):
    discriminator, tokens = tiny(length, windows=windows), random_tokens(batch_size, length)
    outputs = reference.discriminator_outputs(discriminator, tokens)
    assert discriminator(tokens).shape == discriminator.prob_real(tokens).shape == (batch_size,)
    np.testing.assert_allclose(discriminator(tokens), outputs[:, 1] - outputs[:, 0], rtol=1e-4, atol=1e-5)
    softmax = np.array([reference.softmax(row)[1] for row in outputs])
    np.testing.assert_allclose(discriminator.prob_real(tokens), softmax, rtol=1e-4)


@pytest.mark.parametrize('length', [2, 3])
def test_default_network_is_the_twin(length):
    discriminator, tokens = Discriminator(6, length), random_tokens(2, length)
    outputs = reference.discriminator_outputs(discriminator, tokens)
    np.testing.assert_allclose(discriminator(tokens), outputs[:, 1] - outputs[:, 0], rtol=1e-3, atol=1e-4)


def test_a_row_does_not_depend_on_its_batch():
    discriminator, tokens = tiny(), random_tokens(5, 4)
    np.testing.assert_allclose(discriminator(tokens)[2:3], discriminator(tokens[2:3]), rtol=1e-5, atol=1e-6)


def test_logit_has_the_sign_of_prob_real():
    """No place where the two output units could be taken the wrong way round: unit 1 alone raised makes a row real."""
    discriminator, tokens = tiny(), random_tokens(5, 4)
    discriminator.head.bias.assign([0.0, 100.0])
    assert np.all(discriminator.prob_real(tokens) > 0.99) and np.all(discriminator(tokens) > 0)


@pytest.mark.parametrize('length', [20, 32])
def test_windows_are_table_5(length):
    assert list(windows_for(length)) == TABLE_5[length]


@pytest.mark.parametrize('length', [*range(2, 45)])
def test_windows_fit(length):
    windows = windows_for(length)
    assert max(window for window, _ in windows) <= length
    assert any(set(windows) <= set(table) for table in TABLE_5.values())
    assert [w for w, _ in windows if w <= 10] == list(range(1, min(length, 10) + 1))


def test_default_network_has_the_released_sizes():
    discriminator = Discriminator(30, 20)
    assert discriminator.embedding.embeddings.shape == (30, 64)
    assert [tuple(c.kernel.shape) for c in discriminator.convolutions] == [(w, 64, n) for w, n in TABLE_5[20]]
    assert discriminator.transform.kernel.shape == discriminator.transform_gate.kernel.shape == (1720, 1720)
    assert discriminator.head.kernel.shape == (1720, 2)


def test_initial_weights_are_the_released_codes():
    discriminator = Discriminator(300, 3)
    embedding = np.asarray(discriminator.embedding.embeddings)
    assert embedding.min() < -0.99 and embedding.max() > 0.99 and np.abs(embedding).max() <= 1
    for layer in (*discriminator.convolutions, discriminator.head):
        kernel = np.asarray(layer.kernel)
        assert (
            np.abs(kernel).max() <= 0.2 and 0.075 < kernel.std() < 0.1
        )  # a normal cut at two deviations has 0.88 of the deviation
    assert np.all(discriminator.feature_bias == np.float32(0.1)) and np.all(discriminator.head.bias == np.float32(0.1))
    for layer in (discriminator.transform, discriminator.transform_gate):
        limit = np.sqrt(6 / (500 + 500))
        assert 0.95 * limit < np.abs(layer.kernel).max() <= limit
    assert np.any(discriminator.transform.kernel != discriminator.transform_gate.kernel)
    assert np.any(discriminator.transform.bias != discriminator.transform_gate.bias)


def test_dropout_acts_only_with_a_seed():
    discriminator, tokens = tiny(), random_tokens(5, 4)
    plain = discriminator(tokens).numpy()
    np.testing.assert_array_equal(plain, discriminator(tokens))
    np.testing.assert_array_equal(plain, discriminator(tokens, training=True))
    assert np.any(plain != discriminator(tokens, dropout_seed=SEED))
    np.testing.assert_array_equal(discriminator(tokens, dropout_seed=SEED), discriminator(tokens, dropout_seed=SEED))
    assert np.any(discriminator(tokens, dropout_seed=SEED) != discriminator(tokens, dropout_seed=SEED + 1))


def test_no_dropout_is_no_dropout():
    discriminator, tokens = tiny(dropout=0.0), random_tokens(5, 4)
    np.testing.assert_array_equal(discriminator(tokens), discriminator(tokens, dropout_seed=SEED))


@pytest.mark.parametrize('dropout', [0.25, 0.75])
def test_dropout_keeps_the_expectation_and_drops_its_share(dropout):
    """The logit is linear in the features, so its mean stays; with all of them dropped only the biases are left."""
    discriminator, rows = tiny(dropout=dropout), 20_000
    tokens, (low, high) = random_tokens(1, 4), np.asarray(discriminator.head.bias)
    logits = discriminator(np.repeat(tokens, rows, axis=0), dropout_seed=SEED).numpy().astype(np.float64)
    assert abs(logits.mean() - discriminator(tokens)[0]) < 4 * logits.std() / np.sqrt(rows)
    expected = dropout ** active_features(discriminator, tokens)
    all_dropped = np.mean(np.isclose(logits, high - low, atol=1e-6))
    assert abs(all_dropped - expected) < 4 * np.sqrt(expected * (1 - expected) / rows)


def active_features(discriminator, tokens):
    """How many features reach the output layer with a value other than 0."""
    head = discriminator.head.get_weights()
    width, count = len(head[0]), 0
    for i in range(width):
        probe = np.zeros_like(head[0])
        probe[i, 1] = 1
        discriminator.head.set_weights([probe, np.zeros(2)])
        count += int(discriminator(tokens)[0] != 0)
    discriminator.head.set_weights(head)
    return count


def test_l2_penalty_is_half_the_squares_of_the_output_layer():
    discriminator = tiny()
    kernel, bias = discriminator.head.get_weights()
    np.testing.assert_allclose(discriminator.l2_penalty(), (np.sum(kernel**2) + np.sum(bias**2)) / 2, rtol=1e-6)
    with tf.GradientTape() as tape:
        penalty = discriminator.l2_penalty()
    gradients = tape.gradient(penalty, [discriminator.head.kernel.value, discriminator.head.bias.value])
    np.testing.assert_allclose(gradients[0], kernel)
    np.testing.assert_allclose(gradients[1], bias)


def test_seed_decides_the_weights():
    first, again, other = (Discriminator(6, 3, 3, ((1, 2),), seed=seed).get_weights() for seed in (1, 1, 2))
    for a, b in zip(first, again):
        np.testing.assert_array_equal(a, b)
    assert all(np.any(a != c) for a, c in zip(first, other) if np.ptp(a))


def test_all_variables_get_gradients():
    discriminator, tokens = tiny(), random_tokens(8, 4)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(discriminator(tokens, dropout_seed=SEED)))
    gradients = tape.gradient(loss, discriminator.trainable_variables)
    assert len(gradients) == 1 + 1 + 2 + 3 * 2
    assert all(np.any(tf.convert_to_tensor(g)) for g in gradients)


def test_config_round_trip():
    discriminator = Discriminator(6, 4, 3, ((1, 2), (2, 3)), 0.5, 9, name='d')
    again = Discriminator.from_config(json.loads(json.dumps(discriminator.get_config())))
    assert again.get_config() == discriminator.get_config()
    tokens = random_tokens(2, 4)
    np.testing.assert_array_equal(discriminator(tokens, dropout_seed=SEED), again(tokens, dropout_seed=SEED))


def test_saved_model_gives_the_same_logits_and_goes_on_training(tmp_path):
    discriminator, tokens = tiny(), random_tokens(4, 4)
    labels = np.array([1, 0, 1, 0], np.float32)
    discriminator.compile(keras.optimizers.Adam(0.1), keras.losses.BinaryCrossentropy(from_logits=True))
    discriminator.train_on_batch(tokens, labels)
    discriminator.save(tmp_path / 'discriminator.keras')
    loaded = keras.saving.load_model(tmp_path / 'discriminator.keras')

    assert type(loaded) is Discriminator and loaded.windows == ((1, 2), (2, 3))
    np.testing.assert_array_equal(discriminator(tokens), loaded(tokens))
    np.testing.assert_array_equal(discriminator(tokens, dropout_seed=SEED), loaded(tokens, dropout_seed=SEED))
    discriminator.train_on_batch(tokens, labels)
    loaded.train_on_batch(tokens, labels)
    for a, b in zip(discriminator.get_weights(), loaded.get_weights()):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    'name, value',
    [
        ('sequence_length', 1),
        ('sequence_length', 0),
        ('vocab_size', 1),
        ('dropout', 1.0),
        ('dropout', -0.1),
        ('dropout', float('nan')),
    ],
)
def test_errors_name_what_was_received(name, value):
    with pytest.raises(ValueError, match=f'{name} must .*Received: {name}={value}'):
        Discriminator(**{'vocab_size': 6, 'sequence_length': 4, name: value})


def test_a_window_that_does_not_fit():
    with pytest.raises(ValueError, match=r'sequence_length=4.*\[5\]'):
        Discriminator(6, 4, windows=((1, 2), (5, 2)))
