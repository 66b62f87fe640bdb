"""The comparison with other implementations: its processes, its check and its table, on stand-ins; and the twins."""

import importlib.util
import json
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from conftest import ROOT

from seqgan_tf.rewards import rollout

PEERS = ROOT / 'benchmarks' / 'peers'
# A process whose calls take two hundredths of a second; its facts are off by --wrong, and it has none below 0.
STAND_IN = """
import sys, time
sys.path.insert(0, {peers!r})
import problem, worker
from compare import FACTS

parser = problem.parser('')
parser.add_argument('--wrong', type=float, default=0.0)
arguments = parser.parse_args()
worker.AT_LEAST = 0.0
print('what an implementation prints')
call = lambda: time.sleep(0.02)
worker.serve(
    {{'mle_step': (call, 2), 'discriminator_step': (call, 1), 'generator_step': (call, 1), 'sample_10k': (call, 1)}},
    {{'stand_in': '1'}},
    (lambda: {{name: [[1.0, 2.0 + arguments.wrong]] for name in FACTS}}) if arguments.wrong >= 0 else None,
)
"""
PROGRAM = """
import sys
sys.path.insert(0, {peers!r})
import compare
from absl import app
compare.ROWS = {{'ours': {{name: compare.Row({script!r}, ('--threads=1', *more)) for name, more in {rows!r}.items()}}}}
app.run(compare.main)
"""


def compare(*arguments):
    return subprocess.run(
        [sys.executable, str(PEERS / 'compare.py'), *arguments], capture_output=True, text=True, timeout=300
    )


@pytest.fixture
def stand_in(tmp_path):
    """A function ({row: its process's flags}, the command's flags) -> the finished command."""

    def run(rows, *arguments):
        script = tmp_path / 'stand_in.py'
        script.write_text(textwrap.dedent(STAND_IN).format(peers=str(PEERS)), encoding='utf-8')
        program = PROGRAM.format(peers=str(PEERS), script=str(script), rows=rows)
        flags = ('--only=ours', '--pieces=mle_step,discriminator_step,generator_step,sample_10k', '--threads=1')
        return subprocess.run(
            [sys.executable, '-c', program, *flags, *arguments], capture_output=True, text=True, timeout=100
        )

    return run


def problem():
    spec = importlib.util.spec_from_file_location('problem', PEERS / 'problem.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize('length', [2, 3, 6, 7, 20])
@pytest.mark.parametrize('num_rollouts', [1, 3, 16])
def test_lanes_are_those_of_the_search(length, num_rollouts):
    for mine, theirs in zip(problem().lanes(length, num_rollouts), rollout.lanes(length, num_rollouts)):
        np.testing.assert_array_equal(mine, theirs)


def test_times_ratios_and_the_composed_round(stand_in, tmp_path):
    path = tmp_path / 'peers.json'
    finished = stand_in({'first': (), 'second': ()}, '--repetitions=3', f'--json={path}')
    assert finished.returncode == 0, finished.stderr
    results = json.loads(path.read_text('utf-8'))
    assert results['versions']['stand_in'] == '1' and list(results['seconds']) == ['first', 'second']
    for name, row in results['median_seconds'].items():
        assert all(len(times) == 3 for times in results['seconds'][name].values())
        assert 0.01 <= row['mle_step'] < row['discriminator_step']  # two units a call
        steps = 15 * (20_000 // 64)
        parts = row['generator_step'] + 5 * row['sample_10k'] + steps * row['discriminator_step']
        np.testing.assert_allclose(row['adversarial_round'], parts)
    head, rule, *rows = [line for line in finished.stdout.splitlines() if line.startswith('|')]
    assert head.count('|') == rule.count('|') == rows[0].count('|') == 7
    assert rows[0].startswith('| first |') and rows[0].count('(1.00)') == 5 and rows[1].startswith('| second |')


def test_other_numbers_end_the_comparison(stand_in, tmp_path):
    path = tmp_path / 'peers.json'
    finished = stand_in({'first': (), 'second': ('--wrong=0.1',)}, f'--json={path}')
    assert finished.returncode != 0 and not path.exists()
    assert 'error: nll of second must be those of first within 1e-05. Expected: [1. 2.]' in finished.stderr
    assert 'Traceback' not in finished.stderr
    assert stand_in({'first': (), 'second': ('--wrong=0.1',)}, '--nocheck', '--repetitions=1').returncode == 0
    without_facts = {'first': ('--wrong=-1',), 'second': (), 'third': ()}
    assert stand_in(without_facts, '--repetitions=1').returncode == 0


def test_a_process_that_ends_is_named_with_its_reason(stand_in):
    finished = stand_in({'first': (), 'second': ('--wrong=much',)})
    assert finished.returncode != 0 and 'Traceback' not in finished.stderr
    assert 'error: second must answer. It ended with status 2: stand_in.py: error: argument --wrong' in finished.stderr


@pytest.mark.parametrize(
    'arguments, message',
    [
        (('--only=ours,tensorflow',), '--only takes some of ours, pytorch'),
        (('--pieces=speed',), '--pieces takes some of mle_step'),
        (('--only=ours,lantaoyu',), '--lantaoyu must be a clone with rollout.py'),
        (('--sequence_length=32',), 'sequence_length must be from 2 to 31'),
        (('--threads=100000',), '--threads must be at most the CPUs of the process. Received: threads=100000'),
        (('--json=no/such/folder.json',), '--json must be a path in a folder that exists'),
        (('ours',), 'the command takes flags alone. Received: ours'),
    ],
)
def test_wrong_flags(arguments, message):
    finished = compare(*arguments)
    assert finished.returncode != 0 and message in finished.stdout + finished.stderr
    assert 'Traceback' not in finished.stderr


@pytest.mark.slow
@pytest.mark.parametrize('twin, library', [('pytorch', 'torch'), ('jax', 'optax')])
def test_a_twin_computes_what_this_project_computes(twin, library):
    pytest.importorskip(library, reason='needs the extra peers')
    sizes = ('--batch_size=8', '--sequence_length=7', '--vocab_size=50', '--num_rollouts=3')
    finished = compare(f'--only=ours,{twin}', '--pieces=mle_step', '--repetitions=1', '--threads=1', *sizes)
    assert finished.returncode == 0, finished.stderr
