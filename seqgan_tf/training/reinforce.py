"""The compiled update by policy gradient.

Each compiled update of this wing is built once for its networks. It traces once, and returns a dict
of scalars. `jit` is 'auto', 'on' or 'off'. 'auto' compiles with XLA what was measured to be faster
on a CPU: sampling, the LSTM, the roll-outs and the optimizers, but not the convolutions. 'on'
compiles each whole step. 'off' compiles nothing.
"""

import functools

import keras
import tensorflow as tf

from seqgan_tf import randomness
from seqgan_tf.models.generator import Generator
from seqgan_tf.policies import sampling
from seqgan_tf.policies.policy import ValuesFunction
from seqgan_tf.training import losses
from seqgan_tf.training.baselines import BASELINES
from seqgan_tf.training.optimizers import apply_clipped, dense
from seqgan_tf.training.replicas import ONE, Replicas, rows_of, sum_of

EWMA_DECAY = 0.08  # weight of the newest batch (ScratchGAN)


class PolicyGradientStep(tf.Module):
    """One REINFORCE update (Algorithm 1, lines 6 to 10): samples, values and update in one call.

    Args:
        generator: G_theta, updated.
        values_fn: (tokens [B, T], seed [2]) -> Q [B, T], the Monte-Carlo search or a control.
        optimizer: the generator's optimizer.
        clip_norm: the global norm that the gradients are clipped to.
        batch_size, sequence_length: B, T.
        baseline: what is subtracted from the action values. 'none': nothing; 'per_step': the mean
            of the batch at each position; 'whitened': the mean of the batch, and the rest is divided
            by its standard deviation; 'ewma': a running mean over all earlier updates, which leaves
            the gradient's mean as it is.
        reference, kl_coef: a policy m, and the weight of KL(generator to m). kl_coef * log G/m of
            each sequence is subtracted from its reward (Jaques et al. 2017, arXiv 1611.02796,
            Eq. 9). None and 0 for no such term.
        running_mean: for 'ewma', a variable [2]: the decayed sums of the batches' means and of
            their weights. None otherwise.
        jit: see above.
        replicas: share the rows of a batch. `values_fn` sees whole batches.

    Raises:
        ValueError: an unknown baseline, a `running_mean` or a `reference` that is missing or has no
            use.
    """

    def __init__(
        self,
        generator: Generator,
        values_fn: ValuesFunction,
        optimizer: keras.optimizers.Optimizer,
        clip_norm: float,
        batch_size: int,
        sequence_length: int,
        *,
        baseline: str = 'none',
        reference: Generator | None = None,
        kl_coef: float = 0.0,
        running_mean: tf.Variable | None = None,
        jit: str = 'auto',
        replicas: Replicas = ONE,
    ):
        super().__init__()
        if baseline not in BASELINES:
            raise ValueError(f'baseline must be one of {", ".join(BASELINES)}. Received: baseline={baseline}')
        if (baseline == 'ewma') != (running_mean is not None):
            raise ValueError(
                f'running_mean goes with baseline=ewma. Received: baseline={baseline}, running_mean={running_mean}'
            )
        if (kl_coef > 0) != (reference is not None):
            raise ValueError(
                f'a reference goes with kl_coef above 0. Received: kl_coef={kl_coef}, reference={reference}'
            )
        self.generator, self.values_fn, self.optimizer, self.clip_norm = generator, values_fn, optimizer, clip_norm
        self.reference, self.kl_coef = reference, kl_coef
        self.shape, self.baseline, self.running_mean = (batch_size, sequence_length), baseline, running_mean
        self.replicas, self.jit_compile = replicas, jit != 'off'
        self._gradients = replicas.compile_part(self._differentiate, self.jit_compile)
        self._log_ratio = replicas.compile_part(functools.partial(_log_ratio, generator, reference), self.jit_compile)
        self._apply = replicas.compile(self._update, jit == 'auto')
        self._step = replicas.compile(self._whole, jit == 'on')

    def __call__(self, seed: randomness.Seed) -> dict[str, tf.Tensor]:
        """Updates once from a seed int [2].

        Returns:
            {'pg_loss', 'reward', 'grad_norm', 'entropy'}. The reward is the mean over the finished
            sequences. The entropy is the mean over the next-token distributions, nats. With a
            reference also 'kl', the mean of log G/m of the samples, nats per token.
        """
        return self._step(seed)

    def _whole(self, seed):
        tokens = self._sample(randomness.fold_in(seed, 0))
        values = self.values_fn(tokens, randomness.fold_in(seed, 1))
        return self._apply(tokens, values) | {'reward': tf.reduce_mean(values[:, -1])}

    def _sample(self, seed):
        batch_size, length = self.shape
        draw = lambda rows: sampling.sample(self.generator, rows, length, seed)
        return tf.ensure_shape(self.replicas.over_rows(draw, batch_size, jit_compile=self.jit_compile), self.shape)

    def _update(self, tokens, values):
        earlier = None if self.running_mean is None else tf.math.divide_no_nan(*tf.unstack(self.running_mean))
        measured = self.replicas.update(self._update_rows, tokens, values, earlier)
        if self.running_mean is not None:
            newest = tf.stack([measured.pop('mean'), 1.0])
            self.running_mean.assign((1.0 - EWMA_DECAY) * self.running_mean + EWMA_DECAY * newest)
        return measured

    def _update_rows(self, tokens, values, earlier):
        """The update by a replica's rows of tokens and values [B, T]; returns the metrics of all rows.

        With baseline=ewma `earlier` is the running mean, and 'mean' is among the metrics.
        """
        tokens, values = rows_of(tokens), rows_of(values)
        mask = sampling.valid_mask(tokens, self.generator.end_id)
        measured = {}
        if self.reference is not None:
            log_ratio = mask * self._log_ratio(tokens)
            # A token answers for the tokens after it too, and not for those before.
            values -= self.kl_coef * tf.cumsum(log_ratio, axis=1, reverse=True)
            measured['kl'] = _mean(log_ratio, mask)
        if earlier is not None:
            measured['mean'] = _mean(values, mask)
        gradients, loss, entropies = self._gradients(tokens, self._advantages(values, mask, earlier), mask)
        norm = apply_clipped(self.optimizer, self.generator, gradients, self.clip_norm)
        return {'pg_loss': sum_of(loss), 'grad_norm': norm, 'entropy': _mean(entropies, mask)} | measured

    def _differentiate(self, tokens, advantages, mask):
        """The gradients of a replica's part of the loss, that part, and the entropies of the next tokens [B, T]."""
        with tf.GradientTape() as tape:
            logits = self.generator(tokens)
            loss = losses.policy_gradient_loss(logits, tokens, advantages, mask)
        log_p = tf.nn.log_softmax(logits)
        entropies = -tf.reduce_sum(tf.exp(log_p) * log_p, axis=-1)
        return dense(tape.gradient(loss, self.generator.trainable_variables)), loss, entropies

    def _advantages(self, values, mask, earlier):
        """The values less the baseline."""
        advantages = values - self._expected(values, mask, earlier)
        if self.baseline == 'whitened':
            return tf.math.divide_no_nan(advantages, tf.sqrt(_mean(tf.square(advantages), mask)))
        return advantages

    def _expected(self, values, mask, earlier):
        """The baseline: a scalar, or [T]."""
        if self.baseline == 'whitened':
            return _mean(values, mask)
        if self.baseline == 'per_step':
            total, count = sum_of((tf.reduce_sum(values * mask, axis=0), tf.reduce_sum(mask, axis=0)))
            return tf.math.divide_no_nan(total, count)
        return 0.0 if earlier is None else earlier


def _log_ratio(policy, reference, tokens):
    """log of the ratio of the probabilities that a policy and a reference give to each of tokens [B, T]."""
    return losses.token_nll(reference(tokens), tokens) - losses.token_nll(policy(tokens), tokens)


def _mean(values, mask):
    """The mean of the values that count, over the rows of all replicas."""
    total, count = sum_of((tf.reduce_sum(values * mask), tf.reduce_sum(mask)))
    return total / count
