"""The layers that read tokens: an embedding and LSTMs, with the released code's initial values."""

from collections.abc import Callable

import keras


def reading_layers(
    vocab_size: int, embedding_dim: int, hidden_dim: int, normal: Callable[[], keras.Initializer], seed: int
) -> tuple[keras.layers.Embedding, keras.layers.LSTM]:
    """An embedding [V, E] and an LSTM of width H, not built yet.

    Args:
        vocab_size, embedding_dim, hidden_dim: V, E and H.
        normal, seed: as for `lstm_layer`.
    """
    embedding = keras.layers.Embedding(vocab_size, embedding_dim, embeddings_initializer=normal())
    return embedding, lstm_layer(hidden_dim, normal, seed)


def lstm_layer(hidden_dim: int, normal: Callable[[], keras.Initializer], seed: int) -> keras.layers.LSTM:
    """An LSTM of width H, not built yet.

    The forget bias is not set to one. No cuDNN, so that the LSTM can be stepped by its cell and be
    exported to a CPU.

    Args:
        hidden_dim: H.
        normal: makes the initializer of one array.
        seed: of Keras's own dropout in the LSTM, which nothing uses.
    """
    return keras.layers.LSTM(
        hidden_dim,
        return_sequences=True,
        kernel_initializer=normal(),
        recurrent_initializer=normal(),
        bias_initializer=normal(),
        unit_forget_bias=False,
        use_cudnn=False,
        seed=seed,
    )


def check_sizes(vocab_size: int, embedding_dim: int, hidden_dim: int) -> None:
    """Raises ValueError where V is below 2, or E or H below 1."""
    for name, size, least in (
        ('vocab_size', vocab_size, 2),
        ('embedding_dim', embedding_dim, 1),
        ('hidden_dim', hidden_dim, 1),
    ):
        if size < least:
            raise ValueError(f'{name} must be at least {least}. Received: {name}={size}')
