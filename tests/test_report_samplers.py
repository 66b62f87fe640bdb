"""The best sampler of an MLE in a report: which curve counts where, within a seed, and what is drawn."""

import csv
import io
import json

import numpy as np
import pytest
import scipy.stats

from seqgan_tf.report import curves, plane
from seqgan_tf.report.command import build
from seqgan_tf.report.distances import Best, best_samplers
from seqgan_tf.report.study import read_study
from seqgan_tf.report.tables import best_sampler_table

SEEDS = (0, 1, 2)
WOBBLES = (-0.02, 0.0, 0.01)  # of the runs that are compared
# {phase: [(parameter, nll_test or None, self_bleu_4, quality)]}; the quality of each seed is higher by the seed.
CURVES = {
    'temperature': [(1.0, 8.0, 0.5, 0.2), (0.5, 10.0, 0.9, 0.6), (1.5, 9.0, 0.3, 0.1)],
    'top_k': [(1, None, 1.0, 0.5), (10, None, 0.7, 0.5)],
    'top_p': [(0.5, None, 0.8, 0.4), (0.9, None, 0.6, 0.35)],
    'likeliest': [(1, 8.01, 0.52, 0.2), (4, 9.0, 0.55, 0.5), (16, 12.0, 0.6, 0.8)],
}


def curve_lines(seed, worse, phases=tuple(CURVES)):
    for phase in phases:
        for i, (parameter, nll, bleu, quality) in enumerate(CURVES[phase], 1):
            name = 'guided_nll_test' if phase == 'likeliest' else 'nll_test'
            line = {'phase': phase, 'round': i, curves.SAMPLERS[phase]: parameter, 'self_bleu_4': bleu}
            yield line | {'valid_all': seed + quality - worse} | ({name: nll} if nll else {})


def write_run(root, label, seed, lines, **settings):
    directory = root / label / f'seed_{seed}'
    directory.mkdir(parents=True)
    (directory / 'config.json').write_text(json.dumps(dict(seed=seed, dataset='verse') | settings))
    (directory / 'metrics.jsonl').write_text(''.join(json.dumps(line) + '\n' for line in lines))


def point(phase, nll, bleu, quality, **more):
    return {'phase': phase, 'round': 1, 'nll_test': nll, 'self_bleu_4': bleu, 'valid_all': quality, **more}


# {label: (nll_test, self_bleu_4, quality)} of what is compared with the MLEs.
POINTS = {
    'gain': (9.0, 0.7, 0.6),
    'none': (9.0, 0.5, 0.4),
    'left': (7.5, 0.2, 0.3),
    'beyond': (13.0, 1.1, 0.9),
}


def write_study(root, phases=tuple(CURVES)):
    for seed in SEEDS:
        for label, worse, epochs in (('mle', 0.0, 10), ('mle_long', 0.1, 20)):
            lines = [*curve_lines(seed, worse, phases), point('final', 8.0, 0.5, seed + 0.2 - worse)]
            write_run(root, label, seed, lines, algorithm='mle', mle_epochs=epochs)
        for label, (nll, bleu, quality) in POINTS.items():
            ends = [
                {'phase': 'adversarial', 'round': 1},
                *curve_lines(seed, -5.0, ('likeliest',)),  # its own samplers do not count
                point('final', nll, bleu, seed + quality + WOBBLES[seed]),
            ]
            if label == 'gain':
                found = point('search', None, 0.5, seed + 0.9, guidance=1.0, num_candidates=16, guided_nll_test=9.0)
                ends.insert(-1, {name: value for name, value in found.items() if value is not None})
            write_run(root, label, seed, ends, algorithm='seqgan', mle_epochs=30)
    return read_study([root])


@pytest.fixture(scope='module')
def study(tmp_path_factory):
    return write_study(tmp_path_factory.mktemp('study'))


# {(label, x): (distance, sampler, left of all curves)}; on verse a higher quality is better, so a distance is its negative.
EXPECTED = {
    ('gain', 'nll_test'): (-0.1, 'likeliest', False),  # 0.6, and the likeliest of 4 have 0.5; a temperature has 0.4
    ('gain', 'self_bleu_4'): (-0.1, 'top_k', False),  # 0.5; a temperature has 0.4, and top_p 0.375
    ('none', 'nll_test'): (0.1, 'likeliest', False),
    ('none', 'self_bleu_4'): (-0.2, 'temperature', False),  # top_k is right of it and does not count
    ('left', 'nll_test'): (-0.1, 'temperature', True),
    ('left', 'self_bleu_4'): (-0.2, 'temperature', True),
    ('beyond', 'nll_test'): (None, '', False),
    ('beyond', 'self_bleu_4'): (None, '', False),
    ('gain with search (16)', 'nll_test'): (-0.4, 'likeliest', False),
    ('gain with search (16)', 'self_bleu_4'): (-0.7, 'temperature', False),
}


def test_each_point_meets_the_best_sampler_of_any_mle_of_its_seed_at_its_own_x(study):
    found = {(title, across): best for title, across, _, best in best_samplers(study)}
    assert found.keys() == EXPECTED.keys()
    for (title, across), (distance, sampler, left) in EXPECTED.items():
        for seed, best in found[title, across].items():
            wobble = 0 if 'search' in title else WOBBLES[seed]
            if distance is None:
                assert best == Best()
            else:
                assert best.distance == pytest.approx(distance - wobble), (title, across)
                assert (best.curve_of, best.sampler, best.left) == ('mle', sampler, left)


def test_the_table_has_the_interval_over_seeds_and_says_what_is_outside(study):
    rows = {(cells[0], cells[1]): cells for _, cells in best_sampler_table(study).rows}
    _, _, seeds, distance, verdict, each = rows['gain', 'nll_test']
    values = [-0.1 - wobble for wobble in WOBBLES]
    low, high = scipy.stats.t.interval(0.95, 2, np.mean(values), scipy.stats.sem(values))
    assert seeds == '3' and verdict == 'beats the best sampler'
    assert distance.startswith(f'valid_all\n{np.mean(values):+.3f} [{low:+.3f}, {high:+.3f}]')
    assert each == '0: -0.080 (mle, likeliest); 1: -0.100 (mle, likeliest); 2: -0.110 (mle, likeliest)'
    assert rows['none', 'nll_test'][4] == 'is worse than the best sampler'
    assert 'left of all curves' in rows['left', 'nll_test'][5]
    assert rows['beyond', 'nll_test'][2:] == [
        '0',
        'valid_all\n–',
        '–',
        '; '.join(f'{s}: beyond all curves' for s in SEEDS),
    ]


def test_the_file_has_a_row_for_each_seed(study):
    files = build(study)
    rows = list(csv.DictReader(io.StringIO(files['best_sampler.csv'].decode())))
    assert len(rows) == len(EXPECTED) * len(SEEDS)
    found = next(row for row in rows if (row['label'], row['at'], row['seed']) == ('gain', 'nll_test', '1'))
    assert (float(found['distance']), found['curve_of'], found['sampler']) == (pytest.approx(-0.1), 'mle', 'likeliest')
    text = files['report.md'].decode()
    assert '## Distance to the best sampler' in text and 'The thin lines are other samplers of mle.' in text


def test_the_sharpest_point_of_every_curve_is_the_first(study):
    run = study.labels['mle'][0]
    firsts = {name: curves.sampler_curve(run, name, 'self_bleu_4')[0, 0] for name in CURVES}
    assert firsts == {'temperature': 0.5, 'top_k': 1, 'top_p': 0.5, 'likeliest': 16}
    mean = curves.mean_sampler_curve(study.labels['mle'].values(), 'likeliest', 'nll_test', 'valid_all')
    np.testing.assert_allclose(mean, [[16, 12, 1.8], [4, 9, 1.5], [1, 8.01, 1.2]])
    assert curves.sampler_curve(run, 'top_k', 'nll_test', 'valid_all').shape == (0, 3)


def test_only_the_compared_mle_has_the_curves_of_its_other_samplers(study, monkeypatch):
    thin = lambda ax: {line.get_label() for line in ax.lines if line.get_linewidth() < 1}
    (ax,) = plane.quality_diversity(study).axes
    assert study.compared == 'mle' and thin(ax) == {'mle, likeliest of n'}  # no nll_test of the truncated ones
    monkeypatch.setattr(plane, '_plane', lambda study: ('self_bleu_4', 'valid_all'))
    (ax,) = plane.quality_diversity(study).axes
    assert thin(ax) == {f'mle, {name}' for name in ('top_k', 'top_p', 'likeliest of n')}


def test_with_temperatures_alone_a_report_says_nothing_of_it(tmp_path):
    files = build(write_study(tmp_path, ('temperature',)))
    assert 'best_sampler.csv' not in files
    assert b'best sampler' not in files['report.md'] and b'thin lines' not in files['report.md']
