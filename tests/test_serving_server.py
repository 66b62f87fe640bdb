"""The client against a server, REST and gRPC; requests that run together; versions that change under load."""

import concurrent.futures
import json
import pathlib
import shutil
import subprocess
import sys
import threading
import time
import types
import urllib.error
import urllib.request

import numpy as np
import pytest
import serving_server
import stand_in_model

from seqgan_tf.commands import client
from seqgan_tf.data.vocabulary import END, Vocabulary
from seqgan_tf.models.discriminator import Discriminator
from seqgan_tf.models.generator import Generator
from seqgan_tf.serving import versions
from seqgan_tf.serving.export import export_saved_model
from seqgan_tf.serving.loaders import SessionModel
from seqgan_tf.serving.signatures import SIGNATURES

ROOT = pathlib.Path(__file__).resolve().parent.parent
LENGTH = 6
VERSIONS = 20
LOAD_LIMIT = 60  # seconds that a version may take to become AVAILABLE: a second, but on a machine with much else to do


def export(folder, seed):
    vocabulary = Vocabulary([END, '<unk>', *(f'w{i}é' for i in range(20))], 'word')
    generator = Generator(len(vocabulary), 8, 8, initializer_stddev=1.0, end_id=vocabulary.end_id, seed=seed)
    discriminator = Discriminator(len(vocabulary), LENGTH, 8, windows=((1, 8), (2, 8)), seed=2)
    return pathlib.Path(export_saved_model(generator, discriminator, vocabulary, LENGTH, folder))


@pytest.fixture(scope='module')
def exported(tmp_path_factory):
    """Two models of different weights, each below a directory of its own."""
    folder = tmp_path_factory.mktemp('exports')
    return [export(folder / name / 'words', seed) for seed, name in enumerate('ab', 1)]


@pytest.fixture(scope='module')
def served(exported):
    with serving_server.serve(exported[0].parent) as server, SessionModel(exported[0]) as session:
        yield types.SimpleNamespace(
            server=server,
            session=session,
            rest=client.Rest(server.rest, 'words'),
            grpc=server.grpc and client.Grpc(server.grpc, 'words'),
        )


@pytest.fixture(params=['rest', 'grpc'])
def transport(request, served):
    """A model behind one of the two ports."""
    return getattr(served, request.param) or pytest.skip('needs tensorflow-serving-api (extra: serving)')


def rows(count, seed=0, **inputs):
    return [{'seed': seed + i, 'temperature': 0.8, **inputs} for i in range(count)]


def expected(session, count, seed=0):
    return session('sample', seed=np.arange(seed, seed + count), temperature=np.full(count, 0.8, np.float32))


def assert_answers(answers, outputs):
    """Rows as a client gets them against the arrays of a session."""
    assert len(answers) == len(outputs['text'])
    for i, answer in enumerate(answers):
        assert answer['text'] == outputs['text'][i].decode() and answer['tokens'] == outputs['tokens'][i].tolist()
        assert answer['seed'] == outputs['seed'][i] and answer['error'] == ''
        assert answer['log_prob'] == pytest.approx(outputs['log_prob'][i], rel=1e-5)


def test_sample_complete_and_score_are_those_of_the_session(served, transport):
    answers = transport.predict('sample', rows(9), 30)
    assert_answers(answers, expected(served.session, 9))
    assert answers == transport.predict('serving_default', rows(9), 30)
    asked = rows(5, prompt=answers[0]['text'].split()[0], top_k=3, top_p=0.9)
    completed = transport.predict('complete', asked, 30)
    assert all(answer['text'].startswith(asked[0]['prompt']) for answer in completed)
    scored = transport.predict('score', [{'text': answer['text']} for answer in completed], 30)
    for score, answer in zip(scored, completed):
        assert (
            score['log_prob'] == pytest.approx(answer['log_prob'], abs=1e-4)
            and 0 < score['prob_real'] < 1
            and score['error'] == ''
        )


def test_search_is_that_of_the_session(served, transport):
    asked = rows(6, prompt='w1é', num_candidates=9, guidance=40.0)
    asked[4]['num_candidates'] = 257
    columns = {name: np.array([row[name] for row in asked]) for name in asked[0]}
    columns |= {'prompt': np.full(6, 'w1é', object), 'num_candidates': columns['num_candidates'].astype(np.int32)}
    outputs = served.session('search', **columns)
    answers = transport.predict('search', asked, 30)
    assert answers.pop(4)['error'].startswith('num_candidates must be at least 1 and at most 256. Received: ')
    assert_answers(answers, {name: np.delete(value, 4, 0) for name, value in outputs.items()})
    real = [answer['prob_real'] for answer in answers]
    np.testing.assert_allclose(real, np.delete(outputs['prob_real'], 4), rtol=1e-5)


def test_inspect_is_that_of_the_session(served, transport):
    texts = ['w1é w2é', 'w3é', 'w1é ' * 9]
    answers = transport.predict('inspect', [{'text': text} for text in texts], 30)
    outputs = served.session('inspect', text=np.array([text.encode() for text in texts], object))
    for i, answer in enumerate(answers):
        assert answer['error'] == outputs['error'][i].decode() and answer['tokens'] == outputs['tokens'][i].tolist()
        assert answer['symbol'] == [symbol.decode() for symbol in outputs['symbol'][i]]
        assert answer['alternative'] == [[symbol.decode() for symbol in row] for row in outputs['alternative'][i]]
        for name in ('log_prob', 'alternative_log_prob'):
            np.testing.assert_allclose(answer[name], outputs[name][i], rtol=1e-5)
    assert answers[0]['symbol'][:3] == ['w1é', 'w2é', ''] and answers[2]['tokens'] == [-1] * LENGTH


def test_candidates_are_those_of_the_session(served, transport):
    asked = rows(4, prompt='w1é', num_candidates=3, guidance=40.0)
    asked[1]['num_candidates'], asked[2]['num_candidates'] = 5, 257
    answers = transport.predict('candidates', asked, 30)
    found = transport.predict('search', asked, 30)
    assert answers[2]['error'] == found[2]['error'] != '' and answers[2]['chosen'] == -1
    for i in (0, 1, 3):
        assert answers[i]['text'][answers[i]['chosen']] == found[i]['text'] and len(answers[i]['text']) == 5
        assert answers[i]['prob_real'][answers[i]['chosen']] == pytest.approx(found[i]['prob_real'], rel=1e-5)
    assert answers[0]['text'][3:] == ['', ''] and answers[0]['log_prob'][3:] == [0, 0]


def test_a_bad_row_is_answered_by_error_over_the_wire(served, transport):
    asked = rows(3)
    asked[1]['temperature'] = -1.0
    answers = transport.predict('sample', asked, 30)
    assert answers[1]['error'].startswith('temperature must be positive and finite. Received: temperature=-1')
    assert answers[1]['text'] == '' and [answers[0]['error'], answers[2]['error']] == ['', '']


def test_status(transport):
    assert transport.status(30) == [{'version': 1, 'state': 'AVAILABLE'}]


@pytest.mark.skipif(shutil.which('bash') is None, reason='needs bash on the PATH')
def test_the_health_check_of_the_deployment_files(served):
    """As docker-compose.yml and kubernetes.yaml have it, but for the port and the model's name."""
    yaml = pytest.importorskip('yaml', reason='needs PyYAML')
    compose = yaml.safe_load((ROOT / 'export' / 'docker-compose.yml').read_text('utf-8'))
    _, *command, script = compose['services']['poetry']['healthcheck']['test']
    port = served.server.rest.rpartition(':')[2]
    for model, healthy in (('words', True), ('cats', False)):
        done = subprocess.run(
            [*command, script.replace('8501', port).replace('poetry', model)], capture_output=True, timeout=30
        )
        assert (done.returncode == 0) == healthy, done.stderr


def test_grpc_without_its_packages_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, 'tensorflow_serving.apis', None)
    with pytest.raises(ValueError, match=r"gRPC needs tensorflow-serving-api: pip install 'seqgan_tf\[serving\]'"):
        client.Grpc('localhost:8500', 'words')


@pytest.mark.parametrize(
    'model, kwargs, signature, messages',
    [
        ('cats', {}, 'sample', ['Servable not found for request: Latest(cats)'] * 2),
        ('words', {'version': 7}, 'sample', ['Servable not found for request: Specific(words, 7)'] * 2),
        ('words', {'label': 'canary'}, 'sample', ['Unrecognized servable version label: canary'] * 2),
        (
            'words',
            {},
            'draw',
            [
                'answers 400: Serving signature name: "draw" not found in signature def',
                'answers FAILED_PRECONDITION: Serving signature key "draw" not found.',
            ],
        ),
        (
            'words',
            {},
            'complete',
            [
                'keys must be equal to: prompt,seed,temperature,top_k,top_p',
                'Missing but required: {prompt,top_k,top_p}',
            ],
        ),
    ],
)
def test_a_refused_request_says_why(served, transport, model, kwargs, signature, messages):
    """In the words of a real server, which differ between REST and gRPC."""
    over_rest = transport is served.rest
    kind, address = (client.Rest, served.server.rest) if over_rest else (client.Grpc, served.server.grpc)
    message = messages[0 if over_rest else 1]
    with pytest.raises(ValueError) as raised:
        kind(address, model, **kwargs).predict(signature, rows(1), 30)
    assert message in str(raised.value) and not isinstance(raised.value, client.Unavailable)


def test_a_request_above_the_limit_is_refused(transport):
    with pytest.raises(ValueError, match='Task size 513 is larger than maximum input batch size 512'):
        transport.predict('sample', rows(513), 30)


def post(url, body):
    """(code, answer) of a request with any body."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body), timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_column_format(served):
    outputs = expected(served.session, 2, seed=3)
    code, answer = post(
        f'{served.server.rest}/v1/models/words:predict',
        json.dumps({'inputs': {'seed': [3, 4], 'temperature': [0.8, 0.8]}}).encode(),
    )
    assert code == 200 and answer['outputs']['tokens'] == outputs['tokens'].tolist()
    text = outputs['text'][0].decode()
    for body in ({'inputs': [text]}, {'instances': [text]}, {'instances': [{'text': text}]}):
        code, answer = post(
            f'{served.server.rest}/v1/models/words:predict', json.dumps({'signature_name': 'score', **body}).encode()
        )
        log_prob = (
            answer['outputs']['log_prob'] if 'inputs' in body else [row['log_prob'] for row in answer['predictions']]
        )
        assert code == 200 and log_prob == pytest.approx(outputs['log_prob'][:1], abs=1e-4)


@pytest.mark.parametrize(
    'body',
    [
        b'',
        b'{',
        b'[]',
        b'{}',
        b'{"instances": []}',
        b'{"instances": [{"seed": 1}]}',
        b'{"inputs": {"seed": [1]}}',
        b'{"inputs": {"seed": [[1]], "temperature": [[1]]}}',
        b'{"instances": [{"seed": "x", "temperature": 1}]}',
        b'{"instances": [{"seed": 1.5, "temperature": 1}]}',
        b'{"inputs": {"seed": 1, "temperature": 1}}',
        b'{"inputs": {"seed": [1, 2], "temperature": [1]}}',
        b'{"instances": [{"seed": [1], "temperature": [1]}, {"seed": [1, 2], "temperature": [1]}]}',
    ],
)
def test_damaged_requests_are_refused(served, body):
    code, answer = post(f'{served.server.rest}/v1/models/words:predict', body)
    assert code == 400 and isinstance(answer['error'], str) and answer['error']


def test_metadata(served):
    with urllib.request.urlopen(f'{served.server.rest}/v1/models/words/metadata', timeout=30) as answer:
        answer = json.load(answer)
    assert answer['model_spec'] == {'name': 'words', 'signature_name': '', 'version': '1'}
    signatures = answer['metadata']['signature_def']['signature_def']
    assert signatures['complete']['inputs']['top_p']['dtype'] == 'DT_FLOAT' and signatures['score'][
        'outputs'
    ].keys() >= {'prob_real'}


def test_metadata_over_grpc(served):
    pytest.importorskip('tensorflow_serving.apis', reason='needs tensorflow-serving-api (extra: serving)')
    from tensorflow_serving.apis import get_model_metadata_pb2

    request = get_model_metadata_pb2.GetModelMetadataRequest(
        model_spec={'name': 'words'}, metadata_field=['signature_def']
    )
    answer = served.grpc.predictions.GetModelMetadata(request, timeout=30)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert answer.metadata['signature_def'].Unpack(signatures) and answer.model_spec.version.value == 1
    assert set(signatures.signature_def) >= set(SIGNATURES)


def test_rows_of_several_requests_run_together_and_answer_as_alone(served, transport):
    """Requests of 1 to 4 rows from 8 threads; the stand-in says which ran together."""
    starts = [(i * 10, 1 + i % 4) for i in range(80)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda start: transport.predict('sample', rows(start[1], seed=start[0]), 30), starts))
    for (seed, count), answer in zip(starts, answers):
        assert_answers(answer, expected(served.session, count, seed))
    if served.server.model:
        together = served.server.model.loaded[1].runs['sample'].sizes
        assert max(map(len, together)) > 1 and all(sum(sizes) <= stand_in_model.MAX_ROWS for sizes in together)


def test_searches_of_several_requests_run_together_and_answer_as_alone(served, transport):
    """Each with candidates of its own number, so that a request ends within a chunk of the merged candidates."""
    asked = [rows(1 + i % 3, seed=i * 10, prompt='', num_candidates=1 + 7 * i, guidance=40.0) for i in range(24)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda some: transport.predict('search', some, 30), asked))
    for some, answer in zip(asked, answers):
        for row, found in zip(some, answer):
            (alone,) = transport.predict('search', [row], 30)
            assert [found[name] for name in ('text', 'tokens', 'seed')] == [alone['text'], alone['tokens'], row['seed']]


def test_candidates_of_several_requests_run_together_and_answer_as_alone(served, transport):
    """But for the number of places, which is that of the row with the most."""
    asked = [rows(1 + i % 3, seed=i * 10, prompt='', num_candidates=1 + 3 * i, guidance=40.0) for i in range(12)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda some: transport.predict('candidates', some, 30), asked))
    for some, answer in zip(asked, answers):
        for row, found in zip(some, answer):
            (alone,) = transport.predict('candidates', [row], 30)
            count = row['num_candidates']
            assert len(alone['text']) == count and found['text'][:count] == alone['text']
            assert found['chosen'] == alone['chosen'] and not any(found['text'][count:])


def test_merged_requests_of_different_rank_are_refused_together():
    """As in batching_session.cc; why README.md warns of clients that do not keep to the signature."""
    batcher = stand_in_model.Batcher(lambda seed: {'seed': seed}, max_rows=8, patience=0.3)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(batcher, seed=seed) for seed in (np.zeros(2), np.zeros([2, 1]))]
    batcher.close()
    assert batcher.sizes == [[2, 2]]
    assert all('different shapes and padding is turned off' in str(answer.exception()) for answer in answers)


def test_a_request_of_no_rows_waits_for_one_with_rows():
    """As in a batching server; why README.md wants a proxy in front that refuses it."""
    batcher = stand_in_model.Batcher(lambda seed: {'seed': seed}, max_rows=8, patience=0.01)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        empty = pool.submit(batcher, seed=np.zeros(0))
        with pytest.raises(concurrent.futures.TimeoutError):
            empty.result(timeout=0.5)
        assert len(batcher(seed=np.zeros(2))['seed']) == 2
        assert len(empty.result(timeout=30)['seed']) == 0
    batcher.close()


def test_twenty_versions_change_under_load_and_no_answer_fails_or_is_torn(exported, tmp_path):
    """Versions of two models take turns; every answer must be one model's from its first row to its last."""
    base = tmp_path / 'words'

    def publish(i):
        with versions.new_version(base) as (writing, version):
            shutil.copytree(exported[i % 2], writing, dirs_exist_ok=True)
        return int(version.name)

    publish(0)
    outputs = []
    for path in exported:
        with SessionModel(path) as session:
            outputs.append(expected(session, 3)['tokens'].tolist())
    assert outputs[0] != outputs[1]
    counts, failures, done = [0, 0], [], threading.Event()

    def load(server):
        while not done.wait(0.03):  # without a pause the callers' Python would keep the stand-in's from loading
            try:
                counts[outputs.index([row['tokens'] for row in server.predict('sample', rows(3), 30)])] += 1
            except Exception as error:  # whatever it is, it is a failed or a torn answer
                failures.append(error)

    with serving_server.serve(base) as server:
        servers = [client.Rest(server.rest, 'words'), *([client.Grpc(server.grpc, 'words')] if server.grpc else [])]
        threads = [threading.Thread(target=load, args=(server,)) for server in (servers * 2)[:2]]
        for thread in threads:
            thread.start()
        try:
            for i in range(1, VERSIONS + 1):
                number, end = publish(i), time.monotonic() + LOAD_LIMIT
                while {'version': number, 'state': 'AVAILABLE'} not in servers[0].status(30):
                    assert time.monotonic() < end, f'version {number} must become AVAILABLE'
                    time.sleep(0.02)
        finally:
            done.set()
            for thread in threads:
                thread.join(timeout=60)
        assert number == VERSIONS + 1 and failures == [] and min(counts) >= 10, (counts, failures[:3])
        assert [row['tokens'] for row in servers[0].predict('sample', rows(3), 30)] == outputs[VERSIONS % 2]
