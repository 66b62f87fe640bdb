"""What a metric declares of itself. Read without TensorFlow."""

import dataclasses
from collections.abc import Mapping

# The tables of a report, in its order.
GROUPS = 'Likelihood', 'Distance to the data', 'Quality of texts', 'Music', 'Collapse'
LIKELIHOOD, DISTANCE, QUALITY, MUSIC, COLLAPSE = GROUPS
NATS = 'nats/token'

ALWAYS = frozenset[str]()
ORACLE, RULES, TEXT, MELODY, DISCRIMINATOR = (
    frozenset({name}) for name in ('oracle', 'rules', 'text', 'music', 'discriminator')
)


@dataclasses.dataclass(frozen=True)
class Definition:
    """What a number means, in one line, and its unit; '' is no unit."""

    meaning: str
    unit: str = ''


@dataclasses.dataclass(frozen=True)
class Metric:
    """One entry: a measurement that gives one number, or several that belong together.

    Attributes:
        measure: 'package.module:function', a function `Evaluation` -> {name: value}. It may leave a
            name out if there is too little to measure.
        names: {name: Definition} of all numbers that it can give, in the order of their columns.
        group: the table of a report that has the names.
        column: the position of the names in that table.
        requires: what must be there, of 'oracle', 'rules', 'text', 'music' (`Task.provides`), and
            'discriminator', a trained one (`Evaluator.provides`).
        closing: whether only the closing evaluation measures it. If not, every evaluation does.
        on_curve: what a task must provide, beside `requires`, for the metric to be measured at each
            point of the temperature curve. None: it is never measured there.
        on_search: the same for text that a search found, whose density is not known, or a truncated
            policy, under which test rows have probability 0.
    """

    measure: str
    names: Mapping[str, Definition]
    group: str
    column: int
    requires: frozenset[str] = frozenset()
    closing: bool = False
    on_curve: frozenset[str] | None = None
    on_search: frozenset[str] | None = None
