"""The client's patience: what it tries again, how often, and with which pauses."""

import concurrent.futures
import http.server
import itertools
import json
import socket
import threading
import time
import types

import pytest

from seqgan_tf.commands import client


def free_port():
    with socket.socket() as one:
        one.bind(('localhost', 0))
        return one.getsockname()[1]


@pytest.mark.parametrize('kind', ['Rest', 'Grpc'])
def test_no_server_is_unavailable_and_retried_until_the_time_out(kind):
    if kind == 'Grpc':
        pytest.importorskip('tensorflow_serving.apis', reason='needs tensorflow-serving-api (extra: serving)')
    address = f'localhost:{free_port()}'
    server = getattr(client, kind)(address if kind == 'Grpc' else f'http://{address}', 'words')
    start, calls = time.monotonic(), []

    def call(seconds):
        calls.append(seconds)
        return server.status(seconds)

    with pytest.raises(client.Unavailable):
        client.patiently(call, timeout=0.9, retries=10)
    assert len(calls) > 1 and time.monotonic() - start < 3 and all(seconds <= 0.9 for seconds in calls)


def test_only_unavailable_is_retried():
    for error, attempts in ((client.Unavailable('busy'), 3), (ValueError('no'), 1)):
        calls = []
        with pytest.raises(ValueError, match=str(error)):
            client.patiently(
                lambda seconds: calls.append(seconds) or (_ for _ in ()).throw(error), timeout=5, retries=2
            )
        assert len(calls) == attempts
    answers = iter([client.Unavailable('busy'), 'text'])

    def recover(_):
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert client.patiently(recover, timeout=5, retries=1) == 'text'


@pytest.mark.parametrize('kind', ['Rest', 'Grpc'])
def test_a_server_that_does_not_answer_times_out(kind):
    if kind == 'Grpc':
        pytest.importorskip('tensorflow_serving.apis', reason='needs tensorflow-serving-api (extra: serving)')
    with socket.socket() as deaf:
        deaf.bind(('localhost', 0))
        deaf.listen()
        address = f'localhost:{deaf.getsockname()[1]}'
        server = getattr(client, kind)(address if kind == 'Grpc' else f'http://{address}', 'words')
        start = time.monotonic()
        with pytest.raises(ValueError, match='timed out|DEADLINE_EXCEEDED'):
            client.patiently(server.status, timeout=0.5, retries=3)
        assert time.monotonic() - start < 3


@pytest.fixture(params=['Rest', 'Grpc'])
def busy_server(request):
    """Starts a server that answers a first request with an error code and every later one well; gives (client, codes) of it."""
    closing = []

    def start(code):
        codes = itertools.chain([code], itertools.repeat('OK'))
        server, close = (rest if request.param == 'Rest' else grpc)(codes)
        closing.append(close)
        return server

    yield types.SimpleNamespace(start=start, over=request.param)
    for close in closing:
        close()


def rest(codes):
    """A REST server of a model's status, and what closes it."""
    code_of = {
        'OK': 200,
        'UNAVAILABLE': 503,
        'RESOURCE_EXHAUSTED': 429,
        'NO_SERVER_BEHIND': 502,
        'INVALID_ARGUMENT': 400,
    }

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(code_of[next(codes)])
            self.end_headers()
            self.wfile.write(json.dumps({'model_version_status': [{'version': '1', 'state': 'AVAILABLE'}]}).encode())

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(('localhost', 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return client.Rest(f'http://localhost:{server.server_port}', 'words'), server.shutdown


def grpc(codes):
    """A gRPC server of a model's status, and what closes it."""
    pytest.importorskip('tensorflow_serving.apis', reason='needs tensorflow-serving-api (extra: serving)')
    import grpc
    from tensorflow_serving.apis import get_model_status_pb2, model_service_pb2_grpc

    class Models(model_service_pb2_grpc.ModelServiceServicer):
        def GetModelStatus(self, _, context):
            code = next(codes)
            if code != 'OK':
                context.abort(grpc.StatusCode[code], 'Server Threadpool Exhausted')
            return get_model_status_pb2.GetModelStatusResponse(model_version_status=[{'version': 1, 'state': 30}])

    server = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(Models(), server)
    port = server.add_insecure_port('localhost:0')
    server.start()
    return client.Grpc(f'localhost:{port}', 'words'), lambda: server.stop(None).wait()


@pytest.mark.parametrize('code', ['UNAVAILABLE', 'RESOURCE_EXHAUSTED', 'NO_SERVER_BEHIND'])
def test_an_overload_is_tried_again(busy_server, code):
    """A full queue; all threads taken; a proxy whose server is starting again."""
    if (busy_server.over, code) == ('Grpc', 'NO_SERVER_BEHIND'):
        pytest.skip('a code of REST alone')
    answer = client.patiently(busy_server.start(code).status, timeout=10, retries=1)
    assert answer == [{'version': 1, 'state': 'AVAILABLE'}]
    with pytest.raises(client.Unavailable):
        client.patiently(busy_server.start(code).status, timeout=10, retries=0)


def test_a_wrong_request_is_not_tried_again(busy_server):
    with pytest.raises(ValueError, match='400|INVALID_ARGUMENT'):
        client.patiently(busy_server.start('INVALID_ARGUMENT').status, timeout=10, retries=5)


def test_pauses_double_and_are_spread(monkeypatch):
    """Each between half of and the whole of 0.2 s, 0.4 s, 0.8 s, ...; two callers never wait alike."""

    def fail(_):
        raise client.Unavailable('busy')

    def pauses():
        slept = []
        monkeypatch.setattr(client.time, 'sleep', slept.append)
        with pytest.raises(client.Unavailable):
            client.patiently(fail, timeout=1e6, retries=6)
        return slept

    first, second = pauses(), pauses()
    assert len(first) == 6 and not set(first) & set(second)
    for attempt, pause in enumerate(first):
        assert 0.1 * 2**attempt <= pause <= 0.2 * 2**attempt
