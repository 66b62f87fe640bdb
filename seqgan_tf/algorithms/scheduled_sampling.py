"""Scheduled sampling (Bengio et al., 2015), the paper's SS baseline: likelihood training on inputs that are more and more one's own."""

from seqgan_tf.algorithms import mle
from seqgan_tf.training.likelihood import ScheduledSamplingStep


def train(state, corpus, config):
    """One report an epoch of the phase 'mle'. Epoch e reads true tokens with probability 1 - `truth_decay` * (e - 1), at least 0."""
    step = ScheduledSamplingStep(state.generator, state.mle_optimizer, config.clip_norm, config.jit)

    def update(epoch, batch):
        truth_rate = max(0.0, 1.0 - config.truth_decay * (epoch - 1))
        return step(batch, truth_rate, state.next_seed()) | {'truth_rate': truth_rate}

    yield from mle.epochs(state, corpus, config, update)
