"""The metrics: where each is measured, when, and what it means.

Reports read this without TensorFlow.
"""

import dataclasses
from collections.abc import Iterator, Mapping

from seqgan_tf.data.registry import DATASETS

GROUPS = 'Likelihood', 'Distance to the data', 'Quality of texts', 'Collapse'  # in a report's order
LIKELIHOOD, DISTANCE, QUALITY, COLLAPSE = GROUPS
NATS = 'nats/token'

ALWAYS = frozenset[str]()
ORACLE, RULES, TEXT = (frozenset({name}) for name in ('oracle', 'rules', 'text'))


@dataclasses.dataclass(frozen=True)
class Definition:
    """One line of meaning, and the unit: '' for none."""

    meaning: str
    unit: str = ''


@dataclasses.dataclass(frozen=True)
class Metric:
    """One entry: a measurement, which gives one number or several that belong together.

    Attributes:
        measure: 'package.module:function', a function `Evaluation` -> {name: value}. It may leave
            names out, where there is too little to measure.
        names: {name: Definition} of all that it can give, in the order of a report's columns.
        group: the table of a report that the names stand in.
        column: the place of the names in that table.
        requires: what a task must provide: of 'oracle', 'rules' and 'text' (`Task.provides`).
        closing: the metric is measured in the closing evaluation alone; else in every evaluation.
        on_curve: what a task must provide beyond `requires` for the metric to be measured at each
            point of the temperature curve; None: it is not.
    """

    measure: str
    names: Mapping[str, Definition]
    group: str
    column: int
    requires: frozenset[str] = ALWAYS
    closing: bool = False
    on_curve: frozenset[str] | None = None


_MEASURES, _CLOSING = 'seqgan_tf.evaluation.measures', 'seqgan_tf.evaluation.closing'

# In the order in which they are measured.
METRICS: dict[str, Metric] = {
    'nll_validation': Metric(
        f'{_MEASURES}:nll_validation',
        {'nll_validation': Definition('of the validation rows, which settings and epochs are chosen by', NATS)},
        LIKELIHOOD,
        column=2,
    ),
    'entropy': Metric(
        f'{_MEASURES}:entropy',
        {'entropy': Definition('of the generator, over its own samples', NATS)},
        LIKELIHOOD,
        column=3,
        on_curve=ALWAYS,
    ),
    'nll_test': Metric(
        f'{_MEASURES}:nll_test',
        {
            'nll_test': Definition(
                "of held-out rows under the generator, at the samples' temperature; cannot be below the data's entropy",
                NATS,
            )
        },
        LIKELIHOOD,
        column=1,
        on_curve=ALWAYS,
    ),
    'unique': Metric(
        f'{_MEASURES}:unique',
        {'unique': Definition('of distinct sequences among the samples', 'share')},
        COLLAPSE,
        column=0,
        on_curve=ALWAYS,
    ),
    'nll_oracle': Metric(
        f'{_MEASURES}:nll_oracle',
        {
            'nll_oracle': Definition(
                'of samples under the oracle; below the ground truth: less entropy than the data, not better', NATS
            )
        },
        LIKELIHOOD,
        column=0,
        requires=ORACLE,
        on_curve=ALWAYS,
    ),
    'bleu': Metric(
        f'{_MEASURES}:bleus',
        {
            f'bleu_{n}': Definition(f'mean sentence BLEU-{n} of the samples against the held-out rows')
            for n in (2, 3, 4)
        },
        QUALITY,
        column=0,
        requires=TEXT,
        on_curve=ALWAYS,
    ),
    'rules': Metric(
        f'{_MEASURES}:rules',
        {
            name: Definition(f'of samples that keep {what}', 'share')
            for entry in DATASETS.values()
            for name, what in entry.rules.items()
        },
        QUALITY,
        column=2,
        requires=RULES,
        on_curve=ALWAYS,
    ),
    'kl_generator_oracle': Metric(
        f'{_CLOSING}:kl_generator_oracle',
        {'kl_generator_oracle': Definition('KL(generator to oracle) = nll_oracle - entropy', NATS)},
        DISTANCE,
        column=0,
        requires=ORACLE,
        closing=True,
    ),
    'kl_oracle_generator': Metric(
        f'{_CLOSING}:kl_oracle_generator',
        {'kl_oracle_generator': Definition('KL(oracle to generator) = nll_test - entropy of the data', NATS)},
        DISTANCE,
        column=1,
        requires=ORACLE,
        closing=True,
    ),
    'jsd_per_step': Metric(
        f'{_CLOSING}:jsd',
        {'jsd_per_step': Definition('Jensen-Shannon divergence of the next token, mean over steps', 'nats')},
        DISTANCE,
        column=2,
        requires=ORACLE,
        closing=True,
    ),
    'bleu_5': Metric(
        f'{_CLOSING}:bleu_5',
        {'bleu_5': Definition('mean sentence BLEU-5 of the samples against the held-out rows')},
        QUALITY,
        column=1,
        requires=TEXT,
        closing=True,
    ),
    'reverse_nll': Metric(
        f'{_CLOSING}:reverse',
        {'reverse_nll': Definition('of held-out rows under a language model that was fitted to the samples', NATS)},
        LIKELIHOOD,
        column=4,
        requires=TEXT,
        closing=True,
    ),
    'copied': Metric(
        f'{_CLOSING}:copied',
        {'copied': Definition('of samples that are training rows', 'share')},
        COLLAPSE,
        column=2,
        closing=True,
    ),
    'coverage': Metric(
        f'{_CLOSING}:coverage',
        {'coverage': Definition('of the vocabulary that occurs in the samples', 'share')},
        COLLAPSE,
        column=3,
        closing=True,
    ),
    'distinct': Metric(
        f'{_CLOSING}:distinct',
        {f'distinct_{n}': Definition(f'of distinct {n}-grams among those of the samples', 'share') for n in (1, 2, 3)},
        COLLAPSE,
        column=1,
        closing=True,
    ),
    'self_bleu': Metric(
        f'{_CLOSING}:self_bleus',
        {
            f'self_bleu_{n}': Definition(f'mean BLEU-{n} of a sample against the others; higher: more alike')
            for n in (2, 3, 4, 5)
        },
        COLLAPSE,
        column=4,
        closing=True,
        on_curve=TEXT,
    ),
    'fresh_discriminator': Metric(
        f'{_CLOSING}:fresh',
        {
            'fresh_discriminator_accuracy': Definition(
                'of held-out rows and samples that a new discriminator tells apart; 0.5: chance', 'share'
            ),
            'fresh_discriminator_loss': Definition(
                'cross entropy of that discriminator on them; ln 2 = 0.693: it knows nothing', 'nats'
            ),
        },
        DISTANCE,
        column=3,
        closing=True,
    ),
}


def of_every_evaluation(provides: frozenset[str]) -> Iterator[Metric]:
    """The metrics of an evaluation, given what the task provides."""
    return (metric for metric in METRICS.values() if metric.requires <= provides and not metric.closing)


def of_closing_evaluation(provides: frozenset[str]) -> Iterator[Metric]:
    """The metrics of the closing evaluation."""
    return (metric for metric in METRICS.values() if metric.requires <= provides)


def of_temperature_curve(provides: frozenset[str]) -> Iterator[Metric]:
    """The metrics of each point of the temperature curve."""
    return (m for m in METRICS.values() if m.on_curve is not None and m.requires | m.on_curve <= provides)


def glossary() -> dict[str, dict[str, Definition]]:
    """{group: {name: Definition}} of all metrics, in the order of a report."""
    metrics = sorted(METRICS.values(), key=lambda metric: metric.column)
    groups = dict.fromkeys([*GROUPS, *(metric.group for metric in metrics)])
    return {
        group: {name: found for m in metrics if m.group == group for name, found in m.names.items()} for group in groups
    }
