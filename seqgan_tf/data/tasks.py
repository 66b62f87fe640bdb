"""Task: what a run learns from, and what its generator is judged by."""

import dataclasses
import pkgutil
from collections.abc import Callable, Sequence
from typing import Any

from seqgan_tf.data.corpus import Corpus
from seqgan_tf.data.registry import DATASETS, Score

Rules = Callable[[Sequence[str]], dict[str, float]]


@dataclasses.dataclass(frozen=True)
class Task:
    """One data set, loaded.

    Attributes:
        corpus: the rows.
        scored_by: what samples are judged by; None where nobody compares runs.
        oracle: the policy that the rows were drawn from, or None.
        rules: a function of texts that gives {name: share of the texts that keep a rule}, or None.
        has_text: whether the rows are text, so that BLEU says something of samples.
    """

    corpus: Corpus
    scored_by: Score | None = None
    oracle: Any = None
    rules: Rules | None = None
    has_text: bool = True

    @property
    def provides(self) -> frozenset[str]:
        """Of 'oracle', 'rules' and 'text' those that there are.

        A metric is measured where all that it requires is among them.
        """
        found = {'oracle': self.oracle is not None, 'rules': self.rules is not None, 'text': self.has_text}
        return frozenset(name for name, there in found.items() if there)


def load_task(config) -> Task:
    """The task of a configuration, by the name of its data set.

    Raises:
        ValueError: the data cannot be read, or do not fit the settings.
    """
    return pkgutil.resolve_name(DATASETS[config.dataset].load)(config)
