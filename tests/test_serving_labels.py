"""Versions with labels, by a models.config: how a server starts with them, a canary, and a roll-back."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import urllib.request

import pytest
import stand_in_server
from serving_models import VOCABULARIES, networks
from serving_server import EXPORT
from stand_in_model import Refusal

from seqgan_tf.commands import client
from seqgan_tf.serving.export import export_saved_model

pytest.importorskip('tensorflow_serving.config', reason='needs tensorflow-serving-api (extra: serving)')

LABELS_EARLY = '--allow_version_labels_for_unavailable_models=true'
LIMIT = 60  # seconds that a change may take to be seen: two, but on a machine with much else to do


@pytest.fixture(scope='module')
def exported(tmp_path_factory):
    vocabulary, length = VOCABULARIES['words']
    folder = tmp_path_factory.mktemp('exports') / 'poetry'
    return pathlib.Path(export_saved_model(*networks(vocabulary, length), vocabulary, length, folder))


@pytest.fixture
def place(exported, tmp_path):
    """Versions 1 and 2 of a model, and export/models.config for them; its `edit` is that of an operator."""

    class Place:
        base, config = tmp_path / 'exports' / 'poetry', tmp_path / 'models.config'
        flags = [
            '--port=0',
            '--rest_api_port=0',
            '--enable_batching=true',
            f'--model_config_file={config}',
            '--model_config_file_poll_wait_seconds=1',
        ]

        def edit(self, *changes):
            text = self.config.read_text()
            for old, new in changes:
                assert old in text
                text = text.replace(old, new)
            self.config.write_text(text)

    for version in '12':
        shutil.copytree(exported, Place.base / version)
    text = (EXPORT / 'models.config').read_text()
    Place.config.write_text(text.replace("'/models/poetry'", f"'{Place.base}'"))
    return Place()


LIST_BOTH = ('versions: 1 }', 'versions: 1 versions: 2 }')
MOVE_LABEL = ("key: 'canary' value: 1", "key: 'canary' value: 2")


def wait_for(condition, what):
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def states(server):
    return {entry['version']: entry['state'] for entry in client.Rest(server.rest, 'poetry').status(30)}


def ask(kind, address, **kwargs):
    return kind(address, 'poetry', **kwargs).predict('sample', [{'seed': 1, 'temperature': 1.0}], 30)[0]['text']


def test_labels_without_their_flag_stop_the_server(place):
    """Labels are assigned before versions load; the program ends as the real one does."""
    command = [sys.executable, str(pathlib.Path(stand_in_server.__file__)), *place.flags]
    path = os.pathsep.join(filter(None, [str(EXPORT.parent), os.environ.get('PYTHONPATH')]))
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=os.environ | {'PYTHONPATH': path})
    assert done.returncode == 255
    assert done.stdout == (
        'Failed to start server. Error: FAILED_PRECONDITION: Request to assign label to version 1 of model poetry, '
        'which is not currently available for inference\n'
    )


def test_labels_work_over_rest_and_grpc(place):
    with stand_in_server.started([*place.flags, LABELS_EARLY]) as server:
        for kind, address in ((client.Rest, server.rest), (client.Grpc, server.grpc)):
            assert ask(kind, address, label='stable') == ask(kind, address, version=1)
            with pytest.raises(ValueError, match='Unrecognized servable version label: none'):
                ask(kind, address, label='none')


@pytest.mark.parametrize('over', ['REST', 'gRPC'])
def test_the_status_of_a_label(place, over, capsys, monkeypatch):
    """The server's own status has no labels: it answers every one alike, those that do not exist included."""
    place.edit(LIST_BOTH)
    with stand_in_server.started([*place.flags, LABELS_EARLY]) as server:
        address = [f'--url={server.rest}'] if over == 'REST' else [f'--grpc={server.grpc}']

        def status(*flags):
            monkeypatch.setattr(sys, 'argv', ['client.py', '--model=poetry', '--status', '--json', *address, *flags])
            with pytest.raises(SystemExit) as ended:
                client.main()
            return ended.value.code, [json.loads(line)['version'] for line in capsys.readouterr().out.splitlines()]

        assert status() == (0, [2, 1])
        assert status('--label=stable') == (0, [1]) and status('--version=2') == (0, [2])
        code, versions = status('--label=none')
        assert re.search('error: .*Unrecognized servable version label: none', code) and versions == []
        code, versions = status('--version=3')
        assert 'Could not find version 3 of model poetry' in code and versions == []


def test_a_canary_takes_two_steps(place, capfd):
    """As README.md has them: list version 2, wait, move the label."""
    with stand_in_server.started([*place.flags, LABELS_EARLY]) as server:
        place.edit(LIST_BOTH)
        wait_for(lambda: states(server).get(2) == 'AVAILABLE', 'version 2 must load')
        place.edit(MOVE_LABEL)
        wait_for(lambda: server.model.labels['canary'] == 2, 'the label must move')
        assert ask(client.Rest, server.rest, label='canary') == ask(client.Rest, server.rest, version=2)
    assert 'failed to ReloadConfig' not in capfd.readouterr().err


def test_a_canary_in_one_edit_sticks_until_the_label_goes_back(place, capfd):
    with stand_in_server.started([*place.flags, LABELS_EARLY]) as server:
        place.edit(LIST_BOTH, MOVE_LABEL)
        seen = []

        def stuck():
            seen.extend(
                re.findall('failed to ReloadConfig: Request to assign label to version 2', capfd.readouterr().err)
            )
            return len(seen) > 1

        wait_for(stuck, 'the label must be refused at each look at the file')
        assert 2 not in states(server) and ask(client.Rest, server.rest, label='canary')
        place.edit(MOVE_LABEL[::-1])
        wait_for(lambda: states(server).get(2) == 'AVAILABLE', 'version 2 must load')
        place.edit(MOVE_LABEL)
        wait_for(lambda: server.model.labels['canary'] == 2, 'the label must move')


def test_a_listed_version_that_is_moved_away_leaves_no_model(place):
    with stand_in_server.started([*place.flags, LABELS_EARLY]) as server:
        (place.base / '1').rename(place.base / '1.bad')
        wait_for(lambda: states(server) == {1: 'END'}, 'version 1 must go')
        with pytest.raises(ValueError, match='Servable not found for request: Latest'):
            ask(client.Rest, server.rest)


def test_without_a_list_the_lower_version_loads_before_the_bad_one_goes(place):
    flags = ['--port=0', '--rest_api_port=0', '--model_name=poetry', f'--model_base_path={place.base}']
    with stand_in_server.started(flags) as server:
        assert states(server) == {2: 'AVAILABLE'}
        (place.base / '2').rename(place.base / '2.bad')
        while states(server).get(2) != 'END':
            assert ask(client.Rest, server.rest), 'a model must answer at every moment'
        assert states(server) == {2: 'END', 1: 'AVAILABLE'}


@pytest.mark.parametrize(
    'flags, message',
    [
        (['--port=0'], 'model_base_path and server_options.model_config_file are empty'),
        (
            ['--model_base_path=.', f'--batching_parameters_file={EXPORT}/batching.config'],
            'without setting server_options.enable_batching to true',
        ),
        (['--model_config_file=/none'], 'No such file'),
    ],
)
def test_the_stand_in_refuses_other_flags_that_stop_the_server(flags, message):
    with pytest.raises(Refusal, match=message), stand_in_server.started(flags):
        pass


def test_the_alerts_of_the_readme_ask_for_what_is_measured(place):
    """Each metric and label of their expressions is on the page; and what the filters are for: warm-up records and status polls."""
    expressions = re.findall(r'^```promql\n(.*?)^```', (EXPORT / 'README.md').read_text(), re.MULTILINE | re.DOTALL)[0]
    flags = [*place.flags, LABELS_EARLY, f'--monitoring_config_file={EXPORT}/monitoring.config']
    with stand_in_server.started(flags) as server:

        def page():
            with urllib.request.urlopen(server.rest + stand_in_server.METRICS, timeout=30) as answer:
                return answer.read().decode()

        assert ':tensorflow:serving:request_count{model_name="poetry",status="OK"} 7\n' in page(), 'warm-up records'
        states(server), ask(client.Rest, server.rest), ask(client.Grpc, server.grpc)
        with pytest.raises(ValueError, match='Specific'):
            ask(client.Rest, server.rest, version=9)
        measured = page()
    assert ':tensorflow:serving:request_latency_bucket{model_name="poetry",API="",entrypoint="REST"' in measured
    series = re.findall(r'(:tensorflow:serving:\w+)\{(.*?)\}', measured)
    filters = re.findall(r'(:tensorflow:serving:\w+)\{(.*?)\}', expressions)
    assert len(filters) == 2
    for metric, conditions in filters:
        conditions = re.findall(r'(\w+)(=~|!=|=)"(.*?)"', conditions)
        fits = {'=': lambda value, asked: value == asked, '!=': lambda value, asked: value != asked}
        fits['=~'] = lambda value, asked: re.fullmatch(asked, value)
        found = [
            labels
            for labels in (dict(re.findall(r'(\w+)="(.*?)"', labels)) for name, labels in series if name == metric)
            if all(fits[how](labels[label], asked) for label, how, asked in conditions)
        ]
        expected = [{'NOT_FOUND'}] if 'count' in metric else [{'predict'}, {'Predict'}]
        assert [{labels.get('status', labels.get('API'))} for labels in found] == expected
