"""The time of one update of each algorithm.

    python benchmarks/baselines.py

The sizes are the released ones unless others are given.
"""

import functools
import statistics
import time

from absl import app, flags

from seqgan_tf.running.startup import load_tensorflow

load_tensorflow()

import keras
import tensorflow as tf

from seqgan_tf.models.discriminator import Discriminator
from seqgan_tf.models.generator import Generator
from seqgan_tf.models.oracle import make_oracle
from seqgan_tf.policies.chunked import Sampler
from seqgan_tf.rewards.bleu import BleuReward
from seqgan_tf.rewards.controls import constant_values, random_values
from seqgan_tf.rewards.rollout import action_values
from seqgan_tf.training.devices import compute_dtype, rollout_rows
from seqgan_tf.training.likelihood import MLEStep, ScheduledSamplingStep
from seqgan_tf.training.reinforce import PolicyGradientStep

flags.DEFINE_integer('repetitions', 5, 'updates after the first, which compiles', lower_bound=1)
flags.DEFINE_integer('batch_size', 64, 'B', lower_bound=1)
flags.DEFINE_integer('sequence_length', 20, 'T', lower_bound=2)
flags.DEFINE_integer('vocab_size', 5000, 'V', lower_bound=2)
flags.DEFINE_integer('num_rollouts', 16, 'N', lower_bound=1)
flags.DEFINE_integer('references', 10_000, 'training rows, all of them references of BLEU', lower_bound=1)
FLAGS = flags.FLAGS


def updates():
    """{algorithm: a function of a seed that makes one update}."""
    batch, length, vocab = FLAGS.batch_size, FLAGS.sequence_length, FLAGS.vocab_size
    generator, policy, discriminator = Generator(vocab), Generator(vocab, seed=1), Discriminator(vocab, length)
    adam = keras.optimizers.Adam(0.01)
    adam.build(generator.trainable_variables)
    rows = Sampler(make_oracle(0, vocab), length)(FLAGS.references, tf.constant([1, 2], tf.int64))
    tokens = rows[:batch]

    def search(reward_fn):
        return functools.partial(_search, policy, reward_fn, rollout_rows(vocab))

    values = {
        'seqgan': search(functools.partial(discriminator.prob_real, dtype=compute_dtype('auto'))),
        'pg_bleu': search(BleuReward(rows.numpy(), 3)),
        'constant': constant_values,
        'random': random_values,
    }
    mle, scheduled = MLEStep(generator, adam, 5.0), ScheduledSamplingStep(generator, adam, 5.0)
    return {'mle': lambda seed: mle(tokens), 'scheduled_sampling': lambda seed: scheduled(tokens, 0.5, seed)} | {
        name: PolicyGradientStep(generator, values_fn, adam, 5.0, batch, length) for name, values_fn in values.items()
    }


def _search(policy, reward_fn, chunk_rows, tokens, seed):
    return action_values(policy, reward_fn, tokens, FLAGS.num_rollouts, seed, chunk_rows=chunk_rows, jit_compile=True)


def main(_):
    """Prints the median seconds of an update."""
    for name, update in updates().items():
        times = []
        for i in range(FLAGS.repetitions + 1):
            start = time.perf_counter()
            tf.nest.map_structure(float, update(tf.constant([3, i], tf.int64)))
            times.append(time.perf_counter() - start)
        print(f'{name:20}{statistics.median(times[1:]):10.4f} s')


if __name__ == '__main__':
    app.run(main)
