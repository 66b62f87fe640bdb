"""SeqGAN (Algorithm 1): policy gradient against a discriminator, with Monte-Carlo search for the value of each token."""

import tensorflow as tf

from seqgan_tf import randomness
from seqgan_tf.algorithms import mle, policy_gradient
from seqgan_tf.policies.chunked import Sampler
from seqgan_tf.rewards.monte_carlo import make_values
from seqgan_tf.training.discrimination import DiscriminatorEpoch
from seqgan_tf.training.state import Report

HELD_OUT_ROWS = 2000  # real ones, and as many fresh samples: an accuracy's standard error is below 0.01


def train(state, corpus, config):
    """One report an epoch of MLE, a negative set of the discriminator's pretraining, and an adversarial round.

    Where the reward needs no discriminator, as with most controls, none is trained.
    """
    yield from mle.train(state, corpus, config)

    discriminate = DiscriminatorPhase(state, corpus, config) if state.discriminator is not None else None
    for i in state.rounds('discriminator', config.discriminator_rounds if discriminate else 0):
        yield Report('discriminator', i, config.discriminator_rounds, discriminate() | discriminate.held_out())

    values_fn = make_values(config.reward, state, corpus, config)
    yield from policy_gradient.train(state, corpus, config, values_fn, discriminate)


class DiscriminatorPhase:
    """Trains the discriminator on one negative set: fresh samples of the generator beside as many training rows."""

    def __init__(self, state, corpus, config):
        self.state, self.config = state, config
        self.positives = tf.constant(corpus.train)
        self.validation = tf.constant(corpus.validation[:HELD_OUT_ROWS])
        self.count = min(config.negatives or len(corpus.train), len(corpus.train))
        self.sampler = Sampler(state.generator, corpus.sequence_length, jit=config.jit)
        self.epoch = DiscriminatorEpoch(
            state.discriminator, state.discriminator_optimizer, config.l2, config.batch_size, config.jit
        )

    def __call__(self):
        """Draws a set and trains on it for k epochs (Algorithm 1, lines 12 and 13).

        Returns the last epoch's metrics.
        """
        negatives = self.sampler(self.count, self.state.next_seed())
        order = randomness.permutation(len(self.positives), self.state.next_seed())
        positives = tf.gather(self.positives, order[: self.count])
        for _ in range(self.config.discriminator_epochs):
            metrics = self.epoch(positives, negatives, self.state.next_seed())
        return {name: float(value) for name, value in metrics.items()}

    def held_out(self):
        """Metrics on the validation rows and as many fresh samples.

        They say whether what the discriminator rewards is more than memory.
        """
        scores = self.epoch.score(self.validation, self.sampler(len(self.validation), self.state.next_seed()))
        return {name: float(value) for name, value in scores.items()}
