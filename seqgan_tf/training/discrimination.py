"""The compiled update of the discriminator."""

import functools

import keras
import tensorflow as tf

from seqgan_tf import randomness
from seqgan_tf.models.discriminator import Discriminator
from seqgan_tf.models.given import GivenDiscriminator
from seqgan_tf.training import losses
from seqgan_tf.training.batches import over_batches
from seqgan_tf.training.optimizers import dense
from seqgan_tf.training.replicas import ONE, Replicas, mean_of, rows_of


class DiscriminatorEpoch(tf.Module):
    """One epoch of the discriminator over real and generated sequences, in one compiled call.

    Args:
        discriminator: the network, updated.
        optimizer: its optimizer.
        l2: the weight of `discriminator.l2_penalty()`.
        batch_size: B.
        jit: as in `training.reinforce`.
        dtype: of the network's products in an update; held-out rows are scored in float32. Weights,
            moments and the update itself are float32.
        replicas: share the rows of a batch.
    """

    def __init__(
        self,
        discriminator: Discriminator | GivenDiscriminator,
        optimizer: keras.optimizers.Optimizer,
        l2: float,
        batch_size: int,
        jit: str = 'auto',
        dtype: tf.DType = tf.float32,
        replicas: Replicas = ONE,
    ):
        super().__init__()
        self.discriminator, self.optimizer, self.l2, self.batch_size = discriminator, optimizer, l2, batch_size
        self.dtype, self.replicas, self.jit = dtype, replicas, jit
        self._gradients = replicas.compile_part(self._differentiate, jit == 'on')
        self._apply = replicas.compile_alone(self._update, jit == 'auto')
        self._epoch = replicas.compile(self._whole, jit == 'on')
        self._score = replicas.compile(self._measure, jit == 'on')

    def __call__(self, positives: tf.Tensor, negatives: tf.Tensor, seed: randomness.Seed) -> dict[str, tf.Tensor]:
        """Trains on positives [M, T] and negatives [M, T], shuffled together by a seed int [2].

        The last incomplete batch is left out.

        Returns:
            {'d_loss', 'd_accuracy'}, means over the batches. Each batch is measured before its
            update, with dropout on.

        Raises:
            ValueError: the sequences do not fill a batch.
        """
        return self._epoch(positives, negatives, seed)

    def score(self, positives: tf.Tensor, negatives: tf.Tensor) -> dict[str, tf.Tensor]:
        """{'d_held_out_loss', 'd_held_out_accuracy'} on rows [M, T] that it was not trained on.

        Dropout is off.
        """
        return self._score(positives, negatives)

    def _whole(self, positives, negatives, seed):
        rows, labels = _labelled(positives, negatives)
        update = functools.partial(self.replicas.update, self._train)
        return over_batches((rows, labels), self.batch_size, seed, ('d_loss', 'd_accuracy'), update)

    def _train(self, tokens, labels, seed):
        gradients, measured = self._gradients(rows_of(tokens), rows_of(labels), seed)
        self._apply(gradients)
        return mean_of(measured)

    def _differentiate(self, tokens, labels, seed):
        """A replica's part of the gradients, and the metrics of its rows."""
        with tf.GradientTape() as tape:
            logits = self.discriminator(tokens, dropout_seed=seed, dtype=self.dtype)
            loss = losses.discriminator_loss(logits, labels)
            # Keras models of others have their own penalties in `losses`.
            penalized = loss + self.l2 * self.discriminator.l2_penalty() + sum(self.discriminator.losses)
            penalized /= self.replicas.count  # Keras adds up the gradients of the replicas
        gradients = dense(tape.gradient(penalized, self.discriminator.trainable_variables))
        return gradients, {'d_loss': loss, 'd_accuracy': _accuracy(logits, labels)}

    def _update(self, gradients):
        variables = self.discriminator.trainable_variables
        self.optimizer.apply([tf.cast(g, v.dtype) for g, v in zip(gradients, variables)], variables)

    def _measure(self, positives, negatives):
        rows, labels = _labelled(positives, negatives)
        score = lambda _, rows: self.discriminator(rows)
        logits = self.replicas.over_rows(score, int(rows.shape[0]), rows, jit_compile=self.jit == 'on')
        return {
            'd_held_out_loss': losses.discriminator_loss(logits, labels),
            'd_held_out_accuracy': _accuracy(logits, labels),
        }


def _labelled(positives, negatives):
    labels = tf.concat([tf.ones(tf.shape(positives)[:1]), tf.zeros(tf.shape(negatives)[:1])], axis=0)
    return tf.concat([positives, negatives], axis=0), labels


def _accuracy(logits, labels):
    return tf.reduce_mean(tf.cast((logits > 0) == (labels > 0.5), tf.float32))
