"""A corpus, a reward and a discriminator from Python in the place of those that the settings name."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from test_trained import config, make_corpus, weights

import seqgan_tf
from seqgan_tf.errors import RunError
from seqgan_tf.models.discriminator import Discriminator
from seqgan_tf.models.given import GivenDiscriminator
from seqgan_tf.rewards.bleu import BleuReward
from seqgan_tf.training.discrimination import DiscriminatorEpoch
from seqgan_tf.training.optimizers import adam

V, T = 4, 6  # of the corpus


def share_of_a(texts):
    return [text.count('a') / T for text in texts]


def run(workdir, settings=None, **given):
    return seqgan_tf.run(config(workdir, **settings or {}), **{'corpus': make_corpus()} | given)


def metrics(workdir):
    return [
        {name: value for name, value in line.items() if not name.endswith('_seconds')}
        for line in seqgan_tf.read_metrics(workdir)
    ]


def network(units=1, ids=V, penalty=None, dropout=0.3):
    return keras.Sequential(
        [
            keras.layers.Embedding(ids, 4, embeddings_initializer=keras.initializers.RandomUniform(seed=1)),
            keras.layers.Flatten(),
            keras.layers.Dropout(dropout, seed=2),
            keras.layers.Dense(
                units, kernel_initializer=keras.initializers.GlorotUniform(seed=3), kernel_regularizer=penalty
            ),
        ]
    )


def test_a_given_reward_is_used_as_one_of_the_registry_is(tmp_path):
    corpus = make_corpus()
    run(tmp_path / 'named', dict(reward='bleu'))
    trained = run(tmp_path / 'given', reward=BleuReward(corpus.train, 3, corpus.vocabulary.end_id))
    assert trained.config.reward == 'given' and trained.discriminator is None
    assert metrics(tmp_path / 'given') == metrics(tmp_path / 'named')


@pytest.mark.parametrize('jit', ['off', 'auto'])
def test_a_function_of_texts_equals_the_same_one_in_tensorflow(tmp_path, jit):
    a = make_corpus().vocabulary.ids['a']
    in_graph = lambda tokens: tf.reduce_sum(tf.cast(tokens == a, tf.float32), axis=1) / T
    run(tmp_path / 'graph', dict(jit=jit), reward=in_graph)
    run(tmp_path / 'python', dict(jit=jit), reward=seqgan_tf.TextReward(share_of_a))
    assert metrics(tmp_path / 'python') == metrics(tmp_path / 'graph')


def test_a_given_discriminator_is_trained_as_the_built_one_is(tmp_path):
    """The paper's network, given as any Keras model, makes the run that its settings make."""
    settings = dict(dropout=0.0, l2=1e-9, precision='float32')  # a given one has no other
    built = run(tmp_path / 'built', settings)
    given = run(tmp_path / 'given', settings, discriminator=Discriminator(V, T, 4, seed=1))
    for here, there in zip(metrics(tmp_path / 'given'), metrics(tmp_path / 'built'), strict=True):
        assert here.pop('phase') == there.pop('phase') and here == pytest.approx(there, rel=1e-4)
    for here, there in zip(weights(given.discriminator), weights(built.discriminator), strict=True):
        np.testing.assert_allclose(here, there, atol=1e-6)


def test_a_run_with_a_given_discriminator_is_loaded_with_and_without_it(tmp_path):
    trained = run(tmp_path / 'run', discriminator=network())
    texts = trained.generate(3)
    scores = trained.score(texts)
    assert seqgan_tf.load(tmp_path / 'run', discriminator=network()).score(texts) == scores
    without = seqgan_tf.load(tmp_path / 'run')
    assert without.discriminator is None and without.generate(3) == texts
    model = tf.saved_model.load(str(trained.export(tmp_path / 'exports')))
    prob_real = model.signatures['score'](text=tf.constant(texts))['prob_real'].numpy().tolist()
    assert prob_real == [score['prob_real'] for score in scores]


def test_a_run_with_dropout_of_its_own_resumes_as_it_would_have_gone_on(tmp_path):
    whole = run(tmp_path / 'whole', discriminator=network())
    run(tmp_path / 'parts', dict(adversarial_rounds=1), discriminator=network())
    resumed = run(tmp_path / 'parts', discriminator=network())
    for name in ('generator', 'discriminator'):
        for here, there in zip(weights(getattr(resumed, name)), weights(getattr(whole, name)), strict=True):
            np.testing.assert_array_equal(here, there)
    assert metrics(tmp_path / 'parts')[-2:] == metrics(tmp_path / 'whole')[-2:]


def test_a_given_reward_may_ask_the_given_discriminator_which_is_trained_beside(tmp_path):
    model = network()
    trained = run(tmp_path, reward=lambda tokens: tf.sigmoid(model(tokens)[:, 0]), discriminator=model)
    assert trained.discriminator.model is model and 'd_loss' in metrics(tmp_path)[-4]


def test_dropout_acts_in_updates_only_and_penalties_count():
    rows = tf.constant(make_corpus().train)
    model = GivenDiscriminator(network(dropout=0.5), V, T)
    np.testing.assert_array_equal(model(rows), model(rows))
    assert np.any(model(rows, dropout_seed=(0, 1)) != model(rows))
    norms = []
    for penalty in (None, keras.regularizers.L2(10.0)):
        model = GivenDiscriminator(network(penalty=penalty), V, T)
        epoch = DiscriminatorEpoch(model, adam(0.01, model), l2=0.0, batch_size=16)
        for i in range(5):
            epoch(rows, rows, (0, i))
        norms.append(np.linalg.norm(model.model.layers[-1].kernel.numpy()))
    assert norms[1] < 0.9 * norms[0]


def fail(texts):
    raise KeyError('mine')


@pytest.mark.parametrize(
    'given, settings, error, message',
    [
        (dict(corpus=['ab']), {}, RunError, 'corpus must be a Corpus.*list'),
        (dict(corpus=None), dict(dataset='given'), RunError, 'dataset=given takes a Corpus.*none'),
        (dict(reward=3), {}, RunError, 'takes a function or a TextReward.*int'),
        ({}, dict(reward='given'), RunError, 'reward=given takes a function.*none'),
        (dict(reward=seqgan_tf.TextReward(share_of_a)), dict(jit='on'), RunError, 'does not go with jit=on'),
        (dict(reward=share_of_a), dict(algorithm='mle'), RunError, 'reward is a setting of algorithm=seqgan'),
        (dict(reward=lambda tokens: tf.ones([*tokens.shape[:1], 1])), {}, ValueError, r'must be float32 \(16,\).*1\)'),
        (dict(reward=lambda tokens: tf.ones(tokens.shape[:1], tf.float64)), {}, ValueError, 'Received: float64'),
        (dict(reward=seqgan_tf.TextReward(lambda texts: [1.0])), {}, ValueError, r'one finite number for each of 16'),
        (
            dict(reward=seqgan_tf.TextReward(lambda texts: [np.nan] * len(texts))),
            {},
            ValueError,
            '[1-9][0-9]* not finite',
        ),
        (dict(reward=seqgan_tf.TextReward(fail)), {}, KeyError, 'mine'),
        (dict(discriminator='cnn'), {}, RunError, 'must be a Keras model.*str'),
        ({}, dict(discriminator='given'), RunError, 'discriminator=given takes a Keras model.*none'),
        (dict(discriminator=network(units=2)), {}, RunError, r'one logit a sequence.*\(2, 2\)'),
        (dict(discriminator=network(ids=3)), {}, RunError, 'of ids below 4.*which fails: .*not in'),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_rule(tmp_path, given, settings, error, message):
    with pytest.raises(error, match=message):
        run(tmp_path, dict(mle_epochs=0, discriminator_rounds=0) | settings, **given)


def test_a_failure_of_an_earlier_run_is_not_raised_again(tmp_path):
    """The same `TextReward`, after it has failed, in a run that another fault ends."""
    reward = seqgan_tf.TextReward(fail)
    with pytest.raises(KeyError, match='mine'):
        run(tmp_path / 'failed', dict(mle_epochs=0, discriminator_rounds=0), reward=reward)
    reward.function = share_of_a
    run(tmp_path / 'good', dict(mle_epochs=0, discriminator_rounds=0), reward=reward)
    assert reward.failure is None
