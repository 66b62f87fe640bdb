"""A policy as a distribution of TensorFlow Probability (TFP).

TFP is slow to import, so a module that needs no distribution does not import this one.
"""

from collections.abc import Callable

import tensorflow as tf
import tensorflow_probability as tfp

from seqgan_tf.policies.draws import draw
from seqgan_tf.policies.pair import Pair
from seqgan_tf.policies.policy import Policy
from seqgan_tf.policies.sampling import sample, sequence_log_prob, unroll
from seqgan_tf.randomness import Seed, uniforms

tfd = tfp.distributions


class SequenceDistribution(tfd.Distribution):
    """The distribution of the sequences int32 [T] that a policy draws.

    ```python
    poems = SequenceDistribution(generator, length=20)
    tokens = poems.sample(64, seed=[1, 2])                    # int32 [64, 20]
    log_p = poems.log_prob(tokens)                            # float32 [64], nats a sequence
    with tf.GradientTape() as tape:
        loss = -tf.reduce_mean(poems.log_prob(rows))          # maximum likelihood
    gradients = tape.gradient(loss, generator.trainable_variables)

    entropy = poems.entropy(1000, seed=[3, 4])                # nats a sequence
    oracle = SequenceDistribution(make_oracle(seed=0), length=20)
    missing = poems.kl_divergence(oracle, 1000, seed=[5, 6])  # KL(poems || oracle)
    ```

    After the first end token of a policy with an `end_id` every token is the end token. The
    probability of a sequence includes its first end token, and what follows does not count. All
    methods run eagerly and inside `tf.function`.

    A seed is an int [2], as everywhere in the package, or one int s for [s, 0]. It must always be
    given, and one seed always gives the same result. TFP's own distributions draw from a hidden
    state where the seed is None or a single int.

    Args:
        policy: the policy.
        length: T, at least 1.

    Raises:
        ValueError: a length below 1. The methods raise it for a missing seed, and for tokens of
            another length.
    """

    def __init__(
        self,
        policy: Policy,
        length: int,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = 'SequenceDistribution',
    ):
        parameters = dict(locals())
        if length < 1:
            raise ValueError(f'length must be at least 1. Received: length={length}')
        self.policy, self.length = policy, length
        super().__init__(
            dtype=tf.int32,
            reparameterization_type=tfd.NOT_REPARAMETERIZED,
            validate_args=validate_args,
            allow_nan_stats=allow_nan_stats,
            parameters=parameters,
            name=name,
        )

    @property
    def end_id(self) -> int | None:
        """The policy's end token, or None."""
        return self.policy.end_id

    def entropy(self, num_samples: int, seed: Seed | int, name: str = 'entropy') -> tf.Tensor:
        """A Monte-Carlo estimate of H = E[-log p], a scalar, nats a sequence.

        It is the mean over `num_samples` sequences of sum_t H(p(. | y_1..t-1)), with the exact
        entropy of each step's distribution. By the chain rule its expectation is that of the mean
        of -log p. Its variance is lower as a rule, because each step's draw is replaced by its
        expectation (Rao-Blackwell). A step holds logits [num_samples, V].

        Raises:
            ValueError: `num_samples` is below 1, or no seed is given.
        """
        return self._expectation(
            self.policy, num_samples, seed, lambda logits: (logits, tfd.Categorical(logits=logits).entropy()), name
        )

    def kl_divergence(
        self, other: 'SequenceDistribution', num_samples: int, seed: Seed | int, name: str = 'kl_divergence'
    ) -> tf.Tensor:
        """A Monte-Carlo estimate of KL(self || other) = E_self[log p - log q], nats a sequence.

        It is the mean over `num_samples` sequences of this distribution of
        sum_t KL(p(. | y_1..t-1) || q(. | y_1..t-1)), with each term exact. It is 0 where the two
        are the same, and infinite where a sampled prefix can continue in a way that `other`
        excludes. It needs twice the memory of `entropy`.

        Raises:
            ValueError: `other` is no SequenceDistribution, or has another length, end token or
                vocabulary; or as `entropy`.
        """
        if not isinstance(other, SequenceDistribution):
            raise ValueError(f'other must be a SequenceDistribution. Received: {other!r}')
        if (other.length, other.end_id) != (self.length, self.end_id):
            raise ValueError(
                'both distributions must have one length and one end token. Received: '
                f'length={self.length}, end_id={self.end_id} and length={other.length}, end_id={other.end_id}'
            )

        def divergence(logits):
            p, q = logits
            if p.shape[-1] != q.shape[-1]:
                raise ValueError(
                    f'both distributions must have one vocabulary. Received: {p.shape[-1]} and {q.shape[-1]} tokens'
                )
            return p, tfd.Categorical(logits=p).kl_divergence(tfd.Categorical(logits=q))

        return self._expectation(Pair(self.policy, other.policy), num_samples, seed, divergence, name)

    def _expectation(
        self, policy: Policy | Pair, num_samples: int, seed: Seed | int, measure: Callable, name: str
    ) -> tf.Tensor:
        """The mean over sampled sequences of the sum over steps of the values of `measure`.

        `measure` maps a step's logits to the logits to draw from and the values [B].
        """
        if num_samples < 1:
            raise ValueError(f'num_samples must be at least 1. Received: num_samples={num_samples}')
        with tf.name_scope(name):
            numbers = tf.transpose(uniforms([num_samples, self.length], _pair_of_seeds(seed)))

            def choose(position, logits):
                own, values = measure(logits)
                return draw(own, numbers[position]), values

            return tf.reduce_mean(unroll(policy, num_samples, self.length, choose)[1])

    def _sample_n(self, n, seed=None):
        return tf.ensure_shape(sample(self.policy, n, self.length, _pair_of_seeds(seed)), [None, self.length])

    def _log_prob(self, value):
        if value.shape[-1:] != [self.length]:
            raise ValueError(f'tokens must be of shape [..., {self.length}]. Received: shape {value.shape}')
        log_prob = sequence_log_prob(self.policy, tf.reshape(value, [-1, self.length]))
        return tf.reshape(log_prob, tf.shape(value)[:-1])

    def _event_shape(self):
        return tf.TensorShape([self.length])

    def _event_shape_tensor(self):
        return tf.constant([self.length])

    def _batch_shape(self):
        return tf.TensorShape([])

    def _batch_shape_tensor(self):
        return tf.constant([], tf.int32)


def _pair_of_seeds(seed: Seed | int | None) -> tf.Tensor:
    """The seed int [2] for a user's int [2] or single int."""
    if seed is None:
        raise ValueError(
            'a seed must be given, an int [2] or one int: nothing is drawn from a hidden state. Received: seed=None'
        )
    seed = tf.convert_to_tensor(seed)
    return tf.stack([seed, tf.zeros_like(seed)]) if seed.shape.rank == 0 else seed
