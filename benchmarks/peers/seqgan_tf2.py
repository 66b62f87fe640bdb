"""The pieces of us/seqgan-text-generation-tf2, in a clone of it; compare.py starts it.

Its Keras 2 is tf_keras. Its training runs through `fit` as there, here for `EPOCH_BATCHES` steps a
call, without the files and the progress bar between.
"""

import os
import sys

os.environ['TF_USE_LEGACY_KERAS'] = '1'  # before TensorFlow is loaded

import numpy as np
import problem
import tensorflow as tf
import tf_keras
import worker
from recipe import SAMPLES


def main():
    """Answers compare.py."""
    parser = problem.parser(__doc__)
    parser.add_argument('--directory', required=True)
    arguments = parser.parse_args()
    sys.path.insert(0, arguments.directory)
    from models.discriminator import Discriminator
    from models.generator import Generator
    from models.rollout import ROLLOUT

    batch, length, vocab = arguments.batch_size, arguments.sequence_length, arguments.vocab_size
    generator = Generator(vocab, batch, problem.HIDDEN, problem.HIDDEN, length)
    windows, filters = map(list, zip(*problem.windows_for(length)))
    discriminator = Discriminator(
        length, 2, vocab, problem.EMBEDDING, windows, filters, 1 - problem.DROPOUT, problem.L2
    )
    rollout = ROLLOUT(generator, 0.8)
    steps = problem.EPOCH_BATCHES
    rows = problem.tokens(steps * batch, length, vocab).astype(np.int32)
    sentences = tf.data.Dataset.from_tensor_slices(rows).batch(batch)
    labelled = tf.data.Dataset.from_tensor_slices((rows, np.eye(2)[np.arange(len(rows)) % 2])).batch(batch)
    tokens = tf.constant(rows[:batch])

    def action_values(sampled):
        return rollout.get_reward(sampled, arguments.num_rollouts, discriminator)

    def generator_step():
        sampled = generator.generate_one_batch()
        generator.train_step(sampled, action_values(sampled))

    batches = SAMPLES // batch  # its incomplete batch is left out
    samples = lambda: [generator.generate_one_batch().numpy() for _ in range(batches)]
    worker.serve(
        {
            'mle_step': (lambda: generator.pretrain(sentences, 1, steps), steps),
            'discriminator_step': (lambda: discriminator.train(labelled, 1, steps), steps),
            'action_values': (lambda: action_values(tokens), 1),
            'generator_step': (generator_step, 1),
            'sample_10k': (samples, batches * batch / SAMPLES),
        },
        {'tf_keras': tf_keras.__version__},
    )


if __name__ == '__main__':
    main()
