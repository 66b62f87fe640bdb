"""The tables of a report, as text for people and as CSV for programs."""

import csv
import dataclasses
import io

from seqgan_tf.report import metrics
from seqgan_tf.report.curves import distance_to_curve, temperature_curve
from seqgan_tf.report.runs import PER_RUN
from seqgan_tf.report.significance import estimate, paired
from seqgan_tf.report.study import start_label

NOTHING = '–'


@dataclasses.dataclass(frozen=True)
class Table:
    """A table for people.

    Attributes:
        title: what it is about.
        head: column titles.
        rows: [(kind, cells)]; kind is `label`, `reference` or `paper`. A cell's second line, if any, is its small print.
    """

    title: str
    head: list
    rows: list


def final_tables(study):
    """{group: Table} with mean, standard deviation and interval of the closing evaluation: Table 1 of the paper, and what it lacks."""
    groups = metrics.grouped({name for run in study.runs for name in run.final})
    return {
        title: Table(title, ['', 'seeds', *map(_titled, group)], list(_final_rows(study, group)))
        for title, group in groups.items()
    }


def paired_tables(study):
    """Differences of each label to the compared one over their common seeds, one Table for each group of metrics."""
    names = {name for run in study.runs for name in run.final}
    others = [label for label in study.labels if label != study.compared]
    tables = []
    for title, group in metrics.grouped(names).items():
        rows = []
        for label in others:
            common = len(study.labels[label].keys() & study.labels[study.compared].keys())
            rows.append(('label', [label, str(common), *(_difference(_paired(study, label, name)) for name in group)]))
        tables.append(
            Table(f'{title}: difference to {study.compared}', ['', 'common seeds', *map(_titled, group)], rows)
        )
    return tables if others else []


def distance_table(study):
    """How each adversarial or continued label lies to the temperature curves of MLE labels, or None where nothing can be said."""
    metric, _ = study.quality
    head = ['', 'curve of', 'seeds', f'distance in {metric}', 'over seeds', 'each seed']
    rows = []
    for label, curve_label, own, values in distances(study):
        inside = [value for value in values.values() if value is not None]
        found = estimate(inside) if inside else None
        each = ', '.join(
            f'{seed}: ' + ('beyond the curve' if value is None else f'{value:+z.3f}') for seed, value in values.items()
        )
        curve = curve_label + ('\nits own start' if own else '')
        rows.append(('label', [label, curve, str(len(inside)), _difference(found), _verdict(found), each]))
    return Table('Final points against temperature curves', head, rows) if rows else None


def distances(study):
    """Yields (label, label of the curve, whether it is its start, {seed: distance or None}).

    Points are the labels with an adversarial phase or a start; curves are their own starts and every MLE label, seed by seed.
    """
    metric, sign = study.quality
    for label, seeds in study.labels.items():
        if not any(run.last_round('adversarial') or start_label(run) for run in seeds.values()):
            continue
        starts = {seed: study.start(run) for seed, run in seeds.items()}
        own = {start.label for start in starts.values() if start}
        others = [
            other
            for other in study.labels
            if other != label and (other in own or study.setting(other, 'algorithm') == 'mle')
        ]
        for other in sorted(others, key=lambda other: other not in own):
            found = {}
            for seed, run in seeds.items():
                start = starts[seed] if other in own else study.labels[other].get(seed)
                curve = temperature_curve(start, 'nll_test', metric) if start and start.label == other else ()
                if len(curve) and {'nll_test', metric} <= run.final.keys():
                    found[seed] = distance_to_curve(curve, run.final['nll_test'], run.final[metric], sign)
            if found:
                yield label, other, other in own, found


def settings_table(study):
    """The settings in which labels differ, a column a label; None where they differ in none."""
    rows = {name: [study.setting(label, name) for label in study.labels] for name in _setting_names(study)}
    rows['start_from'] = [
        ', '.join(sorted({start_label(run) for run in seeds.values()})) for seeds in study.labels.values()
    ]
    differing = [
        ('label', [name, *map(_setting, values)]) for name, values in rows.items() if len(set(map(repr, values))) > 1
    ]
    return Table('Settings that differ', ['', *study.labels], differing) if differing else None


def csv_files(study):
    """{file name: text} of all figures in full."""
    columns = ['n', 'mean', 'sd', 'low', 'high', 'bootstrap_low', 'bootstrap_high']
    names = [
        name for group in metrics.grouped({name for run in study.runs for name in run.final}).values() for name in group
    ]
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


def _final_rows(study, group):
    references = {(title, name): values for title, name, values in _references(study)}
    for title in metrics.REFERENCES.values():
        found = [references.get((title, name), {}) for name in group]
        if any(found):
            cells = [_mean(values) for values in found]
            if title == metrics.REFERENCES['copies'] and 'nll_test' in group:
                cells[group.index('nll_test')] = 'infinite'  # rows that are no training rows have probability 0
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
        yield 'label', [label, str(len(seeds)), *(_mean(study.values(label, name)) for name in group)]


def _references(study):
    """(row title, metric, {seed: value}) of what `initial` lines hold, in the order of the rows."""
    names = sorted({name for run in study.runs for name in run.initial})
    matches = [match for match in map(metrics.REFERENCE.fullmatch, names) if match]
    for key, title in metrics.REFERENCES.items():
        yield from ((title, match[1], study.references(match[0])) for match in matches if match[2] == key)


def _paired(study, label, name):
    return paired(study.values(label, name), study.values(study.compared, name))


def _setting_names(study):
    return sorted({name for run in study.runs for name in run.settings} - set(PER_RUN))


def _titled(name):
    return '\n'.join(filter(None, (name, metrics.described(name).unit)))


def _mean(values):
    if not values:
        return NOTHING
    found = estimate(list(values.values()))
    return (
        f'{found.mean:z.3f}'
        if found.sd is None
        else f'{found.mean:z.3f} ± {found.sd:.3f}\n[{found.low:z.3f}, {found.high:z.3f}]'
    )


def _difference(found):
    if found is None:
        return NOTHING
    if found.sd is None:
        return f'{found.mean:+z.3f}\none seed: no test'
    p = 'all equal' if found.p is None else 'p < 1e-6' if found.p < 1e-6 else f'p {found.p:.2g}'
    return f'{found.mean:+z.3f} [{found.low:+z.3f}, {found.high:+z.3f}]\n{p}'


def _verdict(found):
    if found is None or found.sd is None:
        return NOTHING
    return (
        'beats the curve' if found.high < 0 else 'is worse than the curve' if found.low > 0 else 'no difference shown'
    )


def _setting(value):
    return NOTHING if value is None or value == '' else str(value)


def _numbers(found):
    return [found.n, *map(_number, (found.mean, found.sd, found.low, found.high, *found.bootstrap))]


def _number(value):
    return '' if value is None else f'{value:.6g}'


def _csv(head, rows):
    text = io.StringIO()
    csv.writer(text, lineterminator='\n').writerows([head, *rows])
    return text.getvalue()
