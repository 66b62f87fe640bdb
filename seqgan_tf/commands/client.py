"""Asks a TensorFlow Serving for texts.

    seqgan-client --url=http://localhost:8501 --model=poetry --n=3
    seqgan-client --url=grpc://localhost:8500 --model=poetry --prompt=... --top_p=0.9 --seed=1 --json
    seqgan-client --model=poetry --score='a text' --score='another'
    seqgan-client --model=poetry --inspect='a text'
    seqgan-client --model=poetry --search=16 --guidance=1 --prompt=...
    seqgan-client --model=poetry --status

REST needs nothing but Python's standard library, gRPC the extra `serving`. This file needs no other
file of the project: it can be copied to where it is used, and run as `python client.py`.
"""

import argparse
import contextlib
import http.client
import json
import math
import os
import random
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

DTYPES = {
    'seed': 'int64',
    'temperature': 'float32',
    'prompt': 'object',
    'top_k': 'int32',
    'top_p': 'float32',
    'num_candidates': 'int32',
    'guidance': 'float32',
    'text': 'object',
}
FIRST_PAUSE = 0.2  # seconds before the first retry; each later one waits twice as long
BUSY_REST = 429, 502, 503  # too many requests; a proxy without its server; a full queue
BUSY_GRPC = 'UNAVAILABLE', 'RESOURCE_EXHAUSTED'  # no server or a full queue; all threads taken
# Callers that failed together must come back apart, so no seed may give two of them the same pauses.
JITTER = random.SystemRandom()


class Unavailable(ValueError):
    """A server that cannot answer now and may soon: `BUSY_GRPC`, or over REST `BUSY_REST` or no connection."""


def main():
    """Prints each answer as `plain` shows it, or with --json as an object; the exit code is 1 where anything failed."""
    args = parse_args()
    failed = False
    try:
        check(args)
        server = connect(args)
        for answer in status(server, args) if args.status else ask(server, args):
            if answer.get('error'):
                failed = True
                print(f'error: {answer["error"]}', file=sys.stderr)
            if args.json or not answer.get('error'):
                print(json.dumps(answer, ensure_ascii=False) if args.json else plain(answer))
    except ValueError as error:
        sys.exit(f'error: {error}')
    sys.exit(int(failed))


def parse_args():
    """The command line."""
    parser = argparse.ArgumentParser(description='Asks a TensorFlow Serving for texts over REST or gRPC.')
    parser.add_argument('--url', default='http://localhost:8501', help='http://host:port of REST, or grpc://host:port')
    parser.add_argument('--grpc', metavar='HOST:PORT', help='the same as --url=grpc://HOST:PORT')
    parser.add_argument('--model', required=True, help='the name that the model is served under')
    which = parser.add_mutually_exclusive_group()
    which.add_argument('--version', type=int, help='ask this version; the server chooses unless given')
    which.add_argument('--label', help='ask the version with this label, such as stable or canary')
    task = parser.add_mutually_exclusive_group()
    texts, number = dict(action='append', metavar='TEXT'), dict(type=int, metavar='N')
    task.add_argument('--score', **texts, help='how likely and how real a text is; may be repeated')
    task.add_argument('--inspect', **texts, help='how likely each symbol of a text is; may be repeated')
    task.add_argument('--search', **number, help='the discriminator chooses each text of N candidates, up to 256')
    task.add_argument('--candidates', **number, help='the N candidates themselves; * marks the one that --search gives')
    task.add_argument(
        '--status',
        action='store_true',
        help='the state of each version, or of the one that --version or --label names; '
        'the exit code is 0 if one of them is AVAILABLE',
    )
    parser.add_argument('--prompt', help='what each text starts with')
    parser.add_argument('--temperature', type=float, default=1.0, help='below 1 likelier texts, above 1 more varied')
    parser.add_argument('--top_k', type=int, help='draw from the k likeliest symbols; 1: the likeliest; 0: all')
    parser.add_argument('--top_p', type=float, help='draw from the fewest symbols with this share; 1: all')
    parser.add_argument(
        '--guidance', type=float, help='how strongly to choose: 0 not at all, large: the best; default 1'
    )
    parser.add_argument('--seed', type=int, default=-1, help='text i has seed + i; negative: fresh ones, see --json')
    parser.add_argument('--n', type=int, default=1, help='how many texts')
    parser.add_argument(
        '--batch_size', type=int, default=64, help='texts a request; servers have a limit, max_batch_size'
    )
    parser.add_argument('--timeout', type=float, default=30, help='seconds for a request, its retries included')
    parser.add_argument('--retries', type=int, default=3, help='further attempts while the server is unavailable')
    parser.add_argument('--json', action='store_true', help='print a JSON object for each answer')
    args = parser.parse_args()
    if args.grpc:
        args.url = f'grpc://{args.grpc}'
    return args


def check(args):
    """Raises ValueError for a setting that the model would refuse."""
    searching, several = ('search', args.search) if args.candidates is None else ('candidates', args.candidates)
    schemes = 'http://', 'https://', 'grpc://'
    for name, value, fits, rule in (
        ('temperature', args.temperature, 0 < args.temperature < math.inf, 'positive and finite'),
        ('top_k', args.top_k, (args.top_k or 0) >= 0, 'at least 0'),
        ('top_k', args.top_k, (args.top_k or 0) < 2**31, 'below 2**31'),
        ('top_p', args.top_p, args.top_p is None or 0 < args.top_p <= 1, 'above 0 and at most 1'),
        (searching, several, several is None or 1 <= several <= 256, 'at least 1 and at most 256'),
        ('guidance', args.guidance, 0 <= (args.guidance or 0) < math.inf, 'at least 0 and finite'),
        ('seed', args.seed, -(2**63) <= args.seed <= 2**63 - max(args.n, 1), 'an integer of 64 bits'),
        ('n', args.n, args.n >= 1, 'at least 1'),
        ('batch_size', args.batch_size, args.batch_size >= 1, 'at least 1'),
        ('timeout', args.timeout, 0 < args.timeout < math.inf, 'positive and finite'),
        ('retries', args.retries, args.retries >= 0, 'at least 0'),
        ('url', args.url, args.url.startswith(schemes), 'an address of http://, https:// or grpc://'),
    ):
        if not fits:
            raise ValueError(f'{name} must be {rule}. Received: {name}={value}')
    if several is None and args.guidance is not None:
        raise ValueError(f'guidance must come with --search or --candidates. Received: guidance={args.guidance}')
    if several is not None and (args.top_k or 0, args.top_p or 1) != (0, 1):
        raise ValueError(
            f'{searching} must come without --top_k and --top_p: it draws from all symbols. '
            f'Received: top_k={args.top_k}, top_p={args.top_p}'
        )


def connect(args):
    """The server behind a command line: a `Rest` or a `Grpc`."""
    if args.url.startswith('grpc://'):
        return Grpc(args.url.removeprefix('grpc://').rstrip('/'), args.model, args.version, args.label)
    return Rest(args.url, args.model, args.version, args.label)


def ask(server, args):
    """Yields the answer to each row, a dict of the signature's outputs, and for --score and --inspect the text too.

    Lists of `inspect` and `candidates` are cut where they say nothing more.

    Raises:
        ValueError: a server that does not answer as it should.
    """
    texts = args.score or args.inspect
    if texts:
        signature, rows = 'score' if args.score else 'inspect', [{'text': text} for text in texts]
    else:
        row, signature = {'temperature': args.temperature}, 'sample'
        if (args.search, args.candidates) != (None, None):
            signature = 'search' if args.candidates is None else 'candidates'
            row |= {
                'prompt': args.prompt or '',
                'num_candidates': args.search or args.candidates,
                'guidance': 1.0 if args.guidance is None else args.guidance,
            }
        elif (args.prompt, args.top_k, args.top_p) != (None, None, None):
            signature = 'complete'
            row |= {
                'prompt': args.prompt or '',
                'top_k': args.top_k or 0,
                'top_p': 1.0 if args.top_p is None else args.top_p,
            }
        rows = [row | {'seed': args.seed + i if args.seed >= 0 else -1} for i in range(args.n)]
    for start in range(0, len(rows), args.batch_size):
        some = rows[start : start + args.batch_size]
        answers = patiently(lambda seconds: server.predict(signature, some, seconds), args.timeout, args.retries)
        for row, answer in zip(some, answers):
            yield row | cut(row, answer) if texts else cut(row, answer)


def cut(row, answer):
    """The answer to a row, with its lists up to the end of the text, or to the row's own number of candidates."""
    if 'symbol' in answer:
        places = [*answer['symbol'], ''].index('') + 1
    else:  # a server that merges requests may give more candidates
        places = row['num_candidates'] if 'chosen' in answer else None
    return {name: value[:places] if isinstance(value, list) else value for name, value in answer.items()}


def status(server, args):
    """The state of each version, dicts with `version` and `state`, the newest first.

    Raises:
        ValueError: a server that does not answer as it should, or has no version AVAILABLE.
    """
    versions = patiently(server.status, args.timeout, args.retries)
    if 'AVAILABLE' not in [version['state'] for version in versions]:
        raise ValueError(f'a version of {args.model} must be AVAILABLE. Received: {versions}')
    return versions


def plain(answer):
    """An answer as text: a line, or for `inspect` the text and a line for each symbol, for `candidates` a line for each."""
    if 'state' in answer:
        return f'{answer["version"]}\t{answer["state"]}'
    if 'length' in answer:
        return _line(*(answer[name] for name in ('log_prob', 'prob_real', 'length', 'text') if name in answer))
    if 'symbol' in answer:
        columns = zip(answer['log_prob'], answer['symbol'], answer['alternative'])
        return '\n'.join([answer['text'], *(_line(*cells, *likeliest) for *cells, likeliest in columns)])
    if 'chosen' in answer:
        marks = ['*' if place == answer['chosen'] else '' for place in range(len(answer['text']))]
        return '\n'.join(map(_line, marks, answer['log_prob'], answer['prob_real'], answer['text']))
    return answer['text']


def _line(*cells):
    return '\t'.join(map(str, cells))


def patiently(call, timeout, retries):
    """What call(seconds left) returns; called again after each `Unavailable`, `retries` times at most and never past the time-out."""
    deadline, attempt = time.monotonic() + timeout, 0
    while True:
        try:
            return call(deadline - time.monotonic())
        except Unavailable:
            pause = FIRST_PAUSE * 2**attempt * JITTER.uniform(0.5, 1.0)
            if attempt == retries or time.monotonic() + pause >= deadline:
                raise
            time.sleep(pause)
            attempt += 1


class Rest:
    """A model behind a server's REST port."""

    def __init__(self, url, model, version=None, label=None):
        self.model = f'{url.rstrip("/")}/v1/models/{urllib.parse.quote(model, safe="")}'
        self.address, self.label = self.model, label
        if version is not None:
            self.address += f'/versions/{version}'
        if label is not None:
            self.address += f'/labels/{urllib.parse.quote(label, safe="")}'

    def predict(self, signature, rows, seconds):
        """The answers to rows of inputs, one dict for each.

        Raises:
            Unavailable: no server, or one that is too busy.
            ValueError: no such model, a request that the server refuses, or an answer that is not one.
        """
        return self._call(
            f'{self.address}:predict',
            seconds,
            lambda answer: answer['predictions'],
            {'signature_name': signature, 'instances': rows},
        )

    def status(self, seconds):
        """The state of each version, or of the one asked for; raises as `predict` does."""
        address = self.address
        if self.label is not None:  # which a request for the state ignores; one for the metadata does not
            metadata = self._call(f'{address}/metadata', seconds, lambda answer: answer['model_spec'])
            address = f'{self.model}/versions/{metadata["version"]}'
        return self._call(
            address,
            seconds,
            lambda answer: [
                {'version': int(entry['version']), 'state': entry['state']} for entry in answer['model_version_status']
            ],
        )

    def _call(self, address, seconds, read, body=None):
        request = urllib.request.Request(
            address, body and json.dumps(body).encode(), {'Content-Type': 'application/json'}
        )
        try:
            with urllib.request.urlopen(request, timeout=seconds) as answer:
                return read(json.load(answer))
        except urllib.error.HTTPError as error:
            raise (Unavailable if error.code in BUSY_REST else ValueError)(
                f'{address} answers {error.code}: {_reason(error)}'
            ) from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, 'reason', error)
            gone = isinstance(reason, (ConnectionError, http.client.RemoteDisconnected))
            raise (Unavailable if gone else ValueError)(
                f'{address} must be a TensorFlow Serving. Received: {reason}'
            ) from None
        except (ValueError, KeyError, TypeError):
            raise ValueError(f'{address} must answer as TensorFlow Serving does. Received: something else') from None


def _reason(error):
    """The text of TensorFlow Serving's error answer, a JSON object with the key "error"."""
    body = error.read().decode(errors='replace')
    try:
        return json.loads(body)['error']
    except (ValueError, KeyError, TypeError):
        return body[:200]


class Grpc:
    """A model behind a server's gRPC port; the connection is not encrypted.

    Raises:
        ValueError: tensorflow-serving-api is not installed.
    """

    def __init__(self, address, model, version=None, label=None):
        try:
            with _stderr_aside():
                import grpc
                import numpy
                import tensorflow
                from tensorflow_serving.apis import (
                    get_model_metadata_pb2,
                    get_model_status_pb2,
                    model_service_pb2_grpc,
                    predict_pb2,
                    prediction_service_pb2_grpc,
                )
        except ImportError as error:
            raise ValueError(
                f"gRPC needs tensorflow-serving-api: pip install 'seqgan_tf[serving]'. Received: {error}"
            ) from None
        self.grpc, self.numpy, self.tensorflow = grpc, numpy, tensorflow
        self.address, self.spec = address, dict(name=model, version_label=label)
        if version is not None:
            self.spec = dict(name=model, version={'value': version})
        self.predict_request = predict_pb2.PredictRequest
        self.status_request = get_model_status_pb2.GetModelStatusRequest
        self.metadata_request = get_model_metadata_pb2.GetModelMetadataRequest
        self.states = get_model_status_pb2.ModelVersionStatus.State
        # Without the option a connection that was refused is tried again after a second at the earliest.
        self.channel = grpc.insecure_channel(address, [('grpc.initial_reconnect_backoff_ms', 100)])
        self.predictions = prediction_service_pb2_grpc.PredictionServiceStub(self.channel)
        self.models = model_service_pb2_grpc.ModelServiceStub(self.channel)

    def predict(self, signature, rows, seconds):
        """The answers to rows of inputs, one dict for each; raises as `Rest.predict` does."""
        request = self.predict_request(model_spec=self.spec | {'signature_name': signature})
        for name in rows[0]:
            values = [row[name].encode() if isinstance(row[name], str) else row[name] for row in rows]
            request.inputs[name].CopyFrom(self.tensorflow.make_tensor_proto(self.numpy.array(values, DTYPES[name])))
        outputs = self._call(self.predictions.Predict, request, seconds).outputs
        columns = {
            name: [_plain_value(value) for value in self.tensorflow.make_ndarray(output)]
            for name, output in outputs.items()
        }
        return [dict(zip(columns, values)) for values in zip(*columns.values())]

    def status(self, seconds):
        """The state of each version, or of the one asked for; raises as `Rest.predict` does."""
        spec = self.spec
        if spec.get('version_label') is not None:  # which GetModelStatus ignores; GetModelMetadata does not
            request = self.metadata_request(model_spec=spec, metadata_field=['signature_def'])
            spec = self._call(self.predictions.GetModelMetadata, request, seconds).model_spec
        answer = self._call(self.models.GetModelStatus, self.status_request(model_spec=spec), seconds)
        return [
            {'version': entry.version, 'state': self.states.Name(entry.state)} for entry in answer.model_version_status
        ]

    def _call(self, method, request, seconds):
        try:
            return method(request, timeout=seconds)
        except self.grpc.RpcError as error:
            kind = Unavailable if error.code().name in BUSY_GRPC else ValueError
            raise kind(f'grpc://{self.address} answers {error.code().name}: {error.details()}') from None


@contextlib.contextmanager
def _stderr_aside():
    """Without the notes that TensorFlow prints while it is imported, before any log level takes effect."""
    os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
    sys.stderr.flush()
    with tempfile.TemporaryFile() as aside:
        stderr = os.dup(2)
        os.dup2(aside.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


def _plain_value(value):
    """A row of a tensor as JSON has it."""
    if isinstance(value, bytes):
        return value.decode()
    return [*map(_plain_value, value)] if getattr(value, 'ndim', 0) else value.tolist()


if __name__ == '__main__':
    try:
        main()
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
        sys.exit(130)
