"""Places to add things: a toy data set, a toy metric and a toy logger are one function or class and one registry entry each."""

import dataclasses
import json
import pkgutil

import numpy as np
import pytest
from absl import flags

from seqgan_tf.config import Config
from seqgan_tf.data.corpus import Corpus, split_rows
from seqgan_tf.data.registry import DATASETS, DataSet, Score
from seqgan_tf.data.tasks import Task
from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.evaluation import registry
from seqgan_tf.evaluation.registry import COLLAPSE, METRICS, Definition, Metric
from seqgan_tf.loggers.base import Logger
from seqgan_tf.loggers.registry import LOGGERS
from seqgan_tf.report.command import build
from seqgan_tf.report.study import read_study
from seqgan_tf.running.experiment import run
from seqgan_tf.settings import define_flags

SETTINGS = dict(
    algorithm='mle', dataset='toy', sequence_length=4, batch_size=16, eval_samples=16, hidden_dim=4, embedding_dim=4
)
SHARE = 'share_of_zeros'


def load_toy(config):
    """Rows in which each id is one of its row's number and the next, modulo 5."""
    starts = np.random.default_rng(config.seed).integers(5, size=(120, 1))
    rows = ((starts + np.arange(config.sequence_length)) % 5).astype(np.int32)
    corpus = Corpus(*split_rows(rows, 0.1, 0.1, config.seed), Vocabulary(list('01234'), tokens='id'))
    return Task(corpus, DATASETS['toy'].scored_by, has_text=False)


def check_toy(config):
    if config.sequence_length > 4:
        raise ValueError(f'a toy row has at most 4 symbols. Received: sequence_length={config.sequence_length}')


def share_of_zeros(evaluation):
    return {SHARE: float(np.mean(evaluation.samples == 0))}


class ToyLogger(Logger):
    seen = []

    def __init__(self, workdir, settings):
        self.seen.append((workdir, settings['dataset']))

    def write(self, report, step, seconds):
        self.seen.append(report)

    def write_samples(self, step, texts, variables):
        self.seen.append((step, len(texts), len(variables)))

    def close(self):
        self.seen.append('closed')


@pytest.fixture
def toys(monkeypatch):
    """One entry in each registry."""
    monkeypatch.setitem(
        DATASETS,
        'toy',
        DataSet(
            summary='rows that count',
            load=f'{__name__}:load_toy',
            check=f'{__name__}:check_toy',
            scored_by=Score(SHARE, higher_is_better=True),
            settings=('sequence_length',),
        ),
    )
    definition = Definition('of the tokens of the samples that are 0', 'share')
    entry = Metric(f'{__name__}:share_of_zeros', {SHARE: definition}, COLLAPSE, column=9)
    monkeypatch.setitem(METRICS, 'toy', entry)
    monkeypatch.setitem(LOGGERS, 'toy', f'{__name__}:ToyLogger')
    monkeypatch.setattr(ToyLogger, 'seen', [])


def lines(workdir):
    return [json.loads(line) for line in (workdir / 'metrics.jsonl').read_text('utf-8').splitlines()]


def test_a_toy_of_each_kind_takes_part_in_a_run_and_in_its_report(toys, tmp_path, capsys):
    workdir = tmp_path / 'counting' / 'seed_0'
    run(Config(**SETTINGS, mle_epochs=2, loggers='toy', workdir=str(workdir)))

    found = lines(workdir)
    assert [(line['phase'], SHARE in line) for line in found] == [
        ('initial', True),
        ('mle', False),
        ('mle', True),
        ('final', True),
    ]
    assert 'nll_oracle' not in found[0] and 'bleu_2' not in found[0], 'the toy has neither an oracle nor text'

    made, *events, closed = ToyLogger.seen
    assert made == (workdir, 'toy') and closed == 'closed'
    reports = [event for event in events if not isinstance(event, tuple)]
    assert [{'phase': r.phase, 'round': r.round, **r.metrics} for r in reports] == [
        {name: value for name, value in line.items() if not name.endswith('_seconds')} for line in found
    ]
    assert [event for event in events if isinstance(event, tuple)] == [(0, 8, 6), (2, 8, 6)]
    assert not (workdir / 'tensorboard').exists() and 'mle 1/2' not in capsys.readouterr().out

    report = build(read_study([workdir]))['report.md'].decode()
    assert f'| {SHARE} | share | of the tokens of the samples that are 0 |' in report
    assert 'dataset toy, sequence_length 4, eval_samples 16.' in report
    assert read_study([workdir]).quality == (SHARE, -1)


def test_a_toy_data_set_is_a_choice_with_checks_of_its_own(toys):
    values = flags.FlagValues()
    define_flags(Config, values)
    values(['train.py', '--dataset=toy', '--sequence_length=4', '--loggers=toy,terminal'])
    assert Config.from_flags(values).dataset == 'toy'
    with pytest.raises(ValueError, match='a toy row has at most 4 symbols. Received: sequence_length=5'):
        Config(dataset='toy', sequence_length=5)
    with pytest.raises(ValueError, match='dataset=text or music. Received: dataset=toy, corpus=x.txt'):
        Config(dataset='toy', sequence_length=4, corpus='x.txt')


def test_without_its_entry_there_is_no_toy():
    with pytest.raises(
        ValueError, match='dataset must be one of synthetic, given, verse, text, music. Received: dataset=toy'
    ):
        Config(dataset='toy')
    with pytest.raises(ValueError, match='loggers must be some of terminal, tensorboard, .*Received: loggers=toy'):
        Config(loggers='toy')


def test_a_resumed_run_may_have_other_loggers_and_an_older_one_had_no_such_setting(tmp_path, capsys):
    config = Config(
        **SETTINGS | dict(dataset='synthetic', vocab_size=9, num_sequences=32, held_out=16),
        mle_epochs=1,
        loggers='',
        workdir=str(tmp_path),
    )
    run(config)
    assert not (tmp_path / 'tensorboard').exists() and 'mle 1/1' not in capsys.readouterr().out
    settings = json.loads((tmp_path / 'config.json').read_text('utf-8'))
    del settings['loggers']
    (tmp_path / 'config.json').write_text(json.dumps(settings), 'utf-8')
    run(dataclasses.replace(config, mle_epochs=2, loggers='terminal'))
    assert 'mle 2/2' in capsys.readouterr().out and not (tmp_path / 'tensorboard').exists()
    assert [line['phase'] for line in lines(tmp_path)] == ['initial', 'mle', 'mle', 'final']


# Laws of the registries


@pytest.mark.parametrize(
    'name',
    [
        *(metric.measure for metric in METRICS.values()),
        *LOGGERS.values(),
        *(entry.load for entry in DATASETS.values()),
        *(entry.check for entry in DATASETS.values() if entry.check),
    ],
)
def test_what_an_entry_names_is_there(name):
    assert callable(pkgutil.resolve_name(name))


@pytest.mark.parametrize('name', DATASETS)
def test_an_entry_of_a_data_set_agrees_with_itself_and_with_the_settings(name):
    entry, fields = DATASETS[name], {field.name for field in dataclasses.fields(Config)}
    assert set(entry.settings) <= fields
    assert {*(entry.shown or ()), *entry.files, *entry.fallbacks, *entry.fallbacks.values()} <= set(entry.settings)
    known = {metric for group in registry.glossary().values() for metric in group}
    assert {entry.scored_by.metric, *entry.rules, *(metric for plane in entry.planes for metric in plane)} <= known


def test_each_name_of_a_metric_has_one_entry():
    names = [name for metric in METRICS.values() for name in metric.names] + [*registry.SEARCH_NAMES]
    assert sorted(names) == sorted(set(names))
    assert sorted(names) == sorted(name for group in registry.glossary().values() for name in group)


@pytest.mark.parametrize(
    'provides, names',
    [
        ({'oracle'}, 'nll_validation entropy nll_test unique nll_oracle'),
        ({'text'}, 'nll_validation entropy nll_test unique bleu corpus_bleu'),
        ({'text', 'rules'}, 'nll_validation entropy nll_test unique bleu corpus_bleu rules'),
        ({'text', 'discriminator'}, 'nll_validation entropy nll_test unique bleu corpus_bleu residual'),
    ],
    ids=['oracle', 'text', 'text and rules', 'discriminator'],
)
def test_every_evaluation_measures_what_the_task_provides(provides, names):
    assert list(registry.of_every_evaluation(frozenset(provides))) == [METRICS[name] for name in names.split()]


@pytest.mark.parametrize(
    'provides, names',
    [
        ({'oracle'}, 'entropy nll_test unique nll_oracle'),
        ({'text'}, 'entropy nll_test unique bleu corpus_bleu self_bleu'),
    ],
    ids=str,
)
def test_the_temperature_curve_measures_less(provides, names):
    assert list(registry.of_temperature_curve(frozenset(provides))) == [METRICS[name] for name in names.split()]


@pytest.mark.parametrize(
    'provides, names',
    [
        ({'oracle', 'discriminator'}, 'unique nll_oracle copied'),
        ({'text', 'rules', 'discriminator'}, 'unique bleu corpus_bleu rules copied self_bleu'),
    ],
    ids=['oracle', 'text and rules'],
)
def test_text_of_a_search_is_measured_without_its_density(provides, names):
    assert list(registry.of_search(frozenset(provides))) == [METRICS[name] for name in names.split()]
