"""Algorithms and rewards: one function and one registry entry each; a run builds what these declare; policies keep their contract."""

import json
import sys
import types

import numpy as np
import pytest
import tensorflow as tf
from absl import flags
from reference import MarkovChain

from seqgan_tf.algorithms.registry import ALGORITHMS, Algorithm, parts_of
from seqgan_tf.config import Config
from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.models.generator import Generator
from seqgan_tf.models.oracle import make_oracle
from seqgan_tf.policies.endless import Endless
from seqgan_tf.policies.pair import Pair
from seqgan_tf.policies.policy import Policy
from seqgan_tf.policies.tempered import Tempered
from seqgan_tf.rewards.registry import REWARDS, Reward
from seqgan_tf.running.experiment import run
from seqgan_tf.running.trained import load
from seqgan_tf.settings import define_flags
from seqgan_tf.training.parts import PARTS
from seqgan_tf.training.state import Report, TrainState

TINY = dict(
    dataset='synthetic',
    vocab_size=12,
    sequence_length=4,
    num_sequences=64,
    held_out=32,
    batch_size=16,
    eval_samples=32,
    mle_epochs=1,
    discriminator_rounds=1,
    adversarial_rounds=2,
    d_steps=1,
    discriminator_epochs=1,
    num_rollouts=2,
    jit='off',
)


@pytest.fixture
def toys(monkeypatch):
    """A module of its own, as a plug-in would have."""
    module = types.ModuleType('toys')
    monkeypatch.setitem(sys.modules, 'toys', module)
    return module


def lines(workdir):
    return [json.loads(line) for line in (workdir / 'metrics.jsonl').read_text().splitlines()]


def test_a_reward_is_a_function_and_an_entry(toys, monkeypatch, tmp_path):
    """The reward of token 7: after a few updates the generator draws more of it."""
    toys.make = lambda state, corpus, config: lambda tokens: tf.reduce_mean(tf.cast(tokens == 7, tf.float32), axis=1)
    monkeypatch.setitem(REWARDS, 'sevens', Reward('toys:make', 'share of 7', parts=('rollout_policy',)))
    config = Config(**TINY | dict(reward='sevens', adversarial_rounds=30, eval_every=30), workdir=str(tmp_path))
    state = run(config).state
    assert state.discriminator is None and state.rollout_policy is not None
    rewards = [line['reward'] for line in lines(tmp_path) if line['phase'] == 'adversarial']
    assert np.mean(rewards[-5:]) > 2 * np.mean(rewards[:5])

    values = flags.FlagValues()
    define_flags(Config, values)
    values(['command', '--reward=sevens'])
    assert values.reward == 'sevens'


def test_an_algorithm_is_a_file_and_an_entry(toys, monkeypatch, tmp_path):
    """One that only counts: it gets the parts that it names, and its rounds are logged, saved and resumed."""
    seen = []

    def train(state, corpus, config):
        seen.append((state.mle_optimizer is None, state.discriminator is None, len(corpus.train)))
        for i in state.rounds('mle', config.mle_epochs):
            yield Report('mle', i, config.mle_epochs, {'count': float(i)})

    toys.train = train
    monkeypatch.setitem(ALGORITHMS, 'counting', Algorithm('toys', 'counts', parts=('discriminator',)))
    settings = TINY | dict(algorithm='counting', workdir=str(tmp_path))
    run(Config(**settings))
    assert seen == [(True, False, 64)]
    assert [line['count'] for line in lines(tmp_path) if line['phase'] == 'mle'] == [1]
    assert int(load(tmp_path).state.done['mle']) == 1


@pytest.mark.parametrize('name', ALGORITHMS)
def test_a_run_builds_what_its_algorithm_declares(name):
    config = Config(algorithm=name, **TINY)
    state = TrainState(config, Vocabulary([str(i) for i in range(12)], 'id'), parts_of(config))
    built = {part for part in PARTS if getattr(state, part) is not None}
    # Those need baseline=ewma, kl_coef, discriminator_calibration and discriminator_best.
    asked_for = {'running_mean', 'reference_policy', 'discriminator_scale', 'discriminator_best'}
    assert built == parts_of(config) - asked_for
    assert (state.discriminator is not None) == (name in ('seqgan', 'selfgan'))
    assert (state.rollout_policy is not None) == (name in ('seqgan', 'pg_bleu'))


@pytest.mark.parametrize('reward', REWARDS)
def test_parts_of_a_reward(reward):
    parts = parts_of(Config(**TINY, reward=reward))
    assert ('discriminator' in parts) == (reward in ('discriminator', 'logit', 'shuffled'))
    assert ('rollout_policy' in parts) == (reward not in ('constant', 'random'))


def test_parts_of_the_settings_of_a_policy_gradient():
    assert 'rollout_policy' not in parts_of(Config(**TINY | dict(num_rollouts=0)))
    for kl_coef in (0.0, 0.1):
        config = Config(**TINY, kl_coef=kl_coef)
        state = TrainState(config, Vocabulary([str(i) for i in range(12)], 'id'), parts_of(config))
        assert (state.reference_policy is not None) == (kl_coef > 0)


def test_unknown_parts_are_refused():
    with pytest.raises(ValueError, match='parts must be some of .*Received: critic'):
        TrainState(Config(**TINY), Vocabulary(['a', 'b']), ('critic',))


def test_an_older_checkpoint_restores(tmp_path):
    """A version that built every part for every algorithm saved more than is asked for now."""
    config = Config(**TINY | dict(algorithm='mle', workdir=str(tmp_path)))
    first = run(config).state
    older = TrainState(config, Vocabulary([str(i) for i in range(12)], 'id'))
    for target, source in zip(older.generator.variables, first.generator.variables):
        target.assign(source + 1.0)
    older.done['mle'].assign(1)
    checkpoint = tf.train.Checkpoint(state=older)
    checkpoint.save_counter.assign(99)
    checkpoint.save(str(tmp_path / 'checkpoints' / 'ckpt'))
    state = load(tmp_path).state
    assert state.discriminator is None and int(state.done['mle']) == 1
    for new, source in zip(state.generator.variables, first.generator.variables):
        np.testing.assert_array_equal(new, source + 1.0)


def test_a_checkpoint_without_a_part_that_is_needed_is_refused(tmp_path):
    run(Config(**TINY | dict(algorithm='mle', workdir=str(tmp_path))))
    text = (tmp_path / 'config.json').read_text()
    (tmp_path / 'config.json').write_text(text.replace('"algorithm": "mle"', '"algorithm": "seqgan"'))
    with pytest.raises(ValueError, match='none of the checkpoints .* can be read'):
        load(tmp_path)


GENERATOR = Generator(7, 3, 4)


@pytest.mark.parametrize(
    'policy',
    [
        GENERATOR,
        make_oracle(0, 7, 3, 4),
        Tempered(GENERATOR, 2.0),
        Pair(GENERATOR, GENERATOR),
        Endless(GENERATOR),
        MarkovChain.random(3),
    ],
    ids=lambda policy: type(policy).__name__,
)
def test_a_policy_keeps_the_contract(policy):
    assert isinstance(policy, Policy)
    state = policy.initial_state(2)
    _, after = policy.step(tf.fill([2], policy.start_id), state)
    tf.nest.assert_same_structure(state, after)
    for before, new in zip(tf.nest.flatten(state), tf.nest.flatten(after)):
        assert before.shape == new.shape and before.dtype == new.dtype


def test_a_trained_discriminator_is_one_that_was_updated(tmp_path):
    state = run(Config(**TINY | dict(workdir=str(tmp_path / 'a')))).state
    assert state.trained_discriminator is state.discriminator is not None
    untouched = run(
        Config(**TINY | dict(discriminator_rounds=0, freeze_discriminator=True, workdir=str(tmp_path / 'b')))
    ).state
    assert untouched.discriminator is not None and untouched.trained_discriminator is None
