"""A Keras model of the user in the place of the CNN-highway discriminator."""

from typing import Any

import keras
import tensorflow as tf

from seqgan_tf import randomness


class GivenDiscriminator(keras.Model):
    """Any Keras model tokens int32 [B, T] -> logit [B] or [B, 1], with the methods of `Discriminator`.

    The model is called with `training=True` in its updates, so its own dropout acts there. Seeded
    Keras layers keep their random state in variables, so a resumed run draws as it would have.
    Penalties of its layers (`model.losses`) are added to the loss.

    Args:
        model: the model. It is built here if it was not.
        vocab_size: V. The model must take all ids below it.
        sequence_length: T.

    Raises:
        ValueError: the model is no Keras model, cannot read tokens [B, T], or gives another shape.
    """

    def __init__(self, model: keras.Model, vocab_size: int, sequence_length: int):
        super().__init__(name='discriminator')
        if not isinstance(model, keras.Model):
            raise ValueError(f'a discriminator must be a Keras model. Received: {type(model).__name__}')
        self.model, self.vocab_size, self.sequence_length = model, vocab_size, sequence_length
        example = tf.fill([2, sequence_length], vocab_size - 1)
        try:
            logits = model(example)
        except Exception as error:  # a model can refuse its input in any way
            raise ValueError(
                f'a discriminator must take tokens int32 [B, {sequence_length}] of ids below {vocab_size}. '
                f'Received: {model.name}, which fails: {" ".join(str(error).split())[:300]}'
            ) from error
        shape = getattr(logits, 'shape', None)
        if shape not in ([2], [2, 1]) or not logits.dtype.is_floating:
            raise ValueError(
                'a discriminator must return one logit a sequence, floats [B] or [B, 1]. '
                f'Received: {model.name} with {getattr(logits, "dtype", type(logits))} {shape} for a batch of 2'
            )
        # A checkpoint of a Keras model lacks the random states of its layers. It finds this list.
        weights = {id(variable) for variable in model.weights}
        self.random = tf.Module()
        self.random.states = [variable.value for variable in model.variables if id(variable) not in weights]
        self.built = True

    def call(
        self, tokens: tf.Tensor, dropout_seed: randomness.Seed | None = None, dtype: tf.DType = tf.float32
    ) -> tf.Tensor:
        """The logit float32 [B] of tokens [B, T]; in training where `dropout_seed` is given.

        Neither the seed nor `dtype` reaches the model, which has its own.
        """
        logits = self.model(tokens, training=dropout_seed is not None)
        return tf.reshape(tf.cast(logits, tf.float32), [-1])

    def prob_real(self, tokens: tf.Tensor, dtype: tf.DType = tf.float32) -> tf.Tensor:
        """The probability [B] that tokens [B, T] are real: the sigmoid of the logit."""
        return tf.sigmoid(self(tokens))

    def l2_penalty(self) -> float:
        """0: the model has its own penalties."""
        return 0.0

    def get_config(self) -> dict[str, Any]:
        """The model is not rebuilt from this; save the model itself."""
        raise NotImplementedError('save the model that was given, not this wrapper')
