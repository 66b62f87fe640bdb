"""The tests' server is the real TensorFlow Serving where one is: programs that stand for it show how it is found and started."""

import json
import os
import pathlib
import shutil
import socket
import sys
import urllib.request

import pytest
import serving_server

TOOLS = ('bash', 'env', 'basename', 'dirname', 'realpath')
# Notes how it is called, and says at its REST port that its model is AVAILABLE.
SERVER = """#!{python}
import http.server, json, os, sys
flags = dict(flag.removeprefix('--').split('=', 1) for flag in sys.argv[1:])
open(os.environ['CALLED'], 'w').write(json.dumps(flags))

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({{'path': self.path, 'state': 'AVAILABLE'}}).encode())

http.server.HTTPServer(('localhost', int(flags['rest_api_port'])), Handler).serve_forever()
"""

pytestmark = pytest.mark.skipif(not all(map(shutil.which, TOOLS)), reason=f'needs {", ".join(TOOLS)} on the PATH')


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A PATH with nothing but a shell's own tools and the programs that are added to it; gives (function that adds one, model)."""
    tools, base = tmp_path / 'bin', tmp_path / 'exports' / 'poetry'
    tools.mkdir()
    (base / '1').mkdir(parents=True)
    (base / '1' / 'saved_model.pb').touch()
    for tool in TOOLS:
        (tools / tool).symlink_to(shutil.which(tool))

    def add(name, text):
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)

    monkeypatch.setenv('PATH', str(tools))
    monkeypatch.setenv('CALLED', str(tmp_path / 'called'))
    serving_server._has_image.cache_clear()
    yield add, base
    serving_server._has_image.cache_clear()


def test_a_server_on_the_path_is_used(machine):
    add, base = machine
    assert not serving_server.real_server()
    add('tensorflow_model_server', SERVER.format(python=sys.executable))
    assert serving_server.real_server()
    with serving_server.serve(base) as server:
        assert server.model is None
        flags = json.loads(pathlib.Path(os.environ['CALLED']).read_text())
        with urllib.request.urlopen(f'{server.rest}/v1/models/poetry', timeout=5) as answer:
            assert json.load(answer)['path'] == '/v1/models/poetry'
    assert (flags['model_name'], flags['model_base_path'], flags['enable_batching']) == ('poetry', str(base), 'true')
    assert server.rest == f'http://localhost:{flags["rest_api_port"]}' and server.grpc == f'localhost:{flags["port"]}'
    assert (
        pathlib.Path(flags['batching_parameters_file']).is_file()
        and pathlib.Path(flags['monitoring_config_file']).is_file()
    )
    with socket.socket() as probe:
        assert probe.connect_ex(('localhost', int(flags['rest_api_port']))), 'the server must be gone'


@pytest.mark.parametrize('engine', ['docker', 'podman'])
@pytest.mark.parametrize(
    'script, found',
    [
        ('exit 0', True),  # runs, and has the image
        ('[[ $1 != image ]]', True),  # runs, and gets it
        ('[[ $1 == info ]]', False),  # runs, and cannot get it
        ('exit 1', False),  # does not run
    ],
)
def test_a_container_engine_that_runs_is_used(machine, engine, script, found):
    add, _ = machine
    add(engine, f'#!/usr/bin/env bash\n{script}\n')
    assert serving_server.real_server() == found


def test_a_server_that_does_not_start_is_quoted(machine):
    add, base = machine
    add('tensorflow_model_server', '#!/usr/bin/env bash\necho "no such flag" >&2\nexit 1\n')
    with pytest.raises(RuntimeError, match='AVAILABLE within 60 s. Received: no such flag'), serving_server.serve(base):
        pass
