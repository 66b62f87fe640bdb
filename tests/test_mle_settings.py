"""Layers, dropout and the falling rate of maximum likelihood: what they compute, and that runs with them resume."""

import dataclasses
import itertools
import json

import numpy as np
import pytest
import reference
import tensorflow as tf

from seqgan_tf import randomness
from seqgan_tf.algorithms.mle import PLATEAU_FACTOR, cosine_rate
from seqgan_tf.config import Config
from seqgan_tf.errors import RunError
from seqgan_tf.models.generator import Generator
from seqgan_tf.policies import sampling
from seqgan_tf.policies.chunked import Scorer
from seqgan_tf.running.experiment import Experiment, run
from seqgan_tf.running.trained import load
from seqgan_tf.training.likelihood import MLEStep
from seqgan_tf.training.optimizers import adam

SEED = tf.constant([7, 8], tf.int64)
TINY = Config(
    algorithm='mle',
    dataset='synthetic',
    vocab_size=12,
    sequence_length=5,
    num_sequences=96,
    held_out=32,
    batch_size=16,
    eval_samples=32,
    embedding_dim=3,
    hidden_dim=4,
    jit='off',
    loggers='',
    mle_epochs=4,
    checkpoint_every=1,
)


def random_tokens(vocab_size, shape, seed=0):
    return np.random.default_rng(seed).integers(vocab_size, size=shape).astype(np.int32)


def deep(**changes):
    return Generator(**dict(vocab_size=7, embedding_dim=3, hidden_dim=4, layers=2, initializer_stddev=0.8) | changes)


def lines(workdir, phase):
    rows = map(json.loads, (workdir / 'metrics.jsonl').read_text().splitlines())
    return [row for row in rows if row['phase'] == phase]


class TestLayers:
    @pytest.mark.parametrize('layers', [1, 2, 3])
    def test_call_and_step_are_the_twin(self, layers):
        generator, tokens = deep(layers=layers), random_tokens(7, (3, 5))
        assert len(generator.variables) == len(generator.trainable_variables) == 3 + 3 * layers
        expected = np.array([reference.sequence_logits(generator, row) for row in tokens])
        np.testing.assert_allclose(generator(tokens), expected, rtol=1e-4, atol=1e-5)
        state, last = generator.initial_state(3), tf.zeros([3], tf.int32)
        for t in range(5):
            logits, state = generator.step(last, state)
            np.testing.assert_allclose(logits, expected[:, t], rtol=1e-4, atol=1e-5)
            last = tf.constant(tokens[:, t])

    def test_the_probabilities_of_all_sequences_sum_to_one(self):
        everything = tf.constant(list(itertools.product(range(4), repeat=3)), tf.int32)
        log_probs = sampling.sequence_log_prob(deep(vocab_size=4), everything)
        assert float(tf.reduce_sum(tf.exp(log_probs))) == pytest.approx(1, abs=1e-5)

    def test_more_layers_start_like_one(self):
        """The stream of initial weights gives the layers in their order."""
        for one, two in zip(deep(layers=1).variables[:4], deep().variables[:4]):
            np.testing.assert_array_equal(one, two)

    def test_the_constructor_says_what_is_wrong(self):
        with pytest.raises(ValueError, match='layers must be at least 1. Received: layers=0'):
            deep(layers=0)
        with pytest.raises(ValueError, match=r'dropout must be in \[0, 1\). Received: dropout=1'):
            deep(dropout=1)

    def test_config_round_trip(self):
        generator = deep(dropout=0.25)
        again = Generator.from_config(json.loads(json.dumps(generator.get_config())))
        assert (again.num_layers, again.dropout) == (2, 0.25)
        np.testing.assert_array_equal(generator(random_tokens(7, (2, 3))), again(random_tokens(7, (2, 3))))


class TestDropout:
    def test_it_acts_only_with_a_seed(self):
        generator, tokens = deep(dropout=0.5), random_tokens(7, (3, 5))
        np.testing.assert_array_equal(generator(tokens), deep()(tokens))
        assert np.any(generator(tokens, dropout_seed=SEED) != generator(tokens))
        np.testing.assert_array_equal(deep()(tokens, dropout_seed=SEED), deep()(tokens))

    def test_every_connection_between_layers_has_a_mask_of_its_own(self):
        """The dropped network by hand, from the masks of the seed."""
        generator, tokens = deep(dropout=0.4), random_tokens(7, (3, 5))
        fed = np.concatenate([np.zeros([3, 1], np.int32), tokens[:, :-1]], axis=1)
        values = generator.embedding(fed)
        for place, layer in enumerate([*generator.lstms, generator.head]):
            kept = randomness.uniforms(values.shape, randomness.fold_in(SEED, place)).numpy() >= 0.4
            values = layer(np.where(kept, values / np.float32(0.6), 0))
        np.testing.assert_allclose(generator(tokens, dropout_seed=SEED), values, rtol=1e-5, atol=1e-6)

    def test_its_mean_is_the_value(self):
        ones = tf.ones([400, 500])
        dropped = randomness.dropped(ones, 0.3, SEED).numpy()
        assert set(np.unique(dropped)) == {0, np.float32(1 / 0.7)}
        assert dropped.mean() == pytest.approx(1, abs=5 * np.sqrt(0.3 / 0.7 / dropped.size))

    @pytest.mark.parametrize('jit', ['auto', 'off'])
    def test_an_update_follows_the_dropped_network(self, jit):
        generator, twin, tokens = deep(dropout=0.4), deep(dropout=0.4), random_tokens(7, (6, 5))
        optimizer = adam(0.01, twin)
        with tf.GradientTape() as tape:
            logits = twin(tokens, dropout_seed=SEED)
            nll = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tokens, logits=logits))
        gradients = [tf.convert_to_tensor(g) for g in tape.gradient(nll, twin.trainable_variables)]
        optimizer.apply(tf.clip_by_global_norm(gradients, 5.0)[0], twin.trainable_variables)
        metrics = MLEStep(generator, adam(0.01, generator), 5.0, jit)(tokens, dropout_seed=SEED)
        assert float(metrics['nll']) == pytest.approx(float(nll), rel=1e-5)
        for a, b in zip(generator.variables, twin.variables):
            np.testing.assert_allclose(a, b, atol=2e-5)


def interrupted(config, monkeypatch, phase, round_):
    """Runs until a round is saved, and then once more to the end."""
    finish = Experiment._finish_round

    def stop(self, report, *rest):
        finish(self, report, *rest)
        if (report.phase, report.round) == (phase, round_):
            self.checkpoints.save()
            raise RuntimeError('stopped')

    with monkeypatch.context() as patch, pytest.raises(RuntimeError, match='stopped'):
        patch.setattr(Experiment, '_finish_round', stop)
        run(config)
    return run(config).state


def rate(state):
    return float(state.mle_optimizer.learning_rate)


class TestDecay:
    def test_cosine_falls_from_the_first_rate_to_zero(self):
        rates = [cosine_rate(0.1, i / 10) for i in range(11)]
        assert rates[0] == 0.1 and rates[5] == pytest.approx(0.05) and rates[-1] == pytest.approx(0, abs=1e-12)
        assert all(a > b for a, b in zip(rates, rates[1:]))

    def test_cosine_sets_the_rate_of_each_update(self, tmp_path):
        config = dataclasses.replace(TINY, mle_decay='cosine', workdir=str(tmp_path))
        updates = config.mle_epochs * (96 // 16)
        assert rate(run(config).state) == pytest.approx(cosine_rate(0.01, (updates - 1) / updates), rel=1e-5)

    def test_plateau_halves_the_rate_after_an_epoch_that_is_no_better(self, tmp_path, monkeypatch):
        nlls = iter([3.0, 2.0, 2.0, 1.0, 1.5, 1.4])
        monkeypatch.setattr(Scorer, 'nll', lambda self, rows: next(nlls, 1.0) if len(rows) == 32 else 1.0)
        seen = []

        def watch(self, report, *rest):
            seen.append(rate(self.state))
            self.metrics_file.append(json.dumps({'phase': 'mle', 'round': report.round}) + '\n')

        monkeypatch.setattr(Experiment, '_finish_round', watch)
        monkeypatch.setattr(Experiment, '_begin', lambda self: None)
        monkeypatch.setattr(Experiment, '_close_evaluation', lambda self: None)
        monkeypatch.setattr('seqgan_tf.running.experiment.describe', lambda *args: '')
        run(dataclasses.replace(TINY, mle_decay='plateau', mle_epochs=6, workdir=str(tmp_path)))
        assert PLATEAU_FACTOR == 0.5
        np.testing.assert_allclose(np.array(seen) / 0.01, [1, 1, 0.5, 0.5, 0.25, 0.125], rtol=1e-6)

    @pytest.mark.parametrize(
        'changes',
        [
            dict(mle_decay='cosine', generator_dropout=0.3, generator_layers=2),
            dict(mle_decay='plateau', generator_learning_rate=0.3, mle_epochs=6),
            dict(algorithm='scheduled_sampling', generator_dropout=0.3, truth_decay=0.2),
        ],
        ids=str,
    )
    def test_a_stopped_run_goes_on_bit_for_bit(self, changes, tmp_path, monkeypatch):
        config = dataclasses.replace(TINY, **changes)
        whole = run(dataclasses.replace(config, workdir=str(tmp_path / 'whole'))).state
        broken = interrupted(dataclasses.replace(config, workdir=str(tmp_path / 'broken')), monkeypatch, 'mle', 3)
        for a, b in zip(whole.generator.variables, broken.generator.variables):
            np.testing.assert_array_equal(a, b)
        for a, b in zip(whole.mle_optimizer.variables, broken.mle_optimizer.variables):
            np.testing.assert_array_equal(a, b)
        if config.mle_decay == 'plateau':
            assert rate(whole) < 0.3

    def test_likelihood_updates_of_the_adversarial_phase_do_not_have_the_decayed_rate(self, tmp_path):
        config = dataclasses.replace(
            TINY,
            algorithm='seqgan',
            reward='constant',
            mle_decay='cosine',
            mle_epochs=1,
            policy_learning_rate=0.002,
            adversarial_rounds=1,
            adversarial_mle_steps=1,
            workdir=str(tmp_path),
        )
        assert rate(run(config).state) == pytest.approx(0.002)

    def test_the_number_of_epochs_cannot_change_under_a_cosine(self, tmp_path):
        config = dataclasses.replace(TINY, mle_decay='cosine', mle_epochs=1, workdir=str(tmp_path))
        run(config)
        with pytest.raises(
            RunError, match='mle_epochs, which may not change once a run has begun. Received: mle_epochs=2'
        ):
            run(dataclasses.replace(config, mle_epochs=2))


def test_a_trained_network_of_two_layers_is_loaded_and_exported(tmp_path):
    config = dataclasses.replace(
        TINY,
        generator_layers=2,
        generator_dropout=0.2,
        workdir=str(tmp_path / 'run'),
        export_dir=str(tmp_path / 'export'),
    )
    trained = run(config)
    expected = trained.generate(4, seed=1)
    assert load(tmp_path / 'run').generate(4, seed=1) == expected
    assert load(tmp_path / 'export').generate(4, seed=1) == expected
