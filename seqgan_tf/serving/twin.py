"""The generator of an exported model in NumPy: it has its weights from the SavedModel, and shares no code with the graph."""

import numpy as np
import tensorflow as tf


class Twin:
    """The generator of a SavedModel in NumPy, float64: embedding, LSTM and output layer, as Eq. 9, 10 and 18 to 20 of the paper have them.

    Args:
        path: of the SavedModel.
        end_id: the token that ends a shorter sequence, or None.
    """

    def __init__(self, path, end_id):
        arrays = tf.train.load_checkpoint(f'{path}/variables/variables')
        self.embedding, self.kernel, self.recurrent, self.bias, self.head, self.head_bias = (
            arrays.get_tensor(f'variables_/{i}/.ATTRIBUTES/VARIABLE_VALUE').astype(np.float64) for i in range(6)
        )
        self.end_id = end_id

    def steps(self, tokens):
        """Yields logits [B, V] and open rows bool [B] for each position of tokens [B, T]: what is after an end token is not open."""
        hidden = state = np.zeros([len(tokens), len(self.recurrent)])
        read, open_rows = np.zeros(len(tokens), int), np.ones(len(tokens), bool)
        for column in tokens.T:
            gates = self.embedding[read] @ self.kernel + hidden @ self.recurrent + self.bias
            admit, forget, candidate, emit = np.split(gates, 4, axis=1)
            state = _sigmoid(forget) * state + _sigmoid(admit) * np.tanh(candidate)
            hidden = _sigmoid(emit) * np.tanh(state)
            yield hidden @ self.head + self.head_bias, open_rows
            open_rows, read = open_rows & (column != self.end_id), column

    def log_prob(self, tokens: np.ndarray) -> np.ndarray:
        """log p [B] of tokens [B, T], the first end token included."""
        total = np.zeros(len(tokens))
        for column, (logits, open_rows) in zip(tokens.T, self.steps(tokens)):
            peak = logits.max(axis=1)
            step = logits[np.arange(len(tokens)), column] - peak - np.log(np.exp(logits - peak[:, None]).sum(axis=1))
            total += np.where(open_rows, step, 0.0)
        return total


def _sigmoid(values):
    return 1 / (1 + np.exp(-values))
