"""Grids of runs: their settings and directories; real processes of a stand-in for the training command, and of the command itself."""

import dataclasses
import json
import os
import pathlib
import re
import signal
import subprocess
import sys

import pytest
from stand_in_trainer import Command

from seqgan_tf.config import Config
from seqgan_tf.sweep.grid import make_cells, parse_variation, requirements
from seqgan_tf.sweep.runner import Sweep

ROOT = pathlib.Path(__file__).resolve().parents[1]
TINY = (
    '--vocab_size=20 --sequence_length=5 --num_sequences=64 --held_out=32 --batch_size=16 --eval_samples=32 --hidden_dim=8 '
    '--embedding_dim=8 --mle_epochs=1 --discriminator_rounds=0 --adversarial_rounds=1 --num_rollouts=2 --jit=off'
).split()


def cells_of(*variations, out='runs', arguments=()):
    return make_cells(str(out), [parse_variation(text) for text in variations], list(arguments))


def finish(cell, phases=('initial', 'final'), **changes):
    """Makes the directory of a cell look like that of a run, with some settings changed."""
    cell.workdir.mkdir(parents=True)
    (cell.workdir / 'config.json').write_text(dataclasses.replace(cell.config, **changes).to_json(), 'utf-8')
    (cell.workdir / 'metrics.jsonl').write_text(
        ''.join(json.dumps({'phase': phase, 'round': 0}) + '\n' for phase in phases), 'utf-8'
    )
    return cell


# The grid


@pytest.fixture
def flagfiles(tmp_path):
    """(mle.flags, gan.flags), of which the second starts from the first's directory."""
    mle, gan = tmp_path / 'mle.flags', tmp_path / 'gan.flags'
    mle.write_text('# likelihood\n--algorithm=mle\n--dropout=0.5\n--workdir=elsewhere\n')
    gan.write_text('--algorithm=seqgan\n--reward=constant\n--start_from={out}/mle/seed_{seed}\n')
    return mle, gan


def test_cells_are_the_product_in_order(flagfiles):
    files = ','.join(map(str, flagfiles))
    assert [cell.name for cell in cells_of(f'flagfile={files}', 'l2=0.1,0', 'seed=0,7')] == [
        f'{stem},l2={l2}/seed_{seed}' for stem in ('mle', 'gan') for l2 in ('0.1', '0') for seed in (0, 7)
    ]


@pytest.mark.parametrize(
    'variations, arguments, names',
    [
        (['seed=3,4'], [], ['run/seed_3', 'run/seed_4']),
        (['g_steps=1,2'], ['--seed=9'], ['g_steps=1/seed_9', 'g_steps=2/seed_9']),
        (
            ['seed=1', 'l2=0.5', 'algorithm=mle,random'],
            [],
            ['l2=0.5,algorithm=mle/seed_1', 'l2=0.5,algorithm=random/seed_1'],
        ),
        (['corpus=data/a.txt,b.txt'], ['--dataset=text'], ['corpus=a.txt/seed_0', 'corpus=b.txt/seed_0']),
    ],
)
def test_names_and_directories(variations, arguments, names):
    cells = cells_of(*variations, out='a/study/', arguments=arguments)
    assert [cell.name for cell in cells] == names
    assert [cell.config.workdir for cell in cells] == [f'a/study/{name}' for name in names]


def test_settings_are_those_of_the_flagfile_then_the_arguments_then_the_varied(flagfiles):
    settings = [
        (cell.config.algorithm, cell.config.dropout, cell.config.l2, cell.config.mle_epochs)
        for cell in cells_of(
            f'flagfile={flagfiles[0]}', 'l2=0.1,0.3', arguments=['--l2=0.2', '--dropout=0.4', '--mle_epochs=3']
        )
    ]
    assert settings == [('mle', 0.4, 0.1, 3), ('mle', 0.4, 0.3, 3)]
    assert cells_of(f'flagfile={flagfiles[0]}')[0].config.dropout == 0.5


def test_out_and_seed_are_replaced_in_texts_wherever_they_come_from(flagfiles):
    first, second = cells_of(
        f'flagfile={flagfiles[1]}', 'seed=0,7', out='a/b/', arguments=['--export_dir=exports/{seed}{x}']
    )
    assert [first.config.start_from, second.config.start_from] == ['a/b/mle/seed_0', 'a/b/mle/seed_7']
    assert second.config.export_dir == 'exports/7{x}'


def test_a_cell_waits_for_those_whose_directories_it_names(flagfiles, tmp_path):
    files = ','.join(map(str, flagfiles))
    for out in (tmp_path, 'runs/'):
        assert requirements(cells_of(f'flagfile={files}', 'seed=0,1', out=out)) == {
            'mle/seed_0': set(),
            'mle/seed_1': set(),
            'gan/seed_0': {'mle/seed_0'},
            'gan/seed_1': {'mle/seed_1'},
        }
    assert requirements(cells_of(f'flagfile={flagfiles[1]}')) == {'gan/seed_0': set()}


@pytest.mark.parametrize(
    'config',
    [
        Config(),
        Config(
            algorithm='pg_bleu',
            seed=5,
            dataset='text',
            corpus='a b,"c".txt',
            dropout=1e-7,
            l2=0.1 + 0.2,
            freeze_discriminator=True,
        ),
    ],
)
def test_flags_give_the_settings_back(config):
    [cell] = cells_of('jit=auto', arguments=[f'--{name}={value}' for name, value in dataclasses.asdict(config).items()])
    [again] = cells_of('jit=auto', arguments=cell.flags())
    assert again.config == cell.config == dataclasses.replace(config, workdir=f'runs/jit=auto/seed_{config.seed}')
    assert f'--workdir={cell.config.workdir}' in cell.flags()


BAD_GRIDS = {
    'no value': (['seed'], [], 'must be NAME=VALUE,VALUE,... Received: --vary=seed'),
    'an empty value': (['seed=1,'], [], 'Received: --vary=seed=1,'),
    'a value twice': (['seed=1,2,1'], [], 'must differ. Received: --vary=seed=1,2,1'),
    'a name twice': (['seed=1', 'seed=2'], [], 'varied once. Received: --vary of seed, seed'),
    'the workdir': (['workdir=a,b'], [], 'made from --out'),
    'an unknown name': (['droput=0.1'], [], "settings of droput=0.1: Unknown command line flag 'droput'"),
    'an unknown flag': (['seed=1'], ['--jobs=2'], "Unknown command line flag 'jobs'"),
    'no flag': (['seed=1'], ['fast'], '--name=value. Received: fast'),
    'no number': (['seed=one'], [], 'seed=one'),
    'no choice': (['algorithm=gan'], [], 'algorithm=gan'),
    'out of range': (['dropout=0.5,1.5'], [], 'settings of dropout=1.5: dropout must be .* Received: dropout=1.5'),
    'no such flagfile': (['flagfile=nowhere.flags'], [], 'settings of nowhere: .*nowhere.flags'),
    'one number written twice': (
        ['dropout=0.5,0.50'],
        [],
        'own settings. Received: dropout=0.5/seed_0 and dropout=0.50/seed_0',
    ),
    'one name in two folders': (
        ['corpus=a/x.txt,b/x.txt'],
        ['--dataset=text'],
        'own directory. Received: corpus=x.txt/seed_0 and',
    ),
}


@pytest.mark.parametrize('variations, arguments, message', BAD_GRIDS.values(), ids=BAD_GRIDS)
def test_bad_grids_are_refused(variations, arguments, message):
    with pytest.raises(ValueError, match=message):
        cells_of(*variations, arguments=arguments)


def test_a_directory_of_other_settings_is_refused(tmp_path):
    finish(cells_of('seed=1', out=tmp_path)[0], l2=0.5)
    with pytest.raises(ValueError, match=r'(?s)run/seed_1 was made with others:\n  l2: 0.5 there, 0.2 now$'):
        cells_of('seed=0,1', out=tmp_path)


def test_settings_that_cannot_be_read_are_refused(tmp_path):
    finish(cells_of('seed=1', out=tmp_path)[0])
    (tmp_path / 'run' / 'seed_1' / 'config.json').write_text('{"colour": 1}')
    with pytest.raises(ValueError, match='config.json must hold the settings of a run'):
        cells_of('seed=0,1', out=tmp_path)


@pytest.mark.parametrize(
    'phases, changes, finished',
    [
        (['initial', 'mle', 'final'], {}, True),
        (['initial', 'mle'], {}, False),
        (['final', 'mle'], {}, False),
        ([], {}, False),
        (['final'], dict(workdir='moved'), True),
        (['final'], dict(mle_epochs=7), False),
        (['final'], dict(final_samples=7), False),
    ],
)
def test_what_a_finished_run_is(phases, changes, finished, tmp_path):
    assert finish(cells_of('seed=1', out=tmp_path)[0], phases, **changes).finished() is finished


@pytest.mark.parametrize(
    'name, content',
    [
        ('metrics.jsonl', '{"phase": "fin'),
        ('metrics.jsonl', '"final"\n'),
        ('metrics.jsonl', '{"phase": "final"}\n'),
        ('config.json', '{'),
    ],
)
def test_a_damaged_directory_is_not_that_of_a_finished_run(name, content, tmp_path):
    cell = finish(cells_of('seed=1', out=tmp_path)[0])
    (cell.workdir / name).write_text(content)
    assert not cell.finished()
    (cell.workdir / name).unlink()
    assert not cell.finished()


@pytest.mark.parametrize('start_from', ['{out}/run/seed_{seed}', './{out}/../{out}/run/seed_{seed}/'])
def test_a_cell_that_starts_from_itself_is_refused(start_from):
    with pytest.raises(ValueError, match='Received: run/seed_0 <- run/seed_0'):
        Sweep(cells_of('seed=0', arguments=[f'--start_from={start_from}']), 1)


def test_cells_that_start_from_each_other_are_refused(tmp_path):
    for name, other in ('ab', 'ba'):
        (tmp_path / f'{name}.flags').write_text(f'--start_from={{out}}/{other}/seed_{{seed}}\n')
    with pytest.raises(ValueError, match='waits for it. Received: [ab]/seed_0 <- [ab]/seed_0 <- [ab]/seed_0'):
        Sweep(cells_of(f'flagfile={tmp_path}/a.flags,{tmp_path}/b.flags'), 1)


# Processes


@pytest.fixture
def command(tmp_path):
    return Command(tmp_path)


def test_every_cell_is_run_once_and_the_same_command_has_nothing_to_do(command):
    arguments = ['--vary=l2=0.1,0.3', '--vary=seed=0,1', '--jobs=2', '--', '--mle_epochs=3']
    code, output, errors = command.run(*arguments)
    names = {f'l2={l2}/seed_{seed}' for l2 in ('0.1', '0.3') for seed in (0, 1)}
    assert (code, errors) == (0, '') and set(command.events('end')) == names
    assert output.splitlines()[-1] == f'all 4 cells are finished in {command.out}'
    for name in names:
        assert re.search(rf'\[\d/4\] {name} started\n', output) and re.search(
            rf'\[\d/4\] {name} finished in \d+ s\n', output
        )
        config = Config.from_json(command.out / name / 'config.json')
        assert config.mle_epochs == 3 and f'l2={config.l2}/seed_{config.seed}' == name
        assert '--mle_epochs=3' in command.log(name).splitlines()[0]

    starts = command.events('start')
    code, output, errors = command.run(*arguments)
    assert (code, errors, command.events('start')) == (0, '', starts)
    assert all(f'{name} was finished before' in output for name in names)


@pytest.mark.parametrize('jobs', [1, 2])
def test_so_many_jobs_run_at_once_and_share_the_processors(jobs, command, tmp_path):
    names, released = [f'run/seed_{seed}' for seed in range(3)], tmp_path / 'released'
    sweep = command.start('--vary=seed=0,1,2', f'--jobs={jobs}', plan=dict.fromkeys(names, f'until {released}'))
    for name in names[:jobs]:
        command.wait_for(name)
    released.touch()
    sweep.communicate(timeout=120)
    assert sweep.returncode == 0
    starts, ends = command.events('start'), command.events('end')
    at_once = [sum(starts[other] <= at <= ends[other] for other in starts) for at in starts.values()]
    assert max(at_once) == jobs
    threads = max(1, len(os.sched_getaffinity(0)) // jobs)
    assert f'threads {threads} {threads} {threads}\n' in command.log('run/seed_0')


def test_processors_are_counted_where_there_is_no_affinity(monkeypatch):
    monkeypatch.delattr(os, 'sched_getaffinity')
    monkeypatch.delenv('OMP_NUM_THREADS', raising=False)
    monkeypatch.setattr(os, 'cpu_count', lambda: 6)
    assert Sweep(cells_of('seed=0'), 2).environment['OMP_NUM_THREADS'] == '3'


def test_a_cell_that_is_damaged_while_the_sweep_runs_is_a_failure_of_its_own(command, tmp_path):
    sweep = command.start('--vary=seed=0,1', plan={'run/seed_0': f'until {tmp_path}/released'})
    command.wait_for('run/seed_0')
    (command.out / 'run' / 'seed_1').mkdir()
    (command.out / 'run' / 'seed_1' / 'config.json').write_text('{')
    (tmp_path / 'released').touch()
    _, errors = sweep.communicate(timeout=120)
    assert sweep.returncode == 1 and errors.startswith(
        'error: 1 of 2 cells did not finish:\n  run/seed_1: could not be'
    )
    assert 'config.json must' in errors and set(command.events('end')) == {'run/seed_0'}


def test_threads_of_the_environment_count(command):
    assert command.run('--vary=seed=0', environment=dict(TF_NUM_INTRAOP_THREADS='7', OMP_NUM_THREADS='5'))[0] == 0
    assert re.search(r'threads 7 \d+ 5\n', command.log('run/seed_0'))


def test_a_cell_starts_when_those_that_it_starts_from_are_finished(command, flagfiles):
    assert command.run(f'--vary=flagfile={flagfiles[1]},{flagfiles[0]}', '--vary=seed=0,1', '--jobs=3')[0] == 0
    starts, ends = command.events('start'), command.events('end')
    assert all(starts[f'gan/seed_{seed}'] > ends[f'mle/seed_{seed}'] for seed in (0, 1)) and len(ends) == 4


def test_a_failed_cell_stops_no_other_but_those_that_start_from_it(command, flagfiles):
    arguments = [f'--vary=flagfile={flagfiles[0]},{flagfiles[1]}', '--vary=seed=0,1,2', '--jobs=2']
    code, output, errors = command.run(*arguments, plan={'mle/seed_0': 'fail', 'mle/seed_2': 'killed'})
    assert code == 1 and set(command.events('end')) == {'mle/seed_1', 'gan/seed_1'}
    assert re.fullmatch(
        r'error: 4 of 6 cells did not finish:\n'
        r'  mle/seed_0: exit status 1 after \d+ s: error: something is wrong\n'
        r'  mle/seed_2: ended by SIGKILL after \d+ s: .*\n'
        r'  gan/seed_0: not started, as it starts from mle/seed_0\n'
        r'  gan/seed_2: not started, as it starts from mle/seed_2\n',
        errors,
    ), errors
    assert 'mle/seed_0 failed: exit status 1' in output

    code, output, errors = command.run(*arguments)
    assert (code, errors) == (0, '') and len(command.events('end')) == 6
    assert output.count('was finished before') == 2 and output.count(' started') == 4
    assert command.log('mle/seed_0').count(f'# {sys.executable}') == 2 and 'something is wrong' in command.log(
        'mle/seed_0'
    )


PLAN = {'run/seed_0': 'wait', 'run/seed_1': 'wait'}


@pytest.mark.parametrize(
    'number, group', [(signal.SIGTERM, False), (signal.SIGINT, True)], ids=['SIGTERM', 'Ctrl-C in a terminal']
)
def test_a_signal_is_handed_on_once_and_the_same_command_continues(number, group, command):
    arguments = ['--vary=seed=0,1,2', '--jobs=2']
    code, output, errors = command.stop(*arguments, signals=[number], group=group, plan=PLAN)
    assert code == 128 + number
    assert errors == 'stopped: 0 of 3 cells are finished; the same command continues\n'
    assert set(command.events('start')) == set(PLAN) and command.events_file.read_text().count('"signal"') == 2
    assert all(re.search(f'{name} stopped after', output) for name in PLAN)
    assert command.run(*arguments)[0] == 0 and len(command.events('end')) == 3


def test_a_second_signal_stops_at_once(command):
    plan = dict.fromkeys(PLAN, 'stubborn')
    code, _, errors = command.stop('--vary=seed=0,1', '--jobs=2', signals=[signal.SIGTERM, signal.SIGTERM], plan=plan)
    assert code == 1 and errors == 'stopped at once; the same command continues from the last checkpoints\n'
    assert set(command.events('signal')) == set(PLAN) and not command.events('end')
    for process in command.processes():
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


@pytest.mark.parametrize(
    'arguments, message',
    [
        (['--vary=seed=0', '--vary=dropout=0.5,2'], 'dropout must be'),
        (['--vary=seed=0,1', '--', '--no_such=1'], 'no_such'),
        (['--vary=seed=0', '--jobs=0'], 'jobs must be at least 1. Received: jobs=0'),
        (['--vary=seed'], 'Received: --vary=seed'),
    ],
)
def test_mistakes_are_answered_in_one_line_before_anything_starts(arguments, message, command):
    code, output, errors = command.run(*arguments)
    assert (code, output) == (1, '') and re.fullmatch(f'error: .*{message}.*\n', errors), errors
    assert not command.out.exists()


def test_a_directory_that_cannot_be_made_is_a_failure_of_its_cell(command):
    command.out.mkdir()
    (command.out / 'l2=0').write_text('mine')
    code, _, errors = command.run('--vary=l2=0,0.1')
    assert code == 1 and 'error: 1 of 2 cells did not finish:\n  l2=0/seed_0: could not be started' in errors
    assert set(command.events('end')) == {'l2=0.1/seed_0'}


def test_a_sweep_does_without_tensorflow():
    code = 'import sys, seqgan_tf.sweep.command; sys.exit(bool({"tensorflow", "keras", "tensorflow_probability"} & set(sys.modules)))'
    assert subprocess.run([sys.executable, '-c', code], cwd=ROOT).returncode == 0


def test_real_runs(tmp_path, flagfiles):
    """The training command itself: likelihood, then SeqGAN from its end by a constant reward; and again, with nothing to do."""
    out = tmp_path / 'out'
    command = [
        sys.executable,
        '-m',
        'seqgan_tf.sweep',
        f'--out={out}',
        f'--vary=flagfile={flagfiles[0]},{flagfiles[1]}',
        '--',
        *TINY,
    ]
    sweep = lambda: subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    answer = sweep()
    logs = ''.join(path.read_text() for path in out.rglob('log.txt'))
    assert answer.returncode == 0, answer.stderr + logs
    for name, phase in (('mle', 'mle'), ('gan', 'adversarial')):
        lines = [json.loads(line) for line in (out / name / 'seed_0' / 'metrics.jsonl').read_text().splitlines()]
        assert lines[-1]['phase'] == 'final' and phase in {line['phase'] for line in lines}
    files = {path: path.stat().st_mtime_ns for path in out.rglob('*') if path.is_file()}
    answer = sweep()
    assert answer.returncode == 0 and answer.stdout.count('was finished before') == 2
    assert {path: path.stat().st_mtime_ns for path in out.rglob('*') if path.is_file()} == files
