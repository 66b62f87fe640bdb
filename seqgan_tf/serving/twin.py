"""The generator in NumPy, float64.

It checks exported graphs, and the networks in the tests. It shares no code with them.
"""

import pathlib
from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

State = list[tuple[np.ndarray, np.ndarray]]  # (hidden, cell) of each LSTM


class Twin:
    """Embedding, LSTMs and output layer (Eq. 9, 10 and 18 to 20 of the paper).

    Args:
        arrays: embedding; kernel, recurrent kernel and bias of each LSTM (gates in the order i, f,
            c, o); output kernel and bias.
        end_id: the token that ends a shorter sequence, or None.
        start_id: the input before the first token.
    """

    def __init__(self, arrays: Sequence[np.ndarray], end_id: int | None = None, start_id: int = 0):
        arrays = [np.asarray(array, np.float64) for array in arrays]
        self.embedding, *lstms, self.head, self.head_bias = arrays
        self.lstms = list(zip(lstms[::3], lstms[1::3], lstms[2::3], strict=True))
        self.end_id, self.start_id = end_id, start_id

    @classmethod
    def of_export(cls, path: str | pathlib.Path, end_id: int | None) -> 'Twin':
        """The twin of the generator in the SavedModel at a path."""
        stored = tf.train.load_checkpoint(f'{path}/variables/variables')
        name = 'session_variables/{}/.ATTRIBUTES/VARIABLE_VALUE'  # by the attribute of `Servable`
        if not stored.has_tensor(name.format(0)):
            name = 'variables_/{}/.ATTRIBUTES/VARIABLE_VALUE'  # its name in earlier exports
        arrays = [stored.get_tensor(name.format(i)) for i in range(3)]
        while arrays[-1].ndim == 2:  # a matrix follows the kernel of an LSTM, a vector the output kernel
            arrays += [stored.get_tensor(name.format(len(arrays) + i)) for i in range(3)]
        return cls(arrays, end_id)

    def initial_state(self, *batch: int) -> State:
        """The state before any token: (hidden, cell) of each LSTM, zeros [*batch, H] each."""
        zeros = [np.zeros([*batch, len(recurrent)]) for _, recurrent, _ in self.lstms]
        return list(zip(zeros, zeros))

    def step(self, tokens: np.ndarray | int, state: State) -> tuple[np.ndarray, State]:
        """Reads tokens [B] or one token; returns the next logits [B, V] or [V] and the state."""
        output, states = self.embedding[tokens], []
        for (kernel, recurrent, bias), (hidden, cell) in zip(self.lstms, state):
            admit, forget, candidate, emit = np.split(output @ kernel + hidden @ recurrent + bias, 4, axis=-1)
            cell = _sigmoid(forget) * cell + _sigmoid(admit) * np.tanh(candidate)
            output = _sigmoid(emit) * np.tanh(cell)
            states.append((output, cell))
        return output @ self.head + self.head_bias, states

    def steps(self, tokens: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yields logits [B, V] and open rows bool [B] for each position of tokens [B, T].

        A row is open up to its first end token.
        """
        state = self.initial_state(len(tokens))
        read, open_rows = np.full(len(tokens), self.start_id), np.ones(len(tokens), bool)
        for column in tokens.T:
            logits, state = self.step(read, state)
            yield logits, open_rows
            open_rows, read = open_rows & (column != self.end_id), column

    def log_prob(self, tokens: np.ndarray) -> np.ndarray:
        """log p [B] of tokens [B, T], the first end token included."""
        total = np.zeros(len(tokens))
        for column, (logits, open_rows) in zip(tokens.T, self.steps(tokens)):
            total += np.where(open_rows, log_softmax(logits)[np.arange(len(tokens)), column], 0.0)
        return total


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Log-probabilities [B, V] of logits [B, V]."""
    below = logits - logits.max(axis=1, keepdims=True)
    return below - np.log(np.exp(below).sum(axis=1, keepdims=True))


def _sigmoid(values):
    return 1 / (1 + np.exp(-values))
