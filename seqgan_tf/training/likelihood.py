"""Compiled updates by maximum likelihood."""

import tensorflow as tf

from seqgan_tf import randomness
from seqgan_tf.policies import sampling
from seqgan_tf.policies.draws import draw
from seqgan_tf.policies.endless import Endless
from seqgan_tf.training import losses
from seqgan_tf.training.optimizers import apply_clipped


class MLEStep(tf.Module):
    """One maximum-likelihood update: the mean negative log-likelihood, clipped by global norm."""

    def __init__(self, generator, optimizer, clip_norm, jit='auto'):
        super().__init__()
        self.generator, self.optimizer, self.clip_norm = generator, optimizer, clip_norm
        self._step = tf.function(self._update, autograph=False, jit_compile=jit != 'off')

    def __call__(self, tokens, fed=None):
        """Updates on tokens [B, T]; returns {'nll', 'grad_norm'}, nats per token.

        `fed` [B, T], if given, is what the generator reads in place of the tokens that it is to predict.
        """
        return self._step(tokens, tokens if fed is None else fed)

    def _update(self, tokens, fed):
        mask = sampling.valid_mask(tokens, self.generator.end_id)
        with tf.GradientTape() as tape:
            nll = losses.token_nll(self.generator(fed), tokens)
            nll = tf.reduce_sum(nll * mask) / tf.reduce_sum(mask)
        norm = apply_clipped(
            self.optimizer, self.generator, tape.gradient(nll, self.generator.trainable_variables), self.clip_norm
        )
        return {'nll': nll, 'grad_norm': norm}


class ScheduledSamplingStep(tf.Module):
    """One update of scheduled sampling (Bengio et al., 2015): maximum likelihood of the true tokens, part of what is read being samples.

    At each position the generator reads the true token with probability `truth_rate`, else one that it draws itself there, having read
    what came before, samples and all. No gradient passes through a draw. (The released code draws one number when its graph is built,
    and so never feeds back a sample.)
    """

    def __init__(self, generator, optimizer, clip_norm, jit='auto'):
        super().__init__()
        self.policy = Endless(generator)  # a sample that ends early is read on
        self.likelihood = MLEStep(generator, optimizer, clip_norm, jit)
        self._feed = tf.function(self._mix, autograph=False, jit_compile=jit != 'off')
        self._step = tf.function(
            lambda tokens, *args: self.likelihood(tokens, self._feed(tokens, *args)), autograph=False
        )

    def __call__(self, tokens, truth_rate, seed):
        """Updates on tokens [B, T] with a float truth_rate in [0, 1] and a seed int [2]; returns {'nll', 'grad_norm'}."""
        return self._step(tokens, tf.constant(truth_rate, tf.float32), seed)

    def _mix(self, tokens, truth_rate, seed):
        coins, numbers = (
            tf.transpose(randomness.uniforms(tokens.shape, randomness.fold_in(seed, i))) for i in range(2)
        )
        true = tf.transpose(tf.cast(tokens, tf.int32))

        def choose(position, logits):
            drawn = draw(logits, numbers[position])
            return tf.where(coins[position] < truth_rate, true[position], drawn), tf.zeros_like(numbers[position])

        return tf.ensure_shape(sampling.unroll(self.policy, *tokens.shape, choose)[0], tokens.shape)
