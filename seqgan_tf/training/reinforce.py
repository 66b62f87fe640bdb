"""Compiled updates. Each is built once for its networks, traces once, and returns a dict of scalars.

`jit` is 'auto', 'on' or 'off'. 'auto' compiles by XLA what was measured to win on a CPU: sampling, the LSTM, the roll-outs and the
optimizers, and not the convolutions. 'on' compiles each whole step.
"""

import types

import tensorflow as tf

from seqgan_tf.training import losses
from seqgan_tf import randomness
from seqgan_tf.policies import sampling

BASELINES = ('none', 'ewma', 'per_step')
EWMA_DECAY = 0.08  # weight of the newest batch (ScratchGAN)


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
        # The same policy without an end: what follows a drawn end token is read on.
        self.policy = types.SimpleNamespace(
            initial_state=generator.initial_state, step=generator.step, start_id=generator.start_id
        )
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
            drawn = sampling.draw(logits, numbers[position])
            return tf.where(coins[position] < truth_rate, true[position], drawn), tf.zeros_like(numbers[position])

        return tf.ensure_shape(sampling.unroll(self.policy, *tokens.shape, choose)[0], tokens.shape)


class PolicyGradientStep(tf.Module):
    """One REINFORCE update (Algorithm 1, lines 6 to 10): samples, roll-outs, rewards and update in one compiled call.

    Args:
        generator: G_theta, updated.
        values_fn: (tokens [B, T], seed [2]) -> Q [B, T]: the Monte-Carlo search, or a control's values.
        batch_size, sequence_length: B, T.
        baseline: 'none'; 'per_step': the mean of the batch at each position is taken from the action values; or 'ewma': a running mean of
            those of all updates before, which leaves the gradient's mean as it is.
        running_mean: for 'ewma', a variable [2]: the decayed sum of the batches' means, and of their weights.
    """

    def __init__(
        self,
        generator,
        values_fn,
        optimizer,
        clip_norm,
        batch_size,
        sequence_length,
        *,
        baseline='none',
        running_mean=None,
        jit='auto',
    ):
        super().__init__()
        if baseline not in BASELINES:
            raise ValueError(f'baseline must be one of {", ".join(BASELINES)}. Received: baseline={baseline}')
        if (baseline == 'ewma') != (running_mean is not None):
            raise ValueError(
                f'running_mean goes with baseline=ewma. Received: baseline={baseline}, running_mean={running_mean}'
            )
        self.generator, self.values_fn, self.optimizer, self.clip_norm = generator, values_fn, optimizer, clip_norm
        self.shape, self.baseline, self.running_mean = (batch_size, sequence_length), baseline, running_mean
        self._sample = tf.function(self._draw, autograph=False, jit_compile=jit == 'auto')
        self._apply = tf.function(self._update, autograph=False, jit_compile=jit == 'auto')
        self._step = tf.function(self._whole, autograph=False, jit_compile=jit == 'on')

    def __call__(self, seed):
        """Updates once; seed int [2]. Returns {'pg_loss', 'reward', 'grad_norm', 'entropy'}: reward is the mean of the finished
        sequences, entropy that of the next-token distribution, nats."""
        return self._step(seed)

    def _whole(self, seed):
        tokens = self._sample(randomness.fold_in(seed, 0))
        values = self.values_fn(tokens, randomness.fold_in(seed, 1))
        return self._apply(tokens, values) | {'reward': tf.reduce_mean(values[:, -1])}

    def _draw(self, seed):
        return tf.ensure_shape(sampling.sample(self.generator, *self.shape, seed), self.shape)

    def _update(self, tokens, values):
        mask = sampling.valid_mask(tokens, self.generator.end_id)
        values -= self._expected(values, mask)
        with tf.GradientTape() as tape:
            logits = self.generator(tokens)
            loss = losses.policy_gradient_loss(logits, tokens, values, mask)
        norm = apply_clipped(
            self.optimizer, self.generator, tape.gradient(loss, self.generator.trainable_variables), self.clip_norm
        )
        log_p = tf.nn.log_softmax(logits)
        entropy = tf.reduce_sum(-tf.reduce_sum(tf.exp(log_p) * log_p, axis=-1) * mask) / tf.reduce_sum(mask)
        return {'pg_loss': loss, 'grad_norm': norm, 'entropy': entropy}

    def _expected(self, values, mask):
        """The baseline: a scalar, or [T]."""
        if self.baseline == 'per_step':
            return tf.math.divide_no_nan(tf.reduce_sum(values * mask, axis=0), tf.reduce_sum(mask, axis=0))
        if self.baseline == 'ewma':
            total, weight = tf.unstack(self.running_mean)
            mean = tf.reduce_sum(values * mask) / tf.reduce_sum(mask)
            self.running_mean.assign((1.0 - EWMA_DECAY) * self.running_mean + EWMA_DECAY * tf.stack([mean, 1.0]))
            return tf.math.divide_no_nan(total, weight)
        return 0.0


class DiscriminatorEpoch(tf.Module):
    """One epoch of the discriminator over as many real as generated sequences, all its batches in one compiled call."""

    def __init__(self, discriminator, optimizer, l2, batch_size, jit='auto'):
        super().__init__()
        self.discriminator, self.optimizer, self.l2, self.batch_size = discriminator, optimizer, l2, batch_size
        self._apply = tf.function(self._update, autograph=False, jit_compile=jit == 'auto')
        self._epoch = tf.function(self._whole, autograph=False, jit_compile=jit == 'on')
        self._score = tf.function(self._measure, autograph=False, jit_compile=jit == 'on')

    def __call__(self, positives, negatives, seed):
        """Trains on positives [M, T] and negatives [M, T], shuffled by the seed; the last incomplete batch is left out.

        Returns {'d_loss', 'd_accuracy'}, means over the batches before each update (dropout on).
        """
        return self._epoch(positives, negatives, seed)

    def score(self, positives, negatives):
        """{'d_held_out_loss', 'd_held_out_accuracy'} on rows that it was not trained on, dropout off."""
        return self._score(positives, negatives)

    def _whole(self, positives, negatives, seed):
        rows, labels = _labelled(positives, negatives)
        count = rows.shape[0] // self.batch_size
        if count < 1:
            raise ValueError(
                f'positives and negatives must fill a batch of {self.batch_size}. Received: {rows.shape[0]} rows'
            )
        # A sort of distinct random keys is a shuffle whose result is one in eager, graph and XLA execution.
        order = tf.argsort(randomness.uniforms([rows.shape[0]], randomness.fold_in(seed, 0)), stable=True)

        def train_batch(i, total):
            batch = tf.slice(order, [i * self.batch_size], [self.batch_size])
            step = self._train(tf.gather(rows, batch), tf.gather(labels, batch), randomness.fold_in(seed, i + 1))
            return i + 1, tf.nest.map_structure(tf.add, total, step)

        zero = {'d_loss': tf.constant(0.0), 'd_accuracy': tf.constant(0.0)}
        _, total = tf.while_loop(lambda i, _: i < count, train_batch, (0, zero), parallel_iterations=1)
        return {name: value / count for name, value in total.items()}

    def _train(self, tokens, labels, seed):
        variables = self.discriminator.trainable_variables
        with tf.GradientTape() as tape:
            logits = self.discriminator(tokens, dropout_seed=seed)
            loss = losses.discriminator_loss(logits, labels)
            penalized = loss + self.l2 * self.discriminator.l2_penalty()
        self._apply([tf.convert_to_tensor(g) for g in tape.gradient(penalized, variables)])
        return {'d_loss': loss, 'd_accuracy': _accuracy(logits, labels)}

    def _update(self, gradients):
        self.optimizer.apply(gradients, self.discriminator.trainable_variables)

    def _measure(self, positives, negatives):
        rows, labels = _labelled(positives, negatives)
        logits = self.discriminator(rows)
        return {
            'd_held_out_loss': losses.discriminator_loss(logits, labels),
            'd_held_out_accuracy': _accuracy(logits, labels),
        }


def apply_clipped(optimizer, network, gradients, clip_norm):
    """Applies gradients clipped to a global norm; returns the norm before.

    The embedding's sparse gradient is summed first, so the norm is the true one. (The released code's norm counts a repeated token's
    parts apart.)
    """
    gradients, norm = tf.clip_by_global_norm([tf.convert_to_tensor(g) for g in gradients], clip_norm)
    optimizer.apply(gradients, network.trainable_variables)
    return norm


def _labelled(positives, negatives):
    labels = tf.concat([tf.ones(tf.shape(positives)[:1]), tf.zeros(tf.shape(negatives)[:1])], axis=0)
    return tf.concat([positives, negatives], axis=0), labels


def _accuracy(logits, labels):
    return tf.reduce_mean(tf.cast((logits > 0) == (labels > 0.5), tf.float32))
