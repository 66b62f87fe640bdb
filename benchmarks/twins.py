"""Slow twins of the package's fast paths: a plain TensorFlow 2 port of the released code.

They run one prefix and one roll-out at a time, draw with `tf.random.categorical`, use
teacher-forced Keras layers, apply bias and ReLU of the convolutions at every position, and use no
XLA. The ratios of `run.py` compare with them.
"""

import keras
import tensorflow as tf


class Twins:
    """Slow counterparts of the pieces, on the same networks and optimizers."""

    def __init__(self, generator, discriminator, generator_optimizer, discriminator_optimizer):
        self.generator, self.discriminator = generator, discriminator
        self.generator_optimizer, self.discriminator_optimizer = generator_optimizer, discriminator_optimizer

    @tf.function
    def sample_from(self, tokens, given):
        """Tokens [B, T] with the first `given` kept and the others drawn."""
        state = self.generator.initial_state(tokens.shape[0])
        last = tf.fill([tokens.shape[0]], self.generator.start_id)
        sequence = tf.TensorArray(tf.int32, size=tokens.shape[1])
        for t in tf.range(tokens.shape[1]):
            logits, state = self.generator.step(last, state)
            drawn = tf.random.categorical(logits, 1, dtype=tf.int32)[:, 0]
            last = tf.ensure_shape(tf.where(t < given, tokens[:, t], drawn), tokens.shape[:1])
            sequence = sequence.write(t, last)
        return tf.transpose(sequence.stack())

    def action_values(self, tokens, num_rollouts):
        """Q [B, T], by one roll-out of one prefix at a time.

        As in the released code, the finished sequence is scored once for each roll-out.
        """
        columns = []
        for given in tf.range(1, tokens.shape[1]):
            rewards = [self.prob_real(self.sample_from(tokens, given)) for _ in range(num_rollouts)]
            columns.append(tf.reduce_mean(rewards, axis=0))
        columns.append(tf.reduce_mean([self.prob_real(tokens) for _ in range(num_rollouts)], axis=0))
        return tf.stack(columns, axis=1)

    def generator_step(self, tokens, num_rollouts):
        """One policy-gradient update, with its samples and roll-outs."""
        sampled = self.sample_from(tokens, tf.constant(0))
        return self.policy_update(sampled, self.action_values(sampled, num_rollouts))

    @tf.function
    def policy_update(self, tokens, values):
        """The update of a policy-gradient step; returns the loss."""
        with tf.GradientTape() as tape:
            nll = keras.losses.sparse_categorical_crossentropy(tokens, self.generator(tokens), from_logits=True)
            loss = tf.reduce_sum(nll * values)
        self._apply(tape.gradient(loss, self.generator.trainable_variables))
        return loss

    @tf.function
    def mle_step(self, tokens):
        """One maximum-likelihood update; returns the loss."""
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(
                keras.losses.sparse_categorical_crossentropy(tokens, self.generator(tokens), from_logits=True)
            )
        self._apply(tape.gradient(loss, self.generator.trainable_variables))
        return loss

    @tf.function
    def nll(self, tokens):
        """Mean -log p over tokens [B, T]."""
        return tf.reduce_mean(
            keras.losses.sparse_categorical_crossentropy(tokens, self.generator(tokens), from_logits=True)
        )

    @tf.function
    def discriminator_step(self, tokens, labels):
        """One update of the discriminator; returns the loss."""
        with tf.GradientTape() as tape:
            logits = self._logits(tokens, dropout=self.discriminator.dropout)
            loss = tf.reduce_mean(keras.losses.binary_crossentropy(labels[:, None], logits[:, None], from_logits=True))
            loss += 0.2 * self.discriminator.l2_penalty()
        variables = self.discriminator.trainable_variables
        self.discriminator_optimizer.apply(_dense(tape.gradient(loss, variables)), variables)
        return loss

    @tf.function
    def prob_real(self, tokens):
        """The reward [B] of finished sequences [B, T]."""
        return tf.sigmoid(self._logits(tokens, dropout=0.0))

    def _logits(self, tokens, dropout):
        net = self.discriminator
        embedded, offset, pooled = net.embedding(tokens), 0, []
        for convolution in net.convolutions:
            bias = net.feature_bias[offset : offset + convolution.filters]
            pooled.append(tf.reduce_max(tf.nn.relu(convolution(embedded) + bias), axis=1))
            offset += convolution.filters
        features = tf.concat(pooled, axis=1)
        gate = tf.sigmoid(net.transform_gate(features))  # the layers themselves have no activation
        features = gate * tf.nn.relu(net.transform(features)) + (1.0 - gate) * features
        outputs = net.head(tf.nn.dropout(features, dropout))
        return outputs[:, 1] - outputs[:, 0]

    def _apply(self, gradients):
        gradients, _ = tf.clip_by_global_norm(_dense(gradients), 5.0)
        self.generator_optimizer.apply(gradients, self.generator.trainable_variables)


def _dense(gradients):
    """Sums the parts of a repeated token's gradient: Keras's Adam would square them separately."""
    return [tf.convert_to_tensor(gradient) for gradient in gradients]
