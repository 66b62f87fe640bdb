"""The model card: the facts of a run, the same text from each of its forms, and the head that the Hub reads."""

import dataclasses
import hashlib
import json
import os
import pathlib
import re
import shlex
import shutil
import sys

import pytest
from absl import flags

import seqgan_tf
from seqgan_tf.commands import sample as sample_command
from seqgan_tf.config import Config
from seqgan_tf.data import provenance
from seqgan_tf.data.digests import digest
from seqgan_tf.data.source import Source
from seqgan_tf.data.sources import SOURCES
from seqgan_tf.data.vocabulary import END, Vocabulary
from seqgan_tf.errors import RunError
from seqgan_tf.models.generator import Generator
from seqgan_tf.running.facts import facts
from seqgan_tf.serving import card, description
from seqgan_tf.settings import define_flags

TEXTS = [f'{a}{b}{c}' for a in 'ab' for b in 'bc' for c in 'abcd'] * 4
SETTINGS = dict(
    algorithm='mle',
    dataset='text',
    sequence_length=4,
    batch_size=8,
    mle_epochs=1,
    eval_samples=16,
    hidden_dim=4,
    embedding_dim=4,
    jit='off',
    loggers='',
)


@pytest.fixture(scope='module')
def made(tmp_path_factory):
    """(trained, workdir, export_dir, corpus) of a finished run: for reading only."""
    folder = tmp_path_factory.mktemp('card')
    corpus = folder / 'rhymes.txt'
    corpus.write_text('\n'.join(TEXTS))
    config = Config(
        **SETTINGS,
        corpus=corpus,
        corpus_licence='CC-BY-4.0',
        corpus_source='https://example.org/rhymes',
        workdir=folder / 'run',
        export_dir=folder / 'exports',
    )
    return seqgan_tf.run(config), folder / 'run', folder / 'exports', corpus


def values_of(version):
    return json.loads((version / description.PATH).read_text('utf-8'))


def parsed(text):
    """A card, read by the Hub's own library."""
    return pytest.importorskip('huggingface_hub', reason='needs the extra hub').ModelCard(text)


def test_each_form_of_a_model_has_the_same_card(made, tmp_path):
    trained, workdir, export_dir, _ = made
    text = (export_dir / '1' / description.CARD).read_text('utf-8')
    exported = seqgan_tf.load(export_dir)
    for found in (trained, seqgan_tf.load(workdir), exported, seqgan_tf.load(exported.save_pretrained(tmp_path / 'a'))):
        assert found.card == text


def test_the_command_prints_the_card(made, monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', ['seqgan-sample', f'--export_dir={made[2]}', '--card'])
    sample_command.main()
    assert capsys.readouterr().out == made[0].card


def test_the_hub_reads_its_head(made):
    data = parsed(made[0].card).data
    assert (data.license, data.library_name, data.pipeline_tag) == ('cc-by-4.0', 'seqgan_tf', 'text-generation')
    assert 'seqgan' in data.tags and {'nll_test', 'bleu_2'} <= set(data.metrics)


def test_it_says_what_the_run_measured_and_learnt_from(made):
    trained, workdir, export_dir, corpus = made
    run = values_of(export_dir / '1')['run']
    last = seqgan_tf.read_metrics(workdir)[-1]
    assert (run['metrics']['phase'], run['metrics']['samples']) == ('final', 16)
    for name, found in run['metrics']['values'].items():
        assert found['value'] == last[name] and found['meaning']
        assert f'| `{name}` | {last[name]:.4g} |' in trained.card
    assert run['data']['files'] == {'rhymes.txt': hashlib.sha256(corpus.read_bytes()).hexdigest()}
    assert run['data']['parts']['train'] == json.loads((workdir / 'data.json').read_text())['train']
    for text in (
        'https://example.org/rhymes',
        'CC-BY-4.0',
        *(part['sha256'] for part in run['data']['parts'].values()),
    ):
        assert text in trained.card
    versions = values_of(export_dir / '1')['versions']
    assert all(f'{name} {version}' in trained.card for name, version in versions.items())


@pytest.mark.parametrize(
    'changes',
    [
        {},
        dict(dataset='verse', final_samples=100, final_curves=False, workdir='runs/a b', seed=7),
        dict(dataset='text', corpus="it's.txt", lower=True, corpus_licence='for use at home, (c) "me"'),
        dict(discriminator_best=True, l2=0.0, loggers='', generator_learning_rate=1e-5),
    ],
    ids=str,
)
def test_its_command_gives_the_settings_of_the_run(changes, tmp_path):
    config = Config(**changes)
    values = flags.FlagValues()
    define_flags(Config, values)
    command, *arguments = shlex.split(facts(tmp_path, config, {})['command'])
    values(['seqgan-train', *arguments])
    assert command == 'seqgan-train' and Config.from_flags(values) == config


def test_a_run_from_python_has_its_call(tmp_path):
    config = Config(dataset='given', algorithm='seqgan', reward='given', seed=4)
    call = facts(tmp_path, config, {})['command']
    assert call == 'seqgan_tf.run(seqgan_tf.Config(seed=4), corpus=..., reward=...)'


# Data.


@pytest.fixture
def known(monkeypatch):
    """A function that makes contents, {path of a result: content}, public data by the name `known`."""

    def enter(results):
        source = Source(
            summary='rhymes of old',
            repository='someone/rhymes',
            commit='c0ffee',
            files=(),
            convert=dict,
            results={path: digest(path, content) for path, content in results.items()},
            licence='MIT, (c) 1999 Someone',
            citation='Someone (1999), Rhymes',
            command='',
            language='en',
        )
        monkeypatch.setitem(SOURCES, 'known', source)

    return enter


def write(folder, files):
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


PARTS = {'set/train.txt': b'a', 'set/validation.txt': b'b', 'set/test.txt': b'c'}


@pytest.mark.parametrize(
    'files, results, corpus, name',
    [
        ({'a.txt': b'abc'}, {'b.txt': b'abc'}, 'a.txt', 'known'),
        ({'a.txt': b'abd'}, {'b.txt': b'abc'}, 'a.txt', None),
        (PARTS | {'set/README': b''}, PARTS, 'set', 'known'),
        (PARTS | {'set/test.txt': b'other'}, PARTS, 'set', None),
        ({'midi/1.mid': b'x', 'midi/2.mid': b'y'}, {'tunes/': {'1.mid': b'x', '2.mid': b'y'}}, 'midi', 'known'),
        ({'midi/1.mid': b'x'}, {'tunes/': {'1.mid': b'x', '2.mid': b'y'}}, 'midi', None),
        ({}, {'b.txt': b'abc'}, 'missing', None),
    ],
)
def test_public_data_are_known_by_their_checksums(known, tmp_path, files, results, corpus, name):
    known(results)
    found = provenance.checksums(write(tmp_path, files) / corpus)
    assert provenance.public_name(found) == name and bool(found) == bool(files)


def test_a_pipe_is_not_read_a_second_time(tmp_path):
    os.mkfifo(tmp_path / 'pipe')
    assert provenance.checksums(tmp_path / 'pipe') == {}


def test_public_data_bring_their_source_and_licence_which_the_user_may_state(known, made, tmp_path):
    _, workdir, _, corpus = made
    known({'x.txt': corpus.read_bytes()})
    config = Config.from_json(workdir / 'config.json')
    named = facts(workdir, dataclasses.replace(config, corpus_licence='', corpus_source=''), {})['data']
    assert (named['name'], named['language'], named['licence']) == ('known', 'en', 'MIT, (c) 1999 Someone')
    assert named['source'] == 'https://github.com/someone/rhymes/tree/c0ffee' and named['summary'] == 'rhymes of old'
    stated = facts(workdir, config, {})['data']
    assert (stated['source'], stated['licence']) == ('https://example.org/rhymes', 'CC-BY-4.0')


@pytest.mark.parametrize(
    'licence, head',
    [('cc-by-4.0', 'cc-by-4.0'), ('MIT', 'mit'), ('MIT, (c) 1999 Someone', 'unknown'), ('', 'unknown')],
)
def test_the_head_has_a_licence_only_where_its_identifier_is_stated(licence, head):
    assert f'license: "{head}"\n' in card.render(describe(corpus_licence=licence))


# Metrics.


def test_lines_after_the_checkpoint_do_not_count(tmp_path):
    line = lambda phase, round_, nll: json.dumps({'phase': phase, 'round': round_, 'nll_test': nll}) + '\n'
    (tmp_path / 'metrics.jsonl').write_text(
        line('initial', 0, 3.0) + line('mle', 5, 2.0) + line('mle', 10, 1.0) + line('temperature', 1, 9.0)
    )
    shown = lambda **done: facts(tmp_path, Config(), done)['metrics']['values']['nll_test']['value']
    assert (shown(mle=0), shown(mle=7), shown(mle=10)) == (3.0, 2.0, 1.0)


@pytest.mark.parametrize('content', [None, '', 'no json', '{"phase": "initial", "round": 0}\n'])
def test_without_an_evaluation_the_card_says_so(tmp_path, content):
    if content is not None:
        (tmp_path / 'metrics.jsonl').write_text(content)
    run = facts(tmp_path, Config(), {})
    assert run['metrics'] == {} and 'None were recorded.' in card.render(describe() | {'run': run})


# Cards of other models.


def describe(**settings):
    """The description of an untrained model, of a run in no directory."""
    vocabulary = Vocabulary([END, 'a', 'b'])
    generator = Generator(3, 2, 2, end_id=vocabulary.end_id)
    config = Config(dataset='given', **settings)
    run = facts(pathlib.Path('nowhere'), config, {})
    return description.describe(generator, None, vocabulary, 4, dataclasses.asdict(config), run)


def test_without_a_run_there_is_a_card_of_the_networks():
    text = card.render(describe() | {'run': None, 'settings': {}})
    assert parsed(text).data.license == 'unknown'
    assert 'exported without a run' in text and '## Data' not in text and '| generator: parameters |' in text


@pytest.mark.parametrize(
    'words', ['two\nlines', '---\nlicense: mit\n---', 'a | b', '"quoted": [yes', '# title', '{{x}}']
)
def test_words_of_the_user_stay_one_cell_and_leave_the_head_alone(words):
    text = card.render(describe(corpus_licence=words))
    assert parsed(text).data.license == 'unknown'
    [row] = [line for line in text.splitlines() if line.startswith('| licence |')]
    assert len(re.findall(r'(?<!\\)\|', row)) == 3


def make_old(version):
    """The version as it was written before there were cards."""
    values = values_of(version)
    for name in ('parameters', 'versions', 'run'):
        del values[name]
    (version / description.EARLIER).write_text(json.dumps(values), 'utf-8')
    (version / description.PATH).unlink()
    (version / description.CARD).unlink()


def test_an_export_of_earlier_is_loaded_and_says_that_it_has_no_card(made, tmp_path, monkeypatch):
    version = shutil.copytree(made[2] / '1', tmp_path / '1')
    make_old(version)
    found = seqgan_tf.load(version)
    assert found.config == made[0].config and found.generate(2, seed=3) == made[0].generate(2, seed=3)
    with pytest.raises(RunError, match='must have a card. Received: one that was written without'):
        found.card
    monkeypatch.setattr(sys, 'argv', ['seqgan-sample', f'--export_dir={version}', '--card'])
    with pytest.raises(SystemExit, match='error: a model must have a card. Received: '):
        sample_command.main()
