"""Text found by search in a report: rows, figures as CSV, and a curve; without it a report stays as it was."""

import csv
import io

import numpy as np
import pytest
from test_report import write_run

from seqgan_tf.report import curves, plane
from seqgan_tf.report.command import build
from seqgan_tf.report.study import read_study

GUIDANCES = (0.0, 1.0, 2.0, 1e6)


def search_lines(seed, dataset):
    """The curve of a run: quality rises with guidance, and the residual model is best at 1."""
    for i, guidance in enumerate(GUIDANCES, start=1):
        line = {'phase': 'search', 'round': i, 'guidance': guidance, 'num_candidates': 16, 'samples': 2000}
        quality = 0.1 + 0.1 * i + 0.01 * seed
        line |= (
            {'unique': 0.9, 'valid_all': quality} if dataset == 'verse' else {'unique': 0.9, 'nll_oracle': 9 - quality}
        )
        yield line | ({'guided_nll_test': 8.0 + (guidance - 1) ** 2 + 0.02 * seed} if guidance < 1e6 else {})


def write_study(root, dataset='verse', search=True):
    name, value = ('valid_all', 0.15) if dataset == 'verse' else ('nll_oracle', 8.9)
    for seed in (0, 1):
        for label in ('mle', 'seqgan'):
            final = {'phase': 'final', 'round': 0, 'nll_test': 9.0 + 0.01 * seed, name: value, 'unique': 1.0}
            found = []
            if label == 'seqgan' and search:
                found = list(search_lines(seed, dataset))
                final |= {'residual_nll_test': 8.0, 'residual_nll_validation': 8.1, 'residual_beta': 0.9}
            first = {'phase': 'mle', 'round': 1, 'nll_test': 9.5, name: value}
            write_run(root, label, seed, [first, *found, final], algorithm=label, dataset=dataset, oracle_path='')
    return read_study([root])


@pytest.fixture(scope='module')
def study(tmp_path_factory):
    return write_study(tmp_path_factory.mktemp('study'))


def rows(data):
    return list(csv.DictReader(io.StringIO(data.decode())))


def test_the_search_has_a_row_beside_the_generators(study):
    text = build(study)['report.md'].decode()
    lines = [line for line in text.splitlines() if line.startswith('| seqgan')]
    assert [line.split('|')[1].strip() for line in lines[:2]] == ['seqgan', 'seqgan with search (16)']
    quality = text[text.index('### Quality of texts') :]
    assert '| seqgan with search (16) | 2 | 0.305 ± 0.007' in quality
    assert 'mle with search' not in text and 'The open mark is at beta 1' in text and 'flatters' in text


def test_the_rows_of_the_csv_files_are_the_lines_at_guidance_1(study):
    files = build(study)
    found = {row['metric']: row for row in rows(files['results.csv']) if row['kind'] == 'search'}
    assert set(found) == {'valid_all', 'unique', 'guided_nll_test'}
    assert {row['label'] for row in found.values()} == {'seqgan with search (16)'}
    assert float(found['valid_all']['mean']) == pytest.approx(0.305)
    assert float(found['guided_nll_test']['mean']) == pytest.approx(8.01)
    seeds = [row for row in rows(files['seeds.csv']) if row['label'] == 'seqgan with search (16)']
    assert {row['seed']: row['value'] for row in seeds if row['metric'] == 'valid_all'} == {'0': '0.3', '1': '0.31'}
    labels = {row['label'] for row in rows(files['results.csv']) if row['kind'] == 'label'}
    assert labels == {'mle', 'seqgan'}


def test_the_curve_has_the_residual_models_likelihood_and_ends_before_the_best_of_n(study):
    runs = study.labels['seqgan'].values()
    curve = curves.mean_sampler_curve(runs, 'search', 'nll_test', 'valid_all')
    np.testing.assert_allclose(curve, [[0, 9.01, 0.205], [1, 8.01, 0.305], [2, 9.01, 0.405]])
    assert (
        len(curves.mean_sampler_curve(runs, 'search', 'unique', 'valid_all')) == 4
    )  # has no likelihood, so all points
    assert curves.mean_sampler_curve(study.labels['mle'].values(), 'search', 'nll_test', 'valid_all').shape == (0, 3)


def test_the_plane_has_a_broken_line_and_an_open_mark(study):
    (ax,) = plane.quality_diversity(study).axes
    by_label = {line.get_label(): line for line in ax.lines}
    assert {'mle', 'seqgan', 'seqgan with search (16)'} <= set(by_label)
    mark = by_label['seqgan with search (16)']
    assert (mark.get_markerfacecolor(), mark.get_marker()) == ('white', by_label['seqgan'].get_marker())
    np.testing.assert_allclose(mark.get_xydata(), [[8.01, 0.305]])
    (curve,) = [line for line in ax.lines if len(line.get_xydata()) == 3]
    assert curve.get_linestyle() == '--' and curve.get_color() == by_label['seqgan'].get_color()


@pytest.mark.parametrize('dataset', ['verse', 'synthetic'])
def test_without_search_a_report_says_nothing_of_it(dataset, tmp_path):
    files = build(write_study(tmp_path, dataset, search=False))
    for name in ('report.md', 'results.csv', 'seeds.csv'):
        assert b'search (' not in files[name] and b'residual' not in files[name] and b'beta' not in files[name]
