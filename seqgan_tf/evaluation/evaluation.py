"""Evaluation: the input of a metric."""

import dataclasses

import numpy as np
import tensorflow as tf

from seqgan_tf.data.corpus import Corpus
from seqgan_tf.data.tasks import Task
from seqgan_tf.policies.chunked import RowScorer, Scorer
from seqgan_tf.policies.policy import Policy

COMPARED_ROWS = 2000  # samples of a metric whose value depends on their number


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """One set of samples, and the task that they are compared with.

    Attributes:
        generator: the policy that drew the samples.
        task: the task of its training.
        scorer: log-probabilities under the generator.
        oracle_scorer: log-probabilities under the oracle of the task; None where it has no oracle.
        samples: int32 [B, T].
        logits: the logits of the trained discriminator; None where there is none.
        seed: int [2]. It drew the samples, so a metric that draws folds a number into it.
        values: {name: value} of the metrics that these samples already have.
    """

    generator: Policy
    task: Task
    scorer: Scorer
    oracle_scorer: Scorer | None
    logits: RowScorer | None
    samples: np.ndarray
    seed: tf.Tensor
    values: dict[str, float] = dataclasses.field(default_factory=dict)

    @property
    def corpus(self) -> Corpus:
        """The rows of the task."""
        return self.task.corpus

    @property
    def few(self) -> np.ndarray:
        """The first 2,000 samples, for a metric that is compared only between equal numbers."""
        return self.samples[:COMPARED_ROWS]

    def logits_of(self, tokens: np.ndarray) -> np.ndarray:
        """The discriminator's logits float32 [N] of tokens [N, T].

        Raises:
            ValueError: there is no trained discriminator.
        """
        if self.logits is None:
            raise ValueError('a metric of the discriminator must require it. Received: a run that has trained none')
        return self.logits(tokens)

    def nll_under_oracle(self, tokens: np.ndarray) -> float:
        """Mean -log p of tokens [N, T] under the oracle of the task, nats per token.

        Raises:
            ValueError: the task has no oracle.
        """
        if self.oracle_scorer is None:
            raise ValueError('a metric of the oracle must require it. Received: a task without an oracle')
        return self.oracle_scorer.nll(tokens)
