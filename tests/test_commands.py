"""The commands: listed once, started alike, and ended by Ctrl-C in a line."""

import ast
import importlib
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from seqgan_tf import __main__ as package
from seqgan_tf.commands import registry
from seqgan_tf.commands.registry import COMMANDS
from seqgan_tf.version import VERSION

ROOT = pathlib.Path(__file__).resolve().parents[1]
SCRIPTS = {
    'train': ['train.py'],
    'export': ['export/export_model.py'],
    'check': ['export/check_model.py'],
    'client': ['export/client.py'],
}


def setup_argument(name):
    """The syntax tree of an argument of setup(), and the literal COMMANDS of setup.py."""
    tree = ast.parse((ROOT / 'setup.py').read_text('utf-8'))
    [call] = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == 'setup']
    [commands] = [n.value for n in tree.body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == 'COMMANDS']
    [argument] = [keyword.value for keyword in call.keywords if keyword.arg == name]
    return argument, ast.literal_eval(commands)


def call(*arguments, **environment):
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | {'PYTHONPATH': str(ROOT)} | environment,
    )


@pytest.mark.parametrize('name', COMMANDS)
def test_a_command_is_there(name):
    assert callable(importlib.import_module(COMMANDS[name].module).main)


def test_a_wheel_has_every_command_as_a_script():
    scripts, commands = setup_argument('entry_points')
    assert "f'seqgan-{name} = seqgan_tf.commands.registry:{name}' for name in COMMANDS" in ast.unparse(scripts)
    assert set(commands) == set(COMMANDS)
    assert all(getattr(registry, name).args == (name,) for name in commands)


def test_a_wheel_has_every_flag_file():
    patterns = ast.literal_eval(setup_argument('package_data')[0])['seqgan_tf']
    package = ROOT / 'seqgan_tf'
    files = set(package.rglob('*.flags'))
    assert files and files <= {path for pattern in patterns for path in package.glob(pattern)}


def run(monkeypatch, capsys, main, *arguments):
    """(exit code, what is printed) of a command in this process."""
    monkeypatch.setattr(sys, 'argv', ['seqgan', *arguments])
    try:
        main()
        code = 0
    except SystemExit as error:
        code = error.code
    return code, capsys.readouterr().out


def test_the_package_lists_its_commands(monkeypatch, capsys):
    for arguments in ([], ['--help'], ['-h']):
        code, printed = run(monkeypatch, capsys, package.main, *arguments)
        assert code == 0
        assert all(f'\n  {name:8} {command.help}\n' in printed for name, command in COMMANDS.items())


def test_the_package_starts_a_command(monkeypatch, capsys):
    assert run(monkeypatch, capsys, package.main, 'paint') == (
        f'error: a command must be one of {", ".join(COMMANDS)}. Received: paint',
        '',
    )
    code, printed = run(monkeypatch, capsys, package.main, 'export', '--help')
    assert code == 0 and printed.startswith('usage: seqgan-export [-h] --workdir WORKDIR')


def test_there_is_one_version(monkeypatch, capsys):
    expected = (0, f'seqgan_tf {VERSION}\n')
    assert run(monkeypatch, capsys, package.main, '--version') == expected
    for name in COMMANDS:
        assert run(monkeypatch, capsys, getattr(registry, name), '--version') == expected
        assert run(monkeypatch, capsys, package.main, name, '--version') == expected
    code = 'import runpy, sys; sys.argv = ["setup.py", "--version"]; runpy.run_path("setup.py", run_name="__main__")'
    done = subprocess.run([sys.executable, '-c', code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == [VERSION], done.stderr


@pytest.mark.parametrize(
    'arguments',
    [
        *(SCRIPTS[name] for name in ('train', 'export', 'check')),
        *(['-m', f'seqgan_tf.{name}'] for name in ('train', 'data', 'sweep', 'report')),
        *(['-m', 'seqgan_tf', name] for name in ('train', 'data', 'sweep', 'report', 'export', 'check')),
    ],
    ids=' '.join,
)
def test_ctrl_c_during_the_imports_is_answered_in_a_line(arguments, tmp_path):
    """Ctrl-C comes when the first library outside Python's own is imported."""
    for library in ('absl', 'numpy', 'filelock', 'tqdm', 'tensorflow', 'keras'):
        (tmp_path / f'{library}.py').write_text('raise KeyboardInterrupt')
    options = {
        'check': [f'--export_dir={tmp_path}'],
        'export': ['--workdir=x', '--export_dir=y'],
        'report': ['x', '--out=y'],
    }
    (tmp_path / '1').mkdir()
    (tmp_path / '1' / 'saved_model.pb').touch()
    script = [ROOT / arguments[0]] if arguments[0].endswith('.py') else arguments
    given = next((flags for name, flags in options.items() if name in str(arguments)), ['--workdir=x'])
    done = call(*script, *given, PYTHONPATH=f'{tmp_path}{os.pathsep}{ROOT}')
    assert (done.returncode, done.stdout, done.stderr) == (130, '', 'interrupted\n')


def test_ctrl_c_while_tensorflow_loads_shows_none_of_its_notes(tmp_path):
    (tmp_path / 'tensorflow.py').write_text('import os\nos.write(2, b"a note")\nraise KeyboardInterrupt')
    done = call(ROOT / 'train.py', f'--workdir={tmp_path}/run', PYTHONPATH=f'{tmp_path}{os.pathsep}{ROOT}')
    assert (done.returncode, done.stdout, done.stderr) == (130, '', 'interrupted\n')


def test_the_client_needs_no_other_file(tmp_path):
    """Without installed packages, from a checkout and from a copy of its one file."""
    copy = shutil.copy(ROOT / 'seqgan_tf' / 'commands' / 'client.py', tmp_path / 'client.py')
    for script in (ROOT / 'export' / 'client.py', copy):
        done = call('-I', '-S', script, '--model=x', '--url=http://127.0.0.1:1', '--retries=0')
        assert done.returncode == 1 and done.stderr.startswith('error: http://127.0.0.1:1/v1/models/x:predict must be')


def test_a_gpu_gives_memory_as_it_is_needed(monkeypatch):
    from seqgan_tf.running.startup import load_tensorflow

    for value, expected in ((None, 'true'), ('false', 'false')):
        monkeypatch.delenv('TF_FORCE_GPU_ALLOW_GROWTH', raising=False)
        if value is not None:
            monkeypatch.setenv('TF_FORCE_GPU_ALLOW_GROWTH', value)
        load_tensorflow()
        assert os.environ['TF_FORCE_GPU_ALLOW_GROWTH'] == expected


def test_a_reader_that_has_gone_is_no_fault():
    """As in `seqgan-sample --n=1000 ... | head -1`, where the rest has no reader."""
    code = (
        'import sys, types; from seqgan_tf.commands import registry\n'
        'def main():\n    while True: print("text", flush=True)\n'
        'sys.modules["endless"] = types.SimpleNamespace(main=main)\n'
        'registry.COMMANDS["endless"] = registry.Command("endless", "")\n'
        'registry.start("endless")'
    )
    process = subprocess.Popen(
        [sys.executable, '-c', code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {'PYTHONPATH': str(ROOT)},
    )
    assert process.stdout.readline() == b'text\n'
    process.stdout.close()
    assert (process.wait(timeout=60), process.stderr.read()) == (141, b'')
