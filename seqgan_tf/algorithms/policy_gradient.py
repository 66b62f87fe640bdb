"""The adversarial phase of Algorithm 1 (lines 5 to 15) for any action values."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from seqgan_tf.data.corpus import Corpus
from seqgan_tf.policies.policy import ValuesFunction
from seqgan_tf.training.likelihood import MLEStep
from seqgan_tf.training.reinforce import PolicyGradientStep
from seqgan_tf.training.state import Report, TrainState


class Discriminate(Protocol):
    """How a discriminator is trained and measured during the phase."""

    def __call__(self) -> dict[str, float]:
        """Trains on one negative set; returns metrics."""
        ...

    def held_out(self) -> dict[str, float]:
        """Metrics on rows that it was not trained on."""
        ...


def train(
    state: TrainState,
    corpus: Corpus,
    config: Any,
    values_fn: ValuesFunction,
    discriminate: Discriminate | None = None,
) -> Iterator[Report]:
    """Yields one report a round: g-steps, batches of MLE if any, d-steps, and beta <- theta.

    Args:
        state: the state to train.
        corpus: the training rows, for the batches of MLE.
        config: the `Config` of the run.
        values_fn: (tokens [B, T], seed [2]) -> Q [B, T].
        discriminate: trains the discriminator; None where there is none to train.
    """
    g_step = PolicyGradientStep(
        state.generator,
        values_fn,
        state.policy_optimizer,
        config.clip_norm,
        config.policy_batch_size or config.batch_size,
        corpus.sequence_length,
        baseline=config.baseline,
        reference=state.reference_policy,
        kl_coef=config.kl_coef,
        running_mean=state.running_mean,
        jit=config.jit,
        replicas=state.replicas,
    )
    mle_step = MLEStep(state.generator, state.mle_optimizer, config.clip_norm, config.jit, state.replicas)
    d_steps = 0 if config.freeze_discriminator else config.d_steps

    for i in state.rounds('adversarial', config.adversarial_rounds):
        if i == 1:
            state.begin_adversarial_phase()
            if config.mle_decay != 'none':  # the decayed rate was that of the pretraining
                mle_step.optimizer.learning_rate = config.policy_learning_rate or config.generator_learning_rate
        metrics = mean([g_step(state.next_seed()) for _ in range(config.g_steps)])
        likelihood = [mle_step(batch, dropout_seed=state.dropout_seed()) for batch in _batches(corpus, config, i)]
        metrics |= mean([{'nll': step['nll']} for step in likelihood])
        if discriminate:
            metrics |= mean([discriminate() for _ in range(d_steps)])
        state.update_rollout_policy(config.rollout_decay)
        if discriminate:
            metrics |= discriminate.held_out()
        yield Report('adversarial', i, config.adversarial_rounds, metrics)


def _batches(corpus: Corpus, config: Any, i: int) -> Iterator[np.ndarray]:
    """The training batches [B, T] of round i.

    They continue the epochs of the likelihood phase, as if it had not ended.
    """
    first = (i - 1) * config.adversarial_mle_steps
    per_epoch = len(corpus.train) // config.batch_size
    for epoch, steps in itertools.groupby(
        range(first, first + config.adversarial_mle_steps), lambda step: step // per_epoch
    ):
        rows = corpus.batches(config.mle_epochs + 1 + epoch, config.batch_size, config.seed)
        yield from (rows[step % per_epoch] for step in steps)


def mean(metrics: Sequence[Mapping[str, float | tf.Tensor]]) -> dict[str, float]:
    """The mean of each metric over several steps; nothing for no step."""
    return {name: float(np.mean([m[name] for m in metrics])) for name in (metrics[0] if metrics else ())}
