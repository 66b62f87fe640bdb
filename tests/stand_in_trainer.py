"""The sweep as a process, with a stand-in for the training command that starts at once."""

import json
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]

# Stands in for the training command: reads the real flags, writes what tells a finished run, and behaves as $PLAN says for its directory.
STAND_IN = """
import json, os, pathlib, signal, sys, time
from absl import flags
from seqgan_tf.config import Config
from seqgan_tf.settings import define_flags

def note(event):
    with open(os.environ['EVENTS'], 'a') as file:
        file.write(json.dumps([event, name, os.getpid(), time.monotonic()]) + '\\n')

def stop(number, _):
    note('signal')
    if plan != 'stubborn':
        sys.exit(143)

define_flags(Config)
flags.FLAGS(sys.argv)
config = Config.from_flags(flags.FLAGS)
workdir = pathlib.Path(config.workdir)
name = '/'.join(workdir.parts[-2:])
plan = json.loads(os.environ['PLAN']).get(name)
signal.signal(signal.SIGTERM, stop)
note('start')
print('threads', *(os.environ[f'{kind}_NUM{part}_THREADS'] for kind, part in (('TF', '_INTRAOP'), ('TF', '_INTEROP'), ('OMP', ''))))
if plan == 'fail':
    sys.exit('error: something is wrong')
if plan == 'killed':
    os.kill(os.getpid(), signal.SIGKILL)
if plan and plan.startswith('until '):
    while not os.path.exists(plan.removeprefix('until ')):
        time.sleep(0.02)
else:
    time.sleep(0.3 if plan is None else 60)
(workdir / 'config.json.new').write_text(config.to_json())
os.replace(workdir / 'config.json.new', workdir / 'config.json')
(workdir / 'metrics.jsonl').write_text('{"phase": "mle", "round": 1}\\n{"phase": "final", "round": 0}\\n')
note('end')
"""


class Command:
    """The sweep as a process, with the stand-in for the training command."""

    def __init__(self, folder):
        self.out, self.events_file, self.trainer = folder / 'out', folder / 'events', folder / 'trainer.py'
        self.trainer.write_text(STAND_IN)

    def command(self, *arguments):
        """The command line of the sweep."""
        code = f'from seqgan_tf.sweep.command import main; import sys; main(trainer=[sys.executable, {str(self.trainer)!r}])'
        return [sys.executable, '-c', code, f'--out={self.out}', *arguments]

    def start(self, *arguments, plan={}, environment={}):
        inherited = {name: value for name, value in os.environ.items() if not name.endswith('_THREADS')}
        return subprocess.Popen(
            self.command(*arguments),
            cwd=ROOT,
            text=True,
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=inherited
            | environment
            | dict(PYTHONPATH=str(ROOT), EVENTS=str(self.events_file), PLAN=json.dumps(plan)),
        )

    def run(self, *arguments, **options):
        """(exit status, stdout, stderr)"""
        process = self.start(*arguments, **options)
        output, errors = process.communicate(timeout=120)
        assert 'Traceback' not in output + errors
        return process.returncode, output, errors

    def events(self, kind):
        """Cells with such an event, in order: {name: time}."""
        lines = self.events_file.read_text().splitlines() if self.events_file.exists() else []
        return {name: at for event, name, _, at in map(json.loads, lines) if event == kind}

    def started(self):
        """The cells of all runs that were started, in order; one that was started twice is there twice."""
        lines = self.events_file.read_text().splitlines() if self.events_file.exists() else []
        return [name for event, name, *_ in map(json.loads, lines) if event == 'start']

    def wait_for(self, *names):
        """Returns when runs of these cells have started."""
        deadline = time.monotonic() + 30
        while not set(names) <= set(self.started()):
            assert time.monotonic() < deadline, self.started()
            time.sleep(0.02)

    def processes(self):
        """Ids of all that were started."""
        return {json.loads(line)[2] for line in self.events_file.read_text().splitlines()}

    def stop(self, *arguments, signals, group=False, **options):
        """Runs until every planned cell has started, then sends the signals; (exit status, stdout, stderr)."""
        process = self.start(*arguments, **options)
        self.wait_for(*options['plan'])
        for number in signals:
            (os.killpg if group else os.kill)(process.pid, number)
            time.sleep(1)
        output, errors = process.communicate(timeout=120)
        assert 'Traceback' not in output + errors
        return process.returncode, output, errors

    def log(self, name):
        return (self.out / name / 'log.txt').read_text()
