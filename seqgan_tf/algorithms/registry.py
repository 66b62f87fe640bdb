"""The algorithms by name: what `--algorithm` may choose. Read without TensorFlow."""

import dataclasses
import importlib
from collections.abc import Iterator
from typing import Any

from seqgan_tf.rewards.registry import REWARDS


@dataclasses.dataclass(frozen=True)
class Algorithm:
    """What an algorithm declares. Called with (state, corpus, config) it runs, and yields a `Report` a round.

    Attributes:
        module: has `train(state, corpus, config)`.
        help: one line for `--help`.
        parts: what it needs of a `TrainState` beside the generator, by the names of `training.parts`.
        adversarial: whether it has an adversarial phase, which may start from another run's pretraining.
        reward: the name of its reward where it has one of its own; None where `--reward` chooses it.
    """

    module: str
    help: str
    parts: tuple[str, ...] = ()
    adversarial: bool = False
    reward: str | None = None

    def __call__(self, state: Any, corpus: Any, config: Any) -> Iterator[Any]:
        return importlib.import_module(self.module).train(state, corpus, config)


LIKELIHOOD = ('mle_optimizer',)
POLICY_GRADIENT = (*LIKELIHOOD, 'policy_optimizer', 'running_mean')

ALGORITHMS = {
    'random': Algorithm('seqgan_tf.algorithms.untrained', 'the untrained generator'),
    'mle': Algorithm('seqgan_tf.algorithms.mle', 'maximum likelihood', LIKELIHOOD),
    'scheduled_sampling': Algorithm(
        'seqgan_tf.algorithms.scheduled_sampling', 'maximum likelihood on inputs that are partly samples', LIKELIHOOD
    ),
    'pg_bleu': Algorithm(
        'seqgan_tf.algorithms.pg_bleu',
        'MLE, then policy gradient for BLEU',
        POLICY_GRADIENT,
        adversarial=True,
        reward='bleu',
    ),
    'seqgan': Algorithm(
        'seqgan_tf.algorithms.seqgan',
        'MLE, then policy gradient against a discriminator',
        POLICY_GRADIENT,
        adversarial=True,
    ),
}


def parts_of(config: Any) -> set[str]:
    """The parts of a `TrainState` that a run with these settings needs: those of its algorithm and of its reward."""
    algorithm = ALGORITHMS[config.algorithm]
    reward = REWARDS[algorithm.reward or config.reward].parts if algorithm.adversarial else ()
    return {*algorithm.parts, *reward}
