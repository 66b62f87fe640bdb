"""Shards of a grid: their shares, the lock of a cell, and real processes that are killed in the midst."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf
from stand_in_trainer import Command

from seqgan_tf.sweep import log
from seqgan_tf.sweep.grid import make_cells, parse_variation
from seqgan_tf.sweep.shards import parse_shard, share
from seqgan_tf.sweep.status import STATES, state, summary

ROOT = pathlib.Path(__file__).resolve().parents[1]


def cells_of(*variations, out='runs'):
    return make_cells(str(out), [parse_variation(text) for text in variations], [])


@pytest.fixture
def flagfiles(tmp_path):
    """The variation of mle.flags and gan.flags, of which the second starts from the first's directory."""
    (tmp_path / 'mle.flags').write_text('--algorithm=mle\n')
    (tmp_path / 'gan.flags').write_text('--start_from={out}/mle/seed_{seed}\n')
    return f'flagfile={tmp_path}/mle.flags,{tmp_path}/gan.flags'


# Shares


@pytest.mark.parametrize('text, shard', [('0/1', (0, 1)), ('2/3', (2, 3)), ('099/100', (99, 100))])
def test_a_shard(text, shard):
    assert parse_shard(text) == shard


@pytest.mark.parametrize(
    'text', ['1/1', '3/2', '0/0', '-1/2', '0/-2', '', '1', '/', '1/', '/2', 'a/b', '0.0/2', '0/2/3', '٠/٢']
)
def test_a_bad_shard_is_refused(text):
    with pytest.raises(ValueError, match=f'n at least 1 and i from 0 to n - 1. Received: --shard={text}$'):
        parse_shard(text)


@pytest.mark.parametrize('count', [1, 2, 3, 6, 8])
def test_shares_are_a_partition_of_nearly_equal_parts(count):
    cells = cells_of('l2=0.1,0.3', 'seed=0,1,2')
    shares = [share(cells, index, count) for index in range(count)]
    assert sorted(cell.name for part in shares for cell in part) == sorted(cell.name for cell in cells)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
    assert shares[0][0] == cells[0]


@pytest.mark.parametrize('count', [1, 2, 3, 5, 6])
def test_a_share_has_what_its_cells_start_from(count, flagfiles):
    cells = cells_of('seed=0,1,2', flagfiles)
    for index in range(count):
        own = {cell.name for cell in cells[index::count]}
        needed = {name.replace('gan', 'mle') for name in own}
        assert [cell.name for cell in share(cells, index, count)] == [c.name for c in cells if c.name in own | needed]


# The lock, and what it says


def test_a_cell_is_locked_as_long_as_its_run_or_its_sweep_lives(tmp_path):
    workdir = tmp_path / 'cell'
    assert not log.is_held(workdir) and not workdir.exists()
    file = log.claim(workdir)
    assert log.is_held(workdir) and log.claim(workdir) is None
    run = subprocess.Popen(['sleep', '60'], stdout=file)
    file.close()
    assert log.is_held(workdir) and log.claim(workdir) is None
    run.kill()
    run.wait()
    assert not log.is_held(workdir)
    log.claim(workdir).close()
    assert not log.is_held(workdir)


def test_a_failure_is_that_of_the_last_run(tmp_path):
    assert log.failure(tmp_path) is None
    for text, failure in ((b'# train\nepoch 1', 'exit status 1: no\u00e9'), (b'# train\nepoch 2', None)):
        with log.claim(tmp_path) as file:
            file.write(text)
            if failure:
                log.record_failure(file, failure)
        assert log.failure(tmp_path) == failure


def make_state(cell, name):
    """Makes the directory of a cell one of that state; returns what must stay open."""
    if name == 'missing':
        return None
    file = log.claim(cell.workdir)
    if name == 'finished':
        (cell.workdir / 'config.json').write_text(cell.config.to_json())
        (cell.workdir / 'metrics.jsonl').write_text('{"phase": "final", "round": 0}\n')
    if name == 'failed':
        log.record_failure(file, 'exit status 1: no memory')
    if name != 'running':
        file.close()
    return file


def test_the_states_of_a_grid(tmp_path):
    cells = cells_of('seed=0,1,2,3,4', out=tmp_path)
    files = [make_state(cell, name) for cell, name in zip(cells, STATES)]
    assert [state(cell) for cell in cells] == list(STATES)
    assert summary(cells) == (
        'grid of 5 cells: 1 finished, 1 running, 1 failed, 1 stopped, 1 missing\n  run/seed_2: exit status 1: no memory'
    )
    assert sum(file is not None for file in files) == 4 and not cells[4].workdir.exists()


# Processes


@pytest.fixture
def command(tmp_path):
    return Command(tmp_path)


def end(process):
    """(exit status, stdout, stderr)"""
    output, errors = process.communicate(timeout=600)
    assert 'Traceback' not in output + errors
    return process.returncode, output, errors


@pytest.mark.parametrize('shard', ['2/2', 'first'])
def test_a_mistake_is_answered_in_one_line_before_anything_starts(shard, command):
    code, output, errors = command.run('--vary=seed=0,1', f'--shard={shard}')
    assert (code, output) == (1, '') and errors.startswith('error: shard must be i/n') and errors.count('\n') == 1
    assert not command.out.exists()


def test_two_shards_side_by_side_run_every_cell_once(command):
    grid = '--vary=seed=0,1,2,3,4'
    processes = [command.start(grid, f'--shard={index}/2') for index in (0, 1)]
    names = {f'run/seed_{seed}' for seed in range(5)}
    for index, process in enumerate(processes):
        code, output, errors = end(process)
        assert (code, errors) == (0, '')
        assert f'all {3 - index} cells are finished in {command.out}' == output.splitlines()[-1]
        assert 'grid of 5 cells: ' in output
    assert len(command.started()) == 5 and set(command.started()) == set(command.events('end')) == names
    code, output, errors = command.run(grid, '--status')
    assert (code, errors) == (0, '')
    assert output == 'grid of 5 cells: 5 finished, 0 running, 0 failed, 0 stopped, 0 missing\n'


def test_shards_without_cells_are_finished(command):
    code, output, errors = command.run('--vary=seed=0', '--shard=2/3')
    assert (code, errors) == (0, '') and '1 missing' in output and not command.out.exists()


def test_two_processes_with_the_same_shard_share_its_cells(command):
    processes = [command.start('--vary=seed=0,1,2,3', '--shard=1/2') for _ in range(2)]
    assert [end(process)[::2] for process in processes] == [(0, '')] * 2
    assert sorted(command.started()) == ['run/seed_1', 'run/seed_3']


def test_a_run_that_outlives_its_killed_shard_is_waited_for(command, tmp_path):
    arguments = ['--vary=seed=0,1,2', '--shard=0/2']
    killed = command.start(*arguments, plan={'run/seed_0': f'until {tmp_path}/released'})
    command.wait_for('run/seed_0')
    killed.kill()
    end(killed)
    assert '1 running' in command.run('--vary=seed=0,1,2', '--status')[1]
    again = command.start(*arguments)
    assert again.stdout.readline() == '[0/2] run/seed_0 is run by another process\n'
    command.wait_for('run/seed_2')
    (tmp_path / 'released').touch()
    assert end(again)[::2] == (0, '')
    assert command.started() == ['run/seed_0', 'run/seed_2'] and set(command.events('end')) == set(command.started())


def test_a_run_that_was_killed_with_its_shard_is_started_again(command):
    arguments = ['--vary=seed=0,1,2', '--shard=0/2']
    process = command.start(*arguments, plan={'run/seed_0': 'wait'})
    command.wait_for('run/seed_0')
    process.kill()
    for run in command.processes():
        os.kill(run, signal.SIGKILL)
    end(process)
    code, output, errors = command.run(*arguments)
    assert (code, errors) == (0, '') and 'is run by another process' not in output
    assert command.started() == ['run/seed_0', 'run/seed_0', 'run/seed_2']


def test_a_cell_that_two_shards_start_from_is_run_by_one(command, flagfiles):
    """The grid is mle, gan. Each shard can do without the other, whichever comes first."""
    processes = [command.start('--vary=seed=0', f'--vary={flagfiles}', f'--shard={index}/2') for index in (1, 0)]
    assert [end(process)[::2] for process in processes] == [(0, '')] * 2
    assert command.started() == ['mle/seed_0', 'gan/seed_0']
    assert command.events('start')['gan/seed_0'] > command.events('end')['mle/seed_0']


def test_a_shard_that_waits_for_another_one_is_stopped_by_a_signal(command):
    holder = command.start('--vary=seed=0', plan={'run/seed_0': 'wait'})
    command.wait_for('run/seed_0')
    waiting = command.start('--vary=seed=0')
    assert 'is run by another process' in waiting.stdout.readline()
    for process in (waiting, holder):
        process.terminate()
        code, _, errors = end(process)
        assert (code, errors) == (143, 'stopped: 0 of 1 cells are finished; the same command continues\n')
    assert command.started() == ['run/seed_0']


def test_a_failure_is_seen_by_every_shard_and_tried_again(command):
    grid = ['--vary=seed=0,1']
    code, output, errors = command.run(*grid, '--shard=0/2', plan={'run/seed_0': 'fail'})
    assert code == 1 and errors.startswith('error: 1 of 1 cells did not finish:\n  run/seed_0: exit status 1')
    code, output, errors = command.run(*grid, '--shard=1/2')
    assert (code, errors) == (0, '')
    assert re.search(
        r'grid of 2 cells: 1 finished, 0 running, 1 failed, 0 stopped, 0 missing\n'
        r'  run/seed_0: exit status 1 after \d+ s: error: something is wrong\n',
        output,
    )
    assert command.run(*grid, '--status')[0] == 1
    assert command.run(*grid, '--shard=0/2')[0] == 0 and command.run(*grid, '--status')[0] == 0


# Real runs

GRID = (
    '--vary=seed=0,1 -- --dataset=verse --num_sequences=128 --batch_size=32 --eval_samples=32 --hidden_dim=8 '
    '--embedding_dim=8 --algorithm=mle --mle_epochs=16 --eval_every=16 --checkpoint_every=5 --jit=off --loggers=terminal'
).split()
ONE_THREAD = dict.fromkeys(('TF_NUM_INTRAOP_THREADS', 'TF_NUM_INTEROP_THREADS', 'OMP_NUM_THREADS'), '1')


def start(out, *arguments):
    """A sweep of real runs as a process."""
    return subprocess.Popen(
        [sys.executable, '-m', 'seqgan_tf.sweep', f'--out={out}', *arguments, *GRID],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | ONE_THREAD | {'PYTHONPATH': str(ROOT)},
    )


def logged(workdir):
    """The lines of metrics.jsonl without their durations."""
    path = workdir / 'metrics.jsonl'
    lines = map(json.loads, path.read_text().splitlines()) if path.exists() else ()
    return [{name: value for name, value in line.items() if not name.endswith('_seconds')} for line in lines]


def arrays(workdir):
    """{name: array} of the last checkpoint's state."""
    reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(workdir / 'checkpoints'))
    return {n: reader.get_tensor(n) for n in reader.get_variable_to_shape_map() if n.startswith('state/')}


def kill(process, workdir, lines):
    """Kills a shard and its run, as the end of a machine does, when metrics.jsonl has so many lines; returns the number."""
    while len(logged(workdir)) < lines and process.poll() is None:
        time.sleep(0.01)
    runs = pathlib.Path(f'/proc/{process.pid}/task/{process.pid}/children').read_text().split()
    process.kill()
    for run in runs:
        os.kill(int(run), signal.SIGKILL)
    process.communicate(timeout=600)
    return len(logged(workdir))


def test_shards_of_which_one_was_killed_equal_one_sweep_bit_for_bit(tmp_path):
    whole, parts = tmp_path / 'whole', tmp_path / 'parts'
    assert end(start(whole))[0] == 0
    killed, other = start(parts, '--shard=0/2'), start(parts, '--shard=1/2')
    assert 8 <= kill(killed, parts / 'run' / 'seed_0', 8) <= 16
    code, output, errors = end(start(parts, '--shard=0/2'))
    assert (code, errors) == (0, '') and end(other)[0] == 0
    assert 'continuing from' in (parts / 'run' / 'seed_0' / 'log.txt').read_text()
    for name in ('run/seed_0', 'run/seed_1'):
        assert logged(parts / name) == logged(whole / name) and len(logged(whole / name)) > 16
        assert (parts / name / 'samples.txt').read_text() == (whole / name / 'samples.txt').read_text()
        there, here = arrays(whole / name), arrays(parts / name)
        assert there.keys() == here.keys()
        for key, value in there.items():
            np.testing.assert_array_equal(here[key], value, err_msg=key)
