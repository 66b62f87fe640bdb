"""The rewards, and the ways to the value of a token, by name. Read without TensorFlow."""

import dataclasses
import pkgutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqgan_tf.data.corpus import Corpus
    from seqgan_tf.training.state import TrainState


@dataclasses.dataclass(frozen=True)
class Reward:
    """How a policy gradient is rewarded.

    Attributes:
        factory: `module:function`, called with (state, corpus, config) of a run. It returns a
            `RewardFunction`, tokens [B, T] -> [B] float32, which Monte-Carlo search carries back to
            every token. With `per_token` it returns the `ValuesFunction` itself,
            (tokens [B, T], seed [2]) -> Q [B, T] float32.
        help: one line for `--help`.
        per_token: whether the factory returns action values, so that there is no search.
        parts: what the reward needs of a `TrainState`, by the names of `training.parts`. The
            discriminator is trained where it is among them. A reward with the roll-out policy is
            carried back to every token, in the way that `--value` says.
        underlying: for a control made of the action values of another reward, the name of that one.
    """

    factory: str
    help: str
    per_token: bool = False
    parts: tuple[str, ...] = ()
    underlying: str = ''

    def make(self, state: 'TrainState', corpus: 'Corpus', config: Any) -> Callable[..., Any]:
        """The function that the factory returns for a run."""
        return pkgutil.resolve_name(self.factory)(state, corpus, config)


@dataclasses.dataclass(frozen=True)
class Value:
    """How the reward of a finished sequence is carried back to its tokens.

    Attributes:
        factory: `module:function`, called with (state, config, reward_fn) of a run. It returns the
            `ValuesFunction`, (tokens [B, T], seed [2]) -> Q [B, T] float32.
        help: one line for `--help`.
        parts: what it needs of a `TrainState`, by the names of `training.parts`, in place of the
            roll-out policy. A network among them is trained on the negative sets.
        adversarial: whether it goes only with the rewards of a discriminator.
    """

    factory: str
    help: str
    parts: tuple[str, ...]
    adversarial: bool = False

    def make(self, state: 'TrainState', config: Any, reward_fn: Callable[..., Any]) -> Callable[..., Any]:
        """The function that the factory returns for a run."""
        return pkgutil.resolve_name(self.factory)(state, config, reward_fn)


SEARCH = ('rollout_policy',)
ADVERSARY = ('discriminator', 'discriminator_optimizer', 'discriminator_scale', 'discriminator_best')

REWARDS = {
    'discriminator': Reward(
        'seqgan_tf.rewards.adversarial:make', "the discriminator's probability of being real", parts=SEARCH + ADVERSARY
    ),
    'logit': Reward(
        'seqgan_tf.rewards.adversarial:make_logit',
        'the logit of that probability, for which baseline=whitened is meant',
        parts=SEARCH + ADVERSARY,
    ),
    'bleu': Reward('seqgan_tf.rewards.bleu:make', 'BLEU against the training rows', parts=SEARCH),
    'given': Reward(
        'seqgan_tf.rewards.given:make', 'the function given to seqgan_tf.run(config, reward=...)', parts=SEARCH
    ),
    'constant': Reward('seqgan_tf.rewards.controls:make_constant', 'control: 1 for every token', per_token=True),
    'random': Reward(
        'seqgan_tf.rewards.controls:make_random', 'control: uniform in [0, 1) for every token', per_token=True
    ),
    'shuffled': Reward(
        'seqgan_tf.rewards.controls:make_shuffled',
        "control: the discriminator's action values, permuted among the sequences of a batch",
        per_token=True,
        parts=SEARCH + ADVERSARY,
        underlying='discriminator',
    ),
}

VALUES = {
    'rollouts': Value('seqgan_tf.rewards.monte_carlo:carried_back', 'Monte-Carlo roll-outs (the paper)', parts=SEARCH),
    'network': Value(
        'seqgan_tf.rewards.learned:from_network',
        'a value network, regressed on the rewards of samples',
        parts=('value_network', 'value_optimizer'),
    ),
    'causal': Value(
        'seqgan_tf.rewards.learned:from_causal',
        "a causal discriminator's probability, or logit, of a real prefix",
        parts=('causal_discriminator', 'causal_optimizer', 'causal_best'),
        adversarial=True,
    ),
}
