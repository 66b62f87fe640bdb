"""The policy gradient without roll-outs and with other rewards, and SelfGAN: in whole runs, and against their definitions."""

import json

import numpy as np
import pytest
import tensorflow as tf
from test_algorithms import TINY
from test_values_of_runs import GENERALISING

from seqgan_tf import randomness
from seqgan_tf.algorithms import selfgan
from seqgan_tf.algorithms.registry import parts_of
from seqgan_tf.config import Config
from seqgan_tf.data.corpus import Corpus
from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.policies import sampling
from seqgan_tf.rewards.monte_carlo import make_values
from seqgan_tf.running.experiment import run
from seqgan_tf.search.chunked import Resampler
from seqgan_tf.training.state import TrainState

SEED = tf.constant([3, 4], tf.int64)
VOCABULARY = Vocabulary([str(i) for i in range(12)], 'id')


def rows(count, seed=0):
    return np.random.default_rng(seed).integers(12, size=[count, 4]).astype(np.int32)


def made(**settings):
    """A state, a corpus and the settings of a tiny run."""
    config = Config(**TINY | settings)
    return (
        TrainState(config, VOCABULARY, parts_of(config)),
        Corpus(rows(64), rows(32, 1), rows(32, 2), VOCABULARY),
        config,
    )


def lines(workdir, phase):
    found = [json.loads(line) for line in (workdir / 'metrics.jsonl').read_text().splitlines()]
    return [line for line in found if line['phase'] == phase]


def test_without_rollouts_every_token_has_the_reward_of_its_sequence():
    state, corpus, config = made(num_rollouts=0, precision='float32')
    tokens = tf.constant(rows(5))
    values = make_values('discriminator', state, corpus, config)(tokens, SEED)
    np.testing.assert_allclose(values, np.repeat(state.discriminator.prob_real(tokens)[:, None], 4, axis=1))


def test_the_logit_as_reward():
    state, corpus, config = made(num_rollouts=0, precision='float32')
    tokens = tf.constant(rows(5))
    logits = make_values('logit', state, corpus, config)(tokens, SEED)[:, 0]
    np.testing.assert_allclose(tf.sigmoid(logits), state.discriminator.prob_real(tokens), rtol=1e-5)


RUNS = pytest.mark.parametrize(
    'settings',
    [
        dict(num_rollouts=0, policy_batch_size=48, reward='logit', baseline='whitened', kl_coef=0.1),
        dict(algorithm='selfgan', g_steps=2),
        dict(algorithm='pg_bleu', num_rollouts=0, kl_coef=0.1),
        dict(algorithm='selfgan', **GENERALISING),
    ],
    ids=['policy_gradient', 'selfgan', 'pg_bleu', 'generalising'],
)


@RUNS
def test_a_run_that_was_extended_is_the_longer_run(settings, tmp_path):
    """Bit for bit."""
    common = TINY | settings
    whole = run(Config(**common, workdir=str(tmp_path / 'whole')))
    run(Config(**common | dict(adversarial_rounds=1), workdir=str(tmp_path / 'parts')))
    parts = run(Config(**common, workdir=str(tmp_path / 'parts')))
    for one, other in zip(whole.generator.get_weights(), parts.generator.get_weights()):
        np.testing.assert_array_equal(one, other)
    ends = [lines(tmp_path / name, 'adversarial')[-1] for name in ('whole', 'parts')]
    assert [{k: v for k, v in end.items() if not k.endswith('_seconds')} for end in ends][0] == {
        k: v for k, v in ends[1].items() if not k.endswith('_seconds')
    }
    assert ('kl' in ends[0]) == ('kl_coef' in settings)


@RUNS
def test_whole_steps_can_be_compiled(settings, tmp_path):
    run(Config(**TINY | settings | dict(jit='on', adversarial_rounds=1), workdir=str(tmp_path)))
    assert np.isfinite(lines(tmp_path, 'final')[0]['nll_test'])


def test_the_reference_is_the_generator_before_the_adversarial_phase(tmp_path):
    settings = TINY | dict(kl_coef=0.1, discriminator_rounds=0, d_steps=0)
    before = run(Config(**settings | dict(adversarial_rounds=0), workdir=str(tmp_path))).generator.get_weights()
    state = run(Config(**settings, workdir=str(tmp_path))).state
    for one, other in zip(before, state.reference_policy.get_weights()):
        np.testing.assert_array_equal(one, other)
    assert np.any(before[0] != state.generator.get_weights()[0])


def test_a_larger_weight_keeps_the_generator_nearer_to_its_start(tmp_path):
    def divergence(kl_coef):
        config = Config(
            **TINY | dict(adversarial_rounds=30, eval_every=30, num_rollouts=0, reward='logit', d_steps=0),
            kl_coef=kl_coef,
            workdir=str(tmp_path / str(kl_coef)),
        )
        run(config)
        return np.mean([line['kl'] for line in lines(tmp_path / str(kl_coef), 'adversarial')][-5:])

    assert divergence(5.0) < 0.5 * divergence(1e-6)


@pytest.mark.parametrize('real_share', [0.0, 0.5, 1.0])
def test_a_round_of_selfgan_trains_on_what_was_found_and_on_training_rows(real_share, monkeypatch):
    state, corpus, config = made(algorithm='selfgan', g_steps=2, real_share=real_share, mle_epochs=0)
    corpus = Corpus(np.full_like(corpus.train, 11), corpus.validation, corpus.test, VOCABULARY)
    seen = []

    class Step:
        def __init__(self, generator, optimizer, *_):
            assert generator is state.generator and optimizer is state.policy_optimizer

        def __call__(self, batch, dropout_seed):
            assert dropout_seed is None
            seen.append(batch.numpy())
            return {'nll': 0.0}

    monkeypatch.setattr(selfgan, 'MLEStep', Step)
    reports = [report for report in selfgan.train(state, corpus, config) if report.phase == 'adversarial']
    assert [batch.shape for batch in seen] == [(16, 4)] * 4
    real = [np.concatenate(seen[i : i + 2]).min(axis=1) == 11 for i in (0, 2)]
    assert [r.sum() for r in real] == [round(32 * real_share)] * 2
    assert ('found_logit' in reports[0].metrics) == (real_share < 1)


def test_the_search_of_selfgan_has_its_settings(monkeypatch):
    """The present generator, the discriminator's logit, n and beta."""
    settings = dict(search_candidates=3, guidance=2.5, mle_epochs=0, adversarial_rounds=1, d_steps=0)
    state, corpus, config = made(algorithm='selfgan', **settings)
    asked = []

    class Search(Resampler):
        def __init__(self, policy, score_fn, length, num_candidates, *others):
            super().__init__(policy, score_fn, length, num_candidates, *others)
            asked.append((policy, score_fn, num_candidates))

        def __call__(self, count, seed, guidance=1.0):
            asked.append((count, guidance))
            return super().__call__(count, seed, guidance)

    monkeypatch.setattr(selfgan, 'Resampler', Search)
    list(selfgan.train(state, corpus, config))
    assert asked == [(state.generator, state.discriminator, 3), (8, 2.5)]


def test_the_search_of_selfgan_has_the_calibrated_logit(monkeypatch):
    state, corpus, config = made(algorithm='selfgan', discriminator_calibration=True, mle_epochs=0, d_steps=0)
    scores = []

    class Search(Resampler):
        def __init__(self, policy, score_fn, *others):
            super().__init__(policy, score_fn, *others)
            scores.append(score_fn)

    monkeypatch.setattr(selfgan, 'Resampler', Search)
    list(selfgan.train(state, corpus, config))
    state.discriminator_scale.assign(2.5)
    tokens = tf.constant(rows(5))
    np.testing.assert_allclose(scores[0](tokens), 2.5 * state.discriminator(tokens), rtol=1e-6)


@pytest.mark.parametrize('size, expected', [(0, 16), (48, 48)])
def test_the_batch_of_the_policy_gradient(size, expected, tmp_path):
    shapes = set()

    def reward(tokens):
        shapes.add(tuple(tokens.shape))
        return tf.reduce_mean(tf.cast(tokens == 7, tf.float32), axis=1)

    settings = dict(num_rollouts=0, policy_batch_size=size, adversarial_rounds=1)
    run(Config(**TINY | settings, workdir=str(tmp_path)), reward=reward)
    assert shapes == {(expected, 4)}


def test_what_is_found_has_higher_logits_than_samples():
    state, _, _ = made()
    found = Resampler(state.generator, state.discriminator, 4, 8, 'off')(200, SEED, 1e6)
    plain = sampling.sample(state.generator, 200, 4, SEED)
    assert tf.reduce_mean(found.scores) > tf.reduce_mean(state.discriminator(plain)) + float(
        tf.math.reduce_std(state.discriminator(plain))
    )


def test_chunks_give_what_one_chunk_gives():
    state, _, _ = made()
    search = Resampler(state.generator, state.discriminator, 4, 300, 'auto')  # three rows a chunk
    few, many = search(2, SEED), search(7, SEED)
    assert search.rows == 3 and many.tokens.shape == [7, 4]
    np.testing.assert_array_equal(few.tokens, many.tokens[:2])
    assert len(np.unique(many.tokens.numpy(), axis=0)) > 3
    np.testing.assert_allclose(many.scores, state.discriminator(many.tokens), rtol=1e-4, atol=1e-5)
    assert np.any(many.tokens[:3].numpy() != many.tokens[3:6].numpy())
    (chunk,) = search._chunk(randomness.fold_in(SEED, 0), tf.constant([1.0]))
    np.testing.assert_array_equal(many.tokens[:3], chunk.tokens)


def test_a_curve_over_guidance_is_a_search_with_each():
    state, _, _ = made()
    search = Resampler(state.generator, state.discriminator, 4, 300, 'auto')
    guidances = [0.0, 2.0, 1e6]
    for guidance, found in zip(guidances, search.curve(7, SEED, guidances), strict=True):
        for here, there in zip(found, search(7, SEED, guidance), strict=True):
            np.testing.assert_allclose(here, there, rtol=1e-5)
