"""What a run does with bad input, full disks and damaged files: one screen that says what is wrong, and nothing lost."""

import concurrent.futures
import contextlib
import dataclasses
import json
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys

import filelock
import numpy as np
import pytest
import tensorflow as tf

from seqgan_tf.algorithms import mle
from seqgan_tf.config import Config
from seqgan_tf.errors import RunError
from seqgan_tf.running import experiment
from seqgan_tf.running.append_only_file import AppendOnlyFile
from seqgan_tf.running.trained import load

ROOT = pathlib.Path(__file__).resolve().parents[1]
SYNTHETIC = dict(dataset='synthetic', vocab_size=12, sequence_length=5, num_sequences=128, held_out=32)
TINY = SYNTHETIC | dict(
    batch_size=16,
    eval_samples=32,
    mle_epochs=4,
    discriminator_rounds=1,
    discriminator_epochs=1,
    adversarial_rounds=2,
    d_steps=1,
    num_rollouts=2,
    eval_every=2,
    checkpoint_every=1,
    hidden_dim=8,
    embedding_dim=8,
    discriminator_embedding_dim=4,
    jit='off',
)
MLE = TINY | dict(algorithm='mle')


def run(workdir, settings=MLE, **changes):
    return experiment.run(Config(**settings | changes | dict(workdir=str(workdir)))).state


def figures(workdir):
    """The lines of metrics.jsonl without what the clock says."""
    lines = [json.loads(line) for line in (workdir / 'metrics.jsonl').read_text('utf-8').splitlines()]
    return [
        {name: value for name, value in line.items() if not name.endswith(('_seconds', '_per_second'))}
        for line in lines
    ]


def contents(directory):
    """{path: bytes} of all files, the lock apart."""
    return {path: path.read_bytes() for path in directory.rglob('*') if path.is_file() and path.name != '.lock'}


def saved(workdir):
    """{name: bytes} of the checkpoints."""
    return {path.name: path.read_bytes() for path in (workdir / 'checkpoints').glob('ckpt-*')}


def weights(state):
    networks = (state.generator, state.discriminator)
    return [v.numpy() for network in networks if network is not None for v in network.variables]


def assert_same_run(state, workdir, reference):
    """The run ended as the reference, an uninterrupted one, did."""
    reference_state, reference_dir = reference
    assert figures(workdir) == figures(reference_dir)
    assert (workdir / 'samples.txt').read_bytes() == (reference_dir / 'samples.txt').read_bytes()
    for a, b in zip(weights(state), weights(reference_state), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.fixture(scope='module')
def finished(tmp_path_factory):
    """(state, workdir) of an uninterrupted run of MLE: for reading only."""
    workdir = tmp_path_factory.mktemp('finished')
    return run(workdir), workdir


@pytest.fixture
def again(finished, tmp_path):
    """A copy of the finished run's workdir."""
    yield shutil.copytree(finished[1], tmp_path / 'again')
    shutil.rmtree(tmp_path / 'again')


# Real processes


def command(*arguments, **settings):
    return [
        sys.executable,
        str(ROOT / 'train.py'),
        *arguments,
        *(f'--{name}={value}' for name, value in settings.items()),
    ]


def call(arguments, file_limit=None):
    """Runs a command as a user would; `file_limit` is the size in bytes at which files fail to grow, as on a full disk."""
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))
    return subprocess.run(
        arguments,
        cwd=ROOT,
        env=os.environ | dict(PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        timeout=120,
        preexec_fn=limit if file_limit is not None else None,
    )


WRONG_ARGUMENTS = {
    'unknown flag': (['--temperature=0'], "Unknown command line flag 'temperature'"),
    'missing flagfile': (['--flagfile=nowhere.flags'], 'nowhere.flags'),
    'no flag at all': (['corpus.txt'], 'given as --name=value. Received: corpus.txt'),
    'sequence_length 1': (['--sequence_length=1'], 'sequence_length must be at least 2 .*Received: sequence_length=1'),
    'batch_size 0': (['--batch_size=0'], 'batch_size must be at least 1. Received: batch_size=0'),
    'no roll-outs': (['--num_rollouts=-1'], 'num_rollouts must be at least 0. Received: num_rollouts=-1'),
    'no number': (['--g_steps=many'], 'g_steps=many'),
    'not a choice': (['--algorithm=gan'], 'algorithm=gan: value should be one of'),
    'no corpus': (['--dataset=text'], 'needs a file'),
    'a corpus not read': (['--corpus=x.txt'], 'dataset=synthetic, corpus=x.txt'),
}


def assert_refused(answer, message):
    """One screen, no traceback, the reason, and an exit code."""
    text = answer.stdout + answer.stderr
    assert answer.returncode not in (0, None) and 'Traceback' not in text
    assert len(text.splitlines()) <= 24 and len(text) < 80 * 24
    assert re.search(message, text, re.DOTALL), text


@pytest.mark.parametrize('arguments, message', WRONG_ARGUMENTS.values(), ids=WRONG_ARGUMENTS)
def test_wrong_arguments_are_answered_on_one_screen(arguments, message, tmp_path):
    assert_refused(call(command(*arguments, workdir=tmp_path / 'run')), message)
    assert not (tmp_path / 'run').exists()


def test_help_shows_every_flag():
    answer = call(command('--help'))
    assert answer.returncode == 0 and answer.stderr == ''
    assert not [
        field.name
        for field in dataclasses.fields(Config)
        if f'--{field.name}=' not in answer.stdout and f'--[no]{field.name} ' not in answer.stdout
    ]


@pytest.fixture(scope='module')
def answers(finished, tmp_path_factory):
    """{name: (workdir, answer)} of commands that get as far as TensorFlow, two at a time."""
    base = tmp_path_factory.mktemp('processes')
    full = {f'full disk at {limit}': limit for limit in (500, 3000, 12_000)}
    for name in ('in use', *full):
        shutil.copytree(finished[1], base / name)
    extended = MLE | dict(mle_epochs=5)
    commands = {name: (command(**extended, workdir=base / name), limit) for name, limit in full.items()} | {
        'in use': (command(**extended, workdir=base / 'in use'), None),
        'missing corpus': (
            command(**dict(dataset='text', corpus=base / 'corpus.txt', workdir=base / 'missing corpus')),
            None,
        ),
    }
    with filelock.FileLock(base / 'in use' / '.lock'), concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = dict(zip(commands, pool.map(lambda pair: call(*pair), commands.values())))
    yield {name: (base / name, answer) for name, answer in results.items()}
    shutil.rmtree(base)


def test_a_workdir_in_use_is_refused(answers, finished):
    workdir, answer = answers['in use']
    assert_refused(answer, 'one process at a time may use a workdir. Received: .*in use')
    assert [c for _, c in sorted(contents(workdir).items())] == [c for _, c in sorted(contents(finished[1]).items())]


def test_a_missing_corpus_is_named_and_can_be_added(answers):
    workdir, answer = answers['missing corpus']
    assert_refused(answer, 'readable file. Received: .*corpus.txt .No such file')
    assert contents(workdir) == {}
    corpus = workdir.parent / 'corpus.txt'
    corpus.write_text('\n'.join('abcde'[i % 5 :] + 'abcde'[: i % 5] for i in range(20)), 'utf-8')
    run(workdir, MLE | dict(dataset='text', num_sequences=0, corpus=str(corpus), batch_size=4, mle_epochs=1))
    assert [line['phase'] for line in figures(workdir)] == ['initial', 'mle', 'final']


@pytest.mark.parametrize(
    'limit, message',
    [
        (500, r'could not be written .*File too large'),
        (3000, 'could not be written'),
        (12_000, 'a checkpoint could not be written .*The last good one is kept'),
    ],
)
def test_on_a_full_disk_a_run_stops_and_goes_on_once_there_is_room(limit, message, answers, tmp_path):
    workdir, answer = answers[f'full disk at {limit}']
    assert_refused(answer, message)
    state = run(workdir, mle_epochs=5)
    lines = figures(workdir)
    assert [(line['phase'], line['round']) for line in lines] == [('initial', 0)] + [
        ('mle', i) for i in range(1, 6)
    ] + [('final', 0)]
    assert int(state.done['mle']) == 5


# Data

BAD_CORPORA = {
    'empty': (b'', {}, 'at least one line'),
    'not utf-8': (b'abcde\n' * 30 + b'\xff\n', {}, 'utf-8 text. Received: .* line 31'),
    'one line too long': (
        b'abcde\n' * 30 + b'abcdef\n',
        {},
        'sequence_length=5 .*1 longer lines, .* line 31 of .* with 6',
    ),
    'ids out of range': (b'1 2 3 4 5\n' * 30 + b'1 2 3 4 12\n', dict(tokens='id', max_vocab=12), "'12' in line 31"),
    'a negative id': (b'1 2 3 4 -5\n' * 30, dict(tokens='id'), "'-5' in line 1"),
    'vocabulary of one': (b'aaaaa\n' * 30, {}, 'at least 2 symbols'),
    'smaller than a batch': (
        b'abcde\n' * 17,
        {},
        'batch_size must be at most the number of training rows, 13. Received: batch_size=16',
    ),
    'hardly any line': (b'abcde\nabcde\n', {}, 'Received: 2 rows'),
}


@pytest.mark.parametrize('content, options, message', BAD_CORPORA.values(), ids=BAD_CORPORA)
def test_a_bad_corpus_leaves_a_workdir_that_can_be_used(content, options, message, tmp_path):
    (tmp_path / 'corpus.txt').write_bytes(content)
    with pytest.raises(RunError, match=message):
        run(tmp_path / 'run', dataset='text', num_sequences=0, corpus=str(tmp_path / 'corpus.txt'), **options)
    assert contents(tmp_path / 'run') == {}


def test_a_directory_without_the_parts_of_a_corpus_is_refused(tmp_path):
    with pytest.raises(RunError, match='must have one file of each part: train.txt, validation.txt, test.txt'):
        run(tmp_path / 'run', dataset='text', corpus=str(tmp_path))


@pytest.mark.parametrize(
    'changes, message',
    [
        (dict(num_sequences=15), 'training rows, 15. Received: batch_size=16'),
        (dict(oracle_path='nowhere.npz'), 'oracle file must be .*nowhere.npz'),
        (dict(oracle_path=str(ROOT / 'train.py')), 'oracle file must be .*train.py'),
    ],
)
def test_bad_synthetic_data_are_refused(changes, message, tmp_path):
    with pytest.raises(RunError, match=message):
        run(tmp_path / 'run', **changes)
    assert contents(tmp_path / 'run') == {}


# Workdirs


@pytest.mark.parametrize(
    'make, reason',
    [
        (lambda path: path.write_text('mine'), 'File exists'),
        (
            lambda path: path.parent.joinpath('file').write_text('mine') and path.parent / 'file' / 'run',
            'Not a directory',
        ),
        (lambda path: '/proc/run', '.*'),
        (lambda path: '/sys/run', '.*'),
    ],
    ids=['file', 'below a file', 'proc', 'sys'],
)
def test_a_workdir_that_cannot_be_made_is_refused(make, reason, tmp_path):
    workdir = make(tmp_path / 'run')
    workdir = tmp_path / 'run' if isinstance(workdir, int) else pathlib.Path(workdir)
    if str(workdir).startswith(('/proc', '/sys')) and not sys.platform.startswith('linux'):
        pytest.skip('a directory where root cannot write is known on Linux only')
    before = contents(tmp_path)
    with pytest.raises(
        RunError, match=f'workdir must be a directory that can be written. Received: {workdir} .{reason}'
    ):
        run(workdir)
    assert contents(tmp_path) == before


def test_other_settings_are_refused_and_named(again):
    before = contents(again)
    with pytest.raises(
        RunError, match=r'(?s)was made with others:\n  seed: 0 there, 1 now\n.*  hidden_dim: 8 there, 9 now$'
    ):
        run(again, seed=1, hidden_dim=9, mle_epochs=9, eval_every=3)
    assert contents(again) == before


def test_other_data_are_refused(tmp_path):
    corpus = tmp_path / 'corpus.txt'
    settings = MLE | dict(dataset='text', num_sequences=0, corpus=str(corpus), batch_size=4, mle_epochs=1)
    corpus.write_text('abcde\nbcdea\ncdeab\n' * 10, 'utf-8')
    run(tmp_path / 'run', settings)
    corpus.write_text('abcde\nbcdea\ncdeaa\n' * 10, 'utf-8')
    before = contents(tmp_path / 'run')
    with pytest.raises(RunError, match='was made from other data than .*corpus.txt gives now'):
        run(tmp_path / 'run', settings)
    assert contents(tmp_path / 'run') == before


def test_a_run_that_is_over_changes_nothing(again, finished):
    kept = {
        path: content
        for path, content in contents(again).items()
        if path.name.startswith(('ckpt-', 'vocabulary', 'data', 'metrics'))
    }
    assert_same_run(run(again), again, finished)
    assert {path: path.read_bytes() for path in kept} == kept and len(kept) == 9


def test_a_log_that_somebody_took_away_does_not_stop_a_run(again):
    (again / 'samples.txt').unlink()
    run(again, mle_epochs=5)
    assert (again / 'samples.txt').read_text('utf-8').startswith('# mle 5\n')


# A full disk


def test_a_file_on_a_full_disk_is_named():
    if not os.path.exists('/dev/full'):
        pytest.skip('no /dev/full')
    with pytest.raises(RunError, match='/dev/full could not be written .No space left on device'):
        AppendOnlyFile('/dev/full').append('text\n')


@pytest.mark.parametrize('action', [lambda file: file.append('x'), lambda file: file.cut()], ids=['append', 'cut'])
def test_a_file_that_cannot_be_opened_is_named(action, tmp_path):
    with pytest.raises(RunError, match='could not be written .Is a directory'):
        action(AppendOnlyFile(tmp_path))


@pytest.mark.parametrize('size, text', [(0, b''), (3, b'abc'), (6, b'abcdef'), (9, b'abcdef')])
def test_a_file_is_cut_to_what_a_checkpoint_saw_and_never_filled_up(size, text, tmp_path):
    file = AppendOnlyFile(tmp_path / 'file')
    file.append('abcdef')
    file.size.assign(size)
    file.cut()
    file.append('x')
    assert file.path.read_bytes() == text + b'x' and int(file.size) == len(text) + 1


@pytest.mark.parametrize(
    'error',
    [tf.errors.ResourceExhaustedError(None, None, 'no space left'), OSError(28, 'No space left on device')],
    ids=['native', 'system'],
)
def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before(error, again, finished, monkeypatch):
    def fail(*_, **__):
        raise error

    before = saved(again)
    with (
        monkeypatch.context() as patch,
        pytest.raises(RunError, match=r'checkpoint could not be written .*(?i:no space left).*is kept'),
    ):
        patch.setattr(tf.train.Checkpoint, 'save', fail)
        run(again, mle_epochs=5)
    assert saved(again) == before
    assert int(run(again, mle_epochs=5).done['mle']) == 5 and len(figures(again)) == 7


# Figures that are not finite


@contextlib.contextmanager
def not_finite(patch, round_, name, value):
    """An algorithm whose report has a wrong figure in a round."""
    train = mle.train

    def spoilt(*arguments):
        for report in train(*arguments):
            yield (
                dataclasses.replace(report, metrics=report.metrics | {name: value})
                if report.round == round_
                else report
            )

    with patch.context() as inside:
        inside.setattr(mle, 'train', spoilt)
        yield


@pytest.mark.parametrize('value', [float('nan'), -float('inf')])
def test_a_figure_that_is_not_finite_stops_the_run_before_it_is_saved(value, finished, tmp_path, monkeypatch):
    workdir = tmp_path / 'run'
    with (
        not_finite(monkeypatch, 3, 'nll', value),
        pytest.raises(RunError, match=f'nll={value} in mle round 3.*checkpoint is kept'),
    ):
        run(workdir)
    assert int(load(workdir).state.done['mle']) == 2
    assert_same_run(run(workdir), workdir, finished)
    shutil.rmtree(workdir)


def test_a_run_that_diverges_stops(tmp_path):
    with pytest.raises(RunError, match=r'every metric must be finite. Received: \w+=(nan|-?inf) in mle round 1'):
        run(tmp_path / 'run', generator_learning_rate=1e38)
    state = load(tmp_path / 'run').state
    assert int(state.done['mle']) == 0 and all(np.isfinite(w).all() for w in weights(state))


# Damaged checkpoints


def newest(workdir, suffix):
    number = max(int(path.stem.split('-')[1]) for path in (workdir / 'checkpoints').glob('ckpt-*.index'))
    return workdir / 'checkpoints' / f'ckpt-{number}{suffix}'


def drop_closing(workdir):
    """As if the run had been stopped before its closing evaluation."""
    for suffix in (DATA, '.index'):
        newest(workdir, suffix).unlink()


def cut(path, share=0.5):
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 64] = bytes(
        255 - b for b in content[len(content) // 2 : len(content) // 2 + 64]
    )
    path.write_bytes(content)


DATA = '.data-00000-of-00001'
DAMAGES = {
    'data cut': lambda w: cut(newest(w, DATA)),
    'data empty': lambda w: cut(newest(w, DATA), 0),
    'data gone': lambda w: newest(w, DATA).unlink(),
    'data changed': lambda w: flip(newest(w, DATA)),
    'index cut': lambda w: cut(newest(w, '.index')),
    'index empty': lambda w: cut(newest(w, '.index'), 0),
}


LISTS = {
    'kept': lambda path: None,
    'gone': lambda path: path.unlink(),
    'damaged': lambda path: path.write_bytes(b'\xff'),
}


@pytest.mark.parametrize(
    'damage, damage_list', [*((damage, 'kept') for damage in DAMAGES), ('data cut', 'gone'), ('data cut', 'damaged')]
)
def test_a_damaged_checkpoint_is_passed_over(damage, damage_list, again, finished, capsys):
    drop_closing(again)
    name = newest(again, '').name
    DAMAGES[damage](again)
    LISTS[damage_list](again / 'checkpoints' / 'checkpoint')
    assert_same_run(run(again), again, finished)
    said = capsys.readouterr().out
    assert f'{name} cannot be read' in said and 'rounds done: mle 3' in said
    assert saved(again).keys() == saved(finished[1]).keys()


@pytest.mark.parametrize('damage_list', ['gone', 'damaged'])
def test_a_list_of_checkpoints_that_is_damaged_is_no_loss(damage_list, again):
    LISTS[damage_list](again / 'checkpoints' / 'checkpoint')
    run(again, mle_epochs=5)
    assert int(load(again).state.done['mle']) == 5 and len(saved(again)) == 2 * 3


def test_where_all_checkpoints_are_damaged_nothing_is_touched(again):
    for path in (again / 'checkpoints').glob('*.data-*'):
        cut(path)
    before = contents(again)
    with pytest.raises(RunError, match='none of the checkpoints in .* can be read'):
        run(again)
    assert contents(again) == before


def test_a_damaged_checkpoint_of_the_adversarial_phase_is_passed_over(tmp_path, capsys):
    reference = run(tmp_path / 'whole', TINY, mle_epochs=1), tmp_path / 'whole'
    shutil.copytree(tmp_path / 'whole', tmp_path / 'again')
    drop_closing(tmp_path / 'again')
    cut(newest(tmp_path / 'again', DATA))
    assert_same_run(run(tmp_path / 'again', TINY, mle_epochs=1), tmp_path / 'again', reference)
    assert 'rounds done: mle 1, discriminator 1, adversarial 1' in capsys.readouterr().out
    shutil.rmtree(tmp_path / 'again')
