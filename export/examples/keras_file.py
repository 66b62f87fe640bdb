"""The trained generator as one `.keras` file, which `keras.saving.load_model` loads.

It can be trained further.

python export/examples/keras_file.py runs/poetry generator.keras
"""

import sys

import keras

import seqgan_tf  # after Keras, so that Keras knows its classes
from seqgan_tf.training.likelihood import MLEStep


def train_on(path, tokens, learning_rate=0.01):
    """Loads a generator, makes one maximum-likelihood update, and saves it again.

    The update is on tokens int32 [B, T]. Its metrics are returned.
    """
    generator = keras.saving.load_model(path)
    optimizer = keras.optimizers.Adam(learning_rate)
    optimizer.build(generator.trainable_variables)
    metrics = MLEStep(generator, optimizer, 5.0)(tokens)
    generator.save(path)
    return {name: float(value) for name, value in metrics.items()}


if __name__ == '__main__':
    seqgan_tf.load(sys.argv[1]).generator.save(sys.argv[2])
    print(keras.saving.load_model(sys.argv[2]).count_params(), 'numbers in', sys.argv[2])
