"""The command line of training: help by groups, settings of the workdir, errors in a line. TensorFlow is not needed."""

import dataclasses
import json

import pytest

from seqgan_tf import train
from seqgan_tf.config import Config
from seqgan_tf.running import command_line, experiment
from seqgan_tf.running.command_line import GROUPS, groups, help_text
from seqgan_tf.sweep.grid import make_cells

FIELDS = {field.name: field for field in dataclasses.fields(Config)}


@pytest.fixture
def configs(monkeypatch):
    """The settings of the runs that commands start; none is run."""
    started = []
    monkeypatch.setattr(experiment, 'run', started.append)
    return started


# --help


def test_every_setting_is_in_one_group():
    assert [field.name for fields in groups().values() for field in fields] == list(FIELDS)
    assert list(groups()) == list(GROUPS) and all(groups().values())
    assert [fields[0].name for fields in groups().values()] == list(GROUPS.values())


@pytest.mark.parametrize('width', [60, 80, 200])
def test_help_fits_the_terminal(width, monkeypatch, capsys, configs):
    monkeypatch.setenv('COLUMNS', str(width))
    for flag in ('--help', '-h'):
        train.main(['--seed=1', flag])
        lines = capsys.readouterr().out.splitlines()
        assert width - 20 < max(map(len, lines)) <= width
        assert not [line for line in lines if line.endswith('-')]  # a flag or a word in two
    assert not configs


def test_help_has_each_setting_with_its_default_and_choices():
    lines = [*help_text(100).splitlines(), '']
    for title, fields in groups().items():
        start = lines.index(title)
        names = [
            f'  --[no]{f.name} (default: {str(f.default).lower()})' if f.type is bool else f'  --{f.name}={f.default}'
            for f in fields
        ]
        section = lines[start : lines.index('', start)]
        assert [line for line in section if line.startswith('  --')] == names
    text = ' '.join(help_text(10_000).split())
    for field in FIELDS.values():
        assert ' '.join(field.metadata['help'].split()) in text
        if field.metadata['choices'] and not field.metadata['several']:
            assert f'one of {", ".join(field.metadata["choices"])}' in text


# Errors


@pytest.mark.parametrize(
    'arguments, message',
    [
        (['--droput=0.1'], "error: Unknown command line flag 'droput'. Did you mean: dropout ?"),
        (['--flagfile=nowhere.flags'], 'error: flagfile must be the path of a file or one of'),
        (['--g_steps=many'], 'error: flag --g_steps=many: invalid literal'),
        (['--seed=-1'], 'error: seed must be at least 0'),
        (['corpus.txt'], 'error: settings are given as --name=value. Received: corpus.txt'),
        (['--workdir='], 'error: workdir must name a directory. Received: workdir='),
    ],
)
def test_an_error_is_a_line(arguments, message, configs):
    with pytest.raises(SystemExit) as stopped:
        train.main(arguments)
    assert stopped.value.code.startswith(message) and not configs


def test_a_command_may_be_called_twice(tmp_path, configs):
    train.main([f'--workdir={tmp_path}/a', '--seed=1'])
    train.main([f'--workdir={tmp_path}/a'])
    assert configs == [Config(workdir=f'{tmp_path}/a', seed=1), Config(workdir=f'{tmp_path}/a')]


# The settings of a workdir


@pytest.fixture
def made(tmp_path):
    """(workdir, settings) of a run that was moved."""
    config = Config(algorithm='mle', seed=3, mle_epochs=7, eval_samples=50, workdir='elsewhere')
    (tmp_path / 'config.json').write_text(config.to_json(), 'utf-8')
    return tmp_path, dataclasses.replace(config, workdir=str(tmp_path))


def test_the_settings_of_a_run_are_those_of_its_workdir(made, configs, capsys):
    workdir, config = made
    train.main([f'--workdir={workdir}'])
    assert configs == [config]
    assert capsys.readouterr().out == f'settings from {workdir}/config.json\n'


def test_only_what_is_given_replaces_them(made, configs, tmp_path):
    workdir, config = made
    (tmp_path / 'my.flags').write_text(f'--mle_epochs=9\n--workdir={workdir}\n')
    train.main([f'--flagfile={tmp_path}/my.flags', '--eval_samples=10000'])
    # eval_samples has its default, and was given.
    assert configs == [dataclasses.replace(config, mle_epochs=9, eval_samples=10_000)]
    assert FIELDS['eval_samples'].default == 10_000


def test_devices_are_those_of_the_process(made, configs):
    """The addresses of the workers that made a run are no use to those that continue it."""
    workdir, config = made
    devices = dict(strategy='auto', num_devices=1, workers='a:1,b:1', worker_index=1)
    (workdir / 'config.json').write_text(dataclasses.replace(config, **devices).to_json(), 'utf-8')
    train.main([f'--workdir={workdir}'])
    train.main([f'--workdir={workdir}', '--num_devices=1'])
    assert configs == [config, dataclasses.replace(config, num_devices=1)]


def test_a_new_workdir_has_the_defaults(configs, tmp_path, capsys):
    train.main([f'--workdir={tmp_path}/new', '--seed=2'])
    assert configs == [Config(workdir=f'{tmp_path}/new', seed=2)] and capsys.readouterr().out == ''


def test_a_workdir_of_an_earlier_version_lacks_settings(made, configs):
    workdir, config = made
    values = json.loads((workdir / 'config.json').read_text('utf-8'))
    del values['mle_patience'], values['precision']
    (workdir / 'config.json').write_text(json.dumps(values), 'utf-8')
    train.main([f'--workdir={workdir}'])
    assert configs == [config]


def test_a_damaged_config_is_named(made, configs):
    (made[0] / 'config.json').write_text('{', 'utf-8')
    with pytest.raises(SystemExit) as stopped:
        train.main([f'--workdir={made[0]}'])
    assert stopped.value.code.startswith('error: config.json must hold the settings of a run. Received:')


def test_a_sweep_says_every_setting_that_its_run_would_take_from_the_workdir(tmp_path, configs):
    """A cell goes back to the default of a setting that the run in its directory has changed."""
    [cell] = make_cells(str(tmp_path), [('seed', ['1'])], ['--mle_epochs=5'])
    cell.workdir.mkdir(parents=True)
    (cell.workdir / 'config.json').write_text(
        dataclasses.replace(cell.config, eval_every=2, mle_epochs=4).to_json(), 'utf-8'
    )
    train.main(cell.flags())
    assert configs == [cell.config] and cell.config.eval_every == Config.eval_every


def test_a_dry_run_is_no_run(configs, monkeypatch, tmp_path):
    from seqgan_tf.running import dry_run

    dry = []
    monkeypatch.setattr(dry_run, 'dry_run', dry.append)
    train.main(['--dry_run', f'--workdir={tmp_path}/run'])
    assert dry == [Config(workdir=f'{tmp_path}/run')] and not configs
    assert 'dry_run' not in FIELDS and command_line.DRY_RUN in ' '.join(help_text(500).split())
