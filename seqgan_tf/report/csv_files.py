"""The numbers of a report as CSV files, for programs."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from seqgan_tf.report import metrics
from seqgan_tf.report.distances import best_samplers, distances
from seqgan_tf.report.paper_table import paper_estimates
from seqgan_tf.report.significance import Estimate, estimate
from seqgan_tf.report.study import Study
from seqgan_tf.report.tables import paired_values, reference_values, setting_names, shown_setting


def csv_files(study: Study) -> dict[str, str]:
    """{file name: text} of all numbers, with six digits.

    The files of best samplers and of the table of the paper are left out where they have none.
    """
    columns = ['n', 'mean', 'sd', 'low', 'high', 'bootstrap_low', 'bootstrap_high']
    names = [name for group in metrics.grouped(study.metrics()).values() for name in group]
    results = [
        ['reference', title, name, *_numbers(estimate(list(values.values())))]
        for title, name, values in reference_values(study)
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
        if (found := paired_values(study, label, name))
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
        [name, label, shown_setting(study.setting(label, name))]
        for name in setting_names(study)
        for label in study.labels
    ]
    best = [
        [title, across, up, seed, _number(found.distance), found.curve_of, found.sampler, found.left]
        for title, across, up, of_seeds in best_samplers(study)
        for seed, found in of_seeds.items()
    ]
    files = {
        'results.csv': _csv(['kind', 'label', 'metric', *columns], results),
        'paired.csv': _csv(['label', 'compared_with', 'metric', *columns, 'p'], differences),
        'seeds.csv': _csv(['label', 'seed', 'metric', 'value'], seeds),
        'curve_distances.csv': _csv(['label', 'curve_of', 'own_start', 'seed', 'metric', 'distance'], curve),
        'settings.csv': _csv(['setting', 'label', 'value'], settings),
    }
    if best:
        head = ['label', 'at', 'metric', 'seed', 'distance', 'curve_of', 'sampler', 'left_of_all']
        files['best_sampler.csv'] = _csv(head, best)
    if paper := [_paper_row(*row) for row in paper_estimates(study)]:
        files['paper_table.csv'] = _csv(['kind', 'label', 'metric', *columns, 'p'], paper)
    return files


def _paper_row(kind: str, label: str, name: str, found: Estimate) -> list[int | str]:
    return [kind, label, name, *_numbers(found), _number(found.p) if kind == 'difference' else '']


def _numbers(found: Estimate) -> list[int | str]:
    return [found.n, *map(_number, (found.mean, found.sd, found.low, found.high, *found.bootstrap))]


def _number(value: float | None) -> str:
    return '' if value is None else f'{value:.6g}'


def _csv(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator='\n').writerows([head, *rows])
    return text.getvalue()
