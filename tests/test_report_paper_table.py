"""Tables 2 to 4 of the paper in a report: whose numbers they hold, and what is left out where runs lack a metric."""

import csv
import io

import numpy as np
import pytest
import scipy.stats
from test_report import write_run

from seqgan_tf.report.command import build
from seqgan_tf.report.csv_files import csv_files
from seqgan_tf.report.curves import matching_temperature
from seqgan_tf.report.paper_table import matching_temperatures, paper_section, paper_table
from seqgan_tf.report.study import read_study

TEXT = dict(dataset='text', corpus='/data/poems', oracle_path='')
BLEU_OF = {'mle': {0: 0.30, 1: 0.32, 2: 0.31}, 'seqgan': {0: 0.36, 1: 0.36, 2: 0.40}, 'constant': {0: 0.2, 2: 0.2}}


def bleu_at(temperature):
    """A made-up bleu_2 of the MLE: 0.3 at temperature 1, and 0.4 at 0.5, the coldest."""
    return 0.5 - 0.2 * temperature


def lines(seed, bleu, with_corpus=True):
    first = {'phase': 'initial', 'round': 0, 'nll_test': 9.0}
    if with_corpus:
        first |= {'bleu_2_of_data': 0.5 + seed / 10, 'corpus_bleu_2_of_data': 0.6, 'corpus_bleu_1_of_data': 0.9}
    yield first
    for i, temperature in enumerate((2.0, 1.0, 0.5), 1):
        yield {
            'phase': 'temperature', 'round': i, 'temperature': temperature, 'nll_test': 7.0,
            'bleu_2': bleu_at(temperature),
        }  # fmt: skip
    final = {'phase': 'final', 'round': 0, 'nll_test': 8.0, 'bleu_2': bleu}
    yield final | ({'corpus_bleu_2': bleu + 0.1, 'corpus_bleu_1': bleu + 0.4} if with_corpus else {})


def write_study(root, with_corpus=True, **settings):
    for label, seeds in BLEU_OF.items():
        algorithm = 'mle' if label == 'mle' else 'seqgan'
        for seed, bleu in seeds.items():
            made = list(lines(seed, bleu, with_corpus))
            write_run(root, label, seed, made, algorithm=algorithm, **TEXT | settings)
    return read_study([root])


@pytest.fixture(scope='module')
def study(tmp_path_factory):
    return write_study(tmp_path_factory.mktemp('study'))


def rows(study):
    found = csv.DictReader(io.StringIO(csv_files(study)['paper_table.csv']))
    return {(row['kind'], row['label'], row['metric']): row for row in found}


CURVE = np.array([[0.5, 0.4], [1.0, 0.3], [2.0, 0.1]])


@pytest.mark.parametrize(
    'value, temperature', [(0.3, 1.0), (0.35, 0.75), (0.2, 1.5), (0.4, 0.5), (0.1, 2.0), (0.41, None), (0.09, None)]
)
def test_the_temperature_that_reaches_a_value(value, temperature):
    assert matching_temperature(CURVE, value) == (None if temperature is None else pytest.approx(temperature))


def test_of_several_temperatures_it_is_the_nearest_to_1():
    bent = np.array([[0.4, 0.2], [0.6, 0.4], [1.0, 0.3], [2.0, 0.1]])
    assert matching_temperature(bent, 0.35) == pytest.approx(0.8)  # and 0.55
    assert matching_temperature(CURVE[:1], 0.4) is None


def test_rows_are_means_over_seeds_and_references(study):
    found = rows(study)
    for label, seeds in BLEU_OF.items():
        for name, more in (('bleu_2', 0.0), ('corpus_bleu_2', 0.1), ('corpus_bleu_1', 0.4)):
            values = [value + more for value in seeds.values()]
            row = found['label', label, name]
            assert (int(row['n']), float(row['mean'])) == (len(values), pytest.approx(np.mean(values), rel=1e-5))
    low, high = scipy.stats.t.interval(0.95, 2, np.mean([0.3, 0.32, 0.31]), scipy.stats.sem([0.3, 0.32, 0.31]))
    row = found['label', 'mle', 'bleu_2']
    assert [float(row['low']), float(row['high'])] == pytest.approx([low, high], rel=1e-5)
    assert float(found['reference', 'real data', 'bleu_2']['mean']) == pytest.approx(0.6)  # seeds 0, 1 and 2
    assert [float(found['paper', name, 'BLEU-2']['mean']) for name in ('MLE', 'SeqGAN')] == [0.667, 0.7389]


def test_differences_are_paired_by_seed(study):
    found = rows(study)
    values, others = ([BLEU_OF[label][seed] for seed in (0, 1, 2)] for label in ('seqgan', 'mle'))
    row = found['difference', 'seqgan', 'bleu_2']
    assert float(row['mean']) == pytest.approx(np.mean(np.subtract(values, others)), rel=1e-5)
    assert float(row['p']) == pytest.approx(scipy.stats.ttest_rel(values, others).pvalue, rel=1e-5)
    assert found['difference', 'constant', 'bleu_2']['n'] == '2'
    assert ('difference', 'mle', 'bleu_2') not in found and {
        row['p'] for key, row in found.items() if key[0] == 'label'
    } == {''}


def test_temperatures_invert_the_curve_of_the_same_seed(study):
    for label, seeds in BLEU_OF.items():
        found = matching_temperatures(study, label, 'bleu_2')
        assert found == {seed: pytest.approx((0.5 - bleu) / 0.2) for seed, bleu in seeds.items()}
        row = rows(study)['temperature', label, 'bleu_2']
        assert float(row['mean']) == pytest.approx(np.mean([*found.values()]), rel=1e-5)


def test_a_value_that_no_temperature_reaches_is_named(tmp_path):
    for seed, bleu in ((0, 0.38), (1, 0.45)):
        write_run(tmp_path, 'mle', seed, list(lines(seed, 0.3)), **TEXT)
        write_run(tmp_path, 'half', seed, list(lines(seed, bleu)), algorithm='seqgan', **TEXT)
        write_run(tmp_path, 'none', seed, list(lines(seed, 0.5)), algorithm='seqgan', **TEXT)
    table = paper_section(read_study([tmp_path]))[0].tables[0]
    last = {cells[0]: cells[-1] for _, cells in table.rows}
    assert last == {
        'real data': '–',
        'mle': '1.000 ± 0.000\n[1.000, 1.000]',
        'half': '0.600\nnot reached in 1 of 2 seeds',
        'none': 'not reached in 2 of 2 seeds',
    }


@pytest.mark.parametrize(
    'settings, name',
    [
        (dict(tokens='char'), 'Table 2'),
        (dict(tokens='grapheme'), 'Table 2'),
        (dict(tokens='word'), 'Table 3'),
        (dict(tokens='wordpunct'), 'Table 3'),
        (dict(tokens='id'), None),
        (dict(dataset='verse', corpus=''), None),
        (dict(dataset='synthetic', corpus=''), None),
    ],
)
def test_which_table_a_study_has(settings, name, tmp_path):
    final = {'phase': 'final', 'round': 0, 'bleu_2': 0.3, 'bleu_3': 0.2, 'bleu_4': 0.1, 'nll_test': 8.0}
    study = read_study([write_run(tmp_path, 'mle', 0, [final], **TEXT | settings)])
    table = paper_table(study)
    assert (table and table.name) == name
    assert [section.title for section in paper_section(study)] == ([f'{name} of the paper'] if name else [])
    assert ('paper_table.csv' in csv_files(study)) == (name is not None)


def test_runs_without_corpus_bleu_have_a_table_without_it(tmp_path):
    study = write_study(tmp_path, with_corpus=False)
    measured = paper_section(study)[0].tables[0]
    assert measured.head == ['', 'seeds', 'bleu_2', 'temperature\nof mle'] and measured.rows[0][1][0] == 'constant'
    assert 'corpus_bleu' not in ' '.join(paper_section(study)[0].paragraphs) + csv_files(study)['paper_table.csv']


def test_runs_without_any_of_the_metrics_have_none(tmp_path):
    final = {'phase': 'final', 'round': 0, 'nll_test': 8.0}
    study = read_study([write_run(tmp_path, 'mle', 0, [final], **TEXT)])
    assert paper_section(study) == [] and 'paper_table.csv' not in csv_files(study)


def test_the_page_has_the_papers_values_as_not_comparable(study):
    files = build(study)
    text = files['report.md'].decode()
    section = text[text.index('## Table 2 of the paper') :]
    assert '(not comparable)' in section and '| paper: SeqGAN | 0.7389 |' in section
    assert '| paper: real data | 0.746 |' in section and 'paper: SeqGAN' in files['report.html'].decode()
