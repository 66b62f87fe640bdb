"""Maximum likelihood: the pretraining of Algorithm 1 (line 2), and the paper's MLE baseline."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from seqgan_tf.data.corpus import Corpus
from seqgan_tf.policies.chunked import Scorer
from seqgan_tf.training.likelihood import MLEStep
from seqgan_tf.training.state import Report, TrainState


def train(state: TrainState, corpus: Corpus, config: Any) -> Iterator[Report]:
    """Yields one report an epoch.

    With `mle_patience` it may end early, with the weights that were best on the validation rows.
    """
    step = MLEStep(state.generator, state.mle_optimizer, config.clip_norm, config.jit)
    yield from epochs(state, corpus, config, lambda epoch, batch: step(batch))


def epochs(
    state: TrainState,
    corpus: Corpus,
    config: Any,
    update: Callable[[int, np.ndarray], dict[str, float | tf.Tensor]],
) -> Iterator[Report]:
    """Runs the epochs of a likelihood phase, and yields one report an epoch.

    `update(epoch, batch [B, T])` makes one update and returns scalars. Their means over the epoch
    are reported. Where early stopping ends the phase, its last report has `rounds` = `round`.
    """
    scorer = Scorer(state.generator, config.jit)

    for epoch in state.rounds('mle', config.mle_epochs):
        steps = [update(epoch, batch) for batch in corpus.batches(epoch, config.batch_size, config.seed)]
        metrics = {name: float(np.mean([s[name] for s in steps])) for name in steps[0]}
        metrics['nll_validation'] = scorer.nll(corpus.validation)
        epochs_in_all = config.mle_epochs
        if config.mle_patience:
            state.keep_best(metrics['nll_validation'], config.mle_patience)
            epochs_in_all = epoch if state.ended_early else config.mle_epochs
            if epoch == epochs_in_all:
                state.restore_best()
        yield Report('mle', epoch, epochs_in_all, metrics)
