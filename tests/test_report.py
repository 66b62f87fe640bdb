"""The report: its tables are the runs' figures, it can be rebuilt to the byte, it refuses what cannot be compared, a browser shows it."""

import base64
import csv
import html.parser
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import matplotlib.image
import numpy as np
import pytest
import scipy.stats

from seqgan_tf.config import Config
from seqgan_tf.errors import RunError
from seqgan_tf.report import curves, significance
from seqgan_tf.report.command import NAMES, build, write
from seqgan_tf.report.csv_files import csv_files
from seqgan_tf.report.runs import DEFAULTS, find_runs, read_run
from seqgan_tf.report.study import read_study

ROOT = pathlib.Path(__file__).resolve().parents[1]
BROWSER = shutil.which('chromium') or shutil.which('chromium-browser') or shutil.which('google-chrome')
SETTINGS = json.loads(Config().to_json()) | dict(
    oracle_path='/data/oracle.npz',
    mle_epochs=120,
    adversarial_rounds=60,
    reward='discriminator',
    start_from='',
    final_samples=10_000,
)
TEMPERATURES = np.linspace(0.5, 1.6, 16)


def temperature_line(base, dataset, t):
    """A made-up model at a temperature t: nll_test is least at 1.3, samples better the colder."""
    nll_test = base + 2.5 * (t - 1.3) ** 2 + 3 * max(0, 0.8 - t) ** 2
    line = {'temperature': t, 'nll_test': nll_test, 'entropy': 5.8 * t**0.5, 'unique': min(1, t + 0.3)}
    if dataset == 'synthetic':
        return line | {'nll_oracle': 9.03 + 3.2 * (t - 1)}
    quality = {f'bleu_{n}': 0.9 / n / t for n in (2, 3, 4, 5)} | {f'self_bleu_{n}': 0.95 / n / t for n in (2, 3, 4, 5)}
    return line | quality | ({'valid_all': 0.12 / t**2} if dataset == 'verse' else {})


def made_up_lines(seed, dataset='synthetic', epochs=120, rounds=0, gain=0.0, every=5):
    """Lines of metrics.jsonl of a run that never was: MLE that over-fits, then rounds in which quality and nll_test grow by the gain."""
    rng = np.random.default_rng([seed, epochs, rounds, int(1000 * gain)])
    wobble = lambda scale=0.01: float(scale * rng.normal())
    better = -1 if dataset == 'synthetic' else 0.1
    base = {name: value for name, value in temperature_line(8.8, dataset, 1.0).items() if name != 'temperature'}
    quality = 'nll_oracle' if dataset == 'synthetic' else 'valid_all' if dataset == 'verse' else 'bleu_2'

    def evaluation(learnt, gained):
        found = {name: value + wobble(abs(value) * 2e-3) for name, value in base.items()}
        found['nll_test'] += 0.7 * gained + (1 - learnt) * -1.2
        found[quality] += better * gained - better * (1 - learnt) * 0.5
        found['unique'] = 1.0
        found['entropy'] -= gained
        return found

    initial = {'nll_test': 8.52, 'entropy': 8.51, 'unique': 1.0}
    if dataset == 'synthetic':
        for name, oracle, test in (
            ('data', 5.737, 5.74),
            ('uniform', 11.43, 8.517),
            ('unigram', 10.3, 7.84),
            ('bigram', 8.7, 8.45),
        ):
            initial |= {f'nll_oracle_of_{name}': oracle + wobble(), f'nll_test_of_{name}': test + wobble()}
        initial |= {'nll_oracle_of_copies': 5.75 + wobble(), 'nll_oracle': 11.43}
    elif dataset == 'text':
        initial |= {f'self_bleu_{n}_of_data': 0.6 / n for n in (2, 3, 4, 5)}
    yield {'phase': 'initial', 'round': 0, **initial}
    for epoch in range(1, epochs + 1):
        seen = evaluation(1 - np.exp(-epoch / 25), 0.0) if epoch % every == 0 or epoch == epochs else {}
        yield {'phase': 'mle', 'round': epoch, 'nll': 6.0, **seen, 'round_seconds': 5.0 + wobble()}
    for round_ in range(1, rounds + 1):
        gained = gain * (1 - np.exp(-round_ / 20))
        seen = (
            evaluation(1.0, gained)
            if round_ % every == 0 or round_ == rounds
            else {'entropy': 5.8 - gained + wobble(0.1)}
        )
        yield {
            'phase': 'adversarial',
            'round': round_,
            'reward': 0.5 - gained + wobble(),
            'd_accuracy': 0.55 + 0.3 * round_ / rounds + wobble(),
            'd_held_out_accuracy': 0.53 + wobble(),
            **seen,
            'round_seconds': 9.0 + wobble(),
        }
    for i, t in enumerate(TEMPERATURES, 1):
        shifted = temperature_line(8.8 + 0.5 * gain, dataset, t)
        measured = {name: float(value) + wobble(1e-3) for name, value in shifted.items()}
        yield {'phase': 'temperature', 'round': i, **measured, 'temperature': float(t)}
    for phase, parameter, values in (
        ('top_k', 'top_k', {5: 0.6, 50: 0.8}),
        ('top_p', 'top_p', {0.5: 0.55, 0.9: 0.9}),
        ('likeliest', 'num_candidates', {1: 1.0, 4: 0.8, 16: 0.6}),
    ):
        for i, (value, t) in enumerate(values.items(), 1):
            measured = temperature_line(8.8 + 0.5 * gain, dataset, t) | {parameter: value}
            guided, _ = measured.pop('nll_test'), measured.pop('temperature')
            measured |= {'guided_nll_test': guided + 0.1} if phase == 'likeliest' else {}
            yield {'phase': phase, 'round': i, **measured}
    more = {
        'distinct_1': 0.2,
        'distinct_2': 0.9,
        'copied': 0.0,
        'coverage': 0.98,
        'fresh_discriminator_accuracy': 0.9 + wobble(),
    }
    final = evaluation(1.0, gain) | more
    if dataset == 'synthetic':
        final |= {'kl_generator_oracle': final['nll_oracle'] - final['entropy'], 'jsd_per_step': 0.4 + wobble()}
    else:
        final |= {f'self_bleu_{n}': 0.9 / n + wobble() for n in (2, 3, 4, 5)}
    yield {'phase': 'final', 'round': 0, **final}


def write_run(root, label, seed, lines=None, data='', **settings):
    """A run's directory, root/label/seed_n; its made-up lines come from settings."""
    directory = pathlib.Path(root, label, f'seed_{seed}')
    directory.mkdir(parents=True)
    gain = settings.pop('gain', 0.0)
    settings = SETTINGS | dict(algorithm='mle', seed=seed, workdir=str(directory)) | settings
    rounds = settings['adversarial_rounds'] if settings['algorithm'] in ('seqgan', 'pg_bleu') else 0
    if lines is None:
        lines = made_up_lines(seed, settings['dataset'], settings['mle_epochs'], rounds, gain)
    (directory / 'config.json').write_text(json.dumps(settings))
    (directory / 'metrics.jsonl').write_text(''.join(json.dumps(line) + '\n' for line in lines))
    (directory / 'data.json').write_text(data or f'{{"train": "{seed}"}}')
    return directory


def write_study(root, dataset='synthetic', seeds=(0, 1, 2)):
    """A study with MLE, early-stopped MLE, SeqGAN by two schedules, a control, and a label of one seed."""
    common = dict(
        dataset=dataset,
        oracle_path='/data/oracle.npz' if dataset == 'synthetic' else '',
        corpus='/data/captions.txt' if dataset == 'text' else '',
    )
    for seed in seeds:
        write_run(root, 'mle', seed, **common)
        write_run(root, 'mle_early', seed, mle_epochs=5, mle_patience=3, **common)
        start = dict(start_from=f'/elsewhere/mle/seed_{seed}', **common)
        write_run(root, 'seqgan', seed, algorithm='seqgan', gain=0.34, **start)
        write_run(
            root,
            'seqgan_early',
            seed,
            algorithm='seqgan',
            gain=0.2,
            mle_epochs=5,
            mle_patience=3,
            **common,
            start_from=f'runs/mle_early/seed_{seed}',
        )
        write_run(
            root,
            'seqgan_g10_k10',
            seed,
            algorithm='seqgan',
            gain=0.12,
            g_steps=10,
            d_steps=1,
            discriminator_epochs=10,
            **start,
        )
        write_run(root, 'constant', seed, algorithm='seqgan', gain=0.45, reward='constant', d_steps=0, **start)
    write_run(root, 'pg_bleu', seeds[0], algorithm='pg_bleu', gain=0.05, reward='bleu', **common)
    return root


@pytest.fixture(scope='module')
def study_dir(tmp_path_factory):
    return write_study(tmp_path_factory.mktemp('study'))


@pytest.fixture(scope='module')
def report(study_dir):
    """{file name: bytes} of the report of the made-up synthetic study."""
    return build(read_study([study_dir]))


def finals(study_dir, label):
    """{seed: the last line of metrics.jsonl}, read by other code than the package's."""
    paths = sorted((study_dir / label).glob('seed_*/metrics.jsonl'))
    return {int(path.parent.name[5:]): json.loads(path.read_text().splitlines()[-1]) for path in paths}


def rows(data):
    return list(csv.DictReader(io.StringIO(data.decode())))


@pytest.mark.parametrize('n', [2, 3, 5, 30])
def test_estimate_is_scipys(n):
    values = np.random.default_rng(n).normal(0.3, 1, n)
    found, twin = significance.estimate(values), scipy.stats.ttest_1samp(values, 0)
    np.testing.assert_allclose([found.mean, found.sd], [values.mean(), values.std(ddof=1)], rtol=1e-12)
    interval = scipy.stats.t.interval(0.95, n - 1, values.mean(), scipy.stats.sem(values))
    np.testing.assert_allclose([found.low, found.high], interval, rtol=1e-9)
    np.testing.assert_allclose(found.p, twin.pvalue, rtol=1e-9)


def test_paired_is_scipys_over_the_common_seeds():
    a, b = {0: 1.0, 1: 2.5, 2: 2.0, 7: 9.0}, {0: 0.5, 1: 2.6, 2: 1.0, 5: -9.0}
    found, twin = significance.paired(a, b), scipy.stats.ttest_rel([1.0, 2.5, 2.0], [0.5, 2.6, 1.0])
    np.testing.assert_allclose([found.n, found.mean, found.p], [3, 1.4 / 3, twin.pvalue], rtol=1e-9)
    np.testing.assert_allclose([found.low, found.high], twin.confidence_interval(), rtol=1e-9)
    assert significance.paired({0: 1.0}, {1: 1.0}) is None


def test_a_tiny_p_is_not_lost():
    np.testing.assert_allclose(significance.two_sided_p(-1e4, 9), 2 * scipy.stats.t.sf(1e4, 9), rtol=1e-9)


def test_what_one_or_equal_values_cannot_say():
    one = significance.estimate([2.0])
    assert (one.n, one.mean, one.sd, one.low, one.high, one.p, one.bootstrap) == (
        1,
        2.0,
        None,
        None,
        None,
        None,
        (None, None),
    )
    equal = significance.estimate([0.1] * 3)
    assert (equal.sd, equal.p) == (0.0, None) and equal.low == equal.mean == equal.high


def test_bootstrap_is_that_of_all_resamples():
    """Three values have 27 resamples; their exact percentiles lie on steps that 10,000 draws find."""
    values = np.array([0.0, 1.0, 5.0])
    means = np.sort([np.mean(values[list(chosen)]) for chosen in np.ndindex(3, 3, 3)])
    low, high = significance.bootstrap_interval(values)
    assert (low, high) == pytest.approx((means[0], means[-1]))  # 1/27 > 2.5 %: both ends are the extremes
    assert significance.bootstrap_interval(values) == (low, high)
    many = np.random.default_rng(0).normal(size=50)
    chosen = np.random.default_rng(1).integers(50, size=(20_000, 50))
    np.testing.assert_allclose(
        significance.bootstrap_interval(many), np.percentile(many[chosen].mean(axis=1), [2.5, 97.5]), atol=0.02
    )


CURVE = np.array(
    [[0.5, 12.0, 4.0], [0.8, 9.0, 8.0], [1.0, 8.0, 9.0], [1.5, 9.5, 11.0]]
)  # temperature, nll_test, nll_oracle; coldest first


@pytest.mark.parametrize(
    'x, y, distance',
    [
        (9.0, 8.0, 0.0),  # a point of the curve
        (8.5, 8.0, -0.5),  # halfway between 9.0 and 8.0, which is 8.5
        (8.5, 9.0, 0.5),
        (9.25, 10.0, 10 - 8 + 4 * 0.25 / 3),  # the warm branch, at 10.7 there, does not count
        (12.0, 4.0, 0.0),
        (7.0, 8.5, -0.5),  # no temperature gets there: against the leftmost point
        (13.0, 3.0, None),  # colder than was measured
    ],
)
def test_distance_to_a_temperature_curve(x, y, distance):
    assert curves.distance_to_curve(CURVE, x, y, 1) == (None if distance is None else pytest.approx(distance))
    upside_down = CURVE * [1, 1, -1]
    assert curves.distance_to_curve(upside_down, x, -y, -1) == (None if distance is None else pytest.approx(distance))


def test_learning_curve_joins_seeds_of_unequal_length(tmp_path):
    final = {'phase': 'final', 'round': 0, 'nll_test': 1.0}
    lines = [[('mle', 2, 8.0), ('mle', 4, 6.0), ('adversarial', 1, 5.0)], [('mle', 2, 4.0), ('adversarial', 1, 3.0)]]
    runs = [
        read_run(write_run(tmp_path, 'x', seed, [*({'phase': p, 'round': r, 'nll_test': v} for p, r, v in own), final]))
        for seed, own in enumerate(lines)
    ]
    curve = curves.learning_curve(runs, 'nll_test')
    np.testing.assert_array_equal(
        [curve.x, curve.mean, curve.low, curve.high], [[2, 4, 5], [6, 5, 4], [4, 4, 3], [8, 6, 5]]
    )
    rounds = curves.learning_curve(runs, 'nll_test', ('adversarial',))
    np.testing.assert_array_equal([rounds.x, rounds.mean], [[0, 1], [5, 4]])  # from the end of pretraining
    assert curves.learning_curve(runs, 'nll_oracle') is None


def test_tables_hold_the_figures_of_the_runs(study_dir, report):
    labels = sorted(path.name for path in study_dir.iterdir())
    found = {(row['label'], row['metric']): row for row in rows(report['results.csv']) if row['kind'] == 'label'}
    assert {label for label, _ in found} == set(labels)
    for (label, metric), row in found.items():
        values = [final[metric] for final in finals(study_dir, label).values()]
        assert int(row['n']) == len(values)
        np.testing.assert_allclose(float(row['mean']), np.mean(values), rtol=1e-5)
        if len(values) == 1:
            assert {row[name] for name in ('sd', 'low', 'high', 'bootstrap_low', 'bootstrap_high')} == {''}
        else:
            np.testing.assert_allclose(float(row['sd']), np.std(values, ddof=1), rtol=1e-5, atol=1e-12)
    for label in labels:
        metrics = finals(study_dir, label)[0].keys() - {'phase', 'round'}
        assert metrics == {metric for other, metric in found if other == label}


def test_paired_tables_hold_tests_against_plain_mle(study_dir, report):
    against = finals(study_dir, 'mle')
    found = {(row['label'], row['metric']): row for row in rows(report['paired.csv'])}
    assert {row['compared_with'] for row in found.values()} == {'mle'}
    for label in ('seqgan', 'constant', 'mle_early'):
        values = finals(study_dir, label)
        twin = scipy.stats.ttest_rel(
            [values[seed]['nll_oracle'] for seed in values], [against[seed]['nll_oracle'] for seed in values]
        )
        np.testing.assert_allclose(float(found[label, 'nll_oracle']['p']), twin.pvalue, rtol=1e-5)
    assert found['pg_bleu', 'nll_oracle']['p'] == ''
    other = csv_files(read_study([study_dir], 'seqgan'))['paired.csv']
    assert {row['compared_with'] for row in rows(other.encode())} == {'seqgan'}


@pytest.mark.parametrize(
    'labels, compared',
    [
        (['constant', 'mle_early', 'mle'], 'mle'),
        (['constant', 'mle_early'], 'mle_early'),
        (['seqgan', 'constant'], 'seqgan'),
    ],
)
def test_unless_told_it_compares_with_the_plainest_mle(labels, compared, study_dir):
    assert read_study([study_dir / label for label in labels]).compared == compared


def test_distances_are_to_the_own_start_and_to_every_mle(report):
    found = {(row['label'], row['curve_of']): row['own_start'] for row in rows(report['curve_distances.csv'])}
    assert found == {
        (label, curve): str(curve == own)
        for label, own in (
            ('constant', 'mle'),
            ('pg_bleu', 'mle'),
            ('seqgan', 'mle'),
            ('seqgan_early', 'mle_early'),
            ('seqgan_g10_k10', 'mle'),
        )
        for curve in ('mle', 'mle_early')
    }


def test_page_says_what_there_is(report):
    text = report['report.md'].decode()
    for title in (
        'ground truth',
        'uniform tokens',
        'unigram',
        'interpolated bigram',
        'copies of training rows',
        'paper: SeqGAN',
    ):
        assert f'| {title} |' in text
    assert '| copies of training rows | 3 |' in text and '| infinite |' in text
    assert 'One seed only' in text and ': pg_bleu.' in text
    settings = text[text.index('## Settings') :]
    assert '| reward |' in settings and '| start_from |' in settings and '| hidden_dim |' not in settings


def test_rebuilt_elsewhere_it_is_the_same_to_the_byte(study_dir, report, tmp_path):
    copy = shutil.copytree(study_dir, tmp_path / 'some' / 'where')
    assert build(read_study([copy])) == report
    parts = [copy / 'mle', *sorted(copy.iterdir(), reverse=True)]
    assert list(read_study(dict.fromkeys(parts)).labels)[:2] == ['mle', 'seqgan_g10_k10']  # the order given
    for name, data in report.items():
        assert str(study_dir).encode() not in data and b'/data' not in data and b'/elsewhere' not in data, name


@pytest.mark.parametrize('dataset', ['synthetic', 'verse', 'text'])
def test_every_figure_shows_something(dataset, report, tmp_path):
    files = (
        report
        if dataset == 'synthetic'
        else build(read_study([write_study(tmp_path / 'study', dataset, seeds=(0, 1))]))
    )
    assert set(files) == set(NAMES) - {'piano_rolls.png'} - (set() if dataset == 'text' else {'paper_table.csv'})
    for name in (name for name in files if name.endswith('.png')):
        image = matplotlib.image.imread(io.BytesIO(files[name]))
        assert min(image.shape[:2]) > 400
        assert (image[..., :3].std(axis=2) > 0.1).mean() > 0.002, f'{name} has no coloured line'
        assert (image[[0, -1]] == 1).all() and (image[:, [0, -1]] == 1).all(), f'{name} is cut off'


def test_one_run_alone_has_a_report(tmp_path):
    files = build(
        read_study(
            [
                write_run(
                    tmp_path,
                    'mle',
                    0,
                    [
                        {'phase': 'mle', 'round': 1, 'nll_test': 8.0},
                        {'phase': 'final', 'round': 0, 'nll_test': 8.0, 'nll_oracle': 9.0},
                    ],
                )
            ]
        )
    )
    assert 'One seed only' in files['report.md'].decode() and files['paired.csv'].decode().count('\n') == 1
    assert 'Difference' not in files['report.md'].decode()


def test_labels_are_only_text(tmp_path):
    label = '_<b>$\\frac|&"x"](y)'
    for seed in (0, 1):
        write_run(tmp_path, label, seed)
    files = build(read_study([tmp_path]))
    assert '<b>' not in files['report.html'].decode()
    assert {row['label'] for row in rows(files['seeds.csv'])} == {label}
    row = next(line for line in files['report.md'].decode().splitlines() if 'frac' in line and line.startswith('| '))
    assert len(re.split(r'(?<!\\)\|', row)) == 7  # two empty ends, the label, the seeds and three figures


class Page(html.parser.HTMLParser):
    """Tags, their attributes and their nesting."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open = [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in ('meta', 'img', 'link'):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_html_is_whole_and_needs_nothing_else(report):
    text = report['report.html'].decode()
    parsed = Page(text)
    assert parsed.open == []
    addresses = [
        value
        for _, attributes in parsed.tags
        for name, value in attributes.items()
        if name in ('src', 'href', 'action')
    ]
    assert all(address.startswith(('data:', '#s')) for address in addresses)
    assert not re.search(r'url\(|@import|https?:|<script', text)
    images = [base64.b64decode(attributes['src'].partition(',')[2]) for tag, attributes in parsed.tags if tag == 'img']
    assert sorted(images) == sorted(data for name, data in report.items() if name.endswith('.png'))
    assert all(attributes['alt'] for tag, attributes in parsed.tags if tag == 'img')


def command(*arguments, code=None):
    start = ['-c', code] if code else ['-m', 'seqgan_tf.report']
    return subprocess.run(
        [sys.executable, *start, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, timeout=120
    )


def refused(result, *words):
    assert result.returncode == 1 and result.stdout == ''
    assert result.stderr.startswith('error: ') and result.stderr.count('\n') == 1, result.stderr
    assert all(word in result.stderr for word in words), result.stderr


def spoil(directory, name, change):
    path = directory / name
    path.write_bytes(change(path.read_bytes()))


SPOILT = {
    'cut': ('metrics.jsonl', lambda data: data[:-20], 'metrics.jsonl', 'line'),
    'bytes': ('metrics.jsonl', lambda data: b'\xff\xfe' + data, 'metrics.jsonl'),
    'nan': ('metrics.jsonl', lambda data: data.replace(b'"nll": 6.0', b'"nll": NaN', 1), 'line 2', 'nll'),
    'huge': ('metrics.jsonl', lambda data: data.replace(b'"nll": 6.0', b'"nll": 1' + b'0' * 400, 1), 'line 2'),
    'deep': ('metrics.jsonl', lambda data: b'[' * 200_000 + b'\n' + data, 'line 1'),
    'list': ('metrics.jsonl', lambda data: data.replace(b'"round": 1,', b'"round": [1],', 1), 'line 2'),
    'repeated': ('metrics.jsonl', lambda data: data + data, 'line'),
    'settings': ('config.json', lambda data: data[:50], 'config.json'),
    'no settings': ('config.json', lambda data: b'{}', 'config.json', 'algorithm'),
    'kind': ('config.json', lambda data: data.replace(b'"seed": 0', b'"seed": "0"'), 'config.json', 'seed'),
    'other settings': (
        'config.json',
        lambda data: data.replace(b'"hidden_dim": 32', b'"hidden_dim": 3'),
        'hidden_dim=3 ',
        'hidden_dim=32',
    ),
    'same seed': ('config.json', lambda data: data.replace(b'"seed": 0', b'"seed": 1'), 'twice'),
    'other data': ('data.json', lambda data: b'{"train": "other"}', 'data.json'),
}


@pytest.mark.parametrize('case', SPOILT)
def test_a_bad_run_is_refused(case, tmp_path):
    name, change, *words = SPOILT[case]
    for label, seed in (('a', 0), ('a', 1), ('b', 0)):
        write_run(tmp_path, label, seed)
    spoil(tmp_path / 'a' / 'seed_0', name, change)
    refused(command(tmp_path, f'--out={tmp_path / "out"}'), *words)
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize(
    'name, value', [('oracle_path', 'another.npz'), ('sequence_length', 40), ('eval_samples', 99), ('held_out', 9)]
)
def test_other_data_or_samples_go_into_another_table(name, value, tmp_path):
    write_run(tmp_path, 'a', 0)
    write_run(tmp_path, 'b', 0, **{name: value})
    with pytest.raises(RunError, match=name):
        read_study([tmp_path])


def test_what_runs_of_a_label_may_differ_in(tmp_path):
    write_run(tmp_path, 'a', 0, eval_every=5)
    write_run(tmp_path, 'a', 1, eval_every=7, checkpoint_every=9, export_dir='x', start_from='b/seed_1')
    assert list(read_study([tmp_path]).labels['a']) == [0, 1]
    (tmp_path / 'a' / 'seed_0' / 'data.json').unlink()
    old = json.loads((tmp_path / 'a' / 'seed_0' / 'config.json').read_text())
    (tmp_path / 'a' / 'seed_0' / 'config.json').write_text(
        json.dumps({name: old[name] for name in old if name != 'hidden_dim'})
    )
    assert (
        read_run(tmp_path / 'a' / 'seed_0').settings['hidden_dim'] == DEFAULTS['hidden_dim']
    )  # a run of before that setting


def test_runs_are_found_at_any_depth(study_dir):
    assert len(find_runs(study_dir)) == 19
    assert find_runs(study_dir / 'mle' / 'seed_1') == [study_dir / 'mle' / 'seed_1']


def test_command_refuses_in_one_line_and_writes_nothing(study_dir, tmp_path):
    out, one = tmp_path / 'out', shutil.copytree(study_dir / 'mle' / 'seed_0', tmp_path / 'mle' / 'seed_0')
    refused(command(tmp_path / 'missing', f'--out={out}'), 'missing', 'no directory')
    refused(command(ROOT / 'flags', f'--out={out}'), 'config.json')
    refused(command(study_dir, one, f'--out={out}'), 'twice', 'mle')
    refused(command(study_dir, f'--out={out}', '--compare_with=nobody'), '--compare_with', 'seqgan', 'nobody')
    spoil(one, 'metrics.jsonl', lambda data: data[:1000])
    refused(command(one, f'--out={out}'), 'line')
    assert not out.exists()
    (tmp_path / 'file').write_text('kept')
    refused(command(study_dir / 'pg_bleu', f'--out={tmp_path / "file"}'), 'out', 'file')
    assert (tmp_path / 'file').read_text() == 'kept'


def test_without_matplotlib_it_names_the_extra(study_dir, tmp_path):
    code = (
        'import runpy, sys; sys.modules["matplotlib"] = None; runpy.run_module("seqgan_tf.report", run_name="__main__")'
    )
    refused(command(study_dir, f'--out={tmp_path}', code=code), 'pip install seqgan_tf[plots]')


@pytest.fixture(scope='module')
def written(study_dir, tmp_path_factory):
    """The directory that the command wrote, over an older report."""
    out = tmp_path_factory.mktemp('out')
    (out / 'schedule_study.png').write_text('old')
    (out / 'mine.txt').write_text('kept')
    result = command(study_dir / 'mle', study_dir / 'seqgan', study_dir / 'pg_bleu', f'--out={out}')
    assert (result.returncode, result.stderr, result.stdout) == (0, '', f'{out}/report.html\n')
    return out


def test_command_replaces_an_older_report(written):
    left_out = {'schedule_study.png', 'piano_rolls.png', 'paper_table.csv'}
    assert {path.name for path in written.iterdir()} == {*NAMES, 'mine.txt'} - left_out


def test_a_failed_write_keeps_the_older_report(report, tmp_path):
    (tmp_path / 'report.md').write_text('old')
    with pytest.raises(RunError, match='out must be a directory that can be written'):
        write(report | {'no such folder/x.csv': b''}, tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {'report.md': 'old'}


@pytest.mark.skipif(BROWSER is None, reason='no chromium')
@pytest.mark.parametrize('width', [390, 1280])
def test_a_browser_shows_the_page(written, width, tmp_path):
    """The page itself has no script; a copy with a small one writes what the browser made of it."""
    check = (
        '<script>onload = () => { document.title = JSON.stringify({images: [...document.images].map(i => i.naturalWidth), '
        'tables: document.querySelectorAll("table").length, rows: document.querySelectorAll("tbody tr").length, '
        'over: document.documentElement.scrollWidth - innerWidth}) }</script></body>'
    )
    copy = tmp_path / 'page.html'
    copy.write_text((written / 'report.html').read_text('utf-8').replace('</body>', check), 'utf-8')
    with tempfile.TemporaryDirectory() as profile:
        shown = subprocess.run(
            [
                BROWSER,
                '--headless',
                '--no-sandbox',
                '--disable-gpu',
                '--disable-quic',
                '--no-first-run',
                '--disable-background-networking',
                '--disable-component-update',
                '--disable-sync',
                f'--user-data-dir={profile}',
                f'--window-size={width},900',
                f'--screenshot={tmp_path}/page.png',
                '--dump-dom',
                copy.as_uri(),
            ],
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, 'HOME': profile},
        )
    said = json.loads(html.unescape(re.search('<title>(.*?)</title>', shown.stdout)[1]))
    assert len(said['images']) == 3 and min(said['images']) > 800
    parsed = Page((written / 'report.html').read_text('utf-8'))
    assert said['tables'] == sum(tag == 'table' for tag, _ in parsed.tags) > 5
    assert said['rows'] > 30
    assert said['over'] <= 0, 'the page is wider than the window'
    assert matplotlib.image.imread(tmp_path / 'page.png').std() > 0.05
