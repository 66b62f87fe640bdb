"""Judges: new networks, trained on samples. No generator was trained against them."""

from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from seqgan_tf import randomness
from seqgan_tf.models.discriminator import Discriminator
from seqgan_tf.models.generator import Generator
from seqgan_tf.policies.chunked import Scorer
from seqgan_tf.training.discrimination import DiscriminatorEpoch
from seqgan_tf.training.likelihood import MLEStep
from seqgan_tf.training.optimizers import adam

BATCH_SIZE = 64
LEAST_ROWS = 100  # with fewer rows the parts for training and for judging are too small
DISCRIMINATOR_ROWS, DISCRIMINATOR_EPOCHS, DISCRIMINATOR_RATE = 10_000, 3, 1e-4
LANGUAGE_MODEL_ROWS, LANGUAGE_MODEL_EPOCHS, LANGUAGE_MODEL_RATE = 10_000, 20, 0.01


def fresh_discriminator(
    samples: np.ndarray, rows: np.ndarray, vocab_size: int, seed: tf.Tensor
) -> Iterator[tuple[str, float]]:
    """Yields (name, value) of the loss, in nats, and of the accuracy of a new discriminator.

    The discriminator is of the paper's kind. It has an equal number of samples and rows, at most
    10,000 of each. It is trained on three fifths of them for three epochs. The loss on the fourth
    fifth chooses the best epoch. Loss and accuracy are those of that epoch on the last fifth.

    With accuracy 0.5 and loss ln 2 it cannot tell samples from rows. The loss bounds a divergence:
    ln 2 - loss is at most the Jensen-Shannon divergence of whole sequences.

    Args:
        samples: int32 [B, T].
        rows: int32 [R, T], test rows. No other network was trained on them.
        vocab_size: V.
        seed: int [2].

    Raises:
        ValueError: fewer than 100 samples or rows.
    """
    if min(len(samples), len(rows)) < LEAST_ROWS:
        raise ValueError(
            f'judges need at least {LEAST_ROWS} samples and test rows. Received: {len(samples)} and {len(rows)}'
        )
    count = min(len(samples), len(rows), DISCRIMINATOR_ROWS) // 5 * 5
    parts = [
        tuple(tf.split(tf.constant(np.asarray(part[:count], np.int32)), [count * 3 // 5, count // 5, count // 5]))
        for part in (rows, samples)
    ]
    (train, validation, held_out) = zip(*parts)
    discriminator = Discriminator(vocab_size, samples.shape[1], seed=int(seed[1]) % 2**31)
    epoch = DiscriminatorEpoch(discriminator, adam(DISCRIMINATOR_RATE, discriminator), l2=0.2, batch_size=BATCH_SIZE)

    trials = []
    for i in range(DISCRIMINATOR_EPOCHS):
        epoch(*train, randomness.fold_in(seed, i))
        trials.append((float(epoch.score(*validation)['d_held_out_loss']), epoch.score(*held_out)))
    best = min(trials, key=lambda trial: trial[0])[1]
    yield 'fresh_discriminator_loss', float(best['d_held_out_loss'])
    yield 'fresh_discriminator_accuracy', float(best['d_held_out_accuracy'])


def reverse_nll(
    samples: np.ndarray, validation: np.ndarray, test: np.ndarray, vocab_size: int, end_id: int | None, seed: int
) -> float:
    """The reverse language-model score: -log p of the test rows under a model of the samples.

    The score is high for poor samples, and for samples that lack a part of the data. The model is
    an LSTM of the generator's default size. It is trained on at most 10,000 samples, until the NLL
    of the validation rows rises.

    Args:
        samples, validation, test: int32 [B, T] each.
        vocab_size: V.
        end_id: the end token, or None.
        seed: an integer, for the weights and the order of the samples.

    Returns:
        Nats per token.
    """
    model = Generator(vocab_size, end_id=end_id, seed=seed)
    step, scorer = MLEStep(model, adam(LANGUAGE_MODEL_RATE, model), clip_norm=5.0), Scorer(model)
    best = score = float('inf')
    rng = np.random.default_rng(seed)
    for _ in range(LANGUAGE_MODEL_EPOCHS):
        order = rng.permutation(min(len(samples), LANGUAGE_MODEL_ROWS))
        for rows in order[: len(order) // BATCH_SIZE * BATCH_SIZE].reshape(-1, BATCH_SIZE):
            step(tf.constant(samples[rows]))
        nll = scorer.nll(validation)
        if nll >= best:
            break
        best, score = nll, scorer.nll(test)
    return score
