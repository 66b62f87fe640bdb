"""Compiled updates. Each is built once for its networks, traces once, and returns a dict of scalars.

`jit` is 'auto', 'on' or 'off'. 'auto' compiles by XLA what was measured to win on a CPU: sampling, the LSTM, the roll-outs and the
optimizers, and not the convolutions. 'on' compiles each whole step.
"""

import numpy as np
import tensorflow as tf

from seqgan_tf import losses, randomness, sampling
from seqgan_tf.devices import rollout_rows
from seqgan_tf.rollout import action_values

SAMPLE_ROWS = 512  # sequences drawn or scored side by side
BASELINES = ('none', 'per_step')


class MLEStep(tf.Module):
    """One maximum-likelihood update: the mean negative log-likelihood, clipped by global norm."""

    def __init__(self, generator, optimizer, clip_norm, jit='auto'):
        super().__init__()
        self.generator, self.optimizer, self.clip_norm = generator, optimizer, clip_norm
        self._step = tf.function(self._update, autograph=False, jit_compile=jit != 'off')

    def __call__(self, tokens):
        """Updates on tokens [B, T]; returns {'nll', 'grad_norm'}, nats per token."""
        return self._step(tokens)

    def _update(self, tokens):
        mask = sampling.valid_mask(tokens, self.generator.end_id)
        with tf.GradientTape() as tape:
            nll = losses.token_nll(self.generator(tokens), tokens)
            nll = tf.reduce_sum(nll * mask) / tf.reduce_sum(mask)
        norm = apply_clipped(self.optimizer, self.generator, tape.gradient(nll, self.generator.trainable_variables), self.clip_norm)
        return {'nll': nll, 'grad_norm': norm}


class PolicyGradientStep(tf.Module):
    """One REINFORCE update (Algorithm 1, lines 6 to 10): samples, roll-outs, rewards and update in one compiled call.

    Args:
        generator: G_theta, updated.
        rollout_policy: G_beta, finishes the sequences.
        reward_fn: tokens [B, T] -> [B].
        batch_size, sequence_length, num_rollouts: B, T, N.
        baseline: 'none', or 'per_step': the mean of the batch at each position is taken from the action values.
        chunk_rows: roll-outs that run side by side; 0 for `rollout_rows` of the vocabulary.
    """

    def __init__(self, generator, rollout_policy, reward_fn, optimizer, clip_norm, batch_size, sequence_length, num_rollouts, *,
                 baseline='none', chunk_rows=0, jit='auto'):
        super().__init__()
        if baseline not in BASELINES:
            raise ValueError(f'baseline must be one of {", ".join(BASELINES)}. Received: baseline={baseline}')
        self.generator, self.rollout_policy, self.reward_fn = generator, rollout_policy, reward_fn
        self.optimizer, self.clip_norm, self.num_rollouts = optimizer, clip_norm, num_rollouts
        self.shape, self.baseline = (batch_size, sequence_length), baseline
        self.chunk_rows = chunk_rows or rollout_rows(generator.vocab_size)
        self.jit_parts = jit == 'auto'
        self._sample = tf.function(self._draw, autograph=False, jit_compile=self.jit_parts)
        self._apply = tf.function(self._update, autograph=False, jit_compile=self.jit_parts)
        self._step = tf.function(self._whole, autograph=False, jit_compile=jit == 'on')

    def __call__(self, seed):
        """Updates once; seed int [2]. Returns {'pg_loss', 'reward', 'grad_norm', 'entropy'}: reward is the mean of the finished
        sequences, entropy that of the next-token distribution, nats."""
        return self._step(seed)

    def _whole(self, seed):
        tokens = self._sample(randomness.fold_in(seed, 0))
        values = action_values(self.rollout_policy, self.reward_fn, tokens, self.num_rollouts, randomness.fold_in(seed, 1),
                               chunk_rows=self.chunk_rows, jit_compile=self.jit_parts)
        return self._apply(tokens, values) | {'reward': tf.reduce_mean(values[:, -1])}

    def _draw(self, seed):
        return tf.ensure_shape(sampling.sample(self.generator, *self.shape, seed), self.shape)

    def _update(self, tokens, values):
        mask = sampling.valid_mask(tokens, self.generator.end_id)
        if self.baseline == 'per_step':
            values -= tf.math.divide_no_nan(tf.reduce_sum(values * mask, axis=0), tf.reduce_sum(mask, axis=0))
        with tf.GradientTape() as tape:
            logits = self.generator(tokens)
            loss = losses.policy_gradient_loss(logits, tokens, values, mask)
        norm = apply_clipped(self.optimizer, self.generator, tape.gradient(loss, self.generator.trainable_variables), self.clip_norm)
        log_p = tf.nn.log_softmax(logits)
        entropy = tf.reduce_sum(-tf.reduce_sum(tf.exp(log_p) * log_p, axis=-1) * mask) / tf.reduce_sum(mask)
        return {'pg_loss': loss, 'grad_norm': norm, 'entropy': entropy}


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
            raise ValueError(f'positives and negatives must fill a batch of {self.batch_size}. Received: {rows.shape[0]} rows')
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
        return {'d_held_out_loss': losses.discriminator_loss(logits, labels), 'd_held_out_accuracy': _accuracy(logits, labels)}


class Sampler(tf.Module):
    """Draws any number of sequences from a policy in compiled chunks."""

    def __init__(self, policy, sequence_length, temperature=1.0, jit='auto'):
        super().__init__()
        self._chunk = tf.function(lambda seed: sampling.sample(policy, SAMPLE_ROWS, sequence_length, seed, temperature=temperature),
                                  autograph=False, jit_compile=jit != 'off')

    def __call__(self, count, seed):
        """Tokens int32 [count, T]; seed int [2]. The first rows do not depend on how many follow."""
        chunks = [self._chunk(randomness.fold_in(seed, i)) for i in range(-(-count // SAMPLE_ROWS))]
        return tf.concat(chunks, axis=0)[:count]


class Scorer(tf.Module):
    """Log-probabilities of any number of sequences under a policy, in compiled chunks."""

    def __init__(self, policy, jit='auto'):
        super().__init__()
        self.end_id = getattr(policy, 'end_id', None)
        self._chunk = tf.function(lambda tokens: sampling.sequence_log_prob(policy, tokens), autograph=False, jit_compile=jit != 'off')

    def __call__(self, tokens):
        """log p [N] of tokens [N, T], nats, float32 NumPy."""
        tokens = np.asarray(tokens)
        padded = np.concatenate([tokens, np.repeat(tokens[-1:], -len(tokens) % SAMPLE_ROWS, axis=0)])
        chunks = [self._chunk(tf.constant(padded[i:i + SAMPLE_ROWS])).numpy() for i in range(0, len(padded), SAMPLE_ROWS)]
        return np.concatenate(chunks)[:len(tokens)]

    def nll(self, tokens):
        """Mean -log p over all tokens of all rows that count, nats per token."""
        counted = sampling.valid_mask(tf.constant(tokens), self.end_id).numpy().sum()
        return float(-self(tokens).astype(np.float64).sum() / counted)


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
