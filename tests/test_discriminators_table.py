"""benchmarks/discriminators.py on a tiny run: its figures, and a file that keeps the rows that are done."""

import dataclasses
import json
import math
import re
import subprocess
import sys

import pytest
from conftest import ROOT
from test_values_of_runs import TINY

from seqgan_tf.running.experiment import run


@pytest.fixture(scope='module')
def workdir(tmp_path_factory):
    """A finished run of likelihood alone."""
    path = tmp_path_factory.mktemp('runs') / 'mle'
    run(dataclasses.replace(TINY, algorithm='mle', workdir=str(path)))
    return path


def table(workdir, out, *arguments):
    command = [sys.executable, 'benchmarks/discriminators.py', f'--workdir={workdir}', f'--out={out}', '--sets=4']
    return subprocess.run([*command, '--samples=64', *arguments], cwd=ROOT, text=True, capture_output=True)


def test_each_row_is_judged_by_rows_that_chose_nothing(workdir, tmp_path):
    out = tmp_path / 'rows.json'
    done = table(workdir, out, '--negatives=16', '--rows=negatives_x4,epochs_3_stop')
    assert done.returncode == 0, done.stderr
    first = json.loads(out.read_text())
    assert table(workdir, out, '--negatives=32', '--rows=causal', '--seed=1').returncode == 0
    lines = json.loads(out.read_text())
    assert lines[:2] == first and [line['row'] for line in lines] == ['negatives_x4', 'epochs_3_stop', 'causal']
    assert [(line['sets'], line['negatives'], line['seed']) for line in lines] == [(1, 64, 0), (4, 16, 0), (4, 32, 1)]
    assert lines[0]['nll_test'] == lines[1]['nll_test'] == pytest.approx(lines[2]['nll_test'])
    for line in lines:
        losses = line['validation_losses']
        assert line['best']['validation_loss'] == min(losses) == losses[line['best']['set'] - 1]
        assert line['last']['validation_loss'] == losses[-1] and len(losses) == line['last']['set'] == line['sets']
        for figures in (line['best'], line['last']):
            for name in ('validation', 'test', 'own'):
                assert 0 < figures[f'{name}_loss'] < 5 and 0 <= figures[f'{name}_accuracy'] <= 1
        assert math.isfinite(line['residual_nll_test']) and 0 <= line['scale'] <= 100
        assert line['residual_nll_validation'] <= line['nll_validation'] + 1e-6, 'beta 0 is among the choices'
        assert 0 < line['cpu_seconds_of_the_first_set'] <= line['cpu_seconds']
        assert line['command'].startswith('python benchmarks/discriminators.py --workdir=') and line['versions']
    assert lines[1]['settings']['discriminator_stop'] and lines[2]['settings']['value'] == 'causal'


@pytest.mark.parametrize(
    'arguments, message',
    [
        (['--rows=base,best'], 'rows must be some of base, .*Received: best'),
        (['--negatives=65'], 'negatives must be at most 64. Received: negatives=65'),
    ],
)
def test_what_cannot_be_is_named(workdir, tmp_path, arguments, message):
    done = table(workdir, tmp_path / 'rows.json', *arguments)
    assert done.returncode == 1 and not (tmp_path / 'rows.json').exists()
    output = ' '.join((done.stdout + done.stderr).split())
    assert re.search(message, output), output
