"""The settings of a discriminator that is judged by held-out rows: weight decay, best weights, stop, and calibration."""

import keras
import numpy as np
import pytest
import reference
import tensorflow as tf

from seqgan_tf import randomness
from seqgan_tf.algorithms import seqgan
from seqgan_tf.algorithms.registry import parts_of
from seqgan_tf.config import Config
from seqgan_tf.data.corpus import Corpus
from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.models.discriminator import Discriminator
from seqgan_tf.models.given import GivenDiscriminator
from seqgan_tf.rewards.monte_carlo import make_reward
from seqgan_tf.training import losses
from seqgan_tf.training.best_weights import BestWeights
from seqgan_tf.training.calibration import MOST, fit_scale
from seqgan_tf.training.discrimination import DiscriminatorEpoch
from seqgan_tf.training.optimizers import adam
from seqgan_tf.training.state import TrainState

V, T = 6, 4
SEED = tf.constant([7, 8], tf.int64)
VOCABULARY = Vocabulary([str(i) for i in range(V)], tokens='id')
SETTINGS = dict(
    sequence_length=T,
    batch_size=4,
    embedding_dim=3,
    hidden_dim=4,
    discriminator_embedding_dim=3,
    discriminator_learning_rate=0.01,
    discriminator_rounds=3,
    num_rollouts=1,
    precision='float32',
    jit='off',
)


def random_tokens(count, seed=0):
    return np.random.default_rng(seed).integers(V, size=(count, T)).astype(np.int32)


CORPUS = Corpus(random_tokens(16), random_tokens(10, 1), random_tokens(10, 2), VOCABULARY)


def begin(model=None, **settings):
    """A small state and its phase of the discriminator."""
    config = Config(**SETTINGS | settings)
    state = TrainState(config, VOCABULARY, parts_of(config), model)
    return state, seqgan.DiscriminatorPhase(state, CORPUS, config)


def weights(network):
    return [np.array(v) for v in network.weights]


def assert_equal(first, second):
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


def differ(first, second):
    return any(np.any(a != b) for a, b in zip(first, second, strict=True))


def given_network():
    """A Keras model with a normalization and dropout."""
    return keras.Sequential(
        [
            keras.layers.Embedding(V, 4, embeddings_initializer=keras.initializers.RandomUniform(seed=1)),
            keras.layers.Flatten(),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.3, seed=2),
            keras.layers.Dense(1, kernel_initializer=keras.initializers.GlorotUniform(seed=3)),
        ]
    )


# Off


def test_without_the_settings_a_set_is_k_epochs_on_it_and_nothing_else():
    """The draws of a set: its samples, the order of the rows, and one seed for each epoch."""
    (state, phase), (twin, _) = begin(), begin()
    metrics = phase() | phase.held_out()
    sampler = phase.sampler
    negatives = sampler(16, twin.next_seed())
    positives = tf.gather(CORPUS.train, randomness.permutation(16, twin.next_seed()))
    epoch = DiscriminatorEpoch(twin.discriminator, twin.discriminator_optimizer, 0.2, 4, 'off')
    for _ in range(3):
        epoch(positives, negatives, twin.next_seed())
    expected = epoch.score(CORPUS.validation, sampler(10, twin.next_seed()))
    assert_equal(weights(state.discriminator), weights(twin.discriminator))
    assert metrics.keys() == {'d_loss', 'd_accuracy', *expected}
    assert metrics['d_held_out_loss'] == expected['d_held_out_loss']
    assert_equal(state.next_seed(), twin.next_seed())
    assert state.discriminator_scale is None and state.discriminator_best is None


def test_a_checkpoint_has_the_scale_and_the_best_weights_only_where_they_are_used(tmp_path):
    def names(**settings):
        path = tf.train.Checkpoint(state=begin(**settings)[0]).save(str(tmp_path / 'state'))
        return {name for name, _ in tf.train.list_variables(path)}

    plain = names()
    assert plain == names(discriminator_stop=True) == names(discriminator_weight_decay=0.1)
    assert {name.split('/')[1] for name in names(discriminator_calibration=True) - plain} == {'discriminator_scale'}
    assert {name.split('/')[1] for name in names(discriminator_best=True) - plain} == {'discriminator_best'}


# Weight decay


def test_no_weight_decay_is_adam():
    network = Discriminator(V, T, 3, ((1, 4),))
    assert type(adam(0.1, network, 0.0)) is keras.optimizers.Adam and adam(0.1, network).weight_decay is None


@pytest.mark.parametrize('jit', ['auto', 'off', 'on'])
def test_weight_decay_is_that_of_adamw(jit):
    """A slow twin: kernels and embeddings shrink first, and Adam follows with gradients without the decay."""
    network, twin = (Discriminator(V, T, 3, ((1, 4), (2, 4)), dropout=0.0, seed=1) for _ in range(2))
    epoch = DiscriminatorEpoch(network, adam(0.01, network, weight_decay=5.0), 0.2, 8, jit)
    variables, moments = twin.trainable_variables, [(0.0, 0.0)] * len(twin.trainable_variables)
    decays = [len(v.shape) > 1 for v in variables]
    assert sum(decays) == 1 + 2 + 3 and len(decays) == 10
    labels = np.repeat(np.float32([1, 0]), 4)
    for i in range(1, 4):
        positives, negatives = random_tokens(4, i), random_tokens(4, 10 + i)
        with tf.GradientTape() as tape:
            logits = twin(np.concatenate([positives, negatives]))
            loss = losses.discriminator_loss(logits, labels) + 0.2 * twin.l2_penalty()
        gradients = [tf.convert_to_tensor(g).numpy() for g in tape.gradient(loss, variables)]
        shrunk = [v.numpy() * (1 - 0.01 * 5.0 if decay else 1) for v, decay in zip(variables, decays)]
        for variable, value in zip(variables, reference.adam(shrunk, gradients, moments, i, 0.01)):
            variable.assign(value)
        epoch(positives, negatives, randomness.fold_in(SEED, i))
    for a, b in zip(network.trainable_variables, variables):
        np.testing.assert_allclose(a.numpy(), b.numpy(), atol=2e-4)


def test_the_decay_of_a_given_model_leaves_out_biases_and_scales():
    """With gradients of 0 nothing but the decay acts."""
    model = GivenDiscriminator(given_network(), V, T)
    before, optimizer = weights(model), adam(0.5, model, weight_decay=0.2)
    for variable in model.weights:
        variable.assign(tf.ones(variable.shape))
    optimizer.apply([tf.zeros(v.shape) for v in model.trainable_variables], model.trainable_variables)
    values = {v.path.split('/', 1)[1]: np.unique(v.numpy()).tolist() for v in model.weights}
    shrunk = {name for name, value in values.items() if value == pytest.approx([0.9])}
    assert {name.rsplit('/', 1)[1] for name in shrunk} == {'embeddings', 'kernel'} and len(before) == 7
    assert all(values[name] == [1.0] for name in values.keys() - shrunk)


@pytest.mark.parametrize('jit', ['off', 'on'])
def test_a_given_model_has_all_settings(jit):
    model = GivenDiscriminator(given_network(), V, T)
    others = dict(discriminator_best=True, discriminator_stop=True, discriminator_calibration=True, jit=jit)
    state, phase = begin(model, discriminator='given', discriminator_weight_decay=0.3, **others)
    metrics = list(phase.pretrain())[-1].metrics
    assert float(state.discriminator_optimizer.weight_decay) == pytest.approx(0.3)
    assert {'d_epochs', 'd_scale'} <= metrics.keys()
    assert_equal(weights(model), [np.array(v) for v in state.discriminator_best.weights[:-1]])
    assert state.discriminator_scale == state.discriminator_best.weights[-1]


# Best and stop


def scores(monkeypatch, values, network):
    """Made-up held-out losses in turn; returns the list of weights of the network at each measurement."""
    turn, seen = iter(values), []

    def score(epoch, positives, negatives):
        seen.append(weights(network))
        return {'d_held_out_loss': tf.constant(next(turn))}

    monkeypatch.setattr(DiscriminatorEpoch, 'score', score)
    return seen


@pytest.mark.parametrize('calibration', [False, True])
def test_pretraining_ends_with_the_weights_of_the_best_set(monkeypatch, calibration):
    """And with their scale. The moments of the optimizer go on."""
    state, phase = begin(discriminator_best=True, discriminator_epochs=1, discriminator_calibration=calibration)
    seen, scales = scores(monkeypatch, [0.6, 0.5, 0.7, 0.4], state.discriminator), []
    for report in phase.pretrain():
        scales.append(report.metrics.get('d_scale'))
        if report.round < 3:
            assert_equal(weights(state.discriminator), seen[-1])
    assert_equal(weights(state.discriminator), seen[1])
    assert differ(seen[1], seen[2]) and state.discriminator_optimizer.iterations == 3 * 8
    if calibration:
        assert state.discriminator_scale == scales[1] and len(set(scales)) == 3
    phase()
    assert differ(weights(state.discriminator), seen[1]), 'd-steps train it further'


@pytest.mark.parametrize(
    'values, kept, trained',
    [
        ([0.7, 0.6, 0.5, 0.4], 3, 3),
        ([0.7, 0.6, 0.65], 1, 2),
        ([0.7, 0.7], 0, 1),
        ([0.7, 0.8], 0, 1),
        ([0.7, 0.6, float('nan')], 1, 2),
    ],
)
def test_an_epoch_that_does_not_lower_the_held_out_loss_is_taken_back(monkeypatch, values, kept, trained):
    """The first loss is from before the set; a tie is no improvement."""
    state, phase = begin(discriminator_stop=True)
    seen = scores(monkeypatch, values, state.discriminator)
    metrics = phase()
    assert metrics['d_epochs'] == kept and len(seen) == trained + 1
    assert_equal(weights(state.discriminator), seen[kept])
    assert state.discriminator_optimizer.iterations == trained * 8


def test_each_set_is_judged_by_samples_of_its_own():
    state, phase = begin(discriminator_stop=True, discriminator_epochs=2)
    learner, drawn = phase.learners[0], []
    draw = learner.draw
    learner.draw = lambda: drawn.append(draw()) or drawn[-1]
    phase()
    phase()
    assert len(drawn) == 2 and drawn[0].shape == [10, T] and differ(drawn[:1], drawn[1:])


def test_best_weights_of_a_given_model_have_its_averages_but_not_its_random_state():
    model = GivenDiscriminator(given_network(), V, T)
    best, tokens = BestWeights(model), random_tokens(6)
    best.keep(1.0)
    before = weights(model)
    first = model(tokens, dropout_seed=SEED).numpy()
    model.model.layers[-1].kernel.assign_add(tf.ones(model.model.layers[-1].kernel.shape))
    assert differ(before, weights(model)) and not best.keep(1.0) and not best.keep(float('nan'))
    best.put_back()
    assert_equal(before, weights(model))
    assert np.any(model(tokens, dropout_seed=SEED).numpy() != first), 'dropout draws anew'


# Calibration


def cross_entropy(scale, logits, labels):
    x = scale * logits
    return np.mean(np.logaddexp(0, x) - labels * x)


@pytest.mark.parametrize('truth', [0.05, 0.6, 1.0, 3.0])
def test_the_scale_is_that_of_a_grid_search(truth):
    rng = np.random.default_rng(3)
    logits = rng.normal(size=4000) * 2
    labels = rng.random(4000) < reference.sigmoid(truth * logits)
    grid = np.linspace(0, 5, 1001)
    best = grid[np.argmin([cross_entropy(scale, logits, labels) for scale in grid])]
    scale = fit_scale(logits, labels)
    assert scale == pytest.approx(best, abs=0.005) and scale == pytest.approx(truth, rel=0.15, abs=0.05)
    assert fit_scale(logits / 7, labels) == pytest.approx(7 * scale, rel=1e-9)


@pytest.mark.parametrize('logits, expected', [([1.0, 2.0, -1.0, -3.0], MOST), ([-1.0, -2.0, 1.0, 3.0], 0.0)])
def test_the_scale_has_its_ends(logits, expected):
    """All rows on the right side; all on the wrong side."""
    assert fit_scale(np.array(logits), np.array([1, 1, 0, 0])) == expected
    assert fit_scale(1e6 * np.array(logits), np.array([1, 1, 0, 0])) == expected


@pytest.mark.parametrize('jit', ['auto', 'on'])
def test_the_scale_is_fitted_on_held_out_rows_after_each_set(jit):
    state, phase = begin(discriminator_calibration=True, discriminator_rounds=2, jit=jit)
    learner, drawn = phase.learners[0], []
    draw = learner.draw
    learner.draw = lambda: drawn.append(draw()) or drawn[-1]
    for report in phase.pretrain():
        rows = np.concatenate([CORPUS.validation, drawn[-1]])
        expected = fit_scale(state.discriminator(rows).numpy(), np.arange(20) < 10)
        assert report.metrics['d_scale'] == float(state.discriminator_scale) == pytest.approx(expected, rel=1e-3)
    assert len(drawn) == 2


@pytest.mark.parametrize('name, squash', [('discriminator', tf.sigmoid), ('logit', tf.identity)])
def test_the_rewards_have_the_scale_and_the_metrics_do_not(name, squash):
    state, phase = begin(discriminator_calibration=True, reward=name)
    config = Config(**SETTINGS, discriminator_calibration=True, reward=name)
    reward = tf.function(make_reward(name, state, CORPUS, config), jit_compile=True)
    tokens = tf.constant(random_tokens(9))
    logits = state.discriminator(tokens)
    for scale in (1.0, 2.5, 0.0):
        before = phase.learners[0].epoch.score(tokens, tokens)
        state.discriminator_scale.assign(scale)
        np.testing.assert_allclose(reward(tokens), squash(scale * logits), rtol=1e-4, atol=1e-6)
        assert before == phase.learners[0].epoch.score(tokens, tokens)
