"""PG-BLEU, the paper's baseline: SeqGAN's policy gradient with the BLEU of finished sequences in place of a discriminator."""

from seqgan_tf.algorithms import mle, policy_gradient
from seqgan_tf.rewards.monte_carlo import make_values


def train(state, corpus, config):
    """One report an epoch of MLE and an adversarial round."""
    yield from mle.train(state, corpus, config)
    yield from policy_gradient.train(state, corpus, config, make_values('bleu', state, corpus, config))
