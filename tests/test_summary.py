"""The summary at the end of a run: an aligned table, the most important row first, and samples within 80 columns."""

import json
import types
import unicodedata

import pytest

from seqgan_tf.config import Config
from seqgan_tf.data.registry import DATASETS
from seqgan_tf.running.summary import describe

VALUES = {'entropy': 1.25, 'nll_test': 6.1618, 'nll_oracle': 12345.678, 'nll_test_of_uniform': 2.0}
LONG = {'a_name_of_more_than_16_characters': 0.5}
WORDS = ' '.join(f'word{i}' for i in range(40))
POEM = '岭上沙鸥起 寒烟满古城 樵翁辞故土 远望且倾杯'


def columns(line):
    """The width of a line in a terminal."""
    return sum(2 if unicodedata.east_asian_width(c) in 'FW' else 1 for c in line)


def summary(workdir, phases, texts=(), metrics=VALUES, dataset='synthetic'):
    (workdir / 'metrics.jsonl').write_text(
        ''.join(json.dumps({'phase': phase, 'round': 0, **metrics}) + '\n' for phase in phases)
    )
    vocabulary = types.SimpleNamespace(decode=lambda tokens: texts)
    task = types.SimpleNamespace(
        scored_by=DATASETS[dataset].scored_by, corpus=types.SimpleNamespace(vocabulary=vocabulary)
    )
    evaluator = types.SimpleNamespace(task=task, sample=lambda seed, count: None)
    return describe(Config(), workdir, evaluator, None).splitlines()


@pytest.mark.parametrize('metrics', [VALUES, VALUES | LONG], ids=['short', 'long'])
@pytest.mark.parametrize('phases', [['initial'], ['initial', 'mle'], ['initial', 'mle', 'adversarial']])
def test_the_table_is_aligned_and_fits(phases, metrics, tmp_path):
    _, *table = summary(tmp_path, phases, metrics=metrics)[: 2 + len(metrics)]
    assert len({len(line) for line in table}) == 1 and len(table[0]) <= 80
    assert all(len(row.split()) == 1 + len(phases) for row in table[1:])


@pytest.mark.parametrize('dataset, first', [('synthetic', 'nll_oracle'), ('verse', 'valid_all')])
def test_what_samples_are_judged_by_comes_first(dataset, first, tmp_path):
    lines = summary(tmp_path, ['initial', 'mle'], metrics=VALUES | {'valid_all': 0.1}, dataset=dataset)
    names = [line.split()[0] for line in lines[2:7]]
    assert names[:2] == [first, 'nll_test'] and names[-1] == 'nll_test_of_uniform'


@pytest.mark.parametrize('text', [WORDS, POEM, '樵' * 200, 'x' * 200, 'café ' * 40], ids=lambda text: text[:5])
def test_samples_fit_and_lose_nothing(text, tmp_path):
    lines = summary(tmp_path, ['initial'], texts=[text, 'next'])
    first, last = lines.index('samples:') + 1, lines.index('  next')
    assert max(map(columns, lines[first:last])) <= 80
    assert lines[first].startswith('  ') and all(line.startswith('    ') for line in lines[first + 1 : last])
    assert ''.join(''.join(lines[first:last]).split()) == ''.join(text.split())


def test_a_short_sample_is_one_line(tmp_path):
    assert f'  {POEM}' in summary(tmp_path, ['initial'], texts=[POEM])


SEARCH = {'phase': 'search', 'round': 1, 'guidance': 1.0, 'num_candidates': 16, 'samples': 2000, 'unique': 0.75}
RESIDUAL = {'residual_nll_test': 5.4321, 'residual_beta': 0.7, 'log_z_ess': 1234.5, 'samples': 10_000}


def with_search(workdir, lines, eval_samples=10_000):
    values = VALUES | {'unique': 1.0}
    phases = [{'phase': phase, 'round': 0, **values} for phase in ('initial', 'mle', 'adversarial')]
    (workdir / 'metrics.jsonl').write_text(''.join(json.dumps(line) + '\n' for line in [*phases, *lines]))
    corpus = types.SimpleNamespace(vocabulary=types.SimpleNamespace(decode=lambda tokens: []))
    task = types.SimpleNamespace(scored_by=DATASETS['synthetic'].scored_by, corpus=corpus)
    evaluator = types.SimpleNamespace(task=task, sample=lambda seed, count: None)
    return describe(Config(eval_samples=eval_samples), workdir, evaluator, None).splitlines()


def test_text_found_by_search_has_a_column_with_dashes_for_what_it_lacks(tmp_path):
    other = SEARCH | {'round': 2, 'guidance': 2.0, 'unique': 0.5}
    final = {'phase': 'final', 'round': 0, **VALUES, **RESIDUAL}
    lines = with_search(tmp_path, [SEARCH, other, final])
    table = lines[1:7]
    assert table[0].endswith('  after adversarial  with search (16)') and len({len(line) for line in table}) == 1
    last = {line.split()[0]: line.split()[-1] for line in table[1:]}
    assert last == {name: '-' for name in VALUES} | {'unique': '0.7500'}
    assert max(map(len, lines[1:10])) <= 100
    text = '\n'.join(lines)
    assert 'of 16 samples the discriminator keeps one; 2,000 samples; other columns: 10,000' in text
    assert 'residual_nll_test 5.4321: nll_test (6.1618) with the discriminator at beta 0.7' in text
    assert 'log Z from 10,000 samples; effectively 1,234' in text
    assert 'other columns' not in '\n'.join(with_search(tmp_path, [SEARCH, final], eval_samples=2000))


def test_the_likeliest_of_as_many_samples_stand_before_the_search(tmp_path):
    common = {'phase': 'likeliest', 'samples': 2000, 'entropy': 0.5}
    likeliest = [
        common | {'round': 1, 'num_candidates': 2, 'unique': 0.75},
        common | {'round': 2, 'num_candidates': 16, 'unique': 0.25},
    ]
    final = {'phase': 'final', 'round': 0, **VALUES}
    lines = with_search(tmp_path, [*likeliest, SEARCH, final])
    assert lines[1].endswith('  after adversarial  likeliest of 16  with search (16)')
    last = {line.split()[0]: line.split()[-2:] for line in lines[2:7]}
    assert (last['unique'], last['entropy'], last['nll_test']) == (['0.2500', '0.7500'], ['0.5000', '-'], ['-', '-'])
    assert max(map(len, lines[1:11])) <= 100
    assert 'likeliest: of 16 samples the one with the highest log p is kept; 2,000 samples' in lines
    assert 'likeliest of' not in '\n'.join(with_search(tmp_path, [*likeliest, final]))


def test_without_a_discriminator_the_summary_says_nothing_of_one(tmp_path):
    lines = with_search(tmp_path, [{'phase': 'final', 'round': 0, **VALUES}])
    assert lines[1].endswith('after adversarial')
    said = lines[: lines.index('samples:')]
    assert not [line for line in said if 'discriminator' in line or 'search' in line]
