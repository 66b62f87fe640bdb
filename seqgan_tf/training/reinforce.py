"""The compiled update by policy gradient.

Each compiled update of this wing is built once for its networks. It traces once, and returns a dict
of scalars. `jit` is 'auto', 'on' or 'off'. 'auto' compiles with XLA what was measured to be faster
on a CPU: sampling, the LSTM, the roll-outs and the optimizers, but not the convolutions. 'on'
compiles each whole step. 'off' compiles nothing.
"""

import keras
import tensorflow as tf

from seqgan_tf import randomness
from seqgan_tf.models.generator import Generator
from seqgan_tf.policies import sampling
from seqgan_tf.policies.policy import ValuesFunction
from seqgan_tf.training import losses
from seqgan_tf.training.baselines import BASELINES
from seqgan_tf.training.optimizers import apply_clipped

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
        self._sample = tf.function(self._draw, autograph=False, jit_compile=jit == 'auto')
        self._apply = tf.function(self._update, autograph=False, jit_compile=jit == 'auto')
        self._step = tf.function(self._whole, autograph=False, jit_compile=jit == 'on')

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

    def _draw(self, seed):
        return tf.ensure_shape(sampling.sample(self.generator, *self.shape, seed), self.shape)

    def _update(self, tokens, values):
        mask = sampling.valid_mask(tokens, self.generator.end_id)
        measured = {}
        with tf.GradientTape() as tape:
            logits = self.generator(tokens)
            if self.reference is not None:
                log_ratio = mask * _log_ratio(logits, self.reference(tokens), tokens)
                # A token answers for the tokens after it too, and not for those before.
                values -= self.kl_coef * tf.cumsum(log_ratio, axis=1, reverse=True)
                measured['kl'] = tf.reduce_sum(log_ratio) / tf.reduce_sum(mask)
            loss = losses.policy_gradient_loss(logits, tokens, self._advantages(values, mask), mask)
        norm = apply_clipped(
            self.optimizer, self.generator, tape.gradient(loss, self.generator.trainable_variables), self.clip_norm
        )
        log_p = tf.nn.log_softmax(logits)
        entropy = tf.reduce_sum(-tf.reduce_sum(tf.exp(log_p) * log_p, axis=-1) * mask) / tf.reduce_sum(mask)
        return {'pg_loss': loss, 'grad_norm': norm, 'entropy': entropy} | measured

    def _advantages(self, values, mask):
        """The values [B, T] less the baseline."""
        advantages = values - self._expected(values, mask)
        if self.baseline == 'whitened':
            variance = tf.reduce_sum(tf.square(advantages) * mask) / tf.reduce_sum(mask)
            return tf.math.divide_no_nan(advantages, tf.sqrt(variance))
        return advantages

    def _expected(self, values, mask):
        """The baseline: a scalar, or [T]."""
        if self.baseline == 'whitened':
            return tf.reduce_sum(values * mask) / tf.reduce_sum(mask)
        if self.baseline == 'per_step':
            return tf.math.divide_no_nan(tf.reduce_sum(values * mask, axis=0), tf.reduce_sum(mask, axis=0))
        if self.running_mean is not None:  # 'ewma'
            total, weight = tf.unstack(self.running_mean)
            mean = tf.reduce_sum(values * mask) / tf.reduce_sum(mask)
            self.running_mean.assign((1.0 - EWMA_DECAY) * self.running_mean + EWMA_DECAY * tf.stack([mean, 1.0]))
            return tf.math.divide_no_nan(total, weight)
        return 0.0


def _log_ratio(logits, others, tokens):
    """log of the ratio of probabilities that logits and others [B, T, V] give to tokens [B, T]."""
    return losses.token_nll(others, tokens) - losses.token_nll(logits, tokens)
