"""Compiled updates by maximum likelihood. `jit` is as in `training.reinforce`."""

import keras
import tensorflow as tf

from seqgan_tf import randomness
from seqgan_tf.models.generator import Generator
from seqgan_tf.policies import sampling
from seqgan_tf.policies.draws import draw
from seqgan_tf.policies.endless import Endless
from seqgan_tf.training import losses
from seqgan_tf.training.optimizers import apply_clipped, dense
from seqgan_tf.training.replicas import ONE, Replicas, rows_of, sum_of


class MLEStep(tf.Module):
    """One maximum-likelihood update.

    The loss is the mean negative log-likelihood. Its gradients are clipped to a global norm.
    `replicas` share the rows of a batch.
    """

    def __init__(
        self,
        generator: Generator,
        optimizer: keras.optimizers.Optimizer,
        clip_norm: float,
        jit: str = 'auto',
        replicas: Replicas = ONE,
    ):
        super().__init__()
        self.generator, self.optimizer, self.clip_norm = generator, optimizer, clip_norm
        self._gradients = replicas.compile_part(self._differentiate, jit != 'off')
        self._step = replicas.compile(lambda *batch: replicas.update(self._update, *batch), jit != 'off')

    def __call__(
        self, tokens: tf.Tensor, fed: tf.Tensor | None = None, dropout_seed: randomness.Seed | None = None
    ) -> dict[str, tf.Tensor]:
        """Updates on tokens [B, T]; returns {'nll', 'grad_norm'}, nats per token.

        The generator predicts `tokens`. It reads `fed` [B, T] where this is given, and `tokens`
        otherwise. Its dropout acts where the seed, int [2], is given.
        """
        return self._step(tokens, tokens if fed is None else fed, dropout_seed)

    def _update(self, tokens, fed, dropout_seed):
        mask = sampling.valid_mask(tokens, self.generator.end_id)
        weights = rows_of(mask), tf.reduce_sum(mask)
        gradients, nll = self._gradients(rows_of(tokens), rows_of(fed), *weights, dropout_seed)
        norm = apply_clipped(self.optimizer, self.generator, gradients, self.clip_norm)
        return {'nll': sum_of(nll), 'grad_norm': norm}

    def _differentiate(self, tokens, fed, mask, count, dropout_seed):
        """The gradients of a replica's part of the loss, and that part."""
        with tf.GradientTape() as tape:
            nll = losses.token_nll(self.generator(fed, dropout_seed=dropout_seed), tokens)
            nll = tf.reduce_sum(nll * mask) / count
        return dense(tape.gradient(nll, self.generator.trainable_variables)), nll


class ScheduledSamplingStep(tf.Module):
    """One update of scheduled sampling (Bengio et al., 2015).

    It maximizes the likelihood of the true tokens, but the generator reads its own samples at some
    positions. At each position it reads the true token with probability `truth_rate`. Otherwise it
    reads a token that it draws there, given all that it read before. No gradient passes through a
    draw. (The released code draws one number when its graph is built, so it never feeds back a
    sample.)
    """

    def __init__(
        self,
        generator: Generator,
        optimizer: keras.optimizers.Optimizer,
        clip_norm: float,
        jit: str = 'auto',
        replicas: Replicas = ONE,
    ):
        super().__init__()
        self.policy = Endless(generator)  # tokens are also drawn after a sampled end token
        self.likelihood = MLEStep(generator, optimizer, clip_norm, jit, replicas)
        self.replicas, self.jit_compile = replicas, jit != 'off'
        self._step = tf.function(
            lambda tokens, truth_rate, seed, dropout_seed=None: self.likelihood(
                tokens, self._feed(tokens, truth_rate, seed), dropout_seed
            ),
            autograph=False,
        )

    def __call__(
        self,
        tokens: tf.Tensor,
        truth_rate: float,
        seed: randomness.Seed,
        dropout_seed: randomness.Seed | None = None,
    ) -> dict[str, tf.Tensor]:
        """Updates on tokens [B, T]; returns {'nll', 'grad_norm'}, nats per token.

        Args:
            tokens: int32 [B, T].
            truth_rate: the probability of reading a true token, in [0, 1].
            seed: int [2].
            dropout_seed: int [2], where the generator's dropout is to act.
        """
        return self._step(tokens, tf.constant(truth_rate, tf.float32), seed, dropout_seed)

    def _feed(self, tokens, truth_rate, seed):
        def mix(_, tokens):
            return self._mix(tokens, truth_rate, seed)

        return self.replicas.over_rows(mix, tokens.shape[0], tokens, jit_compile=self.jit_compile)

    def _mix(self, tokens, truth_rate, seed):
        coins, numbers = (
            tf.transpose(randomness.uniforms(tokens.shape, randomness.fold_in(seed, i))) for i in range(2)
        )
        true = tf.transpose(tf.cast(tokens, tf.int32))

        def choose(position, logits):
            drawn = draw(logits, numbers[position])
            return tf.where(coins[position] < truth_rate, true[position], drawn), tf.zeros_like(numbers[position])

        return tf.ensure_shape(sampling.unroll(self.policy, *tokens.shape, choose)[0], tokens.shape)
