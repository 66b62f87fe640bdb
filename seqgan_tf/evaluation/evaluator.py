"""Evaluation of a generator: what the registry lists, measured on fresh samples."""

import pkgutil
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from seqgan_tf.data.corpus import Corpus
from seqgan_tf.data.tasks import Task
from seqgan_tf.data.verse import verse_validity
from seqgan_tf.evaluation.evaluation import Evaluation
from seqgan_tf.evaluation.registry import Metric, of_every_evaluation
from seqgan_tf.policies.chunked import Sampler, Scorer

Values = Iterator[tuple[str, float]]


class Evaluator:
    """Evaluates one generator on one task, compiled once.

    Args:
        generator: a policy.
        task: the generator's samples are compared with the test rows of its corpus.
        num_samples: sequences drawn for each evaluation.
        jit: 'off' for no XLA.
    """

    def __init__(self, generator: Any, task: Task, num_samples: int, jit: str = 'auto'):
        self.generator, self.task, self.num_samples, self.jit = generator, task, num_samples, jit
        self.sampler = Sampler(generator, task.corpus.sequence_length, jit=jit)
        self.scorer = Scorer(generator, jit)
        self.oracle_scorer = Scorer(task.oracle, jit) if task.oracle is not None else None

    def sample(self, seed: Any, count: int | None = None) -> np.ndarray:
        """Tokens int32 [num_samples or count, T] from an int seed [2]."""
        return self.sampler(count or self.num_samples, seed).numpy()

    def __call__(self, seed: Any) -> Values:
        """Yields (name, value) of the metrics of every evaluation; samples are from a seed [2]."""
        yield from self.measure(of_every_evaluation(self.task.provides), self.sample(seed), seed)

    def measure(self, metrics: Iterable[Metric], samples: np.ndarray, seed: Any) -> Values:
        """Yields (name, value) of metrics of samples int32 [B, T], drawn with an int seed [2]."""
        evaluation = Evaluation(self.generator, self.task, self.scorer, self.oracle_scorer, samples, seed)
        for metric in metrics:
            found = pkgutil.resolve_name(metric.measure)(evaluation)
            evaluation.values.update(found)
            yield from found.items()


def evaluate(
    generator: Any,
    corpus: Corpus,
    num_samples: int,
    seed: Any,
    oracle: Any = None,
    verse_rules: bool = False,
    jit: str = 'auto',
) -> Values:
    """Yields (name, value) of a single evaluation.

    Args:
        generator: a policy.
        corpus: its test rows are what samples are compared with.
        num_samples: sequences to draw.
        seed: int [2].
        oracle: the policy that the corpus was drawn from, or None for text.
        verse_rules: whether the texts should keep the rules of the embedded verse.
        jit: 'off' for no XLA.
    """
    rules = verse_validity if verse_rules else None
    task = Task(corpus, oracle=oracle, rules=rules, has_text=oracle is None)
    yield from Evaluator(generator, task, num_samples, jit)(seed)
