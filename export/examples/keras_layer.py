"""An exported model as a Keras layer.

The example is a model that maps texts to the discriminator's probability of being real.

The model needs a trained discriminator: it is what gives `prob_real`.

python export/examples/keras_layer.py exports/poetry/1 'a text' 'another'
"""

import sys

import keras
import tensorflow as tf


class RealText(keras.Model):
    """Texts string [B] -> probability [B] of being real; 0 for a text that the model refuses."""

    def __init__(self, path):
        super().__init__()
        self.score = keras.layers.TFSMLayer(path, call_endpoint='score')

    def call(self, texts):
        return self.score(texts)['prob_real']


if __name__ == '__main__':
    try:
        probabilities = RealText(sys.argv[1])(tf.constant(sys.argv[2:])).numpy()
    except KeyError:
        sys.exit('error: the model must have a trained discriminator. Received: an export without prob_real')
    for text, probability in zip(sys.argv[2:], probabilities):
        print(f'{probability:.3f}\t{text}')
