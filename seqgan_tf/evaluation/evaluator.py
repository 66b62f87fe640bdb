"""Evaluator: measures the metrics of the registry on fresh samples of a generator."""

import functools
import pkgutil
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import tensorflow as tf

from seqgan_tf.data.corpus import Corpus
from seqgan_tf.data.tasks import Task
from seqgan_tf.data.verse_rules import verse_validity
from seqgan_tf.evaluation.evaluation import Evaluation
from seqgan_tf.evaluation.registry import Metric, of_every_evaluation
from seqgan_tf.policies.chunked import RowScorer, Sampler, Scorer
from seqgan_tf.policies.policy import Policy, RewardFunction
from seqgan_tf.training.replicas import ONE, Replicas

Values = Iterator[tuple[str, float]]


class Evaluator:
    """Evaluates one generator on one task. Sampling and scoring are compiled once.

    Args:
        generator: the policy to evaluate.
        task: its corpus has the test rows that the samples are compared with.
        num_samples: number of samples of an evaluation.
        jit: 'off': without XLA; 'on': also for the discriminator.
        discriminator: a function that gives the discriminator, tokens [N, T] -> logits [N], once it
            is trained, and None before. It is asked at each evaluation.
        replicas: share the rows that are sampled and scored.
    """

    def __init__(
        self,
        generator: Policy,
        task: Task,
        num_samples: int,
        jit: str = 'auto',
        discriminator: Callable[[], RewardFunction | None] = lambda: None,
        replicas: Replicas = ONE,
    ):
        self.generator, self.task, self.num_samples, self.jit = generator, task, num_samples, jit
        self.discriminator, self.replicas = discriminator, replicas
        self.sampler = Sampler(generator, task.corpus.sequence_length, jit=jit, replicas=replicas)
        self.scorer = Scorer(generator, jit, replicas)
        self.oracle_scorer = Scorer(task.oracle, jit, replicas) if task.oracle is not None else None

    @property
    def provides(self) -> frozenset[str]:
        """What the task provides, and 'discriminator' where one is trained by now."""
        return self.task.provides | ({'discriminator'} if self.discriminator() is not None else frozenset())

    @property
    def logits(self) -> RowScorer | None:
        """The logits of the trained discriminator, in float32; None where there is none."""
        return None if self.discriminator() is None else self._logits

    @functools.cached_property
    def _logits(self) -> RowScorer:
        # XLA makes the convolutions three times as slow on CPUs.
        return RowScorer(self.discriminator(), jit_compile=self.jit == 'on', replicas=self.replicas)

    def sample(self, seed: tf.Tensor, count: int | None = None) -> np.ndarray:
        """Tokens int32 [num_samples or count, T] from an int seed [2]."""
        return self.sampler(count or self.num_samples, seed).numpy()

    def __call__(self, seed: tf.Tensor) -> Values:
        """Yields (name, value) of the metrics of every evaluation. The seed is int [2]."""
        yield from self.measure(of_every_evaluation(self.provides), self.sample(seed), seed)

    def measure(self, metrics: Iterable[Metric], samples: np.ndarray, seed: tf.Tensor) -> Values:
        """Yields (name, value) of metrics of samples int32 [B, T], which the int seed [2] drew."""
        evaluation = Evaluation(self.generator, self.task, self.scorer, self.oracle_scorer, self.logits, samples, seed)
        for metric in metrics:
            found = pkgutil.resolve_name(metric.measure)(evaluation)
            evaluation.values.update(found)
            yield from found.items()


def evaluate(
    generator: Policy,
    corpus: Corpus,
    num_samples: int,
    seed: tf.Tensor,
    oracle: Policy | None = None,
    verse_rules: bool = False,
    jit: str = 'auto',
) -> Values:
    """Yields (name, value) of the metrics of one evaluation.

    Args:
        generator: the policy to evaluate.
        corpus: its test rows are compared with the samples.
        num_samples: number of samples to draw.
        seed: int [2].
        oracle: the policy that the corpus was drawn from; None for text.
        verse_rules: whether the rules of the embedded verse are measured.
        jit: 'off': without XLA.
    """
    rules = verse_validity if verse_rules else None
    task = Task(corpus, oracle=oracle, rules=rules, has_text=oracle is None)
    yield from Evaluator(generator, task, num_samples, jit)(seed)
