"""The tables of a report: texts for people, and CSV files for programs."""

import csv
import dataclasses
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from seqgan_tf.report import metrics
from seqgan_tf.report.distances import distances
from seqgan_tf.report.runs import PER_RUN
from seqgan_tf.report.significance import Estimate, estimate, paired
from seqgan_tf.report.study import Study, start_label

NOTHING = '–'
Row = tuple[str, list[str]]  # (kind, cells)


@dataclasses.dataclass(frozen=True)
class Table:
    """A table for people.

    Attributes:
        title: '' for none.
        head: column titles.
        rows: (kind, cells); the kind is `label`, `reference` or `paper`. The second line of a cell,
            if it has one, is in small print.
    """

    title: str
    head: list[str]
    rows: list[Row]


def final_tables(study: Study) -> dict[str, Table]:
    """{group: table} of the closing evaluation; its nll_oracle is Table 1 of the paper."""
    groups = metrics.grouped(study.metrics())
    return {
        title: Table(title, ['', 'seeds', *map(_titled, group)], list(_final_rows(study, group)))
        for title, group in groups.items()
    }


def paired_tables(study: Study) -> list[Table]:
    """Differences of each label from the compared one over common seeds, a table for each group."""
    names = {name for run in study.runs for name in run.final}
    others = [label for label in study.labels if label != study.compared]
    tables = []
    for title, group in metrics.grouped(names).items():
        rows = []
        for label in others:
            common = len(study.labels[label].keys() & study.labels[study.compared].keys())
            rows.append(('label', [label, str(common), *(_difference(_paired(study, label, name)) for name in group)]))
        tables.append(
            Table(f'{title}: difference from {study.compared}', ['', 'common seeds', *map(_titled, group)], rows)
        )
    return tables if others else []


def distance_table(study: Study) -> Table | None:
    """Distances of labels to temperature curves; None if there are none."""
    metric, _ = study.quality
    head = ['', 'curve of', 'seeds', f'distance in {metric}', 'over seeds', 'each seed']
    rows = []
    for label, curve_label, own, values in distances(study):
        inside = [value for value in values.values() if value is not None]
        found = estimate(inside) if inside else None
        each = ', '.join(
            f'{seed}: ' + ('beyond the curve' if value is None else f'{value:+z.3f}') for seed, value in values.items()
        )
        curve = curve_label + ('\nits own pretraining' if own else '')
        rows.append(('label', [label, curve, str(len(inside)), _difference(found), _verdict(found), each]))
    return Table('Final points and temperature curves', head, rows) if rows else None


def settings_table(study: Study) -> Table | None:
    """The settings in which labels differ, with a column for each label; None if there are none."""
    rows = {name: [study.setting(label, name) for label in study.labels] for name in _setting_names(study)}
    rows['start_from'] = [
        ', '.join(sorted({start_label(run) for run in seeds.values()})) for seeds in study.labels.values()
    ]
    differing = [
        ('label', [name, *map(_setting, values)]) for name, values in rows.items() if len(set(map(repr, values))) > 1
    ]
    return Table('Settings that differ', ['', *study.labels], differing) if differing else None


def csv_files(study: Study) -> dict[str, str]:
    """{file name: text} of all numbers, with six digits."""
    columns = ['n', 'mean', 'sd', 'low', 'high', 'bootstrap_low', 'bootstrap_high']
    names = [name for group in metrics.grouped(study.metrics()).values() for name in group]
    results = [
        ['reference', title, name, *_numbers(estimate(list(values.values())))]
        for title, name, values in _references(study)
        if values
    ]
    results += [
        ['label', label, name, *_numbers(estimate(list(values.values())))]
        for label in study.labels
        for name in names
        if (values := study.values(label, name))
    ]
    results += [
        ['search', study.search_label(label), name, *_numbers(estimate(list(values.values())))]
        for label in study.labels
        for name in names
        if (values := study.searched_values(label, name))
    ]
    differences = [
        [label, study.compared, name, *_numbers(found), _number(found.p)]
        for label in study.labels
        if label != study.compared
        for name in names
        if (found := _paired(study, label, name))
    ]
    seeds = [
        [run.label, run.seed, name, _number(run.final[name])]
        for run in study.runs
        for name in names
        if name in run.final
    ]
    seeds += [
        [study.search_label(run.label), run.seed, name, _number(run.searched[name])]
        for run in study.runs
        for name in names
        if name in run.searched
    ]
    curve = [
        [label, other, own, seed, study.quality[0], _number(value)]
        for label, other, own, values in distances(study)
        for seed, value in values.items()
    ]
    settings = [
        [name, label, _setting(study.setting(label, name))] for name in _setting_names(study) for label in study.labels
    ]
    return {
        'results.csv': _csv(['kind', 'label', 'metric', *columns], results),
        'paired.csv': _csv(['label', 'compared_with', 'metric', *columns, 'p'], differences),
        'seeds.csv': _csv(['label', 'seed', 'metric', 'value'], seeds),
        'curve_distances.csv': _csv(['label', 'curve_of', 'own_start', 'seed', 'metric', 'distance'], curve),
        'settings.csv': _csv(['setting', 'label', 'value'], settings),
    }


def mean(values: Mapping[int, float]) -> str:
    """{seed: value} as the text of a cell: mean, standard deviation and interval."""
    if not values:
        return NOTHING
    found = estimate(list(values.values()))
    if found.sd is None:
        return f'{found.mean:z.3f}'
    return f'{found.mean:z.3f} ± {found.sd:.3f}\n[{found.low:z.3f}, {found.high:z.3f}]'


def _final_rows(study: Study, group: list[str]) -> Iterator[Row]:
    references = {(title, name): values for title, name, values in _references(study)}
    for title in metrics.REFERENCES.values():
        found = [references.get((title, name), {}) for name in group]
        if any(found):
            cells = [mean(values) for values in found]
            if title == metrics.REFERENCES['copies'] and 'nll_test' in group:
                # A row that is not a training row has probability 0.
                cells[group.index('nll_test')] = 'infinite'
            yield 'reference', [title, str(max(map(len, found))), *cells]
    if 'nll_oracle' in group and metrics.has_paper_scale(study.settings):
        for title, value in metrics.PAPER_TABLE.items():
            yield (
                'paper',
                [
                    f'paper: {title}',
                    'one run',
                    *(f'{value:.3f}' if name == 'nll_oracle' else NOTHING for name in group),
                ],
            )
    for label, seeds in study.labels.items():
        yield 'label', [label, str(len(seeds)), *(mean(study.values(label, name)) for name in group)]
        found, title = [study.searched_values(label, name) for name in group], study.search_label(label)
        if title and any(found):
            yield 'label', [title, str(max(map(len, found))), *map(mean, found)]


def _references(study: Study) -> Iterator[tuple[str, str, dict[int, float]]]:
    """Yields (row title, metric, {seed: value}) of reference values, in the order of the rows."""
    names = sorted({name for run in study.runs for name in run.initial})
    matches = [match for match in map(metrics.REFERENCE.fullmatch, names) if match]
    for key, title in metrics.REFERENCES.items():
        yield from ((title, match[1], study.references(match[0])) for match in matches if match[2] == key)


def _paired(study: Study, label: str, name: str) -> Estimate | None:
    return paired(study.values(label, name), study.values(study.compared, name))


def _setting_names(study: Study) -> list[str]:
    return sorted({name for run in study.runs for name in run.settings} - set(PER_RUN))


def _titled(name: str) -> str:
    return '\n'.join(filter(None, (name, metrics.described(name).unit)))


def _difference(found: Estimate | None) -> str:
    if found is None:
        return NOTHING
    if found.sd is None:
        return f'{found.mean:+z.3f}\none seed: no test'
    p = 'all equal' if found.p is None else 'p < 1e-6' if found.p < 1e-6 else f'p {found.p:.2g}'
    return f'{found.mean:+z.3f} [{found.low:+z.3f}, {found.high:+z.3f}]\n{p}'


def _verdict(found: Estimate | None) -> str:
    if found is None or found.low is None or found.high is None:
        return NOTHING
    return (
        'beats the curve' if found.high < 0 else 'is worse than the curve' if found.low > 0 else 'no difference shown'
    )


def _setting(value: Any) -> str:
    return NOTHING if value is None or value == '' else str(value)


def _numbers(found: Estimate) -> list[int | str]:
    return [found.n, *map(_number, (found.mean, found.sd, found.low, found.high, *found.bootstrap))]


def _number(value: float | None) -> str:
    return '' if value is None else f'{value:.6g}'


def _csv(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator='\n').writerows([head, *rows])
    return text.getvalue()
