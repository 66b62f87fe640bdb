"""The algorithms by name, for `--algorithm`. Read without TensorFlow."""

import dataclasses
import pkgutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from seqgan_tf.rewards.registry import ADVERSARY, REWARDS, SEARCH, VALUES

if TYPE_CHECKING:
    from seqgan_tf.data.corpus import Corpus
    from seqgan_tf.training.state import Report, TrainState


@dataclasses.dataclass(frozen=True)
class Algorithm:
    """What an algorithm declares. A call with (state, corpus, config) runs it.

    Attributes:
        module: the module with its `train(state, corpus, config)`.
        help: one line for `--help`.
        parts: what it needs of a `TrainState` beside the generator, by the names in
            `training.parts`.
        adversarial: whether it has an adversarial phase. Such an algorithm can start from another
            run's pretraining.
        reward: the name of its own reward; None where `--reward` chooses it.
        policy_gradient: whether its adversarial phase is a policy gradient.
    """

    module: str
    help: str
    parts: tuple[str, ...] = ()
    adversarial: bool = False
    reward: str | None = None
    policy_gradient: bool = True

    def __call__(self, state: 'TrainState', corpus: 'Corpus', config: Any) -> Iterator['Report']:
        """Runs the algorithm, and yields one report a round."""
        return pkgutil.resolve_name(f'{self.module}:train')(state, corpus, config)


# {phase: the setting with its number of rounds}, in the order of the phases.
PHASE_LENGTHS = {'mle': 'mle_epochs', 'discriminator': 'discriminator_rounds', 'adversarial': 'adversarial_rounds'}
LIKELIHOOD = ('mle_optimizer',)
# Their networks are trained on negative sets, in the phase 'discriminator' and in d-steps.
OF_NEGATIVE_SETS = {'discriminator_optimizer', 'value_optimizer', 'causal_optimizer'}
# All parts that such training changes: networks, optimizers, and what keeps the best weights.
TRAINED_ON_SETS = {*ADVERSARY, *(part for value in VALUES.values() for part in value.parts)} - {*SEARCH}
POLICY_GRADIENT = (*LIKELIHOOD, 'policy_optimizer', 'running_mean', 'reference_policy')

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
    'selfgan': Algorithm(
        'seqgan_tf.algorithms.selfgan',
        'MLE, then likelihood of samples that the discriminator chose',
        (*LIKELIHOOD, 'policy_optimizer'),
        adversarial=True,
        reward='logit',
        policy_gradient=False,
    ),
}


def reward_of(config: Any) -> str:
    """The name of a run's reward: the algorithm's own, or what `--reward` chooses."""
    return ALGORITHMS[config.algorithm].reward or config.reward


def parts_of(config: Any) -> set[str]:
    """The parts of a `TrainState` that a run's algorithm, reward and value of a prefix need."""
    algorithm = ALGORITHMS[config.algorithm]
    if not algorithm.adversarial:
        return {*algorithm.parts}
    reward = REWARDS[reward_of(config)]
    # Of a reward and a discriminator that were both given, the one may ask the other.
    beside = ADVERSARY if (config.reward, config.discriminator) == ('given', 'given') else ()
    parts = {*algorithm.parts, *reward.parts, *beside}
    # The roll-out policy stands for what carries a reward back to the tokens.
    if parts.issuperset(SEARCH):
        parts -= {*SEARCH}
        if algorithm.policy_gradient and (config.value != 'rollouts' or config.num_rollouts):
            parts |= {*VALUES[config.value].parts}
    return parts


def planned_rounds(config: Any) -> dict[str, int]:
    """{phase: rounds} of a run in the order of its phases; those without rounds are left out.

    A phase is there where the part that it trains is. With `mle_patience` the first may be shorter.
    """
    optimizers = {'mle': {'mle_optimizer'}, 'discriminator': OF_NEGATIVE_SETS, 'adversarial': {'policy_optimizer'}}
    parts, rounds = parts_of(config), {phase: getattr(config, name) for phase, name in PHASE_LENGTHS.items()}
    return {phase: rounds[phase] for phase, trained in optimizers.items() if trained & parts and rounds[phase]}
