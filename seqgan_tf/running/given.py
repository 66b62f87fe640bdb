"""What a run takes from Python in place of its settings."""

import dataclasses
from collections.abc import Collection

import keras

from seqgan_tf.config import Config
from seqgan_tf.data.corpus import Corpus
from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.errors import RunError
from seqgan_tf.models.given import GivenDiscriminator
from seqgan_tf.policies.policy import RewardFunction
from seqgan_tf.rewards.given import TextReward, check
from seqgan_tf.running.workdir import user_errors
from seqgan_tf.training.replicas import ONE, Replicas
from seqgan_tf.training.state import TrainState


@dataclasses.dataclass(frozen=True)
class Given:
    """A corpus, a reward and a discriminator from Python, each None where the settings name it.

    They are described in `running.experiment.run`.
    """

    corpus: Corpus | None = None
    reward: RewardFunction | TextReward | None = None
    discriminator: keras.Model | None = None

    def settings(self, config: Config) -> Config:
        """The settings, in which what was given has the name 'given'.

        Raises:
            RunError: what was given has the wrong type, does not go with the algorithm, or is missing.
        """
        changes = {}
        if self.corpus is not None:
            if not isinstance(self.corpus, Corpus):
                raise RunError(
                    f'corpus must be a Corpus, such as Corpus.from_texts gives. Received: {type(self.corpus).__name__}'
                )
            changes |= dict(dataset='given', corpus='', sequence_length=self.corpus.sequence_length)
        if self.reward is not None:
            changes['reward'] = 'given'
        if self.discriminator is not None:
            changes['discriminator'] = 'given'
        with user_errors():
            config = dataclasses.replace(config, **changes)
            if config.reward == 'given':
                check(self.reward, config.jit)
            return config

    def state(
        self, config: Config, vocabulary: Vocabulary, parts: Collection[str], replicas: Replicas = ONE
    ) -> TrainState:
        """The untrained state of a run, with these parts, on these replicas.

        Raises:
            RunError: the discriminator does not fit, or is missing where the settings say 'given'.
        """
        with user_errors():
            discriminator = self.discriminator and GivenDiscriminator(
                self.discriminator, len(vocabulary), config.sequence_length
            )
            return TrainState(config, vocabulary, parts, discriminator, self.reward, replicas)
