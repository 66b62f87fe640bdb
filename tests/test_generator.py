"""The generator against an LSTM written out in NumPy; its initial weights; saving."""

import itertools
import json

import keras
import numpy as np
import pytest
import reference
import scipy.stats
import tensorflow as tf

from seqgan_tf.models.generator import Generator
from seqgan_tf.models.oracle import load_oracle, make_oracle

SIZES = [(2, 1, 1), (7, 3, 4), (5, 4, 1)]  # V, E, H
SHAPES = [(1, 1), (1, 4), (3, 1), (3, 5)]  # B, T
LARGE = dict(vocab_size=128, embedding_dim=32, hidden_dim=32)  # kernel, recurrent kernel and head all [32, 128]


def random_tokens(vocab_size, shape, seed=0):
    return np.random.default_rng(seed).integers(vocab_size, size=shape).astype(np.int32)


def step_through(generator, tokens):
    """Logits [B, T, V] by `step`, one token at a time."""
    state, last, logits = generator.initial_state(len(tokens)), tf.fill([len(tokens)], generator.start_id), []
    for t in range(tokens.shape[1]):
        here, state = generator.step(last, state)
        logits.append(here)
        last = tf.constant(tokens[:, t])
    return tf.stack(logits, axis=1).numpy()


@pytest.mark.parametrize('start_id', [0, 1])
@pytest.mark.parametrize('shape', SHAPES)
@pytest.mark.parametrize('sizes', SIZES)
def test_call_and_step_are_the_twin(sizes, shape, start_id):
    generator = Generator(*sizes, initializer_stddev=1.0, start_id=start_id)
    tokens = random_tokens(sizes[0], shape)
    expected = np.array([reference.sequence_logits(generator, row) for row in tokens])
    assert generator(tokens).shape == (*shape, sizes[0])
    np.testing.assert_allclose(generator(tokens), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(step_through(generator, tokens), expected, rtol=1e-4, atol=1e-5)


def test_logits_do_not_see_their_own_token_or_later_ones():
    generator, tokens = Generator(7, 3, 4, initializer_stddev=1.0), random_tokens(7, (2, 5))
    changed = tokens.copy()
    changed[:, 2] = (changed[:, 2] + 1) % 7
    before, after = generator(tokens).numpy(), generator(changed).numpy()
    np.testing.assert_array_equal(before[:, :3], after[:, :3])
    assert np.abs(before[:, 3:] - after[:, 3:]).max(axis=(0, 2)).min() > 1e-4


def test_int64_tokens_give_the_same_logits():
    generator, tokens = Generator(7, 3, 4), random_tokens(7, (2, 3))
    np.testing.assert_array_equal(generator(tokens), generator(tf.constant(tokens, tf.int64)))


def test_end_id_does_not_change_the_network():
    tokens = random_tokens(7, (2, 3))
    np.testing.assert_array_equal(Generator(7, 3, 4)(tokens), Generator(7, 3, 4, end_id=2)(tokens))


def test_policy_protocol():
    generator = Generator(7, 3, 4, start_id=2, end_id=5)
    assert (generator.start_id, generator.end_id) == (2, 5)
    h, c = generator.initial_state(6)
    assert h.shape == c.shape == (6, 4)
    assert not np.any(h) and not np.any(c)
    logits, state = generator.step(tf.zeros([6], tf.int32), (h, c))
    assert logits.shape == (6, 7)
    tf.nest.assert_same_structure(state, generator.initial_state(6))


def test_initial_state_takes_a_tensor():
    assert Generator(7, 3, 4).initial_state(tf.constant(2))[0].shape == (2, 4)


@pytest.mark.parametrize('stddev', [0.1, 1.0])
def test_every_array_is_normal(stddev):
    """Biases too, with no forget bias of one."""
    for variable in Generator(**LARGE, initializer_stddev=stddev).variables:
        assert scipy.stats.kstest(np.ravel(variable) / stddev, 'norm').pvalue > 1e-3, variable.path
    bias = np.split(np.asarray(Generator(**LARGE, initializer_stddev=stddev).lstm.cell.bias), 4)
    assert np.abs(np.mean(bias, axis=1)).max() < 5 * stddev / np.sqrt(32)


def test_no_two_arrays_share_their_draws():
    arrays = [np.asarray(v) for v in Generator(**LARGE).variables]
    for a, b in itertools.combinations([*arrays, arrays[0].T], 2):
        if a is not arrays[0] or b.shape != a.T.shape:
            n = min(a.size, b.size)
            assert abs(np.corrcoef(a.ravel()[:n], b.ravel()[:n])[0, 1]) < 6 / np.sqrt(n)


def test_seed_decides_the_weights():
    first, again, other = (Generator(7, 3, 4, seed=seed).get_weights() for seed in (1, 1, 2))
    for a, b, c in zip(first, again, other):
        np.testing.assert_array_equal(a, b)
        assert np.all(a != c)


def test_oracle_is_a_frozen_generator():
    oracle = make_oracle(3, 128, 32, 32)
    assert type(oracle) is Generator
    assert not oracle.trainable_variables and len(oracle.variables) == 6
    for variable, twin in zip(oracle.variables, Generator(**LARGE, initializer_stddev=1.0, seed=3).variables):
        np.testing.assert_array_equal(variable, twin)


def test_published_oracle_file_is_read_gate_by_gate(tmp_path):
    twin = Generator(7, 3, 4, initializer_stddev=1.0, seed=5)
    embedding, kernel, recurrent, bias, out, out_bias = (v.numpy() for v in twin.variables)
    arrays = {'embedding': embedding, 'W_out': out, 'b_out': out_bias}
    for kind, stacked in zip('WUb', (kernel, recurrent, bias)):
        arrays |= {f'{kind}_{gate}': part for gate, part in zip('ifco', np.split(stacked, 4, axis=-1))}
    np.savez(tmp_path / 'oracle.npz', **arrays)
    tokens = random_tokens(7, (2, 5))
    np.testing.assert_array_equal(load_oracle(tmp_path / 'oracle.npz')(tokens), twin(tokens))


def test_no_state_is_drawn_without_the_seed():
    """Keras gives the LSTM a dropout seed of its own, which a checkpoint holds: it must not differ from run to run."""
    first, again = (Generator(7, 3, 4, seed=1).lstm.cell.seed_generator.state.numpy() for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_all_variables_are_trainable_and_get_gradients():
    generator, tokens = Generator(7, 3, 4), random_tokens(7, (2, 5))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(generator(tokens)))
    gradients = tape.gradient(loss, generator.trainable_variables)
    assert len(gradients) == 6
    assert all(np.any(tf.convert_to_tensor(g)) for g in gradients)


def test_config_round_trip():
    generator = Generator(7, 3, 4, initializer_stddev=0.5, start_id=1, end_id=2, seed=9, name='g')
    config = json.loads(json.dumps(generator.get_config()))
    again = Generator.from_config(config)
    assert again.get_config() == generator.get_config()
    assert (again.start_id, again.end_id, again.name) == (1, 2, 'g')
    np.testing.assert_array_equal(generator(random_tokens(7, (2, 3))), again(random_tokens(7, (2, 3))))


def test_saved_model_gives_the_same_logits_and_goes_on_training(tmp_path):
    generator, tokens = Generator(7, 3, 4, end_id=2), random_tokens(7, (4, 3))
    generator.compile(keras.optimizers.Adam(0.1), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    untrained = generator(tokens).numpy()
    generator.train_on_batch(tokens, tokens)
    generator.save(tmp_path / 'generator.keras')
    loaded = keras.saving.load_model(tmp_path / 'generator.keras')

    assert type(loaded) is Generator and loaded.end_id == 2
    assert np.any(untrained != generator(tokens))
    np.testing.assert_array_equal(generator(tokens), loaded(tokens))
    np.testing.assert_array_equal(step_through(generator, tokens), step_through(loaded, tokens))
    generator.train_on_batch(tokens, tokens)
    loaded.train_on_batch(tokens, tokens)
    for a, b in zip(generator.get_weights(), loaded.get_weights()):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    'name, value',
    [
        ('vocab_size', 1),
        ('vocab_size', 0),
        ('embedding_dim', 0),
        ('hidden_dim', 0),
        ('initializer_stddev', 0.0),
        ('initializer_stddev', -1.0),
        ('initializer_stddev', float('nan')),
        ('start_id', -1),
        ('start_id', 7),
        ('end_id', -1),
        ('end_id', 7),
    ],
)
def test_errors_name_what_was_received(name, value):
    with pytest.raises(ValueError, match=f'{name} must .*Received: {name}={value}'):
        Generator(**{'vocab_size': 7, name: value})
