"""nginx in front of a server: good requests pass unharmed, and hostile ones never reach the server."""

import base64
import contextlib
import json
import random
import shutil
import socket
import ssl
import subprocess
import threading
import types
import urllib.request

import pytest
import serving_models
import serving_server
from nginx_proxy import ask, free_port, recorded, started

from seqgan_tf.serving.export import export_saved_model

ROWS, ROW_BYTES = 512, 512  # max_batch_size of export/batching.config, and what the limit of a body leaves each row
MODEL = '/v1/models/words'
PREDICT = f'{MODEL}:predict'
GOOD = b'{"instances": [{"seed": 1, "temperature": 0.8}]}'
DEEP = 20_000


@pytest.fixture(scope='module')
def served(tmp_path_factory):
    """`direct` and `port`: without and with nginx; `seen`: what got through it."""
    folder = tmp_path_factory.mktemp('nginx')
    vocabulary, length = serving_models.VOCABULARIES['words']
    networks = serving_models.networks(vocabulary, length)
    export_saved_model(*networks, vocabulary, length, folder / 'words')
    with (
        serving_server.serve(folder / 'words') as server,
        recorded(server.rest) as (direct, seen),
        started(folder, direct) as port,
    ):
        yield types.SimpleNamespace(direct=direct, port=port, seen=seen)


def inputs(signature, **columns):
    return json.dumps({'signature_name': signature, 'inputs': columns}).encode()


def instances(signature, rows, **options):
    return json.dumps({'signature_name': signature, 'instances': rows}, **options).encode()


def largest():
    """A request of as many rows as the server takes, each of as many bytes as the limit leaves it."""
    row = {
        'seed': 2**63 - 1,
        'temperature': 1.1754943508222875e-38,
        'top_k': 2**31 - 1,
        'top_p': 1.1754943508222875e-38,
    }
    row['prompt'] = 'é' * (
        (ROW_BYTES - len(json.dumps(row | {'prompt': ''})) - len(', ')) // len(json.dumps('é')[1:-1])
    )
    return instances('complete', [row] * (ROWS - 1))


TEXTS = ['w1é w2é', '[[[[[[ ]] {{', 'a "quoted" \\ text', '\\', '\\"[]', '']
COMPLETE = {'temperature': 1, 'prompt': 'w1é', 'top_k': 3, 'top_p': 0.9}
SEARCH = {'temperature': 1, 'prompt': 'w1é', 'num_candidates': 16, 'guidance': 1.5}
REQUESTS = {
    'status': (MODEL, None),
    'status of a version': (f'{MODEL}/versions/1', None),
    'status of a version that is not there': (f'{MODEL}/versions/7', None),
    'metadata': (f'{MODEL}/metadata', None),
    'metadata of a version': (f'{MODEL}/versions/1/metadata', None),
    'another model': ('/v1/models/cats', None),
    'sample': (PREDICT, GOOD),
    'sample by columns': (PREDICT, inputs('sample', seed=[1, 2], temperature=[0.8, 1.0])),
    'a version': (f'{MODEL}/versions/1:predict', GOOD),
    'a label': (f'{MODEL}/labels/stable:predict', GOOD),
    'complete': (PREDICT, instances('complete', [COMPLETE | {'seed': i} for i in range(9)])),
    'search': (PREDICT, instances('search', [SEARCH | {'seed': i} for i in range(9)])),
    'score': (PREDICT, inputs('score', text=TEXTS)),
    'score, utf-8': (PREDICT, instances('score', [{'text': text} for text in TEXTS], ensure_ascii=False)),
    'score by values': (PREDICT, instances('score', TEXTS)),
    'score by a column': (PREDICT, inputs('score') .replace(b'{}', json.dumps(TEXTS).encode())),
    'score of bytes': (PREDICT, instances('score', [{'text': {'b64': base64.b64encode(b'w1\xff[').decode()}}] * 2)),
    'white space': (PREDICT, b' \n' + GOOD.replace(b'[', b'[\n\t ').replace(b']', b'\r\n ]')),
    'the largest': (PREDICT, largest()),
    'a bad row': (PREDICT, instances('sample', [{'seed': 1, 'temperature': -1.0}])),
    'no JSON': (PREDICT, b'seed=1'),
    'no body': (PREDICT, b''),
}  # fmt: skip


@pytest.mark.parametrize('request_', REQUESTS.values(), ids=REQUESTS)
def test_a_request_is_answered_as_without_nginx(served, request_):
    path, body = request_
    expected, before = ask(served.direct, path, body), len(served.seen)
    assert ask(served.port, path, body) == expected
    method, reached, headers, received = served.seen[before]
    assert (method, reached, received) == ('GET' if body is None else 'POST', path, body or b'')
    assert headers['Connection'] == 'close', 'answers above 16 KiB take 40 ms more on connections that are kept'


def test_a_body_sent_in_chunks_passes(served):
    assert ask(served.port, PREDICT, iter([GOOD[:9], GOOD[9:]])) == ask(served.direct, PREDICT, GOOD)


def test_a_path_reaches_the_server_as_it_was_matched(served):
    ask(served.port, '/monitoring/../v1/models/wo%72ds?signature=[]')
    assert served.seen[-1][1] == MODEL


HOSTILE = {
    'arrays 20,000 deep': (PREDICT, b'[' * DEEP + b']' * DEEP, 400),
    'objects 20,000 deep': (PREDICT, b'{"a":' * DEEP + b'1' + b'}' * DEEP, 400),
    'deep inside a row': (PREDICT, GOOD.replace(b'1', b'[' * DEEP + b'1' + b']' * DEEP), 400),
    'deep after a string with a quotation mark': (PREDICT, b'{"\\"":' + b'[' * DEEP, 400),
    'deep after a string of bytes': (PREDICT, b'{"\xe6":' + b'[' * DEEP, 400),
    'deep after a zero byte': (PREDICT, b'{"a":"\0",\0' + b'[' * DEEP, 400),
    'no rows, by columns': (PREDICT, b'{"inputs":{"seed":[],"temperature":[]}}', 400),
    'no rows, one column': (PREDICT, b'{"signature_name":"score","inputs":[ ]}', 400),
    'no rows': (PREDICT, b'{"instances":[]}', 400),
    'no rows, white space': (PREDICT, b'{"inputs":{"seed":[ \r\n\t],"temperature":[1]}}', 400),
    'no rows, then rows': (PREDICT, b'{"instances":[],"instances":[{"seed":1,"temperature":1}]}', 400),
    'a row of none': (PREDICT, b'{"instances":[{"seed":[],"temperature":[]}]}', 400),
    'a wrong rank': (PREDICT, b'{"inputs":{"seed":[[1]],"temperature":[[1]]}}', 400),
    'a wrong rank by rows': (PREDICT, b'{"instances":[{"seed":[1],"temperature":[1]}]}', 400),
    '10 MB': (PREDICT, GOOD + b' ' * 10_000_000, 413),
    'a byte too many': (PREDICT, GOOD.ljust(ROWS * ROW_BYTES + 1), 413),
    'no rows of a version': (f'{MODEL}/versions/1:predict', b'{"inputs":{"seed":[]}}', 400),
    'no rows of a label': (f'{MODEL}/labels/a.b:predict', b'{"inputs":{"seed":[]}}', 400),
    'no rows, another spelling of the path': ('/v1/models/words%3apredict', b'{"inputs":{"seed":[]}}', 400),
    'metrics': ('/monitoring/prometheus/metrics', None, 404),
    'all models': ('/v1/models', None, 404),
    'another method of a model': (f'{MODEL}:classify', GOOD, 404),
    'a path in capitals': ('/V1/MODELS/words:PREDICT', GOOD, 404),
    'a path that ends a line': (f'{PREDICT}%0aX:%20y', GOOD, 404),
    'a path that ends with a line': (f'{PREDICT}%0a', GOOD, 404),
    'a path above': ('/v1/models/../../etc/passwd', None, 404),
}  # fmt: skip


@pytest.mark.parametrize('hostile', HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_request_is_answered_by_nginx(served, hostile):
    path, body, status = hostile
    before = len(served.seen)
    for chunked in (False, True) if body and status != 404 else (False,):
        parts = iter([body[:1000], body[1000:]]) if chunked else body
        received, answer = ask(served.port, path, parts)
        assert received == status and list(answer) == ['error'] and answer['error'], answer
    assert len(served.seen) == before


@pytest.mark.parametrize(
    'method, path, headers, status',
    [
        ('GET', PREDICT, {}, 405),
        ('PUT', PREDICT, {}, 405),
        ('DELETE', MODEL, {}, 405),
        ('POST', MODEL, {}, 405),
        ('POST', f'{MODEL}/metadata', {}, 405),
        ('POST', PREDICT, {'Content-Encoding': 'gzip'}, 415),
        ('GET', MODEL, {'X-Long': 'x' * 40_000}, 400),
    ],
)
def test_other_methods_and_headers_are_refused(served, method, path, headers, status):
    before = len(served.seen)
    received, answer = ask(served.port, path, GOOD if method == 'POST' else None, method, headers)
    assert received == status and answer['error'] and len(served.seen) == before


def test_what_is_no_http_is_refused(served):
    with socket.create_connection(('127.0.0.1', served.port), timeout=30) as connection:
        connection.sendall(b'hello\r\n\r\n')
        head, _, body = connection.makefile('rb').read().partition(b'\r\n\r\n')
    assert head.startswith(b'HTTP/1.1 400 ') and json.loads(body)['error']


def test_a_status_takes_no_body_to_the_server(served):
    assert ask(served.port, MODEL, b'[' * DEEP, 'GET') == ask(served.direct, MODEL)
    assert served.seen[-2][3] == b'' and served.seen[-2][2]['Content-Length'] is None


def test_good_clients_are_served_in_the_same_seconds_as_hostile_ones(served):
    """Three hostile clients without a pause, and one that asks 60 times."""
    expected, before, statuses, done = ask(served.direct, PREDICT, GOOD), len(served.seen), [], threading.Event()

    def attack(source):
        for _ in range(50):
            for path, body, _ in HOSTILE.values():
                if done.is_set():
                    return
                statuses.append(ask(served.port, path, body, source=source)[0])
                statuses.append(ask(served.port, PREDICT, GOOD, 'DELETE', source=source)[0])

    threads = [threading.Thread(target=attack, args=(f'127.0.0.{i}',)) for i in (2, 3, 4)]
    for thread in threads:
        thread.start()
    try:
        answers = [ask(served.port, PREDICT, GOOD) for _ in range(60)]
    finally:
        done.set()
        for thread in threads:
            thread.join(timeout=60)
    assert answers == [expected] * 60
    assert len(statuses) >= 10 and all(400 <= status < 500 for status in statuses), statuses
    assert [body for *_, body in served.seen[before:]] == [GOOD] * 60


def burst(port, count, body, source):
    """The statuses of requests that are sent at once, each on a connection that was opened before."""
    with contextlib.ExitStack() as stack:
        connections = [
            stack.enter_context(socket.create_connection(('127.0.0.1', port), 30, (source, 0))) for _ in range(count)
        ]
        head = f'POST {PREDICT} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n'
        for connection in connections:
            connection.sendall(head.encode() + body)
        answers = [connection.makefile('rb').read().partition(b'\r\n\r\n') for connection in connections]
    assert all(json.loads(body) for _, _, body in answers)
    return [int(head.split()[1]) for head, _, _ in answers]


@pytest.mark.parametrize('source, body, passed', [('127.0.0.5', GOOD, 30), ('127.0.0.6', GOOD.ljust(40_000), 8)])
def test_too_many_at_once_are_refused(served, source, body, passed):
    before = len(served.seen)
    statuses = burst(served.port, 60, body, source)
    assert set(statuses) == {200, 429} and statuses.count(200) <= passed
    assert len(served.seen) - before == statuses.count(200)


def test_a_client_that_asks_one_by_one_is_slowed_down_and_not_refused(served):
    assert {ask(served.port, PREDICT, GOOD, source='127.0.0.7')[0] for _ in range(40)} == {200}


def test_a_slow_body_is_cut_off_and_others_are_answered_meanwhile(served):
    before = len(served.seen)
    with socket.create_connection(('127.0.0.1', served.port), 30, ('127.0.0.8', 0)) as slow:
        slow.sendall(f'POST {PREDICT} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(GOOD)}\r\n\r\n'.encode() + GOOD[:9])
        assert ask(served.port, PREDICT, GOOD)[0] == 200
        assert slow.recv(1000) == b'', 'nginx logs 408 and closes the connection'
    assert len(served.seen) == before + 1


def test_a_server_that_is_gone_is_unavailable(tmp_path):
    """With 503, at which clients try again."""
    with started(tmp_path, free_port()) as port:
        for body in (None, GOOD):
            status, answer = ask(port, PREDICT if body else MODEL, body)
            assert (status, answer) == (503, {'error': 'the server is unavailable: try again'})


@pytest.mark.skipif(shutil.which('openssl') is None, reason='needs openssl on the PATH')
def test_the_option_of_tls(served, tmp_path):
    subprocess.run(
        'openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -days 1 -keyout tls.key -out tls.crt'.split(),
        cwd=tmp_path, check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    context = ssl.create_default_context(cafile=tmp_path / 'tls.crt')
    context.check_hostname = False
    with (
        started(tmp_path, served.direct, tls=True) as port,
        urllib.request.urlopen(f'https://127.0.0.1:{port}{MODEL}', timeout=30, context=context) as answer,
    ):
        assert (answer.status, json.load(answer)) == ask(served.direct, MODEL)


def test_the_check_agrees_with_a_parser(served):
    """Random JSON: what passes is at most 4 deep, and has no array that is empty or inside another."""
    generator, counts = random.Random(1), [0, 0]
    for i in range(300):
        value = random_json(generator, 5)
        body = json.dumps(value, indent=generator.choice([None, 1]), ensure_ascii=generator.random() < 0.5).encode()
        before = len(served.seen)
        status, _ = ask(served.port, PREDICT, body, source=f'127.1.{i // 250}.{1 + i % 250}')
        passed = len(served.seen) > before
        assert passed == harmless(value), body
        assert 400 <= status < 500
        counts[passed] += 1
    assert min(counts) > 50, counts


def random_json(generator, depth):
    kind = generator.choice(['array', 'object', 'text', 'number']) if depth else generator.choice(['text', 'number'])
    if kind == 'array':
        return [random_json(generator, depth - 1) for _ in range(generator.choice([0, 1, 1, 2]))]
    if kind == 'object':
        return {random_text(generator): random_json(generator, depth - 1) for _ in range(generator.randrange(3))}
    return random_text(generator) if kind == 'text' else generator.choice([1, -2.5, True, None])


def random_text(generator):
    return ''.join(generator.choices('"\\[]{} é\n', k=generator.randrange(8)))


def harmless(value, depth=0, in_array=False):
    if not isinstance(value, (list, dict)):
        return True
    is_array = isinstance(value, list)
    if depth == 4 or is_array and (in_array or not value):
        return False
    return all(harmless(v, depth + 1, in_array or is_array) for v in (value if is_array else value.values()))
