"""The random streams of evaluations.

They are apart from those of training: how often one looks must not change what is trained.
"""

import tensorflow as tf

from seqgan_tf import randomness

ROOT = 1  # training draws from other roots

# A phase's stream number, for ever: a new phase takes a new number, so that it changes no draw.
STREAMS = {'initial': 0, 'mle': 1, 'discriminator': 2, 'adversarial': 3, 'temperature': 4, 'final': 5}


def evaluation_seed(seed: int, phase: str, round_: int) -> tf.Tensor:
    """The seed, int64 [2], of the evaluation after a round, in a run of this seed.

    Raises:
        ValueError: the phase has no stream.
    """
    if phase not in STREAMS:
        raise ValueError(f'a phase that is evaluated must have a number in STREAMS. Received: phase={phase}')
    root = tf.constant([seed, ROOT], tf.int64)
    return randomness.fold_in(randomness.fold_in(root, STREAMS[phase]), round_)
