"""The LSTM (Eq. 9, 10, 18-20): one class serves as generator, roll-out policy and oracle."""

from typing import Any

import keras
import tensorflow as tf

from seqgan_tf import randomness
from seqgan_tf.models.recurrent import check_sizes, lstm_layer, reading_layers

State = tuple[tf.Tensor, ...]  # h and c of each layer in turn, [B, H] each


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
        layers: LSTMs of width H, each of which reads the one before it (released code: 1).
        dropout: share dropped of the input of each LSTM and of the last one's output, where `call`
            has a seed (Zaremba et al. 2014, arXiv 1409.2329). In [0, 1); the released code has
            none.
        initializer_stddev: 0.1 for a generator, 1 for an oracle.
        start_id: the input before the first token. It is an ordinary token of the vocabulary, as in
            the released code.
        end_id: the token that ends a shorter sequence, or None where every sequence has full
            length.
        seed: of the initial weights.

    Raises:
        ValueError: a size, the dropout, the standard deviation, or an id is out of range.
    """

    def __init__(
        self,
        vocab_size: int,
        embedding_dim: int = 32,
        hidden_dim: int = 32,
        layers: int = 1,
        dropout: float = 0.0,
        initializer_stddev: float = 0.1,
        start_id: int = 0,
        end_id: int | None = None,
        seed: int = 0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        check_sizes(vocab_size, embedding_dim, hidden_dim)
        if layers < 1:
            raise ValueError(f'layers must be at least 1. Received: layers={layers}')
        if not 0 <= dropout < 1:
            raise ValueError(f'dropout must be in [0, 1). Received: dropout={dropout}')
        if not initializer_stddev > 0:
            raise ValueError(f'initializer_stddev must be above 0. Received: initializer_stddev={initializer_stddev}')
        for name, token in (('start_id', start_id), ('end_id', end_id)):
            if token is not None and not 0 <= token < vocab_size:
                raise ValueError(f'{name} must be in [0, {vocab_size}). Received: {name}={token}')
        self.vocab_size, self.embedding_dim, self.hidden_dim = vocab_size, embedding_dim, hidden_dim
        self.num_layers, self.dropout = layers, dropout
        self.initializer_stddev, self.start_id, self.end_id, self.seed = initializer_stddev, start_id, end_id, seed

        # All arrays share one stream. An integer seed would give equal values to equal shapes.
        stream = keras.random.SeedGenerator(seed)
        normal = lambda: keras.initializers.RandomNormal(stddev=initializer_stddev, seed=stream)
        self.embedding, self.lstm = reading_layers(vocab_size, embedding_dim, hidden_dim, normal, seed)
        if layers > 1:  # checkpoints of one layer have no such list
            self.upper_lstms = [lstm_layer(hidden_dim, normal, seed) for _ in range(layers - 1)]
        self.head = keras.layers.Dense(vocab_size, kernel_initializer=normal(), bias_initializer=normal())
        self.embedding.build((None, None))
        for lstm, width in zip(self.lstms, (embedding_dim, *[hidden_dim] * layers)):
            lstm.build((None, None, width))
        self.head.build((None, hidden_dim))
        self.built = True

    @property
    def lstms(self) -> list[keras.layers.LSTM]:
        """The LSTMs, from the one that reads the embedding to the one below the output layer."""
        return [self.lstm, *(self.upper_lstms if self.num_layers > 1 else ())]

    @property
    def variables(self) -> list[keras.Variable]:
        """Embedding; kernel, recurrent kernel and bias of each LSTM; output kernel and bias."""
        # Keras's own list has the states of the LSTMs' dropout seeds too, which nothing uses.
        layers = (self.embedding, *self.lstms, self.head)
        return [variable for layer in layers for variable in layer.weights]

    def call(self, tokens: tf.Tensor, dropout_seed: randomness.Seed | None = None) -> tf.Tensor:
        """Teacher-forced logits [B, T, V] for tokens [B, T].

        Position t sees `start_id` and the tokens before t. Dropout acts only where its seed, int
        [2], is given.
        """

        def dropped(values, place):
            if dropout_seed is None or not self.dropout:
                return values
            return randomness.dropped(values, self.dropout, randomness.fold_in(dropout_seed, place))

        values = self.embedding(self._inputs(tokens))
        for i, lstm in enumerate(self.lstms):
            values = lstm(dropped(values, i))
        return self.head(dropped(values, self.num_layers))

    def initial_state(self, batch_size: int | tf.Tensor) -> State:
        """The state before any token: h and c of each layer, zeros [B, H] each."""
        zeros = tf.zeros([batch_size, self.hidden_dim])
        return (zeros, zeros) * self.num_layers

    def step(self, tokens: tf.Tensor, state: State) -> tuple[tf.Tensor, State]:
        """Reads tokens [B]; returns the logits [B, V] of the next token and the new state."""
        output, states = self.embedding(tokens), []
        for lstm, hidden, cell in zip(self.lstms, state[::2], state[1::2]):
            output, new = lstm.cell(output, [hidden, cell])
            states += new
        return self.head(output), tuple(states)

    def _inputs(self, tokens):
        return tf.concat([tf.fill([tf.shape(tokens)[0], 1], self.start_id), tf.cast(tokens[:, :-1], tf.int32)], axis=1)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor, for `keras.saving`."""
        names = (
            'vocab_size',
            'embedding_dim',
            'hidden_dim',
            'dropout',
            'initializer_stddev',
            'start_id',
            'end_id',
            'seed',
        )
        return super().get_config() | {name: getattr(self, name) for name in names} | {'layers': self.num_layers}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Does nothing: the constructor makes the variables."""
