"""Variance and cost of the policy-gradient update with each way to the value of a token.

    python benchmarks/values.py --workdir=runs/poetry [--json=PATH]

The run in the workdir must have a trained discriminator. Its networks are held fixed. A value
network and a causal discriminator are trained on top, on as many negative sets as the discriminator
had in its pretraining. Then the gradient of each kind of value is taken on the same batches of
samples, without an update. Use a run without adversarial rounds: its state is the one where the
first update is made.
"""

import dataclasses
import json
import pathlib
import time

from absl import app, flags

from seqgan_tf.running.startup import load_tensorflow

load_tensorflow()

import numpy as np
import tensorflow as tf

from seqgan_tf import randomness
from seqgan_tf.algorithms.prefix_values import make_learner
from seqgan_tf.algorithms.registry import reward_of
from seqgan_tf.algorithms.seqgan import HELD_OUT_ROWS
from seqgan_tf.data.tasks import load_task
from seqgan_tf.policies.chunked import Sampler
from seqgan_tf.rewards.monte_carlo import make_reward, make_values
from seqgan_tf.running.trained import load
from seqgan_tf.training.baselines import BASELINES
from seqgan_tf.training.reinforce import PolicyGradientStep
from seqgan_tf.training.state import TrainState

flags.DEFINE_string('workdir', None, 'of the run', required=True)
flags.DEFINE_integer('batches', 50, 'K, the independent batches of samples', lower_bound=4)
flags.DEFINE_integer('batch_size', 0, 'sequences in a batch. 0: as in the run', lower_bound=0)
flags.DEFINE_list('num_rollouts', ['1', '8', '16'], 'numbers of roll-outs; the last one is compared with')
flags.DEFINE_enum('baseline', None, [*BASELINES], 'of the gradients; as in the run unless given')
flags.DEFINE_enum('value_start', 'random', ['random', 'generator'], 'the setting of that name')
flags.DEFINE_integer('seed', 0, 'of samples, shuffles and roll-outs', lower_bound=0)
flags.DEFINE_string('json', '', 'write the results here')
FLAGS = flags.FLAGS
NO_CLIPPING = 1e30


class Recorder(tf.Module):
    """Takes the place of an optimizer: it keeps the gradients and changes no weight."""

    def __init__(self, variables):
        super().__init__()
        self.kept = [tf.Variable(tf.zeros(v.shape)) for v in variables]

    def apply(self, gradients, variables):
        """Keeps the gradients."""
        for kept, gradient in zip(self.kept, gradients, strict=True):
            kept.assign(gradient)

    def vector(self):
        """The last gradient as one float64 vector."""
        return np.concatenate([kept.numpy().ravel() for kept in self.kept]).astype(np.float64)


def state_of(trained):
    """A state with all parts: the networks of a trained run, and untrained ones of each value."""
    state = TrainState(trained.config, trained.vocabulary)
    for mine, other in ((state.generator, trained.generator), (state.discriminator, trained.discriminator)):
        for variable, value in zip(mine.variables, other.variables, strict=True):
            variable.assign(value)
    state.update_rollout_policy(decay=0.0)
    return state


def train(state, corpus, config):
    """Trains the network of `config.value`; returns its held-out figures and CPU seconds."""
    reward_fn = make_reward(reward_of(config), state, corpus, config)
    learner, sampler = make_learner(state, config, reward_fn), Sampler(state.generator, corpus.sequence_length)
    real = tf.constant(corpus.train)
    count = min(config.negatives or len(corpus.train), len(corpus.train))
    validation, figures = tf.constant(corpus.validation[:HELD_OUT_ROWS]), {}
    started = time.process_time()
    for i in range(config.discriminator_rounds):
        negatives = sampler(count, _seed(1, 3 * i))
        order = randomness.permutation(len(corpus.train), _seed(1, 3 * i + 1))
        learner(tf.gather(real, order[:count]), negatives)
        figures = learner.held_out(validation, sampler(len(validation), _seed(1, 3 * i + 2)))
        if config.value == 'causal':
            state.causal_best.keep(figures['causal_held_out_loss'])
    seconds = time.process_time() - started
    if config.value == 'causal':
        state.causal_best.put_back()
        figures = learner.held_out(validation, sampler(len(validation), _seed(2, 0)))
    return {name: float(value) for name, value in figures.items()} | {'cpu_seconds': seconds}


def gradients(state, corpus, config):
    """The gradients [K, parameters] of K batches, the same for every config, and the CPU seconds of one.

    The seconds are those of samples, values and gradient, without the optimizer's update.
    """
    recorder = Recorder(state.generator.trainable_variables)
    values_fn = make_values(reward_of(config), state, corpus, config)
    step = PolicyGradientStep(
        state.generator,
        values_fn,
        recorder,
        NO_CLIPPING,
        config.policy_batch_size or config.batch_size,
        corpus.sequence_length,
        baseline=config.baseline,
        jit=config.jit,
    )
    step(_seed(3, FLAGS.batches))  # compiles
    found, seconds = [], 0.0
    for i in range(FLAGS.batches):
        started = time.process_time()
        tf.nest.map_structure(float, step(_seed(3, i)))
        seconds += time.process_time() - started
        found.append(recorder.vector())
    return np.array(found), seconds / FLAGS.batches


def figures_of(found, reference):
    """Variance, mean and direction of gradients [K, parameters].

    The squared norm of their mean is estimated without bias, so it can be negative. The cosines are
    those of one half's mean with the reference's mean over the other half, so that the two share no
    batch. The reference with itself says how much of a cosine below 1 is noise.
    """
    variance = found.var(axis=0, ddof=1).sum()
    squared_norm = (found.mean(axis=0) ** 2).sum() - variance / len(found)
    halves = [(found[::2], reference[1::2]), (found[1::2], reference[::2])]
    return {
        'variance': variance,
        'mean_squared_norm': squared_norm,
        'variance_over_mean_squared_norm': variance / squared_norm,
        'cosine': np.mean([_cosine(mine.mean(axis=0), other.mean(axis=0)) for mine, other in halves]),
    }


def _cosine(a, b):
    return a @ b / np.sqrt((a @ a) * (b @ b))


def _seed(stream, i):
    return randomness.fold_in([FLAGS.seed, stream], i)


def main(_):
    """Trains the two networks, takes the gradients, and prints the results as JSON."""
    trained = load(pathlib.Path(FLAGS.workdir))
    config = dataclasses.replace(
        trained.config,
        policy_batch_size=FLAGS.batch_size or trained.config.policy_batch_size,
        baseline=FLAGS.baseline or trained.config.baseline,
        value_start=FLAGS.value_start,
    )
    corpus, state = load_task(config).corpus, state_of(trained)
    learned = {value: dataclasses.replace(config, value=value) for value in ('network', 'causal')}
    training = {value: train(state, corpus, settings) for value, settings in learned.items()}
    searched = {f'rollouts_{n}': dataclasses.replace(config, num_rollouts=int(n)) for n in FLAGS.num_rollouts}
    kinds = searched | {'none': dataclasses.replace(config, num_rollouts=0)} | learned
    taken = {kind: gradients(state, corpus, settings) for kind, settings in kinds.items()}
    reference, _ = taken[f'rollouts_{FLAGS.num_rollouts[-1]}']
    results = {
        'seed': FLAGS.seed,
        'batches': FLAGS.batches,
        'batch_size': config.policy_batch_size or config.batch_size,
        'reward': reward_of(config),
        'baseline': config.baseline,
        'sets': config.discriminator_rounds,
        'value_start': config.value_start,
        'training': training,
        'update': {
            kind: figures_of(found, reference) | {'cpu_seconds': seconds} for kind, (found, seconds) in taken.items()
        },
    }
    text = json.dumps(results, indent=2)
    print(text)
    if FLAGS.json:
        pathlib.Path(FLAGS.json).write_text(text + '\n', encoding='utf-8')


if __name__ == '__main__':
    app.run(main)
