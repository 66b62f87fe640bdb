"""The metrics by name: what each means, and where and when it is measured.

Reports read this without TensorFlow.
"""

from collections.abc import Iterator

from seqgan_tf.data.registry import DATASETS
from seqgan_tf.evaluation.metric import (
    ALWAYS,
    COLLAPSE,
    DISTANCE,
    GROUPS,
    LIKELIHOOD,
    NATS,
    ORACLE,
    QUALITY,
    RULES,
    TEXT,
    Definition,
    Metric,
)
from seqgan_tf.evaluation.music_metrics import MUSIC_METRICS
from seqgan_tf.evaluation.residual_metrics import RESIDUAL_METRICS, SEARCH_NAMES

_MEASURES, _CLOSING = 'seqgan_tf.evaluation.measures', 'seqgan_tf.evaluation.closing'

# In the order in which they are measured.
METRICS: dict[str, Metric] = {
    'nll_validation': Metric(
        f'{_MEASURES}:nll_validation',
        {'nll_validation': Definition('-log p of the validation rows; settings and epochs are chosen by it', NATS)},
        LIKELIHOOD,
        column=2,
    ),
    'entropy': Metric(
        f'{_MEASURES}:entropy',
        {'entropy': Definition('-log p of the samples under the generator itself', NATS)},
        LIKELIHOOD,
        column=3,
        on_curve=ALWAYS,
    ),
    'nll_test': Metric(
        f'{_MEASURES}:nll_test',
        {
            'nll_test': Definition(
                "-log p of the test rows at the samples' temperature; its minimum is the data's entropy",
                NATS,
            )
        },
        LIKELIHOOD,
        column=1,
        on_curve=ALWAYS,
    ),
    'unique': Metric(
        f'{_MEASURES}:unique',
        {'unique': Definition('distinct sequences among the samples', 'share')},
        COLLAPSE,
        column=0,
        on_curve=ALWAYS,
        on_search=ALWAYS,
    ),
    'nll_oracle': Metric(
        f'{_MEASURES}:nll_oracle',
        {
            'nll_oracle': Definition(
                '-log p of the samples under the oracle; below the ground truth it means less entropy, not quality',
                NATS,
            )
        },
        LIKELIHOOD,
        column=0,
        requires=ORACLE,
        on_curve=ALWAYS,
        on_search=ALWAYS,
    ),
    'bleu': Metric(
        f'{_MEASURES}:bleus',
        {f'bleu_{n}': Definition(f'mean sentence BLEU-{n} of the samples against the test rows') for n in (2, 3, 4)},
        QUALITY,
        column=0,
        requires=TEXT,
        on_curve=ALWAYS,
        on_search=ALWAYS,
    ),
    'corpus_bleu': Metric(
        f'{_MEASURES}:corpus_bleus',
        {
            f'corpus_bleu_{n}': Definition(f'corpus BLEU-{n} of the samples against the test rows, without smoothing')
            for n in (1, 2, 3, 4)
        },
        QUALITY,
        column=2,
        requires=TEXT,
        on_curve=ALWAYS,
        on_search=ALWAYS,
    ),
    'rules': Metric(
        f'{_MEASURES}:rules',
        {
            name: Definition(f'samples that keep {what}', 'share')
            for entry in DATASETS.values()
            for name, what in entry.rules.items()
        },
        QUALITY,
        column=3,
        requires=RULES,
        on_curve=ALWAYS,
        on_search=ALWAYS,
    ),
    **RESIDUAL_METRICS,
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
        {'kl_oracle_generator': Definition('KL(oracle to generator) = nll_test - entropy of the oracle', NATS)},
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
        {'bleu_5': Definition('mean sentence BLEU-5 of the samples against the test rows')},
        QUALITY,
        column=1,
        requires=TEXT,
        closing=True,
    ),
    'reverse_nll': Metric(
        f'{_CLOSING}:reverse',
        {'reverse_nll': Definition('-log p of the test rows under a language model of the samples', NATS)},
        LIKELIHOOD,
        column=4,
        requires=TEXT,
        closing=True,
    ),
    'copied': Metric(
        f'{_MEASURES}:copied',
        {'copied': Definition('samples that are training rows', 'share')},
        COLLAPSE,
        column=2,
        closing=True,
        on_search=ALWAYS,
    ),
    'coverage': Metric(
        f'{_CLOSING}:coverage',
        {'coverage': Definition('symbols of the vocabulary that occur in the samples', 'share')},
        COLLAPSE,
        column=3,
        closing=True,
    ),
    'distinct': Metric(
        f'{_CLOSING}:distinct',
        {f'distinct_{n}': Definition(f'distinct {n}-grams among those of the samples', 'share') for n in (1, 2, 3)},
        COLLAPSE,
        column=1,
        closing=True,
    ),
    'self_bleu': Metric(
        f'{_MEASURES}:self_bleus',
        {
            f'self_bleu_{n}': Definition(f'mean BLEU-{n} of a sample against the others; higher is less diverse')
            for n in (2, 3, 4, 5)
        },
        COLLAPSE,
        column=4,
        closing=True,
        on_curve=TEXT,
        on_search=TEXT,
    ),
    'fresh_discriminator': Metric(
        f'{_CLOSING}:fresh',
        {
            'fresh_discriminator_accuracy': Definition(
                'test rows and samples that a new discriminator classifies correctly; 0.5 is chance', 'share'
            ),
            'fresh_discriminator_loss': Definition(
                'cross entropy of that discriminator on them; ln 2 = 0.693 is chance', 'nats'
            ),
        },
        DISTANCE,
        column=3,
        closing=True,
    ),
    **MUSIC_METRICS,
}


def of_every_evaluation(provides: frozenset[str]) -> Iterator[Metric]:
    """The metrics of every evaluation, for what a task provides."""
    return (metric for metric in METRICS.values() if metric.requires <= provides and not metric.closing)


def of_closing_evaluation(provides: frozenset[str]) -> Iterator[Metric]:
    """The metrics of the closing evaluation, for what a task provides."""
    return (metric for metric in METRICS.values() if metric.requires <= provides)


def of_temperature_curve(provides: frozenset[str]) -> Iterator[Metric]:
    """The metrics of each point of the temperature curve, for what a task provides."""
    return (m for m in METRICS.values() if m.on_curve is not None and m.requires | m.on_curve <= provides)


def of_search(provides: frozenset[str]) -> Iterator[Metric]:
    """The metrics of text that a search or a truncated policy found, for what a task provides."""
    return (m for m in METRICS.values() if m.on_search is not None and m.requires | m.on_search <= provides)


def glossary() -> dict[str, dict[str, Definition]]:
    """{group: {name: Definition}} of all metrics, in the order of a report."""
    metrics = sorted(METRICS.values(), key=lambda metric: metric.column)
    groups = {group: {} for group in [*GROUPS, *(metric.group for metric in metrics)]}
    for metric in metrics:
        groups[metric.group] |= metric.names
    groups[LIKELIHOOD] |= SEARCH_NAMES
    return groups
