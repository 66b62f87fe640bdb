"""Evaluation: what a metric is computed from."""

import dataclasses
from typing import Any

import numpy as np

from seqgan_tf.data.corpus import Corpus
from seqgan_tf.data.tasks import Task
from seqgan_tf.policies.chunked import Scorer

COMPARED_ROWS = 2000  # of the metrics that grow or fall with the number of rows


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """One set of samples, and what they are compared with.

    Attributes:
        generator: the policy that drew the samples.
        task: what it was trained on.
        scorer: gives log-probabilities under the generator.
        oracle_scorer: the same under the oracle, a Scorer; None where the task has no oracle.
        samples: int32 [B, T].
        seed: int [2]; the samples were drawn with it, so a metric folds a number of its own in.
        values: {name: value} of the metrics that were measured before on these samples.
    """

    generator: Any
    task: Task
    scorer: Scorer
    oracle_scorer: Any
    samples: np.ndarray
    seed: Any
    values: dict[str, float] = dataclasses.field(default_factory=dict)

    @property
    def corpus(self) -> Corpus:
        """The rows of the task."""
        return self.task.corpus

    @property
    def few(self) -> np.ndarray:
        """The first 2,000 samples, for metrics that may be compared between equal numbers alone."""
        return self.samples[:COMPARED_ROWS]
