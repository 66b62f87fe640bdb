"""An exported model inside another tf.function: draws many texts and keeps the one that looks most real.

The model needs a trained discriminator: it is what gives `prob_real`.

python export/examples/compose.py exports/poetry/1
"""

import sys

import tensorflow as tf


def best_of(model, count):
    """A tf.function of the first seed (int64): the text, of `count` drawn ones, that the discriminator finds most real."""

    @tf.function
    def best(first_seed):
        drawn = model.signatures['sample'](
            seed=first_seed + tf.range(count, dtype=tf.int64), temperature=tf.ones([count])
        )
        return drawn['text'][tf.argmax(model.signatures['score'](text=drawn['text'])['prob_real'])]

    return best


if __name__ == '__main__':
    loaded = tf.saved_model.load(sys.argv[1])  # must live as long as what is made of it: it holds the variables
    print(best_of(loaded, 64)(tf.constant(0, tf.int64)).numpy().decode())
