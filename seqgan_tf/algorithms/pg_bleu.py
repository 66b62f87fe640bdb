"""PG-BLEU, the paper's baseline: SeqGAN's policy gradient with the BLEU of finished sequences in place of a discriminator."""

from seqgan_tf.algorithms import mle, policy_gradient
from seqgan_tf.rewards.bleu import BleuReward


def train(state, corpus, config):
    """One report an epoch of MLE and an adversarial round; all training rows are references. (The released code keeps 40 % of them.)"""
    yield from mle.train(state, corpus, config)
    reward_fn = BleuReward(corpus.train, config.bleu_order, corpus.vocabulary.end_id)
    yield from policy_gradient.train(state, corpus, config, policy_gradient.monte_carlo(state, config, reward_fn))
