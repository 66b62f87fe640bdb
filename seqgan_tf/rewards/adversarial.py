"""SeqGAN's reward (Eq. 2): the discriminator's probability that a finished sequence is real."""

import functools
from typing import Any

from seqgan_tf.data.corpus import Corpus
from seqgan_tf.policies.policy import RewardFunction
from seqgan_tf.training.devices import scoring_dtype
from seqgan_tf.training.state import TrainState


def make(state: TrainState, corpus: Corpus, config: Any) -> RewardFunction:
    """The reward tokens [B, T] -> [B] of a run, computed in the type that `--precision` names.

    Raises:
        ValueError: the state has no discriminator.
    """
    del corpus
    if state.discriminator is None:
        raise ValueError("the reward 'discriminator' needs that part in the state. Received: None")
    return functools.partial(state.discriminator.prob_real, dtype=scoring_dtype(config.precision))
