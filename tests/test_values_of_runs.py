"""Whole runs with each way to the value of a token: what they train, log, save and resume."""

import dataclasses
import json
import signal

import numpy as np
import pytest
import tensorflow as tf

import seqgan_tf
from seqgan_tf.algorithms import seqgan
from seqgan_tf.algorithms.registry import ALGORITHMS
from seqgan_tf.config import Config
from seqgan_tf.data.corpus import Corpus
from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.errors import Stopped
from seqgan_tf.rewards.monte_carlo import make_values
from seqgan_tf.running.experiment import run
from seqgan_tf.running.trained import load
from seqgan_tf.training.discrimination import DiscriminatorEpoch
from seqgan_tf.training.prefix_values import PrefixEpoch
from seqgan_tf.training.state import TrainState

TINY = Config(
    dataset='synthetic',
    vocab_size=12,
    sequence_length=6,
    num_sequences=64,
    held_out=32,
    batch_size=16,
    eval_samples=32,
    mle_epochs=1,
    discriminator_rounds=3,
    adversarial_rounds=2,
    d_steps=1,
    discriminator_epochs=1,
    num_rollouts=2,
    checkpoint_every=1,
    loggers='',
    jit='off',
)
CAUSAL = {'causal_loss', 'causal_held_out_loss', 'causal_held_out_loss_at_25', 'causal_held_out_accuracy_at_100'}
NETWORK = {'value_loss', 'value_held_out_loss', 'value_explained_at_25', 'value_explained_at_100'}
RUNS = {
    'network': (dict(value='network'), NETWORK | {'d_loss'}),
    'causal, logit': (dict(value='causal', reward='logit', baseline='whitened'), CAUSAL | {'d_loss'}),
    'causal, shuffled': (dict(value='causal', reward='shuffled'), CAUSAL | {'d_loss'}),
}
GENERALISING = dict(
    discriminator_weight_decay=0.1, discriminator_best=True, discriminator_stop=True, discriminator_calibration=True
)
RESUMED = {
    'causal': (dict(value='causal'), CAUSAL | {'d_loss'}),
    'network, pg_bleu': (dict(value='network', algorithm='pg_bleu', value_start='generator'), NETWORK),
    'a discriminator that generalises': (
        GENERALISING | dict(discriminator_epochs=2, reward='logit'),
        {'d_loss', 'd_epochs', 'd_scale', 'd_held_out_loss'},
    ),
}


def lines(workdir):
    return [json.loads(line) for line in (workdir / 'metrics.jsonl').read_text().splitlines()]


def without_clock(workdir):
    return [{n: v for n, v in line.items() if not n.endswith(('_seconds', '_per_second'))} for line in lines(workdir)]


def saved(workdir):
    """{name: array} of the state in the last checkpoint."""
    reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(workdir / 'checkpoints'))
    return {n: reader.get_tensor(n) for n in reader.get_variable_to_shape_map() if n.startswith('state/')}


def stop_after(workdir, config, count):
    """Runs a config in a workdir, and stops it by SIGINT after so many reports."""
    seen = []

    def on_report(report):
        seen.append(report)
        if len(seen) == count:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(Stopped):
        run(dataclasses.replace(config, workdir=str(workdir)), on_report=on_report)


def check_figures(workdir, expected):
    trained = [line for line in lines(workdir) if line['phase'] in ('discriminator', 'adversarial')]
    assert len(trained) == 3 + 2
    for line in trained:
        assert expected <= line.keys() and ('d_loss' in line) == ('d_loss' in expected)


@pytest.mark.parametrize('settings, expected', RUNS.values(), ids=RUNS)
def test_a_run_logs_its_figures_and_has_no_roll_outs(settings, expected, tmp_path):
    state = run(dataclasses.replace(TINY, **settings, workdir=str(tmp_path))).state
    check_figures(tmp_path, expected)
    assert state.rollout_policy is None


@pytest.mark.parametrize('settings, expected', RESUMED.values(), ids=RESUMED)
def test_a_resumed_run_equals_an_uninterrupted_one(settings, expected, tmp_path):
    """Stopped in the pretraining, when its best round may have passed, and in the adversarial phase."""
    config = dataclasses.replace(TINY, **settings)
    run(dataclasses.replace(config, workdir=str(tmp_path / 'whole')))
    check_figures(tmp_path / 'whole', expected)
    stop_after(tmp_path / 'broken', config, 1 + 1 + 2)
    stop_after(tmp_path / 'broken', config, 1 + 1)
    run(dataclasses.replace(config, workdir=str(tmp_path / 'broken')))
    assert without_clock(tmp_path / 'broken') == without_clock(tmp_path / 'whole')
    whole, broken = saved(tmp_path / 'whole'), saved(tmp_path / 'broken')
    assert whole.keys() == broken.keys()
    for name, array in whole.items():
        np.testing.assert_array_equal(array, broken[name], err_msg=name)
    assert load(tmp_path / 'broken').state.generator is not None


def test_a_reward_from_python_has_a_value_network(tmp_path):
    """The share of token 7: the network knows what is still to come, and the generator draws more of it."""
    reward = seqgan_tf.TextReward(lambda texts: [text.split().count('7') / 6 for text in texts])
    config = dataclasses.replace(
        TINY, value='network', discriminator_rounds=20, discriminator_epochs=2, adversarial_rounds=12, eval_every=12
    )
    config = dataclasses.replace(config, discriminator_learning_rate=0.01, g_steps=3, workdir=str(tmp_path))
    state = run(config, reward=reward).state
    assert state.discriminator is None
    found = lines(tmp_path)
    explained = [line['value_explained_at_100'] for line in found if line['phase'] == 'discriminator']
    rewards = [line['reward'] for line in found if line['phase'] == 'adversarial']
    assert explained[-1] > 0.5 > explained[0]
    assert np.mean(rewards[-3:]) > 1.5 * np.mean(rewards[:3])


VOCABULARY = Vocabulary([str(i) for i in range(6)], tokens='id')
ROWS = np.random.default_rng(0).integers(6, size=(32, 6)).astype(np.int32)


def begin(rows=ROWS, **settings):
    """The state of a small run of seqgan, and its reports."""
    config = dataclasses.replace(TINY, **settings)
    state = TrainState(config, VOCABULARY)
    return state, ALGORITHMS['seqgan'](state, Corpus(rows, rows[:8], rows[:8], VOCABULARY), config)


def weights(network):
    return [v.numpy() for v in network.variables]


def equal(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_pretraining_ends_with_the_weights_that_were_best_on_held_out_rows(monkeypatch):
    """Of made-up held-out losses the second is lowest."""
    state, reports = begin(value='causal', mle_epochs=0)
    losses, seen = iter([0.6, 0.5, 0.7]), []

    def held_out(phase):
        seen.append(weights(state.causal_discriminator))
        return {'causal_held_out_loss': next(losses, 0.9)}

    monkeypatch.setattr(seqgan.DiscriminatorPhase, 'held_out', held_out)
    for report in reports:
        if (report.phase, report.round) == ('discriminator', 3):
            assert equal(weights(state.causal_discriminator), seen[1]) and not equal(seen[1], seen[2])
    assert not equal(weights(state.causal_discriminator), seen[1]), 'd-steps train it further'


@pytest.mark.parametrize('value, name', [('network', 'value_network'), ('causal', 'causal_discriminator')])
@pytest.mark.parametrize('start', ['generator', 'random'])
def test_a_network_starts_from_the_pretrained_generator(value, name, start):
    """With a rate of nearly nothing it stays what it was at its start."""
    state, reports = begin(value=value, value_start=start, discriminator_learning_rate=1e-12, g_steps=1)
    initial, untrained = weights(getattr(state, name)), weights(state.generator)
    pretrained = None
    for report in reports:
        pretrained = weights(state.generator) if report.phase == 'mle' else pretrained
    expected = pretrained[:4] + initial[4:] if start == 'generator' else initial
    for a, b in zip(weights(getattr(state, name)), expected):
        np.testing.assert_allclose(a, b, atol=1e-8)
    assert not equal(untrained, pretrained) and not equal(pretrained, weights(state.generator))


@pytest.mark.parametrize('value, name', [('network', 'value_optimizer'), ('causal', 'causal_optimizer')])
def test_a_frozen_discriminator_freezes_the_network_beside_it(value, name):
    counts = []
    for freeze in (False, True):
        state, reports = begin(value=value, freeze_discriminator=freeze, mle_epochs=0)
        list(reports)
        counts.append(int(getattr(state, name).iterations))
    batches = 4 if value == 'causal' else 2  # of 16 rows: 32 samples, and for the one 32 real rows too
    assert counts == [(3 + 2) * batches, 3 * batches]


def test_a_value_network_reads_the_negatives_and_their_present_rewards(monkeypatch):
    """Those of the discriminator after its own epochs on the set."""
    state, reports = begin(value='network', mle_epochs=0, adversarial_rounds=0, precision='float32')
    original, seen = DiscriminatorEpoch.__call__, []

    def discriminate(epoch, positives, negatives, seed):
        seen.append(negatives)
        return original(epoch, positives, negatives, seed)

    def regress(epoch, tokens, targets, seed):
        np.testing.assert_array_equal(tokens, seen[-1])
        np.testing.assert_allclose(targets, state.discriminator.prob_real(tokens), rtol=1e-5)
        return tf.constant(0.0)

    monkeypatch.setattr(DiscriminatorEpoch, '__call__', discriminate)
    monkeypatch.setattr(PrefixEpoch, '__call__', regress)
    assert len(list(reports)) == len(seen) == 3


def test_a_causal_discriminator_finds_the_real_rows_real():
    """The generator writes one token alone, which no real row has."""
    rows = np.random.default_rng(1).integers(5, size=(32, 6)).astype(np.int32)
    settings = dict(mle_epochs=0, adversarial_rounds=0, discriminator_rounds=10, discriminator_learning_rate=0.05)
    state, reports = begin(rows, value='causal', **settings)
    state.generator.head.bias.assign(50.0 * tf.one_hot(5, 6))
    metrics = list(reports)[-1].metrics
    assert metrics['causal_held_out_accuracy_at_100'] == 1
    assert np.all(state.causal_discriminator(rows)[:, -1] > 0)
    assert np.all(state.causal_discriminator(np.full([1, 6], 5))[:, -1] < 0)


@pytest.mark.parametrize(
    'value, reward, scale, last',
    [
        ('network', 'discriminator', lambda x: x, 'prob_real'),
        ('causal', 'discriminator', tf.sigmoid, 'prob_real'),
        ('causal', 'logit', lambda x: x, '__call__'),
        ('network', 'logit', lambda x: x, '__call__'),
    ],
)
def test_action_values_of_a_run_are_on_the_scale_of_its_reward(value, reward, scale, last):
    config = dataclasses.replace(TINY, value=value, reward=reward, precision='float32')
    state = TrainState(config, VOCABULARY)
    network = state.value_network if value == 'network' else state.causal_discriminator
    network.head.bias.assign([3.0])
    tokens = tf.constant(np.random.default_rng(0).integers(6, size=(5, 6)), tf.int32)
    values = make_values(reward, state, None, config)(tokens, tf.constant([1, 2]))
    np.testing.assert_allclose(values[:, :-1], scale(network(tokens))[:, :-1], rtol=1e-5)
    np.testing.assert_allclose(values[:, -1], getattr(state.discriminator, last)(tokens), rtol=1e-5)
