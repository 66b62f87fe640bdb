"""Scheduled sampling (Bengio et al., 2015), the paper's SS baseline.

The generator is trained by maximum likelihood while it reads more and more of its own samples.
"""

from collections.abc import Iterator
from typing import Any

from seqgan_tf.algorithms import mle
from seqgan_tf.data.corpus import Corpus
from seqgan_tf.training.likelihood import ScheduledSamplingStep
from seqgan_tf.training.state import Report, TrainState


def train(state: TrainState, corpus: Corpus, config: Any) -> Iterator[Report]:
    """Yields one report for each epoch of the phase 'mle'.

    In epoch e the generator reads true tokens with probability max(0, 1 - `truth_decay` * (e - 1)).
    """
    step = ScheduledSamplingStep(state.generator, state.mle_optimizer, config.clip_norm, config.jit, state.replicas)

    def update(epoch, batch):
        truth_rate = max(0.0, 1.0 - config.truth_decay * (epoch - 1))
        return step(batch, truth_rate, state.next_seed(), state.dropout_seed()) | {'truth_rate': truth_rate}

    yield from mle.epochs(state, corpus, config, update)
