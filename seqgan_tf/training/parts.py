"""The parts that a `TrainState` can hold beside the generator, by name.

A part is built only where an algorithm or its reward needs it.
"""

from typing import Any

import tensorflow as tf

from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.models.discriminator import Discriminator
from seqgan_tf.models.generator import Generator
from seqgan_tf.models.prefix_network import PrefixNetwork
from seqgan_tf.training.best_weights import BestWeights
from seqgan_tf.training.optimizers import adam


def make_generator(config: Any, vocabulary: Vocabulary, name: str) -> Generator:
    """A generator of a run's sizes. Every call gives the same weights."""
    return Generator(
        len(vocabulary),
        embedding_dim=config.embedding_dim,
        hidden_dim=config.hidden_dim,
        layers=config.generator_layers,
        dropout=config.generator_dropout,
        end_id=vocabulary.end_id,
        seed=config.seed * 3,
        name=name,
    )


def _rollout_policy(state, config, vocabulary):
    """G_beta, which draws the roll-outs."""
    return _frozen(config, vocabulary, 'rollout_policy')


def _frozen(config, vocabulary, name):
    """A generator that no optimizer trains."""
    policy = make_generator(config, vocabulary, name)
    policy.trainable = False
    return policy


def _discriminator(state, config, vocabulary):
    if config.discriminator == 'given':
        raise ValueError(
            'discriminator=given takes a Keras model: seqgan_tf.run(config, discriminator=...). Received: none'
        )
    return Discriminator(
        len(vocabulary),
        config.sequence_length,
        config.discriminator_embedding_dim,
        dropout=config.dropout,
        seed=config.seed * 3 + 1,
        name='discriminator',
    )


def _prefix_network(config, vocabulary, name):
    """A network of the generator's sizes, so that it can start from the generator's weights."""
    return PrefixNetwork(len(vocabulary), config.embedding_dim, config.hidden_dim, seed=config.seed * 3 + 1, name=name)


def _value_network(state, config, vocabulary):
    return _prefix_network(config, vocabulary, 'value_network')


def _causal_discriminator(state, config, vocabulary):
    return _prefix_network(config, vocabulary, 'causal_discriminator')


def _reference_policy(state, config, vocabulary):
    """The generator as it was before the adversarial phase; None without kl_coef."""
    return _frozen(config, vocabulary, 'reference_policy') if config.kl_coef else None


def _mle_optimizer(state, config, vocabulary):
    return adam(config.generator_learning_rate, state.generator)


def _policy_optimizer(state, config, vocabulary):
    """A second Adam for the generator: the adversarial phase starts with moments of 0.

    Source: the released code.
    """
    return adam(config.policy_learning_rate or config.generator_learning_rate, state.generator)


def _discriminator_optimizer(state, config, vocabulary):
    return adam(config.discriminator_learning_rate, state.discriminator, config.discriminator_weight_decay)


def _discriminator_scale(state, config, vocabulary):
    """The scale of the discriminator's logit, float32 scalar; None without discriminator_calibration."""
    return tf.Variable(1.0, name='discriminator_scale') if config.discriminator_calibration else None


def _discriminator_best(state, config, vocabulary):
    """The best weights of the pretraining and their scale, if any; None without discriminator_best."""
    if state.discriminator is None or not config.discriminator_best:
        return None
    scale = state.discriminator_scale
    return BestWeights(state.discriminator, *([] if scale is None else [scale]))


def _value_optimizer(state, config, vocabulary):
    return adam(config.discriminator_learning_rate, state.value_network)


def _causal_optimizer(state, config, vocabulary):
    return adam(config.discriminator_learning_rate, state.causal_discriminator)


def _causal_best(state, config, vocabulary):
    return BestWeights(state.causal_discriminator)


def _running_mean(state, config, vocabulary):
    """For baseline=ewma, float32 [2]: the decayed sums of the batches' means and of their weights.

    None for any other baseline.
    """
    return tf.Variable([0.0, 0.0], name='running_mean') if config.baseline == 'ewma' else None


# {name: (state, config, vocabulary) -> the part}, in the order of building: networks first.
PARTS = {
    'rollout_policy': _rollout_policy,
    'reference_policy': _reference_policy,
    'discriminator': _discriminator,
    'value_network': _value_network,
    'causal_discriminator': _causal_discriminator,
    'mle_optimizer': _mle_optimizer,
    'policy_optimizer': _policy_optimizer,
    'discriminator_optimizer': _discriminator_optimizer,
    'discriminator_scale': _discriminator_scale,
    'discriminator_best': _discriminator_best,
    'value_optimizer': _value_optimizer,
    'causal_optimizer': _causal_optimizer,
    'causal_best': _causal_best,
    'running_mean': _running_mean,
}
