"""PG-BLEU, the paper's baseline: SeqGAN's policy gradient with BLEU in place of a discriminator."""

from collections.abc import Iterator
from typing import Any

from seqgan_tf.algorithms import mle, policy_gradient
from seqgan_tf.data.corpus import Corpus
from seqgan_tf.rewards.monte_carlo import make_values
from seqgan_tf.training.state import Report, TrainState


def train(state: TrainState, corpus: Corpus, config: Any) -> Iterator[Report]:
    """Yields one report for each epoch of MLE and for each adversarial round."""
    yield from mle.train(state, corpus, config)
    yield from policy_gradient.train(state, corpus, config, make_values('bleu', state, corpus, config))
