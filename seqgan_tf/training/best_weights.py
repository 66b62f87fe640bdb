"""The weights of a network at its lowest held-out loss."""

import keras
import tensorflow as tf


class BestWeights(tf.Module):
    """Keeps the weights that were best on held-out rows; a checkpoint holds them.

    Args:
        network: the network. It is kept as it is until the first call of `keep`.
    """

    def __init__(self, network: keras.Model):
        super().__init__()
        self.network = network
        self.loss = tf.Variable(float('inf'), name='best_loss')
        self.weights = [tf.Variable(v.value, name='best') for v in network.variables]

    def keep(self, loss: float) -> None:
        """Keeps the present weights if their held-out loss is the lowest so far."""
        if loss < self.loss:
            self.loss.assign(loss)
            for kept, variable in zip(self.weights, self.network.variables):
                kept.assign(variable)

    def put_back(self) -> None:
        """Gives the network its best weights again."""
        for variable, kept in zip(self.network.variables, self.weights):
            variable.assign(kept)
