"""Runs of text: the data are known by their rows, not by the path or the encoding of a file, and prompts are read as lines were."""

import dataclasses
import gzip
import json
import shutil

import pytest

from seqgan_tf.config import Config
from seqgan_tf.data.tasks import load_task
from seqgan_tf.errors import RunError
from seqgan_tf.running.experiment import run
from seqgan_tf.running.trained import load

LINES = [
    f'{a} {b}, {c}.' for a in ('The', 'A') for b in ('man', 'Cat', 'dog') for c in ('riding', 'fast', 'far', 'Off')
]


@pytest.fixture(scope='module')
def corpus(tmp_path_factory):
    path = tmp_path_factory.mktemp('corpora') / 'lines.txt'
    path.write_text('\n'.join(LINES), 'utf-8')
    return path


def tiny(corpus, workdir, **settings):
    defaults = dict(algorithm='mle', tokens='wordpunct', lower=True, sequence_length=6, mle_epochs=1)
    sizes = dict(batch_size=8, eval_samples=8, jit='off', embedding_dim=4, hidden_dim=4, loggers='')
    return Config(**sizes | defaults | dict(dataset='text', corpus=str(corpus), workdir=str(workdir)) | settings)


@pytest.fixture(scope='module')
def finished(corpus, tmp_path_factory):
    workdir = tmp_path_factory.mktemp('finished')
    run(tiny(corpus, workdir))
    return workdir


def moved(corpus, folder, change):
    """(path, encoding) of the same lines in another file."""
    path = folder / 'moved.txt'
    text = corpus.read_text('utf-8')
    encoding = 'utf-16' if change == 'recoded' else 'utf-8'
    content = text.encode(encoding)
    path.write_bytes(gzip.compress(content) if change == 'packed' else content)
    return path, encoding


@pytest.mark.parametrize('change', ['moved', 'packed', 'recoded'])
def test_a_run_goes_on_from_a_moved_file(change, corpus, finished, tmp_path):
    workdir = shutil.copytree(finished, tmp_path / 'run')
    path, encoding = moved(corpus, tmp_path, change)
    run(tiny(path, workdir, encoding=encoding, mle_epochs=2))
    assert json.loads((workdir / 'config.json').read_text('utf-8'))['corpus'] == str(path)
    lines = [json.loads(line) for line in (workdir / 'metrics.jsonl').read_text('utf-8').splitlines()]
    assert [line['round'] for line in lines if line['phase'] == 'mle'] == [1, 2]


def test_a_run_starts_from_a_run_of_a_moved_file(corpus, finished, tmp_path):
    path, encoding = moved(corpus, tmp_path, 'packed')
    settings = dict(algorithm='pg_bleu', start_from=str(finished), adversarial_rounds=0, discriminator_rounds=0)
    run(tiny(path, tmp_path / 'run', encoding=encoding, **settings))


def test_other_lines_in_the_same_file_are_refused(corpus, finished, tmp_path):
    workdir = shutil.copytree(finished, tmp_path / 'run')
    (tmp_path / 'other.txt').write_text('\n'.join(reversed(LINES)), 'utf-8')
    for config in (
        tiny(tmp_path / 'other.txt', workdir, mle_epochs=2),
        tiny(tmp_path / 'other.txt', tmp_path / 'new', algorithm='pg_bleu', start_from=str(finished)),
    ):
        with pytest.raises(RunError, match='was made from other data than .*other.txt'):
            run(config)


def test_settings_of_the_lines_may_not_change(corpus, finished):
    for change in (dict(lower=False), dict(on_repeated='drop'), dict(tokens='word')):
        with pytest.raises(RunError, match=next(iter(change))):
            run(tiny(corpus, finished, **change))


def test_a_restored_vocabulary_reads_as_the_run_did(corpus, finished):
    vocabulary = load(finished).vocabulary
    assert vocabulary.lower and vocabulary.tokens == 'wordpunct'
    assert vocabulary.decode(vocabulary.encode(['THE man, RIDING.'], 6)) == ['the man, riding.']


def test_without_lower_case_the_fingerprint_is_that_of_earlier_versions(corpus, finished, tmp_path):
    """Or earlier runs could not go on."""
    run(tiny(corpus, tmp_path, tokens='word', lower=False))
    fingerprint = json.loads((tmp_path / 'data.json').read_text('utf-8'))
    assert list(fingerprint) == ['tokens', 'verse_length', 'train', 'validation', 'test']
    assert json.loads((finished / 'data.json').read_text('utf-8'))['lower'] is True
    assert not load(tmp_path).vocabulary.lower


def test_an_earlier_config_json_is_read(corpus, finished, tmp_path):
    """Settings that came later have the default that means what was done before."""
    workdir = tmp_path / 'run'
    config = tiny(corpus, workdir, tokens='word', lower=False)
    run(config)
    values = json.loads((workdir / 'config.json').read_text('utf-8'))
    for name in ('encoding', 'lower', 'on_repeated'):
        values.pop(name)
    (workdir / 'config.json').write_text(json.dumps(values), 'utf-8')
    run(dataclasses.replace(config, mle_epochs=2))


def test_examples_are_test_rows_also_in_an_earlier_workdir(corpus, finished, tmp_path):
    workdir = shutil.copytree(finished, tmp_path / 'run')
    (workdir / 'examples.txt').unlink()
    config = tiny(corpus, workdir, test_share=0.4)
    with pytest.raises(RunError, match='test_share'):
        run(config)
    assert not (workdir / 'examples.txt').exists()
    run(tiny(corpus, workdir))
    rows = load_task(tiny(corpus, workdir)).corpus.test  # they are fewer than a workdir has examples
    vocabulary = load(workdir).vocabulary
    assert (workdir / 'examples.txt').read_text('utf-8').splitlines() == vocabulary.decode(rows)
    for name in ('data.json', 'metrics.jsonl', 'samples.txt'):
        assert (workdir / name).read_bytes() == (finished / name).read_bytes()
