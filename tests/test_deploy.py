"""deploy/: the manifests by their schema, the image by its linter, and the Slurm script beside a stand-in for Slurm."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys

import pytest
from stand_in_trainer import Command

from seqgan_tf.running.command_line import read_config
from seqgan_tf.running.devices import _cluster
from seqgan_tf.running.flag_files import read_flags
from seqgan_tf.sweep.grid import make_cells, parse_variation
from seqgan_tf.sweep.shards import parse_shard, share
from seqgan_tf.version import VERSION

DEPLOY = pathlib.Path(__file__).resolve().parents[1] / 'deploy'
DOCKERFILE = (DEPLOY / 'Dockerfile').read_text()
SBATCH = DEPLOY / 'sweep.sbatch'


def read_manifest(name):
    """{kind: document} of a manifest."""
    yaml = pytest.importorskip('yaml', reason='needs PyYAML')
    return {document['kind']: document for document in yaml.safe_load_all((DEPLOY / name).read_text())}


@pytest.fixture(scope='module')
def objects():
    return read_manifest('sweep-job.yaml')


@pytest.fixture(scope='module')
def workers():
    return read_manifest('train-multi-worker.yaml')


def share_of(arguments):
    """(names of the grid, names of the share) of arguments of the sweep."""
    flags = [argument.removeprefix('--').split('=', 1) for argument in arguments]
    [out] = [value for name, value in flags if name == 'out']
    [shard] = [value for name, value in flags if name == 'shard']
    cells = make_cells(out, [parse_variation(value) for name, value in flags if name == 'vary'], [])
    return [cell.name for cell in cells], [cell.name for cell in share(cells, *parse_shard(shard))]


# Kubernetes


def test_the_manifests_keep_their_schema(objects, workers):
    kubernetes = pytest.importorskip('kubernetes_validate', reason='needs kubernetes-validate')
    assert set(objects) == {'Job', 'PersistentVolumeClaim'} == set(workers) - {'Service'}
    for document in (*objects.values(), *workers.values()):
        kubernetes.validate(document, kubernetes.latest_version(), strict=True)


def test_the_indexes_run_the_grid_and_none_waits_for_another(objects):
    job = objects['Job']['spec']
    [container] = job['template']['spec']['containers']
    command, *arguments = container['args']
    parts = []
    for index in range(job['completions']):
        grid, part = share_of([text.replace('$(JOB_COMPLETION_INDEX)', str(index)) for text in arguments])
        parts += part
    assert command == 'sweep' and job['completionMode'] == 'Indexed' and sorted(parts) == sorted(grid)


def test_a_pod_that_was_stopped_is_replaced_without_counting(objects):
    job = objects['Job']['spec']
    pod = job['template']['spec']
    assert pod['restartPolicy'] == 'Never' and job['backoffLimitPerIndex'] > 0
    disruption, stopped = job['podFailurePolicy']['rules']
    assert {disruption['action'], stopped['action']} == {'Ignore'}
    assert disruption['onPodConditions'] == [{'type': 'DisruptionTarget', 'status': 'True'}]
    assert stopped['onExitCodes']['values'] == [128 + signal.SIGTERM]
    assert stopped['onExitCodes']['containerName'] == pod['containers'][0]['name']


def test_each_worker_knows_all_workers_and_its_place(workers, monkeypatch):
    """By the names that a headless service gives to the pods of an indexed job."""
    job, service = workers['Job'], workers['Service']
    pod = job['spec']['template']['spec']
    [container] = pod['containers']
    environment = {entry['name']: entry for entry in container['env']}
    assert list(environment)[:2] == ['WORKER_INDEX', 'TF_CONFIG']  # an entry is filled in from those before it
    assert 'job-completion-index' in environment['WORKER_INDEX']['valueFrom']['fieldRef']['fieldPath']
    count = job['spec']['completions']
    assert job['spec']['parallelism'] == count and pod['restartPolicy'] == 'OnFailure'
    assert pod['subdomain'] == service['metadata']['name'] and service['spec']['clusterIP'] == 'None'
    assert service['spec']['selector'] == job['spec']['template']['metadata']['labels']
    [port] = service['spec']['ports']
    names = [f'{job["metadata"]["name"]}-{i}.{pod["subdomain"]}:{port["port"]}' for i in range(count)]
    for index in range(count):
        monkeypatch.setenv('TF_CONFIG', environment['TF_CONFIG']['value'].replace('$(WORKER_INDEX)', str(index)))
        assert _cluster('', 0) == (names, index)
    config = read_config(read_flags(container['args'][1:], {'dry_run': ''}))
    assert container['args'][0] == 'train' and config.strategy == 'multi_worker' and config.workdir.startswith('/runs/')


def test_the_worker_fits_the_image_and_the_claim(workers):
    pod = workers['Job']['spec']['template']['spec']
    [container], [volume] = pod['containers'], pod['volumes']
    assert container['image'] == f'seqgan_tf:{VERSION}'
    assert pod['securityContext']['runAsUser'] == int(re.search(r'^USER (\d+)$', DOCKERFILE, re.MULTILINE)[1])
    assert volume['persistentVolumeClaim']['claimName'] == workers['PersistentVolumeClaim']['metadata']['name']


def test_the_pod_fits_the_image_and_the_claim(objects):
    pod = objects['Job']['spec']['template']['spec']
    [container], [volume] = pod['containers'], pod['volumes']
    assert container['image'] == f'seqgan_tf:{VERSION}' and f'-t {container["image"]} .' in DOCKERFILE
    assert pod['securityContext']['runAsUser'] == int(re.search(r'^USER (\d+)$', DOCKERFILE, re.MULTILINE)[1]) > 0
    claim = objects['PersistentVolumeClaim']
    assert volume['persistentVolumeClaim']['claimName'] == claim['metadata']['name']
    assert claim['spec']['accessModes'] == ['ReadWriteMany']
    [mount] = container['volumeMounts']
    assert f'--out={mount["mountPath"]}/' in ' '.join(container['args'])
    threads = {entry['value'] for entry in container['env'] if entry['name'].endswith('_THREADS')}
    assert threads == {container['resources']['limits']['cpu']} and len(container['env']) == 3


# Docker


@pytest.mark.skipif(shutil.which('hadolint') is None, reason='needs hadolint on the PATH (extra: test)')
def test_the_dockerfile_passes_its_linter():
    done = subprocess.run(['hadolint', DEPLOY / 'Dockerfile'], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout


def test_the_dockerfile_copies_what_is_there_and_starts_the_commands():
    copied = [name for line in re.findall(r'^COPY (.+) \S+$', DOCKERFILE, re.MULTILINE) for name in line.split()]
    assert 'seqgan_tf' in copied and all((DEPLOY.parent / name).exists() for name in copied)
    assert re.search(r'^ENTRYPOINT \["tini", "--", "python", "-m", "seqgan_tf"\]$', DOCKERFILE, re.MULTILINE)


# Slurm


def test_the_slurm_script_parses():
    assert subprocess.run(['bash', '-n', SBATCH], timeout=30).returncode == 0
    lines = SBATCH.read_text().splitlines()
    first = next(i for i, line in enumerate(lines) if line and not line.startswith('#'))
    directives = [line.removeprefix('#SBATCH ') for line in lines if line.startswith('#SBATCH')]
    assert not [line for line in lines[first:] if line.startswith('#SBATCH')], (
        'Slurm reads none after the first command'
    )
    flags = dict(directive.removeprefix('--').partition('=')[::2] for directive in directives)
    assert len(flags) == len(directives) and flags['requeue'] == '' and flags['open-mode'] == 'append'
    assert re.fullmatch(r'0-\d+', flags['array']) and re.fullmatch(r'B:TERM@\d+', flags['signal'])


def test_the_arguments_of_its_example_are_a_grid():
    example = re.search(r'^#   sbatch (.*\\\n.*)$', SBATCH.read_text(), re.MULTILINE)[1]
    arguments = [word for word in example.replace('\\\n#', '').split() if word.startswith(('--out', '--vary'))]
    assert len(arguments) == 3
    assert [len(share_of([*arguments, f'--shard={index}/3'])[1]) for index in range(3)] == [2, 2, 2]


class Task(Command):
    """A task of a Slurm array: the script, with stand-ins for the training command and for scontrol on the PATH."""

    def __init__(self, folder):
        super().__init__(folder)
        self.tools, self.requeued = folder / 'bin', folder / 'requeued'
        self.tools.mkdir()
        sweep = f'from seqgan_tf.sweep.command import main; main(trainer=["{sys.executable}", "{self.trainer}"])'
        self.add(
            'python', f'[ "$1 $2" = "-m seqgan_tf.sweep" ] && shift 2 && exec {sys.executable} -c \'{sweep}\' "$@"'
        )
        self.add('scontrol', f'echo "$@" >> {self.requeued}')

    def add(self, name, script):
        (self.tools / name).write_text(f'#!/usr/bin/env bash\n{script}\n')
        (self.tools / name).chmod(0o755)

    def command(self, *arguments):
        return [SBATCH, f'--out={self.out}', *arguments]

    def start(self, *arguments, index, environment={}, **options):
        slurm = dict(SLURM_ARRAY_JOB_ID='7', SLURM_ARRAY_TASK_ID=str(index), SLURM_CPUS_PER_TASK='3')
        path = {'PATH': f'{self.tools}{os.pathsep}{os.environ["PATH"]}'}
        return super().start(*arguments, environment=slurm | path | environment, **options)


@pytest.fixture
def task(tmp_path):
    return Task(tmp_path)


def test_a_task_runs_its_shard(task):
    code, output, errors = task.run('--vary=seed=0,1,2', index=1, environment={'SLURM_ARRAY_TASK_COUNT': '3'})
    assert (code, errors) == (0, '') and task.started() == ['run/seed_1'] and not task.requeued.exists()
    assert 'threads 3 3 3\n' in task.log('run/seed_1')


def test_one_task_again_fails_as_its_shard_does(task):
    options = dict(index=2, environment={'SLURM_ARRAY_TASK_COUNT': '1'})
    code, _, errors = task.run('--vary=seed=0,1,2', **options)
    assert code == 1 and errors.endswith('Received: --shard=2/1\n')
    options['environment']['SHARDS'] = '3'
    code, _, errors = task.run('--vary=seed=0,1,2', plan={'run/seed_2': 'fail'}, **options)
    assert code == 1 and 'something is wrong' in errors and not task.requeued.exists()


def test_a_task_that_is_signalled_saves_and_is_requeued(task):
    code, output, errors = task.stop(
        '--vary=seed=0,1',
        signals=[signal.SIGTERM],
        plan={'run/seed_1': 'wait'},
        index=1,
        environment={'SLURM_ARRAY_TASK_COUNT': '2'},
    )
    assert code == 143 and errors == 'stopped: 0 of 1 cells are finished; the same command continues\n'
    assert task.requeued.read_text() == 'requeue 7_1\n' and task.events('signal')
