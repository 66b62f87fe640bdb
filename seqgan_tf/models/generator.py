"""The LSTM (Eq. 9, 10, 18-20): one class serves as generator, roll-out policy and oracle."""

from typing import Any

import keras
import tensorflow as tf

from seqgan_tf.models.recurrent import check_sizes, reading_layers

State = tuple[tf.Tensor, tf.Tensor]  # (h, c), [B, H] each


@keras.saving.register_keras_serializable('seqgan_tf')
class Generator(keras.Model):
    """An LSTM language model that is a `Policy`.

    `call` (teacher-forced) and `step` (one token at a time) give the same logits. Every array,
    biases included, is drawn from a normal distribution of mean 0 and standard deviation
    `initializer_stddev`. The forget bias is not set to one. Both are as in the released code
    (generator.py).

    Args:
        vocab_size: V, at least 2.
        embedding_dim, hidden_dim: E and H (released code: 32 and 32).
        initializer_stddev: 0.1 for a generator, 1 for an oracle.
        start_id: the input before the first token. It is an ordinary token of the vocabulary, as in
            the released code.
        end_id: the token that ends a shorter sequence, or None where every sequence has full
            length.
        seed: of the initial weights.

    Raises:
        ValueError: a size, the standard deviation, or an id is out of range.
    """

    def __init__(
        self,
        vocab_size: int,
        embedding_dim: int = 32,
        hidden_dim: int = 32,
        initializer_stddev: float = 0.1,
        start_id: int = 0,
        end_id: int | None = None,
        seed: int = 0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        check_sizes(vocab_size, embedding_dim, hidden_dim)
        if not initializer_stddev > 0:
            raise ValueError(f'initializer_stddev must be above 0. Received: initializer_stddev={initializer_stddev}')
        for name, token in (('start_id', start_id), ('end_id', end_id)):
            if token is not None and not 0 <= token < vocab_size:
                raise ValueError(f'{name} must be in [0, {vocab_size}). Received: {name}={token}')
        self.vocab_size, self.embedding_dim, self.hidden_dim = vocab_size, embedding_dim, hidden_dim
        self.initializer_stddev, self.start_id, self.end_id, self.seed = initializer_stddev, start_id, end_id, seed

        # All arrays share one stream. An integer seed would give equal values to equal shapes.
        stream = keras.random.SeedGenerator(seed)
        normal = lambda: keras.initializers.RandomNormal(stddev=initializer_stddev, seed=stream)
        self.embedding, self.lstm = reading_layers(vocab_size, embedding_dim, hidden_dim, normal, seed)
        self.head = keras.layers.Dense(vocab_size, kernel_initializer=normal(), bias_initializer=normal())
        self.embedding.build((None, None))
        self.lstm.build((None, None, embedding_dim))
        self.head.build((None, hidden_dim))
        self.built = True

    @property
    def variables(self) -> list[keras.Variable]:
        """Six arrays: embedding, LSTM kernel, recurrent kernel and bias, output kernel and bias."""
        return self.weights  # Keras adds the state of the LSTM's dropout seed, which nothing uses

    def call(self, tokens: tf.Tensor) -> tf.Tensor:
        """Teacher-forced logits [B, T, V] for tokens [B, T].

        Position t sees `start_id` and the tokens before t.
        """
        return self.head(self.lstm(self.embedding(self._inputs(tokens))))

    def initial_state(self, batch_size: int | tf.Tensor) -> State:
        """The state before any token: (h, c), zeros [B, H] each."""
        zeros = tf.zeros([batch_size, self.hidden_dim])
        return zeros, zeros

    def step(self, tokens: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
        """Reads tokens [B]; returns the logits [B, V] of the next token and the new state."""
        output, (hidden, cell) = self.lstm.cell(self.embedding(tokens), list(state))
        return self.head(output), (hidden, cell)

    def _inputs(self, tokens):
        return tf.concat([tf.fill([tf.shape(tokens)[0], 1], self.start_id), tf.cast(tokens[:, :-1], tf.int32)], axis=1)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor, for `keras.saving`."""
        return super().get_config() | {
            name: getattr(self, name)
            for name in (
                'vocab_size',
                'embedding_dim',
                'hidden_dim',
                'initializer_stddev',
                'start_id',
                'end_id',
                'seed',
            )
        }

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Does nothing: the constructor makes the variables."""
