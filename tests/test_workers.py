"""Several workers: real processes on one machine, which agree with one process, and which are killed."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import pytest

from seqgan_tf.running import metrics_log
from seqgan_tf.running.workers import Workers
from seqgan_tf.training.replicas import ONE

ROOT = pathlib.Path(__file__).resolve().parents[1]
EPOCHS = 30
SETTINGS = (
    '--algorithm=mle --dataset=verse --num_sequences=160 --batch_size=16 --eval_samples=20 --eval_every=100 '
    f'--checkpoint_every=1 --mle_epochs={EPOCHS} --embedding_dim=4 --hidden_dim=4 --jit=off --loggers=terminal'
).split()
LIMIT = 240  # seconds that a process may take


def start(workdir, *settings, **environment):
    command = [sys.executable, 'train.py', *SETTINGS, f'--workdir={workdir}', *settings]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {'TF_CPP_MIN_LOG_LEVEL': '3'} | environment,
    )


def start_both(workdir, other=None):
    """The two workers of a run. The first is told by flags who they are, the second by TF_CONFIG.

    `other` is where the second one looks for the workdir, if that is another place.
    """
    ports = []
    for _ in range(2):
        with socket.socket() as free:
            free.bind(('localhost', 0))
            ports.append(free.getsockname()[1])
    addresses = [f'localhost:{port}' for port in ports]
    cluster = {'cluster': {'worker': addresses}, 'task': {'type': 'worker', 'index': 1}}
    chief = start(workdir, '--strategy=multi_worker', f'--workers={",".join(addresses)}')
    return chief, start(other or workdir, '--strategy=multi_worker', TF_CONFIG=json.dumps(cluster))


def lines(workdir):
    """The metrics of a run without durations."""
    entries = metrics_log.read(pathlib.Path(workdir) / metrics_log.NAME)
    return [{name: value for name, value in entry.items() if not name.endswith('_seconds')} for entry in entries]


def wait_for(workdir, more, processes):
    """Waits until a run has logged so many more lines."""
    path = pathlib.Path(workdir) / metrics_log.NAME
    count = lambda: len(path.read_bytes().splitlines()) if path.exists() else 0
    wanted, until = count() + more, time.monotonic() + LIMIT
    while count() < wanted:
        assert time.monotonic() < until and all(process.poll() is None for process in processes), [
            process.communicate() for process in processes if process.poll() is not None
        ]
        time.sleep(0.02)


@pytest.fixture(scope='module')
def uninterrupted(tmp_path_factory):
    workdir = tmp_path_factory.mktemp('workers') / 'run'
    chief, other = start_both(workdir)
    assert chief.wait(LIMIT) == other.wait(LIMIT) == 0, (chief.communicate(), other.communicate())
    assert other.communicate()[0].count('\n') == 1  # whom it waits for; the chief tells the rest
    return lines(workdir)


def test_workers_equal_the_devices_of_one_process(uninterrupted, tmp_path):
    process = start(tmp_path / 'run', '--strategy=mirrored', '--num_devices=2')
    assert process.wait(LIMIT) == 0, process.communicate()
    assert lines(tmp_path / 'run') == uninterrupted


def test_nothing_is_lost_when_workers_are_killed(uninterrupted, tmp_path):
    workdir = tmp_path / 'run'
    for killed in (1, 0):  # the other worker, then the chief
        workers = start_both(workdir)
        wait_for(workdir, 4, workers)
        workers[killed].kill()
        left = workers[1 - killed]
        assert left.wait(60) == 1
        assert 'another one has ended, or cannot be reached' in left.communicate()[1].splitlines()[-1]
        done = len(lines(workdir))

    chief, other = start_both(workdir)  # one signal stops both, after the same round
    wait_for(workdir, 3, (chief, other))
    other.send_signal(signal.SIGTERM)
    assert chief.wait(60) == other.wait(60) == 128 + signal.SIGTERM
    text = chief.communicate()[0]
    assert int(text.split('rounds done: mle ')[1].split(',')[0]) >= done - 2  # 'initial', and the round in the making
    assert 'stopped and saved after mle round' in text and lines(workdir) == uninterrupted[: len(lines(workdir))]

    chief, other = start_both(workdir)
    assert chief.wait(LIMIT) == other.wait(LIMIT) == 0, chief.communicate()
    assert lines(workdir) == uninterrupted

    for process in start_both(workdir, tmp_path / 'elsewhere'):
        assert process.wait(60) == 1
        message = process.communicate()[1].splitlines()[-1]
        assert 'all workers must have the same settings' in message and 'rounds done=mle ' in message

    longer = start(workdir, f'--mle_epochs={EPOCHS + 1}')  # and on one device
    assert longer.wait(LIMIT) == 0, longer.communicate()
    assert [entry for entry in lines(workdir) if entry['phase'] == 'mle'][: EPOCHS - 1] == uninterrupted[1:EPOCHS]


def test_an_address_that_is_taken_is_told_in_one_line(tmp_path):
    with socket.socket() as taken:
        taken.bind(('0.0.0.0', 0))
        taken.listen()
        address = f'localhost:{taken.getsockname()[1]}'
        process = start(tmp_path / 'run', '--strategy=multi_worker', f'--workers={address}')
        assert process.wait(LIMIT) == 1
    assert process.communicate()[1].startswith(
        f'error: the address of a worker must be free on its machine. Received: {address}'
    )


def test_one_process_is_the_chief():
    workers = Workers(ONE)
    assert workers.is_chief and workers.count == 1
    assert workers.any_of(True) and not workers.any_of(False)
    workers.check_equal({'setting': 'anything'})
