"""Compiled updates and figures of the networks with one number for every prefix.

A sequence that the generator drew is a roll-out of each of its prefixes, and its reward is the
target of them all: regression on it gives the value network E[R | prefix]. The class of a sequence
is the target of all its prefixes in the same way: cross-entropy gives the causal discriminator
log p(prefix) / m(prefix), p the data and m the samples. `jit` is as in `training.reinforce`.
"""

import functools
from collections.abc import Callable

import keras
import tensorflow as tf

from seqgan_tf import randomness
from seqgan_tf.models.prefix_network import PrefixNetwork
from seqgan_tf.policies.sampling import valid_mask
from seqgan_tf.training import losses
from seqgan_tf.training.batches import over_batches
from seqgan_tf.training.optimizers import dense
from seqgan_tf.training.replicas import ONE, Replicas, rows_of, sum_of

QUARTERS = (25, 50, 75, 100)  # percent of T, the positions whose figures are reported


class PrefixEpoch(tf.Module):
    """One epoch of a prefix network over finished sequences, in one compiled call.

    Args:
        network: the network, updated.
        optimizer: its optimizer.
        loss: (numbers [B, T], targets [B]) -> [B, T], such as `losses.value_loss`. Its mean over all
            positions up to the end of the sequences is minimized.
        batch_size: B.
        end_id: the token that ends a sequence, or None.
        jit: see above.
        replicas: share the rows of a batch.
    """

    def __init__(
        self,
        network: PrefixNetwork,
        optimizer: keras.optimizers.Optimizer,
        loss: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
        batch_size: int,
        end_id: int | None,
        jit: str = 'auto',
        replicas: Replicas = ONE,
    ):
        super().__init__()
        self.network, self.optimizer, self.loss = network, optimizer, loss
        self.batch_size, self.end_id, self.replicas = batch_size, end_id, replicas
        self._gradients = replicas.compile_part(self._differentiate, jit != 'off')
        self._epoch = replicas.compile(self._whole, jit != 'off')

    def __call__(self, tokens: tf.Tensor, targets: tf.Tensor, seed: randomness.Seed) -> tf.Tensor:
        """Trains on tokens [M, T] with targets [M], shuffled by a seed int [2].

        The last incomplete batch is left out.

        Returns:
            The mean of the batches' losses, each from before its update: a scalar.

        Raises:
            ValueError: the sequences do not fill a batch.
        """
        return self._epoch(tokens, targets, seed)

    def _whole(self, tokens, targets, seed):
        update = functools.partial(self.replicas.update, self._train)
        return over_batches((tokens, targets), self.batch_size, seed, ('loss',), update)['loss']

    def _train(self, tokens, targets, seed):
        del seed  # nothing is dropped
        mask = valid_mask(tokens, self.end_id)
        gradients, loss = self._gradients(rows_of(tokens), rows_of(targets), rows_of(mask), tf.reduce_sum(mask))
        self.optimizer.apply(gradients, self.network.trainable_variables)
        return {'loss': sum_of(loss)}

    def _differentiate(self, tokens, targets, mask, count):
        """The gradients of a replica's part of the loss, and that part."""
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(self.loss(self.network(tokens), targets) * mask) / count
        return dense(tape.gradient(loss, self.network.trainable_variables)), loss


def causal_figures(
    network: PrefixNetwork, real: tf.Tensor, samples: tf.Tensor, end_id: int | None
) -> dict[str, tf.Tensor]:
    """How well a causal discriminator tells rows apart that it was not trained on.

    Args:
        network: its logits are those of being real.
        real, samples: tokens [M, T] each.
        end_id: the token that ends a sequence, or None.

    Returns:
        {'causal_held_out_loss', 'causal_held_out_accuracy'}, means over all positions, and both at
        the positions of `QUARTERS`, such as 'causal_held_out_loss_at_25'.
    """
    tokens = tf.concat([real, samples], axis=0)
    labels = tf.concat([tf.ones(tf.shape(real)[:1]), tf.zeros(tf.shape(samples)[:1])], axis=0)
    logits, mask = network(tokens), valid_mask(tokens, end_id)
    right = tf.cast((logits > 0) == (labels[:, None] > 0.5), tf.float32)
    figures = {}
    for name, each in (('loss', losses.causal_loss(logits, labels)), ('accuracy', right)):
        figures[f'causal_held_out_{name}'] = tf.reduce_sum(each * mask) / tf.reduce_sum(mask)
        figures |= at_quarters(f'causal_held_out_{name}', _of_columns(each, mask))
    return figures


def value_figures(
    network: PrefixNetwork, tokens: tf.Tensor, rewards: tf.Tensor, end_id: int | None
) -> dict[str, tf.Tensor]:
    """How well a value network foretells the rewards [M] of samples [M, T] that it has not seen.

    Returns:
        {'value_held_out_loss'}, the mean squared error over all positions; and at the positions of
        `QUARTERS` the share of the rewards' variance that the values explain, such as
        'value_explained_at_25'. The share is below 0 where the mean reward is the better guess, and
        0 where the rewards do not vary.
    """
    mask = valid_mask(tokens, end_id)
    errors = losses.value_loss(network(tokens), rewards)
    around = tf.square(rewards[:, None] - _of_columns(tf.zeros_like(mask) + rewards[:, None], mask))
    error, variance = _of_columns(errors, mask), _of_columns(around, mask)
    explained = tf.where(variance > 0, 1.0 - tf.math.divide_no_nan(error, variance), 0.0)
    loss = tf.reduce_sum(errors * mask) / tf.reduce_sum(mask)
    return {'value_held_out_loss': loss} | at_quarters('value_explained', explained)


def at_quarters(name: str, columns: tf.Tensor) -> dict[str, tf.Tensor]:
    """{name_at_25, ..., name_at_100}: of columns [T], those of prefixes of T / 4, ..., T tokens.

    A quarter is rounded up.
    """
    length = int(columns.shape[0])
    return {f'{name}_at_{percent}': columns[-(-length * percent // 100) - 1] for percent in QUARTERS}


def _of_columns(numbers, mask):
    """The mean of numbers [M, T] at each position, [T], over the rows that count there; else 0."""
    return tf.math.divide_no_nan(tf.reduce_sum(numbers * mask, axis=0), tf.reduce_sum(mask, axis=0))
