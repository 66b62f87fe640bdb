"""`TrainState`, which a checkpoint holds, and `Report`, which a round of an algorithm yields."""

import dataclasses
from collections.abc import Callable, Collection, Iterator
from typing import Any

import keras
import tensorflow as tf

from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.models.discriminator import Discriminator
from seqgan_tf.models.generator import Generator
from seqgan_tf.models.given import GivenDiscriminator
from seqgan_tf.models.prefix_network import PrefixNetwork
from seqgan_tf.training.best_weights import BestWeights
from seqgan_tf.training.parts import PARTS, make_generator
from seqgan_tf.training.replicas import ONE, Replicas

PHASES = ('mle', 'discriminator', 'adversarial')


@dataclasses.dataclass(frozen=True)
class Report:
    """One finished round of an algorithm.

    Attributes:
        phase: one of `PHASES`.
        round: how many rounds of the phase are done.
        rounds: how many rounds of the phase are planned. In the last report it equals `round`.
        metrics: scalars by name.
    """

    phase: str
    round: int
    rounds: int
    metrics: dict[str, float]


class TrainState(tf.Module):
    """Generator, random stream, counters, and the parts that an algorithm needs.

    A checkpoint holds exactly this. Everything is built here, the optimizers' slots included, so
    that a restore finds its place.

    Args:
        config: the `Config` of a run.
        vocabulary: for V and the end token.
        parts: names in `parts.PARTS` of the other networks, optimizers and variables to build; all
            of them unless given. The attribute of a part that is not built is None.
        discriminator: the discriminator, where it is not built from the settings.
        reward: the reward of reward=given, a function of tokens [B, T] or a `TextReward`. A
            checkpoint does not hold it.
        replicas: the devices that the networks and their optimizers have copies on. A checkpoint
            does not depend on them.

    Raises:
        ValueError: a part that does not exist, or a discriminator that is missing.
    """

    # The parts, which __init__ sets by their names.
    rollout_policy: Generator | None
    reference_policy: Generator | None
    discriminator: Discriminator | GivenDiscriminator | None
    value_network: PrefixNetwork | None
    causal_discriminator: PrefixNetwork | None
    mle_optimizer: keras.optimizers.Optimizer | None
    policy_optimizer: keras.optimizers.Optimizer | None
    discriminator_optimizer: keras.optimizers.Optimizer | None
    discriminator_scale: tf.Variable | None
    discriminator_best: BestWeights | None
    value_optimizer: keras.optimizers.Optimizer | None
    causal_optimizer: keras.optimizers.Optimizer | None
    causal_best: BestWeights | None
    running_mean: tf.Variable | None

    def __init__(
        self,
        config: Any,
        vocabulary: Vocabulary,
        parts: Collection[str] = tuple(PARTS),
        discriminator: GivenDiscriminator | None = None,
        reward: Callable[..., Any] | None = None,
        replicas: Replicas = ONE,
    ):
        super().__init__()
        unknown = sorted(set(parts) - set(PARTS))
        if unknown:
            raise ValueError(f'parts must be some of {", ".join(PARTS)}. Received: {", ".join(unknown)}')
        self.reward, self.replicas, given = reward, replicas, {'discriminator': discriminator}
        with replicas.scope():
            self.generator = make_generator(config, vocabulary, 'generator')
            for name, build in PARTS.items():
                part = given.get(name) or build(self, config, vocabulary) if name in parts else None
                setattr(self, name, part)
        self.random = tf.random.Generator.from_seed(config.seed * 3 + 2, alg='philox')
        self.done = {phase: tf.Variable(0, dtype=tf.int64, name=f'{phase}_rounds') for phase in PHASES}
        self.ended_early = tf.Variable(False, name='mle_ended_early')
        self.best_nll = tf.Variable(float('inf'), name='best_nll_validation')
        self.best_epoch = tf.Variable(0, dtype=tf.int64, name='best_epoch')
        self.best_weights = (
            [tf.Variable(v.value, name='best') for v in self.generator.variables] if config.mle_patience else []
        )

    @property
    def trained_discriminator(self) -> Discriminator | GivenDiscriminator | None:
        """The discriminator, or None where there is none or it was never updated."""
        optimizer = self.discriminator_optimizer
        return self.discriminator if optimizer is not None and optimizer.iterations > 0 else None

    def pretrained(self, parts: Collection[str]) -> dict[str, Any]:
        """All that a pretraining changes, by the names in a checkpoint.

        Args:
            parts: names of the parts that the pretraining trains.
        """
        names = ('generator', 'random', 'done', 'ended_early', 'best_nll', 'best_epoch', 'best_weights')
        found = {name: getattr(self, name) for name in (*names, *parts)}
        return {name: part for name, part in found.items() if part is not None}

    def rounds(self, phase: str, total: int) -> Iterator[int]:
        """The remaining rounds of a phase, up to `total`.

        A round counts as done when it is yielded. So a checkpoint at its report holds it whole.
        """
        done = self.done[phase]
        while done < total and not (phase == 'mle' and self.ended_early):
            yield int(done.assign_add(1))

    def next_seed(self) -> tf.Tensor:
        """A seed [2] that no other call gives."""
        return self.random.make_seeds(1)[:, 0]

    def dropout_seed(self) -> tf.Tensor | None:
        """A seed [2] for the dropout of a likelihood update; None where the generator has none."""
        return self.next_seed() if self.generator.dropout else None

    def update_rollout_policy(self, decay: float) -> None:
        """beta <- decay * beta + (1 - decay) * theta; Algorithm 1 has decay 0.

        Does nothing where there is no roll-out policy.
        """
        if self.rollout_policy is None:
            return
        for beta, theta in zip(self.rollout_policy.variables, self.generator.variables):
            beta.assign(decay * beta + (1.0 - decay) * theta if decay else theta)

    def begin_adversarial_phase(self) -> None:
        """Makes the roll-out policy and the reference policy, where there are any, the generator."""
        self.update_rollout_policy(decay=0.0)
        if self.reference_policy is not None:
            self._copy(self.generator.variables, self.reference_policy.variables)

    def keep_best(self, nll_validation: float, patience: int) -> None:
        """Keeps the lowest validation NLL, its epoch and, with early stopping, its weights.

        After `patience` epochs without a lower one the likelihood phase ends. 0: it never does.
        """
        epoch = self.done['mle']
        if nll_validation < self.best_nll:
            self.best_nll.assign(nll_validation)
            self.best_epoch.assign(epoch)
            self._copy(self.generator.variables, self.best_weights)
        self.ended_early.assign(patience > 0 and epoch - self.best_epoch >= patience)

    def restore_best(self) -> None:
        """Puts the weights of the best epoch back into the generator."""
        self._copy(self.best_weights, self.generator.variables)

    @staticmethod
    def _copy(sources, targets):
        for source, target in zip(sources, targets):
            target.assign(source)
