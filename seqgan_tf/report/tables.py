"""The tables of a report: texts for people."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from seqgan_tf.report import metrics
from seqgan_tf.report.distances import Best, best_samplers, distances
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
        title: Table(title, ['', 'seeds', *map(titled, group)], list(_final_rows(study, group)))
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
            rows.append(
                (
                    'label',
                    [label, str(common), *(shown_difference(paired_values(study, label, name)) for name in group)],
                )
            )
        tables.append(
            Table(f'{title}: difference from {study.compared}', ['', 'common seeds', *map(titled, group)], rows)
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
        rows.append(('label', [label, curve, str(len(inside)), shown_difference(found), _verdict(found), each]))
    return Table('Final points and temperature curves', head, rows) if rows else None


def best_sampler_table(study: Study) -> Table | None:
    """Points against the best sampler of any MLE at the same x; None if there are none."""
    head = ['', 'at its own', 'seeds', 'distance', 'over seeds', 'each seed']
    rows = []
    for title, across, up, found in best_samplers(study):
        inside = [best.distance for best in found.values() if best.distance is not None]
        over_seeds = estimate(inside) if inside else None
        each = '; '.join(f'{seed}: {_against(best)}' for seed, best in found.items())
        difference, verdict = f'{up}\n{shown_difference(over_seeds)}', _verdict(over_seeds, 'best sampler')
        rows.append(('label', [title, across, str(len(inside)), difference, verdict, each]))
    return Table('Points and the best sampler of an MLE', head, rows) if rows else None


def settings_table(study: Study) -> Table | None:
    """The settings in which labels differ, with a column for each label; None if there are none."""
    rows = {name: [study.setting(label, name) for label in study.labels] for name in setting_names(study)}
    rows['start_from'] = [
        ', '.join(sorted({start_label(run) for run in seeds.values()})) for seeds in study.labels.values()
    ]
    differing = [
        ('label', [name, *map(shown_setting, values)])
        for name, values in rows.items()
        if len(set(map(repr, values))) > 1
    ]
    return Table('Settings that differ', ['', *study.labels], differing) if differing else None


def reference_values(study: Study) -> Iterator[tuple[str, str, dict[int, float]]]:
    """Yields (row title, metric, {seed: value}) of reference values, in the order of the rows."""
    names = sorted({name for run in study.runs for name in run.initial})
    matches = [match for match in map(metrics.REFERENCE.fullmatch, names) if match]
    for key, title in metrics.REFERENCES.items():
        yield from ((title, match[1], study.references(match[0])) for match in matches if match[2] == key)


def paired_values(study: Study, label: str, name: str) -> Estimate | None:
    """The difference of a metric between a label and the compared one, over common seeds."""
    return paired(study.values(label, name), study.values(study.compared, name))


def setting_names(study: Study) -> list[str]:
    """The names of the settings of which a label has one value."""
    return sorted({name for run in study.runs for name in run.settings} - set(PER_RUN))


def shown_setting(value: Any) -> str:
    """The value of a setting as a text; a dash for None and ''."""
    return NOTHING if value is None or value == '' else str(value)


def mean(values: Mapping[int, float]) -> str:
    """{seed: value} as the text of a cell: mean, standard deviation and interval."""
    if not values:
        return NOTHING
    found = estimate(list(values.values()))
    if found.sd is None:
        return f'{found.mean:z.3f}'
    return f'{found.mean:z.3f} ± {found.sd:.3f}\n[{found.low:z.3f}, {found.high:z.3f}]'


def titled(name: str) -> str:
    """The head of a metric's column: its name, and its unit in small print."""
    return '\n'.join(filter(None, (name, metrics.described(name).unit)))


def shown_difference(found: Estimate | None) -> str:
    """A paired difference as the text of a cell: mean, interval and p."""
    if found is None:
        return NOTHING
    if found.sd is None:
        return f'{found.mean:+z.3f}\none seed: no test'
    p = 'all equal' if found.p is None else 'p < 1e-6' if found.p < 1e-6 else f'p {found.p:.2g}'
    return f'{found.mean:+z.3f} [{found.low:+z.3f}, {found.high:+z.3f}]\n{p}'


def _final_rows(study: Study, group: list[str]) -> Iterator[Row]:
    values_of = {(title, name): values for title, name, values in reference_values(study)}
    for title in metrics.REFERENCES.values():
        found = [values_of.get((title, name), {}) for name in group]
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


def _against(best: Best) -> str:
    if best.distance is None:
        return 'beyond all curves'
    return f'{best.distance:+z.3f} ({best.curve_of}, {best.sampler}{", left of all curves" if best.left else ""})'


def _verdict(found: Estimate | None, other: str = 'curve') -> str:
    if found is None or found.low is None or found.high is None:
        return NOTHING
    return (
        f'beats the {other}'
        if found.high < 0
        else f'is worse than the {other}'
        if found.low > 0
        else 'no difference shown'
    )
