"""Tables 2, 3 and 4 of the paper: BLEU of poems, of speeches and of music."""

import dataclasses
from collections.abc import Iterator, Mapping

from seqgan_tf.report.curves import matching_temperature, sampler_curve
from seqgan_tf.report.section import Section
from seqgan_tf.report.significance import Estimate, estimate
from seqgan_tf.report.study import REAL_DATA, Study
from seqgan_tf.report.tables import NOTHING, Table, mean, paired_values, shown_difference, titled

MEASURES = (
    'Yu et al. (AAAI 2017) compare samples with the whole test set. So all test rows are references here. bleu_n is the '
    'mean BLEU-n of single samples.{corpus}{peers}{mse}'
)
CORPUS = ' corpus_bleu_n is one BLEU-n of all samples together, as NLTK computes it.'
PEERS = ' corpus_bleu_1 stands beside, because other implementations print it under the name BLEU-2.'
MSE = ' A lower mse is better.'
VALIDATION = (
    'The row "{real}" has validation rows in place of samples. It shows what new data of the same source reach.'
)
TEMPERATURE = (
    'The last column is the temperature at which {compared} has the {matched} of the row. It is interpolated on the '
    'temperature curve of the same seed. Where there is such a temperature, a change of temperature reaches that '
    '{matched} without other training. A curve has fewer samples than the closing evaluation, so the value of '
    '{compared} itself is not exactly 1.'
)
NOT_COMPARABLE = 'The values of the paper cannot be compared with those of these runs. {reason}'
NOT_PUBLISHED = 'Its corpus, its split and its implementation of BLEU are not published.'
LOST = 'Its corpus is lost, and its split and its implementation of BLEU are not published.'


@dataclasses.dataclass(frozen=True)
class PaperTable:
    """One of the tables of Yu et al. (AAAI 2017).

    Attributes:
        name: of the table.
        metrics: those of a run that measure what the table does, in the order of its columns.
        matched: that of the metrics at which temperatures are compared.
        columns: the measures of the paper.
        rows: {row: its values, as printed}.
        reason: why its values are not comparable.
    """

    name: str
    metrics: tuple[str, ...]
    matched: str
    columns: tuple[str, ...]
    rows: Mapping[str, tuple[str, ...]]
    reason: str = NOT_PUBLISHED


POEMS = PaperTable(
    'Table 2',
    ('bleu_2', 'corpus_bleu_2', 'corpus_bleu_1'),
    'bleu_2',
    ('BLEU-2',),
    {'MLE': ('0.6670',), 'SeqGAN': ('0.7389',), REAL_DATA: ('0.746',)},
)
SPEECHES = PaperTable(
    'Table 3',
    ('bleu_3', 'corpus_bleu_3', 'bleu_4', 'corpus_bleu_4'),
    'bleu_4',
    ('BLEU-3', 'BLEU-4'),
    {'MLE': ('0.519', '0.416'), 'SeqGAN': ('0.556', '0.427')},
    LOST,
)
MUSIC = PaperTable(
    'Table 4',
    ('bleu_4', 'corpus_bleu_4', 'mse'),
    'bleu_4',
    ('BLEU-4', 'MSE'),
    {'MLE': ('0.9210', '22.38'), 'SeqGAN': ('0.9406', '20.62')},
)
# The paper's poems are characters and its speeches words.
BY_TOKENS = {'char': POEMS, 'grapheme': POEMS, 'word': SPEECHES, 'wordpunct': SPEECHES}


def paper_table(study: Study) -> PaperTable | None:
    """The table of the paper for the data of a study, with the metrics that it has; None if it has none."""
    dataset = study.settings['dataset']
    table = BY_TOKENS.get(study.settings['tokens']) if dataset == 'text' else MUSIC if dataset == 'music' else None
    if table is None:
        return None
    metrics = tuple(name for name in table.metrics if any(name in run.final for run in study.runs))
    return dataclasses.replace(table, metrics=metrics) if metrics else None


def paper_section(study: Study) -> list[Section]:
    """The section of the table of the paper, as a list of one section or none."""
    table = paper_table(study)
    if table is None:
        return []
    matched = any(matching_temperatures(study, label, table.matched) for label in study.labels)
    words = {'real': REAL_DATA, 'compared': study.compared, 'matched': table.matched, 'reason': table.reason}
    for name, text, shown in (
        ('corpus', CORPUS, any(metric.startswith('corpus_bleu') for metric in table.metrics)),
        ('peers', PEERS, 'corpus_bleu_1' in table.metrics),
        ('mse', MSE, 'mse' in table.metrics),
    ):
        words[name] = text if shown else ''
    real = any(_real(study, name) for name in table.metrics)
    text = [MEASURES, *([VALIDATION] if real else []), *([TEMPERATURE] if matched else []), NOT_COMPARABLE]
    tables = [_measured(study, table, matched), *_differences(study, table), _printed(table)]
    return [Section(f'{table.name} of the paper', [paragraph.format(**words) for paragraph in text], tables)]


def matching_temperatures(study: Study, label: str, metric: str) -> dict[int, float | None]:
    """{seed: the temperature at which the compared label has the final value of a metric of a label}.

    A seed is left out if one of the two lacks the metric. None: no temperature that was measured
    has the value.
    """
    found = {}
    for seed, value in study.values(label, metric).items():
        run = study.labels[study.compared].get(seed)
        curve = sampler_curve(run, 'temperature', metric) if run else ()
        if len(curve):
            found[seed] = matching_temperature(curve, value)
    return found


def paper_estimates(study: Study) -> Iterator[tuple[str, str, str, Estimate]]:
    """Yields (kind, label, measure, Estimate) of all numbers of the section, for programs.

    The kind is `reference`, `label`, `difference` (from the compared label), `temperature` or
    `paper`. A number of the paper is taken for one run.
    """
    table = paper_table(study)
    if table is None:
        return
    values = [('reference', REAL_DATA, name, _real(study, name)) for name in table.metrics]
    values += [('label', label, name, study.values(label, name)) for label in study.labels for name in table.metrics]
    values += [('temperature', label, table.matched, _reached(study, label, table)) for label in study.labels]
    yield from ((kind, label, name, estimate(list(found.values()))) for kind, label, name, found in values if found)
    for label in study.labels:
        found = {name: paired_values(study, label, name) for name in table.metrics if label != study.compared}
        yield from (('difference', label, name, one) for name, one in found.items() if one)
    for row, cells in table.rows.items():
        yield from (('paper', row, name, Estimate(1, float(cell))) for name, cell in zip(table.columns, cells))


def _measured(study: Study, table: PaperTable, matched: bool) -> Table:
    """The metrics of real data and of each label."""
    head = ['', 'seeds', *map(titled, table.metrics), *([f'temperature\nof {study.compared}'] if matched else [])]
    rows = []
    real = [_real(study, name) for name in table.metrics]
    if any(real):
        rows.append(
            ('reference', [REAL_DATA, str(max(map(len, real))), *map(mean, real), *([NOTHING] if matched else [])])
        )
    for label, seeds in study.labels.items():
        cells = [label, str(len(seeds)), *(mean(study.values(label, name)) for name in table.metrics)]
        if matched:
            cells.append(_temperature(study, label, table))
        rows.append(('label', cells))
    return Table('', head, rows)


def _differences(study: Study, table: PaperTable) -> list[Table]:
    """The differences of each label from the compared one over common seeds, as a list of one table or none."""
    rows = []
    for label in study.labels:
        found = [paired_values(study, label, name) for name in table.metrics]
        if label != study.compared and any(found):
            common = max(one.n for one in found if one)
            rows.append(('label', [label, str(common), *map(shown_difference, found)]))
    head = ['', 'common seeds', *map(titled, table.metrics)]
    return [Table(f'Difference from {study.compared}', head, rows)] if rows else []


def _printed(table: PaperTable) -> Table:
    rows = [('paper', [f'paper: {row}', *values]) for row, values in table.rows.items()]
    return Table(f'{table.name} of Yu et al. (not comparable)', ['', *table.columns], rows)


def _real(study: Study, name: str) -> dict[int, float]:
    """{seed: a metric of the validation rows}."""
    return study.references(f'{name}_of_data')


def _reached(study: Study, label: str, table: PaperTable) -> dict[int, float]:
    """{seed: matching temperature} of the seeds that have one."""
    found = matching_temperatures(study, label, table.matched)
    return {seed: value for seed, value in found.items() if value is not None}


def _temperature(study: Study, label: str, table: PaperTable) -> str:
    seeds, reached = len(matching_temperatures(study, label, table.matched)), _reached(study, label, table)
    if not seeds:
        return NOTHING
    missing = f'not reached in {seeds - len(reached)} of {seeds} seeds'
    return mean(reached) + (f'\n{missing}' if len(reached) < seeds else '') if reached else missing
