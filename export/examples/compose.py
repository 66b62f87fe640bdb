"""An exported model inside another `tf.function`: it draws many texts and keeps the most real one.

The model needs a trained discriminator: it is what gives `prob_real`.

python export/examples/compose.py exports/poetry/1
"""

import sys

import tensorflow as tf


def best_of(model, count):
    """A `tf.function` of the first seed (int64) that draws `count` texts and returns one of them.

    It returns the text with the highest probability of being real, by the discriminator.
    """

    @tf.function
    def best(first_seed):
        drawn = model.signatures['sample'](
            seed=first_seed + tf.range(count, dtype=tf.int64), temperature=tf.ones([count])
        )
        return drawn['text'][tf.argmax(model.signatures['score'](text=drawn['text'])['prob_real'])]

    return best


if __name__ == '__main__':
    loaded = tf.saved_model.load(sys.argv[1])  # keeps the variables of `best_of`'s function alive
    print(best_of(loaded, 64)(tf.constant(0, tf.int64)).numpy().decode())
