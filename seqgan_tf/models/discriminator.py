"""The CNN-highway discriminator (Eq. 11, 12, 23-26)."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from seqgan_tf import randomness

# (window, filters): Table 5 of the paper.
SHORT_WINDOWS = ((1, 100), (2, 200), (3, 200), (4, 200), (5, 200), (6, 100), (7, 100), (8, 100), (9, 100), (10, 100))
WINDOWS_20 = (*SHORT_WINDOWS, (15, 160), (20, 160))
WINDOWS_32 = (*SHORT_WINDOWS, (16, 160), (24, 160), (32, 160))


def windows_for(sequence_length: int) -> tuple[tuple[int, int], ...]:
    """The (window, filters) pairs for a sequence length T.

    The paper has one table for T = 20 and one for T = 32. The table for 32 serves T >= 32, and the
    table for 20 serves any smaller T. Windows longer than T are left out.
    """
    table = WINDOWS_32 if sequence_length >= 32 else WINDOWS_20
    return tuple((window, filters) for window, filters in table if window <= sequence_length)


@keras.saving.register_keras_serializable('seqgan_tf')
class Discriminator(keras.Model):
    """Tells real sequences from generated ones; its probability of real is SeqGAN's reward.

    The layers are an embedding, convolutions of several window sizes with ReLU and the maximum over
    time, one highway layer, dropout, and an output layer. The output layer has two units under a
    softmax, as in the released code. Their difference is the logit, so `sigmoid(logit)` is the
    probability of real. (The paper's Eq. 25 has one sigmoid unit.)

    Args:
        vocab_size: V, at least 2.
        sequence_length: T, at least 2.
        embedding_dim: 64 in the released code, values from U(-1, 1).
        windows: (window, filters) pairs; None for `windows_for(sequence_length)`.
        dropout: share dropped after the highway in training, in [0, 1). The released code drops
            0.25 and keeps 0.75.
        seed: of the initial weights.

    Raises:
        ValueError: a size or the dropout is out of range, or a window is longer than T.
    """

    def __init__(
        self,
        vocab_size: int,
        sequence_length: int,
        embedding_dim: int = 64,
        windows: Sequence[Sequence[int]] | None = None,
        dropout: float = 0.25,
        seed: int = 0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if sequence_length < 2:
            raise ValueError(f'sequence_length must be at least 2. Received: sequence_length={sequence_length}')
        if vocab_size < 2:
            raise ValueError(f'vocab_size must be at least 2. Received: vocab_size={vocab_size}')
        if not 0 <= dropout < 1:
            raise ValueError(f'dropout must be in [0, 1). Received: dropout={dropout}')
        windows = tuple(map(tuple, windows)) if windows else windows_for(sequence_length)
        too_long = [window for window, _ in windows if window > sequence_length]
        if too_long:
            raise ValueError(f'a window must fit into sequence_length={sequence_length}. Received: windows {too_long}')
        self.vocab_size, self.sequence_length, self.embedding_dim = vocab_size, sequence_length, embedding_dim
        self.windows, self.dropout, self.seed = windows, dropout, seed

        stream = keras.random.SeedGenerator(seed)
        truncated = lambda: keras.initializers.TruncatedNormal(stddev=0.1, seed=stream)
        glorot = lambda: keras.initializers.GlorotUniform(seed=stream)
        width = sum(filters for _, filters in windows)
        self.embedding = keras.layers.Embedding(
            vocab_size, embedding_dim, embeddings_initializer=keras.initializers.RandomUniform(-1.0, 1.0, seed=stream)
        )
        self.convolutions = [
            keras.layers.Conv1D(filters, window, use_bias=False, kernel_initializer=truncated())
            for window, filters in windows
        ]
        # Bias and ReLU are increasing, so they commute with the maximum over time. They are applied
        # once to each sequence instead of at each position.
        self.feature_bias = self.add_weight(
            shape=[width], initializer=keras.initializers.Constant(0.1), name='feature_bias'
        )
        # As in the released code, TensorFlow's default initializes the highway, its biases too.
        self.transform_gate = keras.layers.Dense(width, kernel_initializer=glorot(), bias_initializer=glorot())
        self.transform = keras.layers.Dense(width, kernel_initializer=glorot(), bias_initializer=glorot())
        self.head = keras.layers.Dense(
            2, kernel_initializer=truncated(), bias_initializer=keras.initializers.Constant(0.1)
        )
        self.embedding.build((None, None))
        for layer in self.convolutions:
            layer.build((None, sequence_length, embedding_dim))
        for layer in (self.transform_gate, self.transform, self.head):
            layer.build((None, width))
        self.built = True

    def call(
        self, tokens: tf.Tensor, dropout_seed: randomness.Seed | None = None, dtype: tf.DType = tf.float32
    ) -> tf.Tensor:
        """The logit [B] of being real for tokens [B, T].

        Dropout acts only where its seed, int [2], is given. The convolutions and the highway's
        matrix products are computed in `dtype`, and so are the gradients of their kernels.
        Everything else is float32, the logit too.
        """

        def matmul(x, layer):
            return tf.cast(tf.cast(x, dtype) @ _in_dtype(layer.kernel, dtype), tf.float32) + layer.bias

        def strongest(convolution):
            window, width, filters = convolution.kernel.shape
            kernel, places = _in_dtype(convolution.kernel, dtype), embedded.shape[1] - window + 1
            if places == 1:  # a matrix product is three times as fast as this convolution
                return tf.reshape(embedded, [-1, window * width]) @ tf.reshape(kernel, [-1, filters])
            windows = tf.nn.conv1d(embedded, kernel, stride=1, padding='VALID')
            return tf.nn.max_pool1d(windows, places, 1, 'VALID')[:, 0]  # faster than reduce_max

        embedded = tf.gather(tf.cast(self.embedding.embeddings, dtype), tokens)
        features = tf.concat([strongest(convolution) for convolution in self.convolutions], axis=1)
        features = tf.nn.relu(tf.cast(features, tf.float32) + self.feature_bias)
        gate = tf.sigmoid(matmul(features, self.transform_gate))
        features = gate * tf.nn.relu(matmul(features, self.transform)) + (1.0 - gate) * features
        if dropout_seed is not None:
            features = randomness.dropped(features, self.dropout, dropout_seed)
        outputs = self.head(features)
        return outputs[:, 1] - outputs[:, 0]

    def prob_real(self, tokens: tf.Tensor, dtype: tf.DType = tf.float32) -> tf.Tensor:
        """SeqGAN's reward: the probability [B] that tokens [B, T] are real, with dropout off.

        `dtype` is as in `call`.
        """
        return tf.sigmoid(self(tokens, dtype=dtype))

    def l2_penalty(self) -> tf.Tensor:
        """Half the sum of squares of the output layer's weights and bias, a scalar.

        The released code penalizes only these.
        """
        kernel, bias = self.head.weights
        return tf.nn.l2_loss(kernel.value) + tf.nn.l2_loss(bias.value)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor, for `keras.saving`."""
        return super().get_config() | {
            name: getattr(self, name)
            for name in ('vocab_size', 'sequence_length', 'embedding_dim', 'windows', 'dropout', 'seed')
        }

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Does nothing: the constructor makes the variables."""


def _in_dtype(kernel: keras.Variable, dtype: tf.DType) -> tf.Tensor:
    """A kernel in another type, whose gradient stays in that type: a cast back is a pass over memory."""
    if dtype == tf.float32:
        return tf.convert_to_tensor(kernel)
    return tf.custom_gradient(lambda value: (tf.cast(value, dtype), lambda gradient: gradient))(
        tf.convert_to_tensor(kernel)
    )
