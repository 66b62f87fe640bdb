"""SeqGAN's reward (Eq. 2): the discriminator's probability that a finished sequence is real."""

import functools

from seqgan_tf.training.devices import scoring_dtype


def make(state, corpus, config):
    """The reward tokens [B, T] -> [B] of a run, in the type that `--precision` names."""
    del corpus
    return functools.partial(state.discriminator.prob_real, dtype=scoring_dtype(config.precision))
