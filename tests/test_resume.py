"""Real processes, stopped in every way: the continued run equals the uninterrupted one bit for bit."""

import json
import pathlib
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf

ROOT = pathlib.Path(__file__).resolve().parent.parent
SETTINGS = (
    '--dataset=synthetic --vocab_size=30 --sequence_length=6 --num_sequences=256 --held_out=64 --batch_size=32 --eval_samples=64 '
    '--mle_epochs=4 --discriminator_rounds=3 --adversarial_rounds=5 --d_steps=2 --discriminator_epochs=2 --num_rollouts=2 '
    '--eval_every=2 --checkpoint_every=2 --rollout_decay=0.5'
).split()
LINES = (
    1 + 4 + 3 + 5 + 3
)  # the untrained generator, one a round, the likeliest texts, those of a search, the closing one


def start(workdir):
    return subprocess.Popen(
        [sys.executable, 'train.py', *SETTINGS, f'--workdir={workdir}'],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def metrics(workdir):
    path = workdir / 'metrics.jsonl'
    return path.read_text().splitlines() if path.exists() else []


def stop(workdir, number, lines):
    """Starts a run, and sends it a signal when metrics.jsonl has so many lines; returns its exit code and output."""
    process = start(workdir)
    while len(metrics(workdir)) < lines and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(number)
    output, _ = process.communicate(timeout=120)
    return process.returncode, output


def without_clock(line):
    return {name: value for name, value in json.loads(line).items() if not name.endswith(('_seconds', '_per_second'))}


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    """(workdir of the whole run, workdir of the broken one, the outcome of each stop)."""
    whole, broken = tmp_path_factory.mktemp('runs') / 'whole', tmp_path_factory.mktemp('runs') / 'broken'
    uninterrupted = start(whole)
    outcomes = {
        'SIGTERM': stop(broken, signal.SIGTERM, 2),
        'SIGKILL': stop(broken, signal.SIGKILL, 7),
        'SIGINT': stop(broken, signal.SIGINT, 10),
        'end': start(broken).communicate(timeout=120)[0],
    }
    assert uninterrupted.wait(timeout=120) == 0, uninterrupted.stdout.read()
    return whole, broken, outcomes


@pytest.mark.parametrize('name', ['SIGTERM', 'SIGINT'])
def test_a_signal_saves_and_says_how_to_continue(runs, name):
    code, output = runs[2][name]
    assert code == 128 + getattr(signal, name), output
    assert 'stopped and saved after' in output and 'continues from here' in output and 'Traceback' not in output


def test_the_stops_came_in_the_midst_of_the_run(runs):
    assert runs[2]['SIGKILL'][0] == -signal.SIGKILL
    assert 'continuing from' in runs[2]['end']


def test_metrics_equal_those_of_the_uninterrupted_run(runs):
    whole, broken, _ = runs
    assert len(metrics(whole)) == LINES
    assert [without_clock(line) for line in metrics(broken)] == [without_clock(line) for line in metrics(whole)]


def test_samples_equal_those_of_the_uninterrupted_run(runs):
    whole, broken, _ = runs
    assert (broken / 'samples.txt').read_text() == (whole / 'samples.txt').read_text()


def test_every_saved_array_equals_that_of_the_uninterrupted_run(runs):
    whole, broken = (tf.train.load_checkpoint(tf.train.latest_checkpoint(run / 'checkpoints')) for run in runs[:2])
    names = [name for name in whole.get_variable_to_shape_map() if name.startswith('state/')]
    assert any('discriminator_optimizer' in name for name in names) and any('random' in name for name in names)
    for name in names:
        np.testing.assert_array_equal(whole.get_tensor(name), broken.get_tensor(name), err_msg=name)
