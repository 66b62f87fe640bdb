"""TrainState: exactly what a checkpoint holds. And Report, what a round of an algorithm hands over."""

import dataclasses

import tensorflow as tf

from seqgan_tf.models.discriminator import Discriminator
from seqgan_tf.models.generator import Generator
from seqgan_tf.training.optimizers import adam

PHASES = ('mle', 'discriminator', 'adversarial')


@dataclasses.dataclass(frozen=True)
class Report:
    """One finished round: the phase, how many of its rounds are done and planned, and scalar metrics."""

    phase: str
    round: int
    rounds: int
    metrics: dict[str, float]


class TrainState(tf.Module):
    """Networks, optimizers, random stream and counters. Everything is built here, slots included, so a restore finds its place.

    Args:
        config: Config.
        vocabulary: Vocabulary, for V and the end token.
    """

    def __init__(self, config, vocabulary):
        super().__init__()
        vocab_size, end_id = len(vocabulary), vocabulary.end_id
        networks, discriminator, stream = (config.seed * 3 + i for i in range(3))  # a seed of its own for each
        sizes = dict(embedding_dim=config.embedding_dim, hidden_dim=config.hidden_dim, end_id=end_id, seed=networks)
        self.generator = Generator(vocab_size, name='generator', **sizes)
        self.rollout_policy = Generator(vocab_size, name='rollout_policy', **sizes)
        self.rollout_policy.trainable = False
        self.discriminator = Discriminator(
            vocab_size,
            config.sequence_length,
            config.discriminator_embedding_dim,
            dropout=config.dropout,
            seed=discriminator,
            name='discriminator',
        )
        # Two Adams for the generator, as in the released code: the adversarial phase starts with fresh moments.
        self.mle_optimizer = adam(config.generator_learning_rate, self.generator)
        self.policy_optimizer = adam(config.policy_learning_rate or config.generator_learning_rate, self.generator)
        self.discriminator_optimizer = adam(config.discriminator_learning_rate, self.discriminator)
        self.random = tf.random.Generator.from_seed(stream, alg='philox')
        self.done = {phase: tf.Variable(0, dtype=tf.int64, name=f'{phase}_rounds') for phase in PHASES}
        self.ended_early = tf.Variable(False, name='mle_ended_early')
        self.best_nll = tf.Variable(float('inf'), name='best_nll_validation')
        self.best_epoch = tf.Variable(0, dtype=tf.int64, name='best_epoch')
        self.running_mean = tf.Variable([0.0, 0.0], name='running_mean') if config.baseline == 'ewma' else None
        self.best_weights = (
            [tf.Variable(v.value, name='best') for v in self.generator.variables] if config.mle_patience else []
        )

    def likelihood_phase(self):
        """{name: what a checkpoint holds of it}: all that the likelihood phase changes."""
        names = (
            'generator',
            'mle_optimizer',
            'random',
            'done',
            'ended_early',
            'best_nll',
            'best_epoch',
            'best_weights',
        )
        return {name: getattr(self, name) for name in names}

    def rounds(self, phase, total):
        """The rounds of a phase that are left, each counted as done when it is handed out: a save at its report holds it whole."""
        done = self.done[phase]
        while done < total and not (phase == 'mle' and self.ended_early):
            yield int(done.assign_add(1))

    def next_seed(self):
        """A seed [2] that no other call gives."""
        return self.random.make_seeds(1)[:, 0]

    def update_rollout_policy(self, decay):
        """beta <- decay * beta + (1 - decay) * theta (Algorithm 1 has decay 0)."""
        for beta, theta in zip(self.rollout_policy.variables, self.generator.variables):
            beta.assign(decay * beta + (1.0 - decay) * theta if decay else theta)

    def keep_best(self, nll_validation, patience):
        """Early stopping: keeps the weights of the best epoch; after `patience` epochs without a better one, ends MLE with these."""
        epoch = self.done['mle']
        if nll_validation < self.best_nll:
            self.best_nll.assign(nll_validation)
            self.best_epoch.assign(epoch)
            self._copy(self.generator.variables, self.best_weights)
        self.ended_early.assign(epoch - self.best_epoch >= patience)

    def restore_best(self):
        """Puts the weights of the best epoch back into the generator."""
        self._copy(self.best_weights, self.generator.variables)

    @staticmethod
    def _copy(sources, targets):
        for source, target in zip(sources, targets):
            target.assign(source)
