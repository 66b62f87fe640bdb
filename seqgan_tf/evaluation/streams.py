"""The random streams of evaluations.

They are separate from those of training, so the number of evaluations does not change the training.
"""

import tensorflow as tf

from seqgan_tf import randomness

ROOT = 1  # training has other roots

# {phase: number of its stream}. A number never changes. A new phase takes a new number, so that all
# other draws stay as they are.
STREAMS = {
    'initial': 0,
    'mle': 1,
    'discriminator': 2,
    'adversarial': 3,
    'temperature': 4,
    'final': 5,
    'search': 6,
    'top_k': 7,
    'top_p': 8,
    'likeliest': 9,
}


def evaluation_seed(seed: int, phase: str, round_: int) -> tf.Tensor:
    """The seed, int64 [2], of the evaluation after a round of a phase, in a run of `seed`.

    Raises:
        ValueError: `STREAMS` does not have the phase.
    """
    if phase not in STREAMS:
        raise ValueError(f'a phase that is evaluated must have a number in STREAMS. Received: phase={phase}')
    root = tf.constant([seed, ROOT], tf.int64)
    return randomness.fold_in(randomness.fold_in(root, STREAMS[phase]), round_)
