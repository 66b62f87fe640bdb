"""The adversarial phase of Algorithm 1 (lines 5 to 15) for any action values: SeqGAN's, PG-BLEU's and those of the controls."""

import itertools

import numpy as np

from seqgan_tf.training.likelihood import MLEStep
from seqgan_tf.training.reinforce import PolicyGradientStep
from seqgan_tf.training.state import Report


def train(state, corpus, config, values_fn, discriminate=None):
    """One report a round: g-steps, batches of MLE if there are to be any, d-steps, and beta <- theta.

    Args:
        values_fn: (tokens [B, T], seed [2]) -> Q [B, T].
        discriminate: trains the discriminator on one negative set, and has `held_out()`; None where there is none to train.
    """
    g_step = PolicyGradientStep(
        state.generator,
        values_fn,
        state.policy_optimizer,
        config.clip_norm,
        config.batch_size,
        corpus.sequence_length,
        baseline=config.baseline,
        running_mean=state.running_mean,
        jit=config.jit,
    )
    mle_step = MLEStep(state.generator, state.mle_optimizer, config.clip_norm, config.jit)
    d_steps = config.d_steps if discriminate and not config.freeze_discriminator else 0

    for i in state.rounds('adversarial', config.adversarial_rounds):
        if i == 1:
            state.update_rollout_policy(decay=0.0)
        metrics = _mean([g_step(state.next_seed()) for _ in range(config.g_steps)])
        metrics |= _mean([{'nll': mle_step(batch)['nll']} for batch in _batches(corpus, config, i)])
        metrics |= _mean([discriminate() for _ in range(d_steps)])
        state.update_rollout_policy(config.rollout_decay)
        yield Report(
            'adversarial', i, config.adversarial_rounds, metrics | (discriminate.held_out() if discriminate else {})
        )


def _batches(corpus, config, i):
    """The training batches of round i: those of the likelihood phase go on, epoch after epoch, as if it had not ended."""
    first = (i - 1) * config.adversarial_mle_steps
    per_epoch = len(corpus.train) // config.batch_size
    for epoch, steps in itertools.groupby(
        range(first, first + config.adversarial_mle_steps), lambda step: step // per_epoch
    ):
        rows = corpus.batches(config.mle_epochs + 1 + epoch, config.batch_size, config.seed)
        yield from (rows[step % per_epoch] for step in steps)


def _mean(metrics):
    return {name: float(np.mean([m[name] for m in metrics])) for name in (metrics[0] if metrics else ())}
