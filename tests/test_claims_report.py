"""What the published claims need of a report: signs, and comparisons within a seed."""

import json

import pytest

from seqgan_tf.report import tables
from seqgan_tf.report.csv_files import csv_files
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
    """MLE at (8, 8), whose curve goes to (10, 4) as it gets colder: it is at 6 where nll_test is 9.

    Two labels of SeqGAN end there, better or worse by 1. Another MLE is worse by 2 all along.
    On verse more is better, so that the qualities have the other sign.
    """
    root, verse = tmp_path_factory.mktemp('study'), request.param == 'verse'
    quality = lambda seed, value: {
        'valid_all' if verse else 'nll_oracle': (-1 if verse else 1) * (LEVELS[seed] + value)
    }
    for seed in SEEDS:
        for label, worse, epochs in (('mle', 0.0, 120), ('mle_long', 2.0, 240)):
            curve = [
                line('temperature', x, quality(seed, y + worse), temperature=t) | {'round': i}
                for i, (t, x, y) in enumerate([(0.5, 10.0, 4.0), (1.0, 8.0, 8.0)])
            ]
            final = line('final', 8.0, quality(seed, 8.0 + worse))
            write_run(root, label, seed, [*curve, final], algorithm='mle', mle_epochs=epochs, dataset=request.param)
        for label, value in (('better', 5.0), ('worse', 7.0)):
            ends = [
                line('adversarial', 9.0, {}) | {'round': 1},
                line('final', 9.0, quality(seed, value + WOBBLES[seed])),
            ]
            write_run(root, label, seed, ends, algorithm='seqgan', dataset=request.param)
    return read_study([root])


DISTANCES = {('better', 'mle'): -1, ('worse', 'mle'): 1, ('better', 'mle_long'): -3, ('worse', 'mle_long'): -1}


def test_distances_are_to_the_curve_of_the_same_seed_and_negative_where_a_run_beats_it(study):
    found = {(label, curve): (own, values) for label, curve, own, values in tables.distances(study)}
    assert found.keys() == DISTANCES.keys()
    for (label, curve), (own, values) in found.items():
        assert own == (curve == 'mle')
        assert values == {seed: pytest.approx(DISTANCES[label, curve] + WOBBLES[seed]) for seed in SEEDS}


def test_verdicts_follow_the_distances(study):
    verdicts = {(cells[0], cells[1].split('\n')[0]): cells[4] for _, cells in tables.distance_table(study).rows}
    assert verdicts == {
        pair: 'beats the curve' if distance < 0 else 'is worse than the curve' for pair, distance in DISTANCES.items()
    }


def test_differences_are_of_the_label_less_what_it_is_compared_with_seed_by_seed(study):
    metric, sign = study.quality
    found = [row.split(',') for row in csv_files(study)['paired.csv'].splitlines()[1:]]
    means = {(label, name): float(mean) for label, _, name, _, mean, *_ in found}
    assert study.compared == 'mle'
    assert means['better', metric] == pytest.approx(sign * -3) and means['worse', metric] == pytest.approx(sign * -1)
    assert means['better', 'nll_test'] == pytest.approx(1)
