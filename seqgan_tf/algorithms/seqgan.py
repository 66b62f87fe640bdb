"""SeqGAN (Algorithm 1): policy gradient against a discriminator.

Monte-Carlo search gives the value of each token.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import tensorflow as tf

from seqgan_tf import randomness
from seqgan_tf.algorithms import mle, policy_gradient
from seqgan_tf.algorithms.discriminator import DiscriminatorLearner
from seqgan_tf.algorithms.prefix_values import Learner, make_learner
from seqgan_tf.algorithms.registry import OF_NEGATIVE_SETS, parts_of, reward_of
from seqgan_tf.data.corpus import Corpus
from seqgan_tf.policies.chunked import Sampler
from seqgan_tf.rewards.monte_carlo import make_reward, make_values
from seqgan_tf.training.state import Report, TrainState

HELD_OUT_ROWS = 2000  # real rows, and as many samples: an accuracy's standard error is below 0.01


def train(state: TrainState, corpus: Corpus, config: Any) -> Iterator[Report]:
    """Yields one report a round.

    A round is an epoch of MLE, a negative set of the discriminator's pretraining, or an adversarial
    round. No discriminator is trained where the reward needs none, as with most controls.
    """
    yield from mle.train(state, corpus, config)
    yield from after_likelihood(state, corpus, config)


def after_likelihood(state: TrainState, corpus: Corpus, config: Any) -> Iterator[Report]:
    """The phases after MLE, for the reward of a run.

    The phase 'discriminator' is left out where there is neither a discriminator nor a network of
    `--value` to train.
    """
    discriminate = DiscriminatorPhase(state, corpus, config) if parts_of(config) & OF_NEGATIVE_SETS else None
    if discriminate:
        yield from discriminate.pretrain()
    values_fn = make_values(reward_of(config), state, corpus, config)
    yield from policy_gradient.train(state, corpus, config, values_fn, discriminate)


class DiscriminatorPhase:
    """Trains on one negative set: samples of the generator and as many real rows.

    The discriminator is trained first, if there is one, and then the network of `--value` on the
    same rows. It is a `policy_gradient.Discriminate`.
    """

    def __init__(self, state: TrainState, corpus: Corpus, config: Any):
        self.state, self.config = state, config
        self.positives = tf.constant(corpus.train)
        self.validation = tf.constant(corpus.validation[:HELD_OUT_ROWS])
        self.count = min(config.negatives or len(corpus.train), len(corpus.train))
        self.sampler = Sampler(state.generator, corpus.sequence_length, jit=config.jit, replicas=state.replicas)
        self.learners: list[Learner] = []
        self.best = {}  # {name of a held-out loss: the weights with the lowest one}
        if 'discriminator_optimizer' in parts_of(config):
            self.learners.append(DiscriminatorLearner(state, config, self.validation, self._fresh_samples))
            if state.discriminator_best is not None:
                self.best['d_held_out_loss'] = state.discriminator_best
        if config.value != 'rollouts':
            self.learners.append(make_learner(state, config, make_reward(reward_of(config), state, corpus, config)))
        if config.value == 'causal':
            self.best['causal_held_out_loss'] = state.causal_best

    def pretrain(self) -> Iterator[Report]:
        """The discriminator's pretraining (Algorithm 1, line 4): one report a negative set.

        At its end a causal discriminator has the weights that were best on held-out rows. With
        `discriminator_best` so has the discriminator. The last report is from before that.
        """
        rounds = self.config.discriminator_rounds
        for i in self.state.rounds('discriminator', rounds):
            metrics = self() | self.held_out()
            for name, best in self.best.items():
                best.keep(metrics[name])
                if i == rounds:
                    best.put_back()
            yield Report('discriminator', i, rounds, metrics)

    def __call__(self) -> dict[str, float]:
        """Draws a set and trains on it for k epochs (Algorithm 1, lines 12 and 13).

        Returns:
            the metrics of the learners.
        """
        negatives = self.sampler(self.count, self.state.next_seed())
        order = randomness.permutation(len(self.positives), self.state.next_seed())
        positives = tf.gather(self.positives, order[: self.count])
        return _floats(learner(positives, negatives) for learner in self.learners)

    def held_out(self) -> dict[str, float]:
        """Metrics on the validation rows and as many new samples.

        They show whether what is trained only remembers the training rows.
        """
        samples = self._fresh_samples()
        return _floats(learner.held_out(self.validation, samples) for learner in self.learners)

    def _fresh_samples(self):
        """As many samples as validation rows."""
        return self.sampler(len(self.validation), self.state.next_seed())


def _floats(parts: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """The scalars of several dicts in one, as numbers."""
    return {name: float(value) for part in parts for name, value in part.items()}
