"""export/README.md as an operator follows it: every command of its shell blocks, in its order, from a copy of the project.

`tensorflow_model_server` is the stand-in of these tests, and the ports are free ones; nothing else is changed.
"""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
import stand_in_server

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Commands that are not run, by their first word.
NEEDED = {'sudo': 'a machine of its own', 'docker': 'a container engine', 'kubectl': 'a cluster'}
TOOLS = ('bash', 'curl', 'g++', 'make')
LIMIT = 900  # seconds for a command, on a machine with much else to do; the longest draws 20,000 sequences
TRAINING = (
    '--flagfile=poetry.flags --mle_epochs=0 --discriminator_rounds=1 --negatives=64 --adversarial_rounds=0 '
    '--eval_samples=64 --num_sequences=512'
).split()

pytestmark = pytest.mark.skipif(not all(map(shutil.which, TOOLS)), reason=f'needs {", ".join(TOOLS)} on the PATH')


def blocks(text):
    """The (language, text) pairs of the fenced blocks of a Markdown file; shell blocks have no language."""
    return re.findall(r'^```(\w*)\n(.*?)^```$', text, re.MULTILINE | re.DOTALL)


def commands(text):
    """The commands of its shell blocks without their comments, each once."""
    lines = [line for language, block in blocks(text) if not language for line in block.splitlines()]
    return list(dict.fromkeys(line.partition('  #')[0].rstrip() for line in lines))


@pytest.fixture(scope='module')
def checkout(tmp_path_factory):
    """A copy of the project with other ports, an exported run, and a PATH whose server is the stand-in: (folder, environment)."""
    pytest.importorskip('tensorflow_serving.apis', reason='needs tensorflow-serving-api (extra: serving)')
    folder = tmp_path_factory.mktemp('operator') / 'project'
    left_out = shutil.ignore_patterns(
        '.*', '__pycache__', 'runs', 'exports', 'served', 'shared', 'tests', 'ask', '*.egg-info'
    )
    shutil.copytree(ROOT, folder, ignore=left_out)
    with socket.socket() as one, socket.socket() as other:
        one.bind(('localhost', 0))
        other.bind(('localhost', 0))
        ports = {'8500': str(one.getsockname()[1]), '8501': str(other.getsockname()[1])}
    for path in map(folder.joinpath, ('export/README.md', 'export/serve.sh', 'seqgan_tf/commands/client.py')):
        path.write_text(re.sub('8500|8501', lambda port: ports[port.group()], path.read_text()))
    tools = folder.parent / 'bin'
    tools.mkdir()
    for name, words in (('python', ''), ('tensorflow_model_server', stand_in_server.__file__)):
        (tools / name).write_text(f'#!/usr/bin/env bash\nexec {sys.executable} {words} "$@"\n')
        (tools / name).chmod(0o755)
    environment = os.environ | {
        'PATH': f'{tools}{os.pathsep}{os.environ["PATH"]}',
        'PYTHONPATH': str(folder),
        'PYTHONIOENCODING': 'utf-8',
        'REST': f'http://localhost:{ports["8501"]}/v1/models/poetry',
    }
    done = execute(' '.join(['python', 'train.py', *TRAINING]), folder, environment)
    assert done.returncode == 0, done.stderr[-3000:]
    yield folder, environment


def execute(command, folder, environment):
    return subprocess.run(
        ['bash', '-c', command], cwd=folder, env=environment, capture_output=True, text=True, timeout=LIMIT
    )


def start(command, folder, environment):
    """A server in the background, once its model is AVAILABLE."""
    log = open(folder / 'server.log', 'w+')
    process = subprocess.Popen(
        ['bash', '-c', f'exec {command}'], cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT
    )
    end = time.monotonic() + LIMIT
    while process.poll() is None and time.monotonic() < end:
        try:
            with urllib.request.urlopen(environment['REST'], timeout=5) as answer:
                if b'"AVAILABLE"' in answer.read():
                    return process
        except OSError:
            time.sleep(0.2)
    stop(process)
    pytest.fail(f'{command} must serve: {(folder / "server.log").read_text()[-2000:]}')


def stop(process):
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=60)


def test_every_command_of_the_readme(checkout):
    folder, environment = checkout
    server, failed, skipped = None, [], []
    try:
        for command in commands((folder / 'export' / 'README.md').read_text()):
            if command.split()[0] in NEEDED:
                skipped.append(command)
            elif command.startswith('export/serve.sh'):
                if server:
                    stop(server)
                server = start(command, folder, environment)
            else:
                done = execute(command, folder, environment)
                if done.returncode or re.search(r'"error": *"[^"]', done.stdout):
                    failed.append((command, done.returncode, done.stdout[-500:], done.stderr[-500:]))
        python = [
            block for language, block in blocks((folder / 'export' / 'README.md').read_text()) if language == 'python'
        ]
        for program in python:
            done = subprocess.run(
                [sys.executable, '-c', program], env=environment, capture_output=True, text=True, timeout=LIMIT
            )
            if done.returncode:
                failed.append((program, done.returncode, done.stdout[-500:], done.stderr[-500:]))
    finally:
        if server:
            stop(server)
    assert failed == [] and python
    assert {command.split()[0] for command in skipped} == set(NEEDED), 'the list of what is not run must be exact'
