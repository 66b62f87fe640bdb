"""SeqGAN (Algorithm 1): policy gradient against a discriminator, with Monte-Carlo search for the value of each token."""

import functools

import numpy as np
import tensorflow as tf

from seqgan_tf import randomness
from seqgan_tf.algorithms import mle
from seqgan_tf.devices import scoring_dtype
from seqgan_tf.state import Report
from seqgan_tf.steps import DiscriminatorEpoch, PolicyGradientStep, Sampler


def train(state, corpus, config):
    """One report an epoch of MLE, a negative set of the discriminator's pretraining, and an adversarial round."""
    yield from mle.train(state, corpus, config)

    discriminate = DiscriminatorPhase(state, corpus, config)
    for i in state.rounds('discriminator', config.discriminator_rounds):
        yield Report('discriminator', i, config.discriminator_rounds, discriminate() | discriminate.held_out())

    reward_fn = functools.partial(state.discriminator.prob_real, dtype=scoring_dtype(config.precision))
    g_step = PolicyGradientStep(
        state.generator, state.rollout_policy, reward_fn, state.policy_optimizer, config.clip_norm, config.batch_size,
        corpus.sequence_length, config.num_rollouts, baseline=config.baseline, chunk_rows=config.rollout_chunk, jit=config.jit)
    for i in state.rounds('adversarial', config.adversarial_rounds):
        if i == 1:
            state.update_rollout_policy(decay=0.0)
        g_metrics = [g_step(state.next_seed()) for _ in range(config.g_steps)]
        d_metrics = [discriminate() for _ in range(config.d_steps)]
        state.update_rollout_policy(config.rollout_decay)
        yield Report('adversarial', i, config.adversarial_rounds, _mean(g_metrics) | _mean(d_metrics) | discriminate.held_out())


class DiscriminatorPhase:
    """Trains the discriminator on one negative set: fresh samples of the generator beside as many training rows."""

    def __init__(self, state, corpus, config):
        self.state, self.config = state, config
        self.positives = tf.constant(corpus.train)
        self.validation = tf.constant(corpus.validation)
        self.count = min(config.negatives or len(corpus.train), len(corpus.train))
        self.sampler = Sampler(state.generator, corpus.sequence_length, jit=config.jit)
        self.epoch = DiscriminatorEpoch(state.discriminator, state.discriminator_optimizer, config.l2, config.batch_size, config.jit)

    def __call__(self):
        """Draws a set and trains on it for k epochs (Algorithm 1, lines 12 and 13); returns the last epoch's figures."""
        negatives = self.sampler(self.count, self.state.next_seed())
        chosen = tf.argsort(randomness.uniforms([len(self.positives)], self.state.next_seed()), stable=True)[:self.count]
        positives = tf.gather(self.positives, chosen)
        for _ in range(self.config.discriminator_epochs):
            metrics = self.epoch(positives, negatives, self.state.next_seed())
        return {name: float(value) for name, value in metrics.items()}

    def held_out(self):
        """Figures on the validation rows and as many fresh samples: whether what the discriminator rewards is more than memory."""
        scores = self.epoch.score(self.validation, self.sampler(len(self.validation), self.state.next_seed()))
        return {name: float(value) for name, value in scores.items()}


def _mean(metrics):
    return {name: float(np.mean([m[name] for m in metrics])) for name in (metrics[0] if metrics else ())}
