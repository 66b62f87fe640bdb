"""The pieces of seqgan_tf, by the functions of benchmarks/run.py and with its flags; compare.py starts it."""

import problem  # finds the modules of benchmarks/
import run
import worker
from absl import app, flags

# isort: split
import keras
import tensorflow as tf

from seqgan_tf import sample
from seqgan_tf.models.discriminator import Discriminator
from seqgan_tf.models.generator import Generator
from seqgan_tf.rewards.rollout import action_values
from seqgan_tf.training import losses
from seqgan_tf.training.discrimination import DiscriminatorEpoch
from seqgan_tf.training.likelihood import MLEStep
from seqgan_tf.training.optimizers import apply_clipped
from seqgan_tf.version import VERSION

FLAGS = flags.FLAGS


def generator_of(sharpness=1.0):
    """The generator with the weights that all implementations are given."""
    network = Generator(FLAGS.vocab_size)
    for variable, array in zip(network.variables, problem.generator_weights(FLAGS.vocab_size), strict=True):
        variable.assign(array)
    network.head.kernel.assign(sharpness * network.head.kernel)
    return network


def discriminator_of():
    """The discriminator with the weights that all implementations are given, without dropout."""
    network = Discriminator(FLAGS.vocab_size, FLAGS.sequence_length, dropout=0.0)
    weights = problem.discriminator_weights(FLAGS.vocab_size, FLAGS.sequence_length)
    network.embedding.embeddings.assign(weights['embedding'])
    network.feature_bias.assign(weights['feature_bias'])
    for layer, kernel in zip(network.convolutions, weights['convolutions'], strict=True):
        layer.kernel.assign(kernel)
    for layer, name in ((network.transform_gate, 'gate'), (network.transform, 'transform'), (network.head, 'head')):
        layer.kernel.assign(weights[name][0])
        layer.bias.assign(weights[name][1])
    return network


def adam(network, rate):
    """The optimizer of the facts."""
    optimizer = keras.optimizers.Adam(rate, epsilon=problem.EPSILON)
    optimizer.build(network.trainable_variables)
    return optimizer


def facts():
    """The numbers that every twin must have too."""
    batch, length, vocab = FLAGS.batch_size, FLAGS.sequence_length, FLAGS.vocab_size
    tokens = tf.constant(problem.tokens(batch, length, vocab), tf.int32)
    values = tf.constant(problem.values(batch, length))
    generator, other, discriminator = generator_of(), generator_of(), discriminator_of()
    sharp, law = generator_of(problem.SHARP), generator_of(problem.PEAKED)
    sampled = sample(law, problem.FACT_SAMPLES, length, (1, 2))
    measured = {
        'nll': losses.token_nll(generator(tokens), tokens).numpy().tolist(),
        'logit': discriminator(tokens).numpy().tolist(),
        'action_values': action_values(sharp, discriminator.prob_real, tokens, 3, (3, 4)).numpy().tolist(),
        'nll_of_samples': float(tf.reduce_mean(losses.token_nll(law(sampled), sampled))),
    }
    mle = MLEStep(generator, adam(generator, problem.GENERATOR_RATE), problem.CLIP_NORM)
    policy_adam = adam(other, problem.GENERATOR_RATE)
    # A set of one batch: real rows have the label 1, as the odd rows of the twins have.
    epoch = DiscriminatorEpoch(discriminator, adam(discriminator, problem.DISCRIMINATOR_RATE), problem.L2, batch)

    def policy_update():
        with tf.GradientTape() as tape:
            loss = losses.policy_gradient_loss(other(tokens), tokens, values)
        apply_clipped(policy_adam, other, tape.gradient(loss, other.trainable_variables), problem.CLIP_NORM)
        return loss

    return measured | {
        'mle_losses': [float(mle(tokens)['nll']) for _ in range(3)],
        'policy_losses': [float(policy_update()) for _ in range(3)],
        'discriminator_losses': [float(epoch(tokens[1::2], tokens[::2], (5, i))['d_loss']) for i in range(3)],
    }


def main(_):
    """Answers compare.py."""
    calls, _, _ = run.calls_of(FLAGS.batch_size, FLAGS.sequence_length, FLAGS.vocab_size, FLAGS.num_rollouts)
    units = {'discriminator_step': run.EPOCH_BATCHES}
    worker.serve(
        {piece: (lambda call=call: run.wait_for(call()), units.get(piece, 1)) for piece, call in calls.items()},
        {'seqgan_tf': VERSION, 'tensorflow': tf.__version__, 'keras': keras.__version__},
        facts,
    )


if __name__ == '__main__':
    app.run(main)
