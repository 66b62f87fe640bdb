"""SeqGAN (Algorithm 1): policy gradient against a discriminator.

Monte-Carlo search gives the value of each token.
"""

from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from seqgan_tf import randomness
from seqgan_tf.algorithms import mle, policy_gradient
from seqgan_tf.algorithms.registry import parts_of
from seqgan_tf.data.corpus import Corpus
from seqgan_tf.policies.chunked import Sampler
from seqgan_tf.rewards.monte_carlo import make_values
from seqgan_tf.training.discrimination import DiscriminatorEpoch
from seqgan_tf.training.state import Report, TrainState

HELD_OUT_ROWS = 2000  # real rows, and as many samples: an accuracy's standard error is below 0.01


def train(state: TrainState, corpus: Corpus, config: Any) -> Iterator[Report]:
    """Yields one report a round.

    A round is an epoch of MLE, a negative set of the discriminator's pretraining, or an adversarial
    round. No discriminator is trained where the reward needs none, as with most controls.
    """
    yield from mle.train(state, corpus, config)

    discriminate = DiscriminatorPhase(state, corpus, config) if 'discriminator' in parts_of(config) else None
    if discriminate:
        yield from discriminate.pretrain()
    values_fn = make_values(config.reward, state, corpus, config)
    yield from policy_gradient.train(state, corpus, config, values_fn, discriminate)


class DiscriminatorPhase:
    """Trains the discriminator on one negative set: samples of the generator and as many real rows.

    It is a `policy_gradient.Discriminate`.
    """

    def __init__(self, state: TrainState, corpus: Corpus, config: Any):
        self.state, self.config = state, config
        self.positives = tf.constant(corpus.train)
        self.validation = tf.constant(corpus.validation[:HELD_OUT_ROWS])
        self.count = min(config.negatives or len(corpus.train), len(corpus.train))
        self.sampler = Sampler(state.generator, corpus.sequence_length, jit=config.jit)
        self.epoch = DiscriminatorEpoch(
            state.discriminator, state.discriminator_optimizer, config.l2, config.batch_size, config.jit
        )

    def pretrain(self) -> Iterator[Report]:
        """The discriminator's pretraining (Algorithm 1, line 4): one report a negative set."""
        for i in self.state.rounds('discriminator', self.config.discriminator_rounds):
            yield Report('discriminator', i, self.config.discriminator_rounds, self() | self.held_out())

    def __call__(self) -> dict[str, float]:
        """Draws a set and trains on it for k epochs (Algorithm 1, lines 12 and 13).

        Returns:
            the metrics of the last epoch.
        """
        negatives = self.sampler(self.count, self.state.next_seed())
        order = randomness.permutation(len(self.positives), self.state.next_seed())
        positives = tf.gather(self.positives, order[: self.count])
        metrics = {}
        for _ in range(self.config.discriminator_epochs):
            metrics = self.epoch(positives, negatives, self.state.next_seed())
        return {name: float(value) for name, value in metrics.items()}

    def held_out(self) -> dict[str, float]:
        """Metrics on the validation rows and as many new samples.

        They show whether the discriminator only remembers the training rows.
        """
        scores = self.epoch.score(self.validation, self.sampler(len(self.validation), self.state.next_seed()))
        return {name: float(value) for name, value in scores.items()}
