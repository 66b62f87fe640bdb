"""PG-BLEU, the paper's baseline: SeqGAN's policy gradient with BLEU in place of a discriminator."""

from collections.abc import Iterator
from typing import Any

from seqgan_tf.algorithms import mle
from seqgan_tf.algorithms.seqgan import after_likelihood
from seqgan_tf.data.corpus import Corpus
from seqgan_tf.training.state import Report, TrainState


def train(state: TrainState, corpus: Corpus, config: Any) -> Iterator[Report]:
    """Yields one report for each epoch of MLE and for each adversarial round.

    With a value network there is one more for each set of samples that it is pretrained on.
    """
    yield from mle.train(state, corpus, config)
    yield from after_likelihood(state, corpus, config)
