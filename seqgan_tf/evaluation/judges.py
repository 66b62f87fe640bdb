"""Networks that no generator was trained against, trained afresh to judge its samples."""

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
LEAST_ROWS = 100  # below, too little is left to train on and to judge by
DISCRIMINATOR_ROWS, DISCRIMINATOR_EPOCHS, DISCRIMINATOR_RATE = 10_000, 3, 1e-4
LANGUAGE_MODEL_ROWS, LANGUAGE_MODEL_EPOCHS, LANGUAGE_MODEL_RATE = 10_000, 20, 0.01


def fresh_discriminator(samples, rows, vocab_size, seed):
    """Yields (name, value): loss, nats, and accuracy of a new discriminator of the paper's kind on rows and samples that it has not seen.

    Of as many rows as samples, at most 10,000 each, it is trained on three fifths, for up to three epochs, as is best on one fifth, and
    judged on the last. Accuracy 0.5 and loss ln 2: it cannot tell them apart. The loss bounds the divergence: ln 2 minus it is at most the
    Jensen-Shannon divergence of whole sequences.

    Args:
        samples, rows: int32 [B, T] and [R, T]; the rows are test rows, which no other network was trained on.
        seed: int [2].
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


def reverse_nll(samples, validation, test, vocab_size, end_id, seed):
    """The reverse language-model score, nats per token: -log p of the test rows under a new model trained on samples alone.

    It is high for poor samples and for samples that leave out what the data hold. An LSTM of the generator's default size is trained on
    at most 10,000 samples until the validation rows' NLL rises; shuffled by the seed, an int.
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
