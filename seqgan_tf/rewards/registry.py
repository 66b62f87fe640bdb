"""The rewards by name: what `--reward` may choose. Read without TensorFlow."""

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
            discriminator is trained where it is among them.
    """

    factory: str
    help: str
    per_token: bool = False
    parts: tuple[str, ...] = ()

    def make(self, state: 'TrainState', corpus: 'Corpus', config: Any) -> Callable[..., Any]:
        """The function that the factory returns for a run."""
        return pkgutil.resolve_name(self.factory)(state, corpus, config)


SEARCH = ('rollout_policy',)
ADVERSARY = ('discriminator', 'discriminator_optimizer')

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
    ),
}
