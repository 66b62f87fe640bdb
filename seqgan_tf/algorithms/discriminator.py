"""How the discriminator of whole sequences learns from the negative sets of a run."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from seqgan_tf.policies.chunked import RowScorer
from seqgan_tf.training.best_weights import BestWeights
from seqgan_tf.training.calibration import fit_scale
from seqgan_tf.training.devices import compute_dtype
from seqgan_tf.training.discrimination import DiscriminatorEpoch
from seqgan_tf.training.state import TrainState


class DiscriminatorLearner:
    """The discriminator: it tells real rows from samples. It is a `prefix_values.Learner`.

    Args:
        state: has the discriminator, its optimizer, and the scale of its logit, if any.
        config: the `Config` of a run.
        real: validation rows int32 [R, T].
        draw: () -> R new samples [R, T] of the generator. It is called only for
            `discriminator_stop` and `discriminator_calibration`, once for each set.
    """

    def __init__(self, state: TrainState, config: Any, real: tf.Tensor, draw: Callable[[], tf.Tensor]):
        self.state, self.real, self.draw = state, real, draw
        self.epochs, self.stops = config.discriminator_epochs, config.discriminator_stop
        self.epoch = DiscriminatorEpoch(
            state.discriminator,
            state.discriminator_optimizer,
            config.l2,
            config.batch_size,
            config.jit,
            compute_dtype(config.discriminator_precision),
            state.replicas,
        )
        self.logits = RowScorer(state.discriminator, config.jit == 'on', state.replicas)

    def __call__(self, positives: tf.Tensor, negatives: tf.Tensor) -> dict[str, tf.Tensor]:
        """Trains on real rows and samples [M, T] for k epochs, and then fits the scale, if any.

        Returns:
            The metrics of the last epoch. With `discriminator_stop` there is also `d_epochs`, the
            number of epochs whose weights stay.
        """
        scale = self.state.discriminator_scale
        samples = self.draw() if self.stops or scale is not None else None
        metrics = self._until_no_better(positives, negatives, samples) if self.stops else {}
        for _ in range(0 if self.stops else self.epochs):
            metrics = self.epoch(positives, negatives, self.state.next_seed())
        if scale is not None:
            scale.assign(self._fitted(samples))
        return metrics

    def held_out(self, real: tf.Tensor, samples: tf.Tensor) -> dict[str, tf.Tensor]:
        """`DiscriminatorEpoch.score` on validation rows and fresh samples, and `d_scale`, if any."""
        scale = self.state.discriminator_scale
        return self.epoch.score(real, samples) | ({} if scale is None else {'d_scale': tf.convert_to_tensor(scale)})

    def _until_no_better(self, positives, negatives, samples):
        """Epochs as long as each lowers the held-out loss; an epoch that does not is taken back."""
        loss = lambda: self.epoch.score(self.real, samples)['d_held_out_loss']
        best = BestWeights(self.state.discriminator)
        best.keep(loss())
        metrics, kept = {}, 0
        while kept < self.epochs:
            metrics = self.epoch(positives, negatives, self.state.next_seed())
            if not best.keep(loss()):
                best.put_back()
                break
            kept += 1
        return metrics | {'d_epochs': tf.constant(kept)}

    def _fitted(self, samples):
        rows = tf.concat([self.real, samples], axis=0)
        return fit_scale(self.logits(rows), np.arange(len(rows)) < len(self.real))
