"""SelfGAN: likelihood of samples that a search with the discriminator found.

After Scialom et al. 2021 (arXiv 2106.06363): there is no policy gradient. Each round searches with
generator and discriminator, trains the generator by likelihood on what was found, and then trains
the discriminator. It differs from that paper in four ways:

- The search is resampling. The paper has cooperative beam and tree search.
- The discriminator's negatives are plain samples, so that its logit stays an estimate of
  log p/G, which the weights of the search need. The paper's negatives are found sequences.
- `real_share` of the rows of an update are training rows. With 1 there are no others, and the
  algorithm is its own control: likelihood at the same learning rate.
- The generator is an LSTM without a condition. The paper fine-tunes a pretrained transformer.
"""

from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from seqgan_tf import randomness
from seqgan_tf.algorithms import mle
from seqgan_tf.algorithms.policy_gradient import mean
from seqgan_tf.algorithms.seqgan import DiscriminatorPhase
from seqgan_tf.data.corpus import Corpus
from seqgan_tf.rewards.adversarial import calibrated_logit
from seqgan_tf.search.chunked import Resampler
from seqgan_tf.training.likelihood import MLEStep
from seqgan_tf.training.state import Report, TrainState


def train(state: TrainState, corpus: Corpus, config: Any) -> Iterator[Report]:
    """Yields one report for each epoch of MLE, each negative set of pretraining, and each round.

    A round is one search, `g_steps` updates on what it found and on training rows, and `d_steps`
    negative sets. The updates have Adam moments of their own, which start at 0, and
    `policy_learning_rate`.
    """
    yield from mle.train(state, corpus, config)
    discriminate = DiscriminatorPhase(state, corpus, config)
    yield from discriminate.pretrain()

    searcher = Resampler(
        state.generator,
        calibrated_logit(state),
        corpus.sequence_length,
        config.search_candidates,
        config.jit,
        state.replicas,
    )
    training_rows = tf.constant(corpus.train)
    step = MLEStep(state.generator, state.policy_optimizer, config.clip_norm, config.jit, state.replicas)
    count = config.g_steps * config.batch_size
    real = round(config.real_share * count)
    d_steps = 0 if config.freeze_discriminator else config.d_steps

    for i in state.rounds('adversarial', config.adversarial_rounds):
        found = searcher(count - real, state.next_seed(), config.guidance) if real < count else None
        parts = [_drawn(training_rows, real, state.next_seed())] + ([found.tokens] if found else [])
        order = randomness.permutation(count, state.next_seed())
        batches = tf.split(tf.gather(tf.concat(parts, axis=0), order), config.g_steps)
        metrics = mean([step(batch, dropout_seed=state.dropout_seed()) for batch in batches])
        if found:
            metrics['found_logit'] = float(tf.reduce_mean(found.scores))
        metrics |= mean([discriminate() for _ in range(d_steps)]) | discriminate.held_out()
        yield Report('adversarial', i, config.adversarial_rounds, metrics)


def _drawn(rows: tf.Tensor, count: int, seed: randomness.Seed) -> tf.Tensor:
    """Rows int32 [count, T], drawn with replacement from rows [N, T]."""
    places = tf.cast(randomness.uniforms([count], seed) * len(rows), tf.int32)
    return tf.gather(rows, tf.minimum(places, len(rows) - 1))
