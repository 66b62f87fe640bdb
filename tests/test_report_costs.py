"""What a report says of the cost of runs."""

import pathlib

import pytest

from seqgan_tf.report.costs import cost_table
from seqgan_tf.report.runs import DEFAULTS, Run
from seqgan_tf.report.study import Study


def a_run(label, seed, cpu, parameters=1234):
    rounds = [
        {'phase': phase, 'round': 1} | ({} if cpu is None else {'round_cpu_seconds': cpu})
        for phase in ('mle', 'adversarial')
    ]
    initial = {'phase': 'initial', 'round': 0} | ({} if parameters is None else {'generator_parameters': parameters})
    closing = {'phase': 'final', 'round': 0, 'nll_test': 2.0 + seed, 'round_cpu_seconds': 1e6}
    return Run(pathlib.Path(label) / f'seed_{seed}', label, seed, dict(DEFAULTS), (initial, *rounds, closing), '')


def study(*runs):
    labels = {}
    for run in runs:
        labels.setdefault(run.label, {})[run.seed] = run
    return Study(labels, runs[0].label)


def test_it_sums_the_rounds_of_all_phases_and_leaves_evaluations_out():
    table = cost_table(study(a_run('a', 0, 10.0), a_run('a', 1, 20.0), a_run('b', 0, 600.5, parameters=190105)))
    assert [(cells[0], cells[1], cells[2], cells[3]) for _, cells in table.rows] == [
        ('a', '2', '1,234', '30'),
        ('b', '1', '190,105', '1,201'),
    ]
    assert table.rows[0][1][4].startswith('2.500 ± 0.707')


def test_runs_that_did_not_log_it_have_no_number():
    table = cost_table(study(a_run('old', 0, None, parameters=None), a_run('new', 0, 3.0)))
    assert [cells[2:4] for _, cells in table.rows] == [['–', '–'], ['1,234', '6']]


@pytest.mark.parametrize('cpu', [None, 0.0])
def test_there_is_no_table_where_nothing_was_measured(cpu):
    assert cost_table(study(a_run('old', 0, cpu))) is None
