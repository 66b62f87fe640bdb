"""The weights of a network at its lowest held-out loss."""

import keras
import tensorflow as tf


class BestWeights(tf.Module):
    """Keeps the weights that were best on held-out rows; a checkpoint holds them.

    The random state of a network's layers is no weight, so it goes on. So do the moments of its
    optimizer.

    Args:
        network: the network. It is kept as it is until the first call of `keep`.
        *others: variables that are kept with its weights.
    """

    def __init__(self, network: keras.Model, *others: tf.Variable):
        super().__init__()
        self.network = network
        self.loss = tf.Variable(float('inf'), name='best_loss')
        self._variables = lambda: [*network.weights, *others]
        self.weights = [tf.Variable(tf.convert_to_tensor(v), name='best') for v in self._variables()]

    def keep(self, loss: float | tf.Tensor) -> bool:
        """Keeps the present weights if their held-out loss is the lowest so far; returns whether it is."""
        lowest = bool(loss < self.loss)
        if lowest:
            self.loss.assign(loss)
            for kept, variable in zip(self.weights, self._variables(), strict=True):
                kept.assign(variable)
        return lowest

    def put_back(self) -> None:
        """Gives the network its best weights again."""
        for variable, kept in zip(self._variables(), self.weights, strict=True):
            variable.assign(kept)
