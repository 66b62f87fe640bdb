"""What an operator starts servers with: every file read by its own parser, the script run beside servers that only say how they are called."""

import configparser
import os
import pathlib
import re
import shutil
import subprocess

import pytest
import stand_in_server
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from google.protobuf.wrappers_pb2 import DESCRIPTOR as WRAPPERS
from serving_models import VOCABULARIES, networks

from seqgan_tf.commands import client
from seqgan_tf.serving.export import export_saved_model

EXPORT = pathlib.Path(__file__).resolve().parent.parent / 'export'
IMAGE = 'tensorflow/serving:2.20.0'
# (name, number, type name or kind): session_bundle_config.proto and monitoring_config.proto, which tensorflow-serving-api leaves out.
MESSAGES = {
    'BatchingParameters': [
        ('max_batch_size', 1, 'Int64Value'),
        ('batch_timeout_micros', 2, 'Int64Value'),
        ('max_enqueued_batches', 3, 'Int64Value'),
        ('num_batch_threads', 4, 'Int64Value'),
    ],
    'PrometheusConfig': [('enable', 1, 'bool'), ('path', 2, 'string')],
    'MonitoringConfig': [('prometheus_config', 1, 'PrometheusConfig')],
}


def declared_message(name):
    """A message type of TensorFlow Serving that no Python package has, from `MESSAGES`."""
    file = descriptor_pb2.FileDescriptorProto(
        name='serving.proto', package='tensorflow.serving', syntax='proto3', dependency=[WRAPPERS.name]
    )
    kinds = {
        'bool': descriptor_pb2.FieldDescriptorProto.TYPE_BOOL,
        'string': descriptor_pb2.FieldDescriptorProto.TYPE_STRING,
    }
    for message, fields in MESSAGES.items():
        declared = file.message_type.add(name=message)
        for field, number, kind in fields:
            package = 'google.protobuf' if kind == 'Int64Value' else 'tensorflow.serving'
            declared.field.add(
                name=field,
                number=number,
                label=descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL,
                type=kinds.get(kind, descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE),
                type_name=None if kind in kinds else f'.{package}.{kind}',
            )
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(WRAPPERS.serialized_pb)
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f'tensorflow.serving.{name}'))


def documents(name):
    """The documents of a YAML file."""
    yaml = pytest.importorskip('yaml', reason='needs PyYAML')
    return list(yaml.safe_load_all((EXPORT / name).read_text('utf-8')))


def flag_values(flags):
    """{flag: value} of a server's command line."""
    return dict(flag.removeprefix('--').split('=', 1) for flag in flags)


def test_models_config():
    config_pb2 = pytest.importorskip(
        'tensorflow_serving.config.model_server_config_pb2', reason='needs the extra `serving`'
    )
    (config,) = text_format.Parse(
        (EXPORT / 'models.config').read_text(), config_pb2.ModelServerConfig()
    ).model_config_list.config
    assert (config.name, config.base_path, config.model_platform) == ('poetry', '/models/poetry', 'tensorflow')
    assert set(config.version_labels) == {'stable', 'canary'}
    assert set(config.version_labels.values()) <= set(config.model_version_policy.specific.versions)


def test_batching_config():
    batching = text_format.Parse((EXPORT / 'batching.config').read_text(), declared_message('BatchingParameters')())
    assert batching.max_batch_size.value == 512 and batching.batch_timeout_micros.value > 0
    assert batching.max_enqueued_batches.value > 0 and batching.num_batch_threads.value > 0


def test_monitoring_config():
    monitoring = text_format.Parse((EXPORT / 'monitoring.config').read_text(), declared_message('MonitoringConfig')())
    assert monitoring.prometheus_config.enable
    assert monitoring.prometheus_config.path == '/monitoring/prometheus/metrics'


def test_compose():
    service = documents('docker-compose.yml')[0]['services']['poetry']
    assert service['image'] == IMAGE and service['read_only']
    mounts = dict(volume.removesuffix(':ro').rsplit(':', 1)[::-1] for volume in service['volumes'])
    assert all(volume.endswith(':ro') for volume in service['volumes']) and set(mounts) == {'/models', '/config'}
    for flag, value in flag_values(service['command']).items():
        if value.startswith('/'):
            assert (EXPORT / mounts['/config'] / pathlib.Path(value).relative_to('/config')).is_file(), flag
    assert '/v1/models/poetry' in service['healthcheck']['test'][-1]
    assert service['restart'] == 'unless-stopped' and service['mem_limit'], 'one request can end or fill the process'
    assert '127.0.0.1:8500:8500' in service['ports'], 'gRPC is for trusted callers alone'


def test_kubernetes_and_its_settings():
    objects = {document['kind']: document for document in documents('kubernetes.yaml')}
    assert set(objects) == {
        'Deployment',
        'PersistentVolumeClaim',
        'Service',
        'NetworkPolicy',
        'HorizontalPodAutoscaler',
    }
    pod = objects['Deployment']['spec']['template']
    container, proxy = pod['spec']['containers']
    volumes = {volume['name']: volume for volume in pod['spec']['volumes']}
    assert container['image'] == IMAGE and all(mount['readOnly'] for mount in container['volumeMounts'])
    assert {mount['name'] for mount in container['volumeMounts']} == set(volumes)
    assert (
        volumes['models']['persistentVolumeClaim']['claimName'] == objects['PersistentVolumeClaim']['metadata']['name']
    )
    assert objects['Service']['spec']['selector'].items() <= pod['metadata']['labels'].items()
    assert objects['Deployment']['spec']['selector']['matchLabels'].items() <= pod['metadata']['labels'].items()
    targets = {port['name']: port['targetPort'] for port in objects['Service']['spec']['ports']}
    assert targets == {'grpc': container['ports'][0]['name'], 'rest': proxy['ports'][0]['name']}
    assert (
        objects['HorizontalPodAutoscaler']['spec']['scaleTargetRef']['name']
        == objects['Deployment']['metadata']['name']
    )
    assert container['resources']['requests']['cpu'], 'the autoscaler counts in shares of the request'
    assert container['resources']['limits']['memory'], 'one gRPC tensor can fill the machine'
    _, seconds = container['lifecycle']['preStop']['exec']['command']
    assert int(seconds) >= 15 and pod['spec']['terminationGracePeriodSeconds'] > int(seconds) + 10
    # The same question and the same flags as everywhere.
    compose = documents('docker-compose.yml')[0]['services']['poetry']
    assert container['readinessProbe']['exec']['command'] == compose['healthcheck']['test'][1:]
    polling = {'model_config_file_poll_wait_seconds'}  # a changed ConfigMap starts new pods instead
    assert (
        flag_values(container['args']).items()
        == {k: v for k, v in flag_values(compose['command']).items() if k not in polling}.items()
    )
    (kustomization,) = documents('kustomization.yaml')
    (generator,) = kustomization['configMapGenerator']
    assert volumes['config']['configMap']['name'] == generator['name']
    assert all((EXPORT / file).is_file() for file in [*kustomization['resources'], *generator['files']])


def test_nginx_alone_is_reached_over_rest():
    """The compose file publishes its port and no other; in Kubernetes it stands beside the server, and nobody comes past it."""
    compose = documents('docker-compose.yml')[0]
    server, proxy = compose['services']['poetry'], compose['services']['nginx']
    assert server['ports'] == ['127.0.0.1:8500:8500'] and proxy['ports'] == ['8501:8080']
    assert (
        proxy['volumes'] == ['./nginx:/config:ro'] and proxy['depends_on']['poetry']['condition'] == 'service_healthy'
    )
    (subnet,) = compose['networks']['default']['ipam']['config']
    assert re.sub(r'\d+$', '0/24', server['networks']['default']['ipv4_address']) == subnet['subnet']
    objects = {document['kind']: document for document in documents('kubernetes.yaml')}
    pod = objects['Deployment']['spec']['template']['spec']
    container, sidecar = pod['containers']
    assert (sidecar['image'], sidecar['command']) == (proxy['image'], proxy['command'])
    assert sidecar['resources']['requests']['cpu'], 'the autoscaler counts in shares of the requests of all containers'
    assert sidecar['volumeMounts'] == [{'name': 'config', 'mountPath': '/config', 'readOnly': True}]
    (server_name,) = re.findall(r'server (\w+):8501;', (EXPORT / 'nginx' / 'nginx.conf').read_text())
    assert (
        pod['hostAliases'] == [{'ip': '127.0.0.1', 'hostnames': [server_name]}] and server_name in compose['services']
    )
    stops = [int(one['lifecycle']['preStop']['exec']['command'][1]) for one in (sidecar, container)]
    assert stops[0] < stops[1], 'nginx must stop before the server that it asks'
    policy = objects['NetworkPolicy']['spec']
    assert policy['podSelector'] == objects['Deployment']['spec']['selector']
    open_to_all = [rule['ports'] for rule in policy['ingress'] if 'from' not in rule]
    assert open_to_all == [[{'port': sidecar['ports'][0]['name']}]]


def test_kubernetes_objects_keep_their_schema():
    kubernetes = pytest.importorskip('kubernetes_validate', reason='needs kubernetes-validate')
    objects = documents('kubernetes.yaml')
    for document in objects:
        kubernetes.validate(document, kubernetes.latest_version(), strict=True)
    objects[0]['spec']['replica'] = 2
    with pytest.raises(kubernetes.ValidationError):
        kubernetes.validate(objects[0], kubernetes.latest_version(), strict=True)


def compose_works():
    """Whether docker has its compose plugin, which needs no running engine to read a file."""
    return (
        shutil.which('docker')
        and subprocess.run(['docker', 'compose', 'version'], capture_output=True, timeout=30).returncode == 0
    )


@pytest.mark.skipif(not compose_works(), reason='needs docker compose')
def test_compose_reads_its_file():
    command = ['docker', 'compose', '-f', EXPORT / 'docker-compose.yml', 'config', '-q']
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(shutil.which('kubectl') is None, reason='needs kubectl on the PATH')
def test_kustomize_builds():
    """Without a cluster: the settings are where the pods look for them."""
    yaml = pytest.importorskip('yaml', reason='needs PyYAML')
    built = subprocess.run(['kubectl', 'kustomize', EXPORT], capture_output=True, text=True, timeout=60)
    assert built.returncode == 0, built.stderr
    objects = {document['kind']: document for document in yaml.safe_load_all(built.stdout)}
    config = objects['ConfigMap']
    settings = {'models.config', 'batching.config', 'monitoring.config', 'nginx.conf', 'check_body.js'}
    assert set(config['data']) == settings
    volumes = objects['Deployment']['spec']['template']['spec']['volumes']
    assert {'name': config['metadata']['name']} in [volume.get('configMap') for volume in volumes]


def test_kserve():
    (service,) = documents('kserve.yaml')
    assert (service['apiVersion'], service['kind']) == ('serving.kserve.io/v1beta1', 'InferenceService')
    predictor = service['spec']['predictor']
    assert (
        predictor['model']['modelFormat'] == {'name': 'tensorflow'}
        and predictor['model']['runtimeVersion'] == IMAGE.split(':')[1]
    )
    claim, model = re.fullmatch(r'pvc://(\w+)/(\w+)', predictor['model']['storageUri']).groups()
    assert (claim, model) == ('models', service['metadata']['name'])
    assert 0 < predictor['minReplicas'] < predictor['maxReplicas']


def test_the_flags_of_kserve_are_those_of_the_server():
    """KServe adds ports, name and path itself."""
    flags = documents('kserve.yaml')[0]['spec']['predictor']['model']['args']
    compose = flag_values(documents('docker-compose.yml')[0]['services']['poetry']['command'])
    assert flag_values(flags).items() <= compose.items()


def test_the_service_starts_again():
    unit = configparser.ConfigParser()
    unit.optionxform = str
    unit.read(EXPORT / 'serving.service')
    service = unit['Service']
    assert service['Restart'] == 'always' and unit['Unit']['StartLimitIntervalSec'] == '0' and service['MemoryMax']
    script, model = service['ExecStart'].split()
    assert (script, model) == ('/srv/seqgan/export/serve.sh', '/srv/seqgan/exports/poetry')


@pytest.mark.skipif(shutil.which('systemd-analyze') is None, reason='needs systemd-analyze on the PATH')
def test_systemd_reads_the_service(tmp_path):
    unit = tmp_path / 'serving.service'
    unit.write_text((EXPORT / 'serving.service').read_text().replace('/srv/seqgan/export', str(EXPORT)))
    done = subprocess.run(['systemd-analyze', 'verify', unit], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, '')


@pytest.fixture
def machine(tmp_path):
    """A model, and a PATH with nothing but a shell's own tools; gives a function that runs serve.sh there with programs added."""
    model = tmp_path / 'my exports' / 'poetry'
    (model / '1').mkdir(parents=True)
    (model / '1' / 'saved_model.pb').touch()
    tools = tmp_path / 'bin'
    tools.mkdir()
    for tool in ('bash', 'env', 'basename', 'dirname', 'realpath', 'cat'):
        (tools / tool).symlink_to(shutil.which(tool))

    def serve(*args, programs=(), **environment):
        for program, script in programs:
            (tools / program).write_text(f'#!/usr/bin/env bash\n{script}\n')
            (tools / program).chmod(0o755)
        return subprocess.run(
            [EXPORT / 'serve.sh', *args],
            capture_output=True,
            text=True,
            timeout=30,
            env={'PATH': str(tools), 'HOME': os.environ.get('HOME', '/'), **environment},
        )

    serve.model = str(model)
    return serve


TELL = 'printf "%s\\n" "$0" "$@"'  # a program that prints how it is called
NOT_OF_THE_SERVER = ('--rm', '--entrypoint', '--memory=2g')  # flags of docker itself


def test_script_parses():
    assert subprocess.run(['bash', '-n', EXPORT / 'serve.sh'], timeout=30).returncode == 0


@pytest.mark.parametrize('programs', [(), [('docker', 'exit 1')], [('docker', 'exit 1'), ('podman', 'exit 1')]])
def test_script_says_what_is_missing(machine, programs):
    done = machine(machine.model, programs=programs)
    assert done.returncode == 1 and done.stdout == ''
    assert done.stderr.startswith(
        'error: a server must be there: tensorflow_model_server on the PATH, or docker or podman with a running'
    )


@pytest.mark.parametrize(
    'args, message',
    [
        ([], 'error: arguments must be EXPORT_DIR [MODELS_CONFIG]. Received: 0 arguments'),
        (['/none'], 'error: EXPORT_DIR must hold a version of a model, such as 1/saved_model.pb. Received: /none'),
        (['{model}', '/none'], 'error: MODELS_CONFIG must be a file. Received: /none'),
    ],
)
def test_script_refuses_what_it_cannot_serve(machine, args, message):
    done = machine(*(arg.format(model=machine.model) for arg in args), programs=[('tensorflow_model_server', TELL)])
    assert (done.returncode, done.stderr.strip()) == (1, message)


def test_script_starts_the_server_on_the_path(machine):
    done = machine(machine.model, programs=[('tensorflow_model_server', TELL), ('docker', 'exit 0')], REST_PORT='9501')
    program, *flags = done.stdout.splitlines()
    values = flag_values(flags)
    assert program.endswith('/tensorflow_model_server') and done.returncode == 0
    assert (values['port'], values['rest_api_port'], values['grpc_max_threads']) == ('8500', '9501', '64')
    assert (values['model_name'], values['model_base_path']) == ('poetry', machine.model)
    assert (
        pathlib.Path(values['batching_parameters_file']).is_file()
        and pathlib.Path(values['monitoring_config_file']).is_file()
    )


@pytest.mark.parametrize('engine', ['docker', 'podman'])
def test_script_starts_a_container(machine, engine):
    done = machine(machine.model, str(EXPORT / 'models.config'), programs=[(engine, TELL)], GRPC_PORT='9500')
    program, command, *args = done.stdout.splitlines()
    image = args.index(IMAGE)
    mounts = {args[i + 1].removesuffix(':ro').rsplit(':', 1)[1]: args[i + 1] for i in range(image) if args[i] == '-v'}
    assert (pathlib.Path(program).name, command) == (engine, 'run') and '127.0.0.1:9500:8500' in args
    assert '--memory=2g' in args[:image]
    assert all(mount.endswith(':ro') for mount in mounts.values())
    assert mounts['/models'] == f'{os.path.dirname(machine.model)}:/models:ro'
    values = flag_values(args[image + 1 :])
    assert values['model_config_file'] == '/config/models.config' and 'model_name' not in values
    assert {os.path.dirname(value) for value in values.values() if value.startswith('/')} <= set(mounts)


@pytest.fixture(scope='module')
def exported(tmp_path_factory):
    """A directory with version 1 of `poetry` and export/models.config, changed to where it is."""
    vocabulary, length = VOCABULARIES['words']
    folder = tmp_path_factory.mktemp('exports')
    export_saved_model(*networks(vocabulary, length), vocabulary, length, folder / 'poetry')
    text = (EXPORT / 'models.config').read_text()
    (folder / 'models.config').write_text(text.replace("'/models/poetry'", f"'{folder}/poetry'"))
    return folder


@pytest.fixture(params=['docker-compose.yml', 'kubernetes.yaml', 'serve.sh', 'serve.sh with docker'])
def flags_with_labels(request, machine, exported):
    """The flags of each way to start with models.config."""
    if request.param == 'docker-compose.yml':
        return documents(request.param)[0]['services']['poetry']['command']
    if request.param == 'kubernetes.yaml':
        return documents(request.param)[0]['spec']['template']['spec']['containers'][0]['args']
    program = 'docker' if 'docker' in request.param else 'tensorflow_model_server'
    done = machine(str(exported / 'poetry'), str(exported / 'models.config'), programs=[(program, TELL)])
    return [line for line in done.stdout.splitlines() if line.startswith('--') and line not in NOT_OF_THE_SERVER]


def test_a_server_starts_with_labels(flags_with_labels, exported):
    """The stand-in refuses what the real server refuses: unknown flags, labels before models, files that are not there."""
    pytest.importorskip('tensorflow_serving.config', reason='needs tensorflow-serving-api (extra: serving)')
    flags = flag_values(flags_with_labels) | {'port': '0', 'rest_api_port': '0'}
    assert flags.pop('model_config_file').endswith('/models.config')
    flags['model_config_file'] = str(exported / 'models.config')
    for name in ('batching_parameters_file', 'monitoring_config_file'):
        flags[name] = str(EXPORT / pathlib.Path(flags[name]).name)
    with stand_in_server.started([f'--{name}={value}' for name, value in flags.items()]) as server:
        for label in ('stable', 'canary'):
            asked = client.Rest(server.rest, 'poetry', label=label)
            assert asked.status(30) == [{'version': 1, 'state': 'AVAILABLE'}]
