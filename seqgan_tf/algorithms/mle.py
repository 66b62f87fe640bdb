"""Maximum likelihood: the pretraining of Algorithm 1 (line 2), and the paper's MLE baseline."""

import math
from collections.abc import Callable, Iterator
from typing import Any, cast

import numpy as np
import tensorflow as tf

from seqgan_tf.data.corpus import Corpus
from seqgan_tf.policies.chunked import Scorer
from seqgan_tf.training.likelihood import MLEStep
from seqgan_tf.training.state import Report, TrainState

PLATEAU_FACTOR = 0.5  # of the learning rate, after an epoch without a lower validation NLL


def train(state: TrainState, corpus: Corpus, config: Any) -> Iterator[Report]:
    """Yields one report an epoch.

    With `mle_patience` it may end early, with the weights that were best on the validation rows.
    """
    step = MLEStep(state.generator, state.mle_optimizer, config.clip_norm, config.jit, state.replicas)
    yield from epochs(state, corpus, config, lambda epoch, batch: step(batch, dropout_seed=state.dropout_seed()))


def epochs(
    state: TrainState,
    corpus: Corpus,
    config: Any,
    update: Callable[[int, np.ndarray], dict[str, float | tf.Tensor]],
) -> Iterator[Report]:
    """Runs the epochs of a likelihood phase, and yields one report an epoch.

    `update(epoch, batch [B, T])` makes one update and returns scalars. Their means over the epoch
    are reported. Where early stopping ends the phase, its last report has `rounds` = `round`.
    `mle_decay` sets the learning rate: with 'cosine' before each update, with 'plateau' after an
    epoch.
    """
    scorer, optimizer = Scorer(state.generator, config.jit, state.replicas), cast(Any, state.mle_optimizer)

    for epoch in state.rounds('mle', config.mle_epochs):
        batches, steps = corpus.batches(epoch, config.batch_size, config.seed), []
        for i, batch in enumerate(batches):
            if config.mle_decay == 'cosine':
                done = (epoch - 1 + i / len(batches)) / config.mle_epochs
                optimizer.learning_rate = cosine_rate(config.generator_learning_rate, done)
            steps.append(update(epoch, batch))
        metrics = {name: float(np.mean([s[name] for s in steps])) for name in steps[0]}
        metrics['nll_validation'] = scorer.nll(corpus.validation)
        epochs_in_all = config.mle_epochs
        if config.mle_decay == 'plateau' and not metrics['nll_validation'] < state.best_nll:
            optimizer.learning_rate = optimizer.learning_rate * PLATEAU_FACTOR
        if config.mle_patience or config.mle_decay == 'plateau':
            state.keep_best(metrics['nll_validation'], config.mle_patience)
        if config.mle_patience:
            epochs_in_all = epoch if state.ended_early else config.mle_epochs
            if epoch == epochs_in_all:
                state.restore_best()
        yield Report('mle', epoch, epochs_in_all, metrics)


def cosine_rate(first: float, done: float) -> float:
    """The learning rate after a share `done` of all updates (Loshchilov and Hutter 2017, Eq. 5).

    It falls from `first` to 0 along half a cosine, without restarts.
    """
    return first * (1.0 + math.cos(math.pi * done)) / 2.0
