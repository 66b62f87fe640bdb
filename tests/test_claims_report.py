"""What the published claims need of a report: differences and distances have the right sign, and stay within a seed."""

import json

import pytest

from seqgan_tf.report import tables
from seqgan_tf.report.study import read_study

SEEDS = (0, 1, 2)
LEVELS = (0.0, 10.0, 20.0)  # of each seed's quality: far more than any difference within a seed
WOBBLES = (-0.1, 0.0, 0.1)


def line(phase, nll_test, quality, **more):
    return {'phase': phase, 'round': 0, 'nll_test': nll_test, **quality, **more}


def write_run(root, label, seed, lines, **settings):
    directory = root / label / f'seed_{seed}'
    directory.mkdir(parents=True)
    (directory / 'config.json').write_text(json.dumps(dict(seed=seed, dataset='synthetic') | settings))
    (directory / 'metrics.jsonl').write_text(''.join(json.dumps(made) + '\n' for made in lines))


@pytest.fixture(scope='module', params=['synthetic', 'verse'])
def study(request, tmp_path_factory):
    """MLE at (8, 8), whose curve goes to (10, 4) as it gets colder; others end at nll_test 9, better or worse than its 6 by 1.

    On verse more is better, so the qualities are turned round.
    """
    root, verse = tmp_path_factory.mktemp('study'), request.param == 'verse'
    quality = lambda seed, value: {
        'valid_all' if verse else 'nll_oracle': (-1 if verse else 1) * (LEVELS[seed] + value)
    }
    for seed in SEEDS:
        curve = [(0.5, 10.0, 4.0), (1.0, 8.0, 8.0)]
        points = [
            line('temperature', x, quality(seed, y), temperature=t) | {'round': i} for i, (t, x, y) in enumerate(curve)
        ]
        final = line('final', 8.0, quality(seed, 8.0))
        write_run(root, 'mle', seed, [*points, final], algorithm='mle', dataset=request.param)
        for label, value in (('better', 5.0), ('worse', 7.0)):
            ends = [
                line('adversarial', 9.0, {}) | {'round': 1},
                line('final', 9.0, quality(seed, value + WOBBLES[seed])),
            ]
            write_run(root, label, seed, ends, algorithm='seqgan', dataset=request.param)
    return read_study([root])


def test_distances_are_to_the_curve_of_the_same_seed_and_negative_where_a_run_beats_it(study):
    found = {label: (curve, own, values) for label, curve, own, values in tables.distances(study)}
    for label, expected in (('better', -1.0), ('worse', 1.0)):
        curve, own, values = found[label]
        assert (curve, own) == ('mle', True)
        assert values == {seed: pytest.approx(expected + WOBBLES[seed]) for seed in SEEDS}


def test_verdicts_follow_the_distances(study):
    verdicts = {cells[0]: cells[4] for _, cells in tables.distance_table(study).rows}
    assert verdicts == {'better': 'beats the curve', 'worse': 'is worse than the curve'}


def test_differences_are_of_the_label_less_what_it_is_compared_with_seed_by_seed(study):
    metric, sign = study.quality
    found = [row.split(',') for row in tables.csv_files(study)['paired.csv'].splitlines()[1:]]
    means = {(label, name): float(mean) for label, _, name, _, mean, *_ in found}
    assert study.compared == 'mle'
    assert means['better', metric] == pytest.approx(sign * -3) and means['worse', metric] == pytest.approx(sign * -1)
    assert means['better', 'nll_test'] == pytest.approx(1)
