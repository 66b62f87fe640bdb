"""The pieces of the released code, LantaoYu/SeqGAN, in a clone of it; compare.py starts it.

The sources are read from the clone and run under `tf.compat.v1` in graph mode. Nothing of them is
here, and nothing is written there. `REPLACEMENTS` are all that TensorFlow 2 needs.
"""

import importlib.machinery
import importlib.util
import pathlib

import numpy as np
import problem
import tensorflow as tf
import worker
from recipe import SAMPLES

REPLACEMENTS = {
    'import tensorflow as tf': 'import tensorflow.compat.v1 as tf',
    'control_flow_ops.while_loop': 'tf.while_loop',  # it has moved
}


class Transformed(importlib.machinery.SourceFileLoader):
    """Loads a source with the replacements made in memory."""

    def get_data(self, path):
        data = super().get_data(path)
        for old, new in REPLACEMENTS.items():
            data = data.replace(old.encode(), new.encode())
        return data

    def path_stats(self, path):
        raise OSError('no compiled file is read or written')


def load(directory, name):
    """A module of the clone."""
    loader = Transformed(name, str(pathlib.Path(directory, name + '.py')))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


def main():
    """Answers compare.py."""
    parser = problem.parser(__doc__)
    parser.add_argument('--directory', required=True)
    arguments = parser.parse_args()
    batch, length, vocab = arguments.batch_size, arguments.sequence_length, arguments.vocab_size
    v1 = tf.compat.v1
    v1.disable_v2_behavior()
    generator = load(arguments.directory, 'generator').Generator(
        vocab, batch, problem.HIDDEN, problem.HIDDEN, length, start_token=0
    )
    windows, filters = map(list, zip(*problem.windows_for(length)))
    discriminator = load(arguments.directory, 'discriminator').Discriminator(
        length, 2, vocab, problem.EMBEDDING, windows, filters, problem.L2
    )
    rollout = load(arguments.directory, 'rollout').ROLLOUT(generator, 0.8)
    session = v1.Session()
    session.run(v1.global_variables_initializer())
    tokens = problem.tokens(batch, length, vocab)
    labels = np.eye(2)[np.arange(batch) % 2]

    def discriminator_step():
        feed = {
            discriminator.input_x: tokens,
            discriminator.input_y: labels,
            discriminator.dropout_keep_prob: 1 - problem.DROPOUT,
        }
        session.run(discriminator.train_op, feed)

    def action_values(sampled):
        return rollout.get_reward(session, sampled, arguments.num_rollouts, discriminator)

    def generator_step():
        sampled = generator.generate(session)
        feed = {generator.x: sampled, generator.rewards: action_values(sampled)}
        session.run(generator.g_updates, feed)

    batches = SAMPLES // batch  # its incomplete batch is left out
    worker.serve(
        {
            'mle_step': (lambda: generator.pretrain_step(session, tokens), 1),
            'discriminator_step': (discriminator_step, 1),
            'action_values': (lambda: action_values(tokens), 1),
            'generator_step': (generator_step, 1),
            'sample_10k': (lambda: [generator.generate(session) for _ in range(batches)], batches * batch / SAMPLES),
        },
        {'tensorflow': tf.__version__},
    )


if __name__ == '__main__':
    main()
