"""Residual models: a policy m, corrected by a score s of finished sequences.

p(y) = m(y) e^(beta s(y)) / Z, with Z = E_m[e^(beta s)] (Deng et al. 2020, arXiv 2004.11714). Where s
is the logit of the best possible discriminator of real rows and samples of m, s = log(p_real / m),
so beta 1 gives the law of the real rows. Resampling draws from such a model.
"""

import tensorflow as tf

from seqgan_tf.policies.policy import Policy, RewardFunction
from seqgan_tf.policies.sampling import sequence_log_prob


class ResidualModel:
    """The law m(y) e^(guidance * s(y)) / Z. Z is estimated from scores of samples of m.

    Args:
        policy: m.
        logit_fn: s, tokens int32 [B, T] -> float32 [B], such as a discriminator.
    """

    def __init__(self, policy: Policy, logit_fn: RewardFunction):
        self.policy, self.logit_fn = policy, logit_fn

    def log_prob(self, tokens: tf.Tensor, sample_scores: tf.Tensor, guidance: float | tf.Tensor = 1.0) -> tf.Tensor:
        """log p of tokens int32 [B, T], float32 [B], nats.

        It is too high in the mean, because `log_z` is too low.

        Args:
            tokens: sequences of full length.
            sample_scores: s of samples of the policy, float32 [N].
            guidance: beta.
        """
        corrected = sequence_log_prob(self.policy, tokens) + guidance * self.logit_fn(tokens)
        return corrected - log_z(sample_scores, guidance)


def log_z(sample_scores: tf.Tensor, guidance: float | tf.Tensor = 1.0) -> tf.Tensor:
    """log Z from scores float32 [N] of samples of m: the logarithm of the mean of e^(guidance * s).

    The mean is unbiased, so its logarithm is too low in the mean (Jensen). The error falls as N
    grows: compare the estimates from N and from N / 2 samples.

    Returns:
        float32 scalar, nats a sequence.
    """
    scores = tf.convert_to_tensor(sample_scores, tf.float32)
    return tf.reduce_logsumexp(guidance * scores) - tf.math.log(tf.cast(tf.size(scores), tf.float32))


def effective_sample_size(sample_scores: tf.Tensor, guidance: float | tf.Tensor = 1.0) -> tf.Tensor:
    """How many of the samples, with scores float32 [N], carry the estimate of Z: (sum w)^2 / sum w^2.

    w = e^(guidance * s). It is N for equal weights and 1 where one weight is all (Kong, 1992).
    """
    exponents = guidance * tf.convert_to_tensor(sample_scores, tf.float32)
    return tf.exp(2.0 * tf.reduce_logsumexp(exponents) - tf.reduce_logsumexp(2.0 * exponents))
