"""Task: the data that a run learns from, and the judges of its generator."""

import dataclasses
import pkgutil
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from seqgan_tf.data.corpus import Corpus
from seqgan_tf.data.registry import DATASETS, Score
from seqgan_tf.music.melody import Melody

if TYPE_CHECKING:  # settings are read without TensorFlow
    from seqgan_tf.policies.policy import Policy

Rules = Callable[[Sequence[str]], dict[str, float]]


@dataclasses.dataclass(frozen=True)
class Task:
    """One data set, loaded.

    Attributes:
        corpus: the rows.
        scored_by: the metric that samples are judged by; None where runs are not compared.
        oracle: the policy that the rows were drawn from, or None.
        rules: a function of texts that gives {name: share of the texts that keep a rule}, or None.
        has_text: whether the rows are text. Only then is BLEU measured.
        melody: how the ids of a row stand for a melody; None where rows are no music.
    """

    corpus: Corpus
    scored_by: Score | None = None
    oracle: 'Policy | None' = None
    rules: Rules | None = None
    has_text: bool = True
    melody: Melody | None = None

    @property
    def provides(self) -> frozenset[str]:
        """What the task has, of 'oracle', 'rules', 'text' and 'music'.

        A metric is measured where the task has all that the metric requires.
        """
        found = {
            'oracle': self.oracle is not None,
            'rules': self.rules is not None,
            'text': self.has_text,
            'music': self.melody is not None,
        }
        return frozenset(name for name, there in found.items() if there)


def load_task(config: Any, corpus: Corpus | None = None) -> Task:
    """The task of the settings, a `Config`, by the name of their data set.

    Args:
        config: the settings.
        corpus: the rows of dataset=given; None for any other.

    Raises:
        ValueError: the data cannot be read, or do not fit the settings.
    """
    if corpus is not None:
        return Task(corpus, DATASETS[config.dataset].scored_by)
    return pkgutil.resolve_name(DATASETS[config.dataset].load)(config)


def refuse_given(config: Any) -> Task:
    """Raises ValueError: the rows of dataset=given come from Python."""
    del config
    raise ValueError('dataset=given takes a Corpus: seqgan_tf.run(config, corpus=...). Received: none')
