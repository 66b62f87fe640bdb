"""An LSTM with one number for every prefix: the value network and the causal discriminator."""

from typing import Any

import keras
import tensorflow as tf

from seqgan_tf.models.generator import Generator
from seqgan_tf.models.recurrent import check_sizes, reading_layers

State = tuple[tf.Tensor, tf.Tensor]  # (h, c), [B, H] each


@keras.saving.register_keras_serializable('seqgan_tf')
class PrefixNetwork(keras.Model):
    """Reads a sequence and gives a number for each of its prefixes; a `PrefixValue`.

    `call` (whole sequences) and `step` (one token at a time) give the same numbers. What a number
    means is a matter of training: the reward to come, or the logit of being real. The network reads
    `start_id` first, as the generator does. So after the same tokens both LSTMs have read the same
    inputs, and one can take over the weights of the other.

    Args:
        vocab_size: V, at least 2.
        embedding_dim, hidden_dim: E and H.
        start_id: the input before the first token.
        seed: of the initial weights, which are N(0, 0.1) as the generator's.

    Raises:
        ValueError: a size or an id is out of range.
    """

    def __init__(
        self,
        vocab_size: int,
        embedding_dim: int = 32,
        hidden_dim: int = 32,
        start_id: int = 0,
        seed: int = 0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        check_sizes(vocab_size, embedding_dim, hidden_dim)
        if not 0 <= start_id < vocab_size:
            raise ValueError(f'start_id must be in [0, {vocab_size}). Received: start_id={start_id}')
        self.vocab_size, self.embedding_dim, self.hidden_dim = vocab_size, embedding_dim, hidden_dim
        self.start_id, self.seed = start_id, seed

        stream = keras.random.SeedGenerator(seed)
        normal = lambda: keras.initializers.RandomNormal(stddev=0.1, seed=stream)
        self.embedding, self.lstm = reading_layers(vocab_size, embedding_dim, hidden_dim, normal, seed)
        self.head = keras.layers.Dense(1, kernel_initializer=normal(), bias_initializer=normal())
        self.embedding.build((None, None))
        self.lstm.build((None, None, embedding_dim))
        self.head.build((None, hidden_dim))
        self.built = True

    @property
    def variables(self) -> list[keras.Variable]:
        """Six arrays: embedding, LSTM kernel, recurrent kernel and bias, output kernel and bias."""
        return self.weights  # as for the generator

    def call(self, tokens: tf.Tensor) -> tf.Tensor:
        """The numbers [B, T] of tokens [B, T]: column t is that of tokens[:, :t + 1]."""
        inputs = tf.pad(tf.cast(tokens, tf.int32), [[0, 0], [1, 0]], constant_values=self.start_id)
        return self.head(self.lstm(self.embedding(inputs))[:, 1:])[..., 0]

    def initial_state(self, batch_size: int | tf.Tensor) -> State:
        """The state before any token, after `start_id`: (h, c), [B, H] each."""
        zeros = tf.zeros([batch_size, self.hidden_dim])
        return self._read(tf.fill([batch_size], self.start_id), (zeros, zeros))

    def step(self, tokens: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
        """Reads tokens [B]; returns the number [B] of the prefix that ends with them, and the state."""
        state = self._read(tokens, state)
        return self.head(state[0])[:, 0], state

    def take_over(self, generator: Generator) -> None:
        """Copies embedding and LSTM from a generator of the same sizes. The output layer stays."""
        for mine, other in ((self.embedding, generator.embedding), (self.lstm, generator.lstm)):
            mine.set_weights(other.get_weights())

    def _read(self, tokens, state):
        _, (hidden, cell) = self.lstm.cell(self.embedding(tokens), list(state))
        return hidden, cell

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor, for `keras.saving`."""
        return super().get_config() | {
            name: getattr(self, name) for name in ('vocab_size', 'embedding_dim', 'hidden_dim', 'start_id', 'seed')
        }

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Does nothing: the constructor makes the variables."""
