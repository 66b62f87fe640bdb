"""How the network of `--value` learns from the negative sets of a run."""

from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from seqgan_tf.models.prefix_network import PrefixNetwork
from seqgan_tf.policies.chunked import RowScorer
from seqgan_tf.policies.policy import RewardFunction
from seqgan_tf.training import losses
from seqgan_tf.training.prefix_values import PrefixEpoch, causal_figures, value_figures
from seqgan_tf.training.state import TrainState


class Learner(Protocol):
    """A network that learns from negative sets, beside the discriminator or without one."""

    def __call__(self, positives: tf.Tensor, negatives: tf.Tensor) -> dict[str, tf.Tensor]:
        """Trains on real rows and samples [M, T] for k epochs; returns the metrics of the last one."""
        ...

    def held_out(self, real: tf.Tensor, samples: tf.Tensor) -> dict[str, tf.Tensor]:
        """Metrics on rows that it was not trained on."""
        ...


def make_learner(state: TrainState, config: Any, reward_fn: RewardFunction) -> Learner:
    """The learner of the network that `--value` names: 'network' or 'causal'."""
    if config.value == 'network':
        return ValueLearner(state, config, reward_fn)
    return CausalLearner(state, config)


class ValueLearner:
    """The value network: it learns the rewards of the samples, and reads no real row."""

    def __init__(self, state: TrainState, config: Any, reward_fn: RewardFunction):
        self.state, self.epochs, self.end_id = state, config.discriminator_epochs, state.generator.end_id
        _start(state.value_network, state.value_optimizer, state, config)
        self.epoch = PrefixEpoch(
            state.value_network,
            state.value_optimizer,
            losses.value_loss,
            config.batch_size,
            self.end_id,
            config.jit,
            state.replicas,
        )
        self.reward = RowScorer(reward_fn, config.jit == 'on', state.replicas)
        self.figures = state.replicas.compile(value_figures, config.jit != 'off')

    def __call__(self, positives: tf.Tensor, negatives: tf.Tensor) -> dict[str, tf.Tensor]:
        """Regression on the rewards of the negatives, which are drawn from the present generator."""
        del positives
        rewards, loss = self._rewards(negatives), tf.constant(0.0)
        for _ in range(self.epochs):
            loss = self.epoch(negatives, rewards, self.state.next_seed())
        return {'value_loss': loss}

    def held_out(self, real: tf.Tensor, samples: tf.Tensor) -> dict[str, tf.Tensor]:
        """`value_figures` on fresh samples."""
        del real
        return self.figures(self.state.value_network, samples, self._rewards(samples), self.end_id)

    def _rewards(self, tokens):
        return tf.constant(self.reward(tokens))


class CausalLearner:
    """The causal discriminator: it tells real rows from samples after every token."""

    def __init__(self, state: TrainState, config: Any):
        self.state, self.epochs, self.end_id = state, config.discriminator_epochs, state.generator.end_id
        _start(state.causal_discriminator, state.causal_optimizer, state, config)
        self.epoch = PrefixEpoch(
            state.causal_discriminator,
            state.causal_optimizer,
            losses.causal_loss,
            config.batch_size,
            self.end_id,
            config.jit,
            state.replicas,
        )
        self.figures = state.replicas.compile(causal_figures, config.jit != 'off')

    def __call__(self, positives: tf.Tensor, negatives: tf.Tensor) -> dict[str, tf.Tensor]:
        """Cross-entropy at all positions, with the label 1 for positives and 0 for negatives."""
        rows = tf.concat([positives, negatives], axis=0)
        labels = tf.constant(np.repeat(np.float32([1, 0]), [len(positives), len(negatives)]))
        loss = tf.constant(0.0)
        for _ in range(self.epochs):
            loss = self.epoch(rows, labels, self.state.next_seed())
        return {'causal_loss': loss}

    def held_out(self, real: tf.Tensor, samples: tf.Tensor) -> dict[str, tf.Tensor]:
        """`causal_figures` on validation rows and fresh samples."""
        return self.figures(self.state.causal_discriminator, real, samples, self.end_id)


def _start(network: PrefixNetwork, optimizer: Any, state: TrainState, config: Any) -> None:
    """Before its first update a network may take over the weights of the pretrained generator."""
    if config.value_start == 'generator' and optimizer.iterations == 0:
        network.take_over(state.generator)
