"""A server with TensorFlow Serving's protocol around session-loaded models, or the real one where the machine has it.

What is followed: the predict, status and metadata calls of REST (https://www.tensorflow.org/tfx/serving/api_rest) and of gRPC
(prediction_service.proto, model_service.proto), error texts (http_rest_api_handler.cc, predict_util.cc, json_tensor.cc), merging of
requests (batching_session.cc), and that a new version is loaded and warmed up before it replaces the old one.
"""

import base64
import concurrent.futures
import contextlib
import functools
import http.server
import json
import os
import pathlib
import queue
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.request

import numpy as np
import tensorflow as tf
from google.protobuf import json_format

from seqgan_tf import serving_check, versions, warmup

EXPORT = pathlib.Path(__file__).resolve().parent.parent / 'export'
IMAGE = 'tensorflow/serving:2.19.1'
MAX_ROWS, PATIENCE = 512, 0.001  # max_batch_size and batch_timeout_micros of export/batching.config
CODES = ('OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED '
         'FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS').split()
HTTP_CODES = {'INVALID_ARGUMENT': 400, 'NOT_FOUND': 404, 'FAILED_PRECONDITION': 412, 'UNIMPLEMENTED': 501, 'UNAVAILABLE': 503}
ADDRESS = r'/v1/models/(?P<name>[^/:]+)(?:/versions/(?P<version>\d+)|/labels/(?P<label>[^/:]+))?'
PREDICT, MODEL = re.compile(f'{ADDRESS}:predict'), re.compile(f'{ADDRESS}(?P<metadata>/metadata)?')


class Refusal(Exception):
    """A request that is answered by an error: the name of its code, and a text."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Batcher:
    """Runs requests together: waits a moment for more, up to a number of rows; an error is that of all which ran together."""

    def __init__(self, run, max_rows, patience):
        self.run, self.max_rows, self.patience = run, max_rows, patience
        self.tasks, self.sizes = queue.Queue(), []  # sizes: of each run, the rows of its requests
        threading.Thread(target=self._work, daemon=True).start()

    def __call__(self, **inputs):
        if any(value.ndim == 0 for value in inputs.values()):
            raise Refusal('INVALID_ARGUMENT', 'Batching session Run() input tensors must have at least one dimension.')
        if len({len(value) for value in inputs.values()}) > 1:
            raise Refusal('INVALID_ARGUMENT', 'Batching session Run() input tensors must have equal 0th-dimension size')
        rows = len(next(iter(inputs.values())))
        if rows > self.max_rows:
            raise Refusal('INVALID_ARGUMENT', f'Task size {rows} is larger than maximum input batch size {self.max_rows}')
        answer = concurrent.futures.Future()
        self.tasks.put((rows, inputs, answer))
        return answer.result()

    def close(self):
        self.tasks.put(None)

    def _work(self):
        task = self.tasks.get()
        while task is not None:
            batch, rows, end = [task], task[0], time.monotonic() + self.patience
            task = self._next(end)
            while task and rows + task[0] <= self.max_rows:
                batch, rows = [*batch, task], rows + task[0]
                task = self._next(end)
            self._answer(batch)
            task = self.tasks.get() if task == () else task

    def _next(self, end):
        """The next request; () if none comes in time; None when there will be none."""
        try:
            return self.tasks.get(timeout=max(0, end - time.monotonic()))
        except queue.Empty:
            return ()

    def _answer(self, batch):
        self.sizes.append([rows for rows, _, _ in batch])
        try:
            outputs = self.run(**self._merged(batch))
        except Exception as error:
            for _, _, answer in batch:
                answer.set_exception(error)
            return
        start = 0
        for rows, _, answer in batch:
            answer.set_result({name: value[start:start + rows] for name, value in outputs.items()})
            start += rows


    def _merged(self, batch):
        if len({tuple(value.shape[1:] for value in inputs.values()) for _, inputs, _ in batch}) > 1:
            raise Refusal('FAILED_PRECONDITION', 'Tensors from different tasks have different shapes and padding is turned off.')
        return {name: np.concatenate([inputs[name] for _, inputs, _ in batch]) for name in batch[0][1]}


class Version:
    """One version of a model, loaded and warmed up."""

    def __init__(self, path, batching):
        self.number, self.users, self.session = int(path.name), 0, serving_check.SessionModel(path)
        for signature, inputs in warmup.read(path):
            self.session(signature, **inputs)
        self.runs = {name: functools.partial(self.session, name) for name in self.session.signatures}
        if batching:
            self.runs = {name: Batcher(run, MAX_ROWS, PATIENCE) for name, run in self.runs.items()}

    def predict(self, signature, inputs):
        """The outputs of a signature."""
        known = self.signature(signature).inputs
        if set(inputs) != set(known):
            raise Refusal('INVALID_ARGUMENT', f'input size does not match signature: {len(inputs)}!={len(known)} '
                          f'len({{{",".join(sorted(inputs))}}}) != len({{{",".join(sorted(known))}}}). '
                          f'Sent extra: {{{",".join(sorted(set(inputs) - set(known)))}}}. '
                          f'Missing but required: {{{",".join(sorted(set(known) - set(inputs)))}}}.')
        for name, value in inputs.items():
            expected, received = tf.as_dtype(known[name].dtype), tf.as_dtype(value.dtype)
            if expected != received:
                raise Refusal('INVALID_ARGUMENT', f'Expected {name} to be of type {expected.name}. Received: {received.name}')
        try:
            return self.runs[signature](**inputs)
        except ValueError as error:  # Python's session compares shapes before the graph does
            raise Refusal('INVALID_ARGUMENT', str(error)) from None

    def signature(self, name):
        """The declaration of a signature."""
        if name not in self.session.signatures:
            raise Refusal('INVALID_ARGUMENT', f'Serving signature name: "{name}" not found in signature def')
        return self.session.signatures[name]

    def close(self):
        for run in self.runs.values():
            if isinstance(run, Batcher):
                run.close()
        self.session.session.close()


class Model:
    """The newest version below a directory that is watched."""

    def __init__(self, base, batching, poll):
        self.name, self.base, self.batching, self.poll = pathlib.Path(base).name, pathlib.Path(base), batching, poll
        self.lock, self.current, self.states, self.sizes = threading.Condition(), None, {}, []
        self.stopped = threading.Event()
        self.refresh()
        threading.Thread(target=self._watch, daemon=True).start()

    def refresh(self):
        """Loads the newest version and puts it in the place of the one before, which goes when its last request is answered."""
        newest = max(versions.published(self.base), default=None)
        if newest is None or (self.current and newest == self.current.number):
            return
        self.states[newest] = 'LOADING'
        loaded = Version(self.base / str(newest), self.batching)
        with self.lock:
            old, self.current = self.current, loaded
            self.states[newest] = 'AVAILABLE'
        if old:
            with self.lock:
                self.states[old.number] = 'UNLOADING'
                self.lock.wait_for(lambda: old.users == 0)
                self.states[old.number] = 'END'
            self._retire(old)

    @contextlib.contextmanager
    def version(self, name, number=None):
        """The version that a request asks for, which stays loaded meanwhile."""
        with self.lock:
            found = self.current
            if name != self.name or not found or number not in (None, found.number):
                asked = f'Latest({name})' if number is None else f'Specific({name}, {number})'
                raise Refusal('NOT_FOUND', f'Servable not found for request: {asked}')
            found.users += 1
        try:
            yield found
        finally:
            with self.lock:
                found.users -= 1
                self.lock.notify_all()

    def status(self, name, number=None):
        """[(version, state)], the newest first."""
        with self.lock:
            found = [(n, state) for n, state in sorted(self.states.items(), reverse=True) if number in (None, n)]
        if name != self.name or not found:
            raise Refusal('NOT_FOUND', f'Could not find any versions of model {name}')
        return found

    def close(self):
        self.stopped.set()
        self._retire(self.current)

    def _retire(self, version):
        if self.batching:
            self.sizes += [sizes for batcher in version.runs.values() for sizes in batcher.sizes]
        version.close()

    def _watch(self):
        while not self.stopped.wait(self.poll):
            self.refresh()


def rest_handler(model):
    """The request handler of the REST port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.respond(MODEL, self.read_model)

        def do_POST(self):
            self.respond(PREDICT, self.predict)

        def respond(self, pattern, answer):
            found = pattern.fullmatch(self.path)
            try:
                if not found:
                    raise Refusal('INVALID_ARGUMENT', f'Malformed request: {self.command} {self.path}')
                parts = found.groupdict()
                refuse_label(parts.pop('label'))
                code, body = 200, answer(**parts)
            except (Refusal, tf.errors.OpError) as error:
                code, body = HTTP_CODES.get(code_of(error), 500), {'error': str(error)}
            body = json.dumps(body, indent=4).encode()
            self.send_response(code)
            self.send_header('Content-Type', 'application/json')
            self.send_header('Content-Length', str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def read_model(self, name, version, metadata):
            number = version and int(version)
            if not metadata:
                return {'model_version_status': [{'version': str(n), 'state': state, 'status': {'error_code': 'OK', 'error_message': ''}}
                                                 for n, state in model.status(name, number)]}
            with model.version(name, number) as found:
                signatures = {key: json_format.MessageToDict(value, preserving_proto_field_name=True)
                              for key, value in found.session.signatures.items()}
                return {'model_spec': {'name': name, 'signature_name': '', 'version': str(found.number)},
                        'metadata': {'signature_def': {'signature_def': signatures}}}

        def predict(self, name, version):
            try:
                request = json.loads(self.rfile.read(int(self.headers.get('Content-Length', 0))))
            except ValueError:
                raise Refusal('INVALID_ARGUMENT', 'JSON Parse error: The document is empty or damaged') from None
            with model.version(name, version and int(version)) as found:
                return rest_predict(found, request)

        def log_message(self, *_):
            pass

    return Handler


def rest_predict(version, request):
    """The answer to a predict request in the row format (`instances`) or in the column format (`inputs`)."""
    if not isinstance(request, dict) or ('instances' in request) == ('inputs' in request):
        raise Refusal('INVALID_ARGUMENT', "Missing 'inputs' or 'instances' key")
    signature = request.get('signature_name', 'serving_default')
    known = version.signature(signature).inputs
    rows = request.get('instances')
    if rows is None:
        columns = request['inputs'] if isinstance(request['inputs'], dict) else {next(iter(known)): request['inputs']}
    else:
        columns = columns_of(rows, known)
    inputs = {name: array_of(name, columns[name], tf.as_dtype(known[name].dtype)) for name in known if name in columns}
    outputs = {name: [plain(value) for value in array] for name, array in version.predict(signature, inputs).items()}
    if rows is None:
        return {'outputs': outputs if len(outputs) > 1 else next(iter(outputs.values()))}
    if len(outputs) == 1:
        return {'predictions': next(iter(outputs.values()))}
    return {'predictions': [dict(zip(outputs, values)) for values in zip(*outputs.values())]}


def columns_of(rows, known):
    """{input: values} of the row format; where a signature has one input a row may be its value."""
    if not isinstance(rows, list) or not rows:
        raise Refusal('INVALID_ARGUMENT', "Request data format error: 'instances' must be a list with at least one element")
    if not isinstance(rows[0], dict):
        rows = [{next(iter(known)): row} for row in rows]
    for i, row in enumerate(rows):
        if not isinstance(row, dict) or row.keys() != rows[0].keys():
            raise Refusal('INVALID_ARGUMENT', f"Failed to process element: {i} of 'instances' list. Error: its keys are not those of 0")
    return {name: [row[name] for row in rows] for name in rows[0]}


def array_of(name, values, dtype):
    """The array of a JSON value, whose numbers and strings must be of the declared type."""
    def check(value):
        if isinstance(value, list):
            return [check(v) for v in value]
        if dtype == tf.string and isinstance(value, dict) and list(value) == ['b64']:
            return base64.b64decode(value['b64'])
        kinds = {tf.string: str, tf.float32: (int, float)}.get(dtype, int)
        if not isinstance(value, kinds) or isinstance(value, bool):
            raise Refusal('INVALID_ARGUMENT', f'Failed to process element of {name}. Error: INVALID_ARGUMENT: JSON Value: '
                          f'{json.dumps(value)} is not of expected type: {dtype.name}')
        return value.encode(errors='replace') if isinstance(value, str) else value

    try:
        with np.errstate(over='ignore'):
            return np.array(check(values), dtype.as_numpy_dtype)
    except (ValueError, OverflowError):
        raise Refusal('INVALID_ARGUMENT', f'Encountered list of unexpected shape, or a number out of range, in {name}') from None


def plain(value):
    """A row of an output as JSON has it."""
    return value.decode() if isinstance(value, bytes) else value.tolist()


def refuse_label(label):
    """Raises Refusal for a version label: the stand-in has one version at a time, and no labels."""
    if label:
        raise Refusal('INVALID_ARGUMENT', f'Unrecognized servable version label: {label}')


def code_of(error):
    """The name of an error's code."""
    return error.code if isinstance(error, Refusal) else CODES[error.error_code]


def grpc_server(model):
    """A gRPC server, not started yet, and its port; None where tensorflow-serving-api is missing."""
    try:
        import grpc
        from google.protobuf import any_pb2
        from tensorflow_serving.apis import (get_model_metadata_pb2, get_model_status_pb2, model_pb2, model_service_pb2_grpc, predict_pb2,
                                             prediction_service_pb2_grpc)
    except ImportError:
        return None, None

    def answered(method):
        def call(self, request, context):
            spec = request.model_spec
            try:
                refuse_label(spec.version_label)
                return method(self, request, spec.name, spec.version.value if spec.HasField('version') else None)
            except (Refusal, tf.errors.OpError) as error:
                context.abort(grpc.StatusCode[code_of(error)], str(error))
        return call

    class Predictions(prediction_service_pb2_grpc.PredictionServiceServicer):
        @answered
        def Predict(self, request, name, number):
            with model.version(name, number) as found:
                signature = request.model_spec.signature_name or 'serving_default'
                outputs = found.predict(signature, {key: tf.make_ndarray(value) for key, value in request.inputs.items()})
            spec = model_pb2.ModelSpec(name=name, version={'value': found.number}, signature_name=signature)
            wanted = request.output_filter or outputs
            return predict_pb2.PredictResponse(model_spec=spec, outputs={key: tf.make_tensor_proto(outputs[key]) for key in wanted})

        @answered
        def GetModelMetadata(self, request, name, number):
            if list(request.metadata_field) != ['signature_def']:
                raise Refusal('INVALID_ARGUMENT', f'Metadata field {"".join(request.metadata_field)} is not supported')
            with model.version(name, number) as found:
                signatures = get_model_metadata_pb2.SignatureDefMap(signature_def=found.session.signatures)
            packed = any_pb2.Any()
            packed.Pack(signatures)
            return get_model_metadata_pb2.GetModelMetadataResponse(
                model_spec=model_pb2.ModelSpec(name=name, version={'value': found.number}), metadata={'signature_def': packed})

    class Models(model_service_pb2_grpc.ModelServiceServicer):
        @answered
        def GetModelStatus(self, request, name, number):
            return get_model_status_pb2.GetModelStatusResponse(model_version_status=[
                {'version': n, 'state': state, 'status': {}} for n, state in model.status(name, number)])

    server = grpc.server(concurrent.futures.ThreadPoolExecutor(64))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Predictions(), server)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(Models(), server)
    return server, server.add_insecure_port('localhost:0')


class Server:
    """Where a server is reached: `rest` (a URL), `grpc` (host:port, or None), and `model`, None for a real server."""

    def __init__(self, rest, grpc, model=None):
        self.rest, self.grpc, self.model = rest, grpc, model


@contextlib.contextmanager
def serve(base, batching=True, poll=0.05):
    """Serves the newest version below a directory: by export/serve.sh if the machine has a real server, else by the stand-in."""
    if real_server():
        with _real(base) as server:
            yield server
        return
    model = Model(base, batching, poll)
    rest = http.server.ThreadingHTTPServer(('localhost', 0), rest_handler(model))
    rpc, port = grpc_server(model)
    threading.Thread(target=rest.serve_forever, daemon=True).start()
    if rpc:
        rpc.start()
    try:
        yield Server(f'http://localhost:{rest.server_port}', rpc and f'localhost:{port}', model)
    finally:
        rest.shutdown()
        rest.server_close()
        if rpc:
            rpc.stop(None).wait()
        model.close()


def real_server():
    """Whether TensorFlow Serving itself is here: on the PATH, or as an image of a container engine that runs."""
    return bool(shutil.which('tensorflow_model_server')) or any(
        shutil.which(engine) and subprocess.run([engine, 'image', 'inspect', IMAGE], capture_output=True, timeout=30).returncode == 0
        for engine in ('docker', 'podman'))


@contextlib.contextmanager
def _real(base):
    with socket.socket() as one, socket.socket() as other:
        one.bind(('localhost', 0))
        other.bind(('localhost', 0))
        grpc_port, rest_port = one.getsockname()[1], other.getsockname()[1]
    process = subprocess.Popen([EXPORT / 'serve.sh', str(base)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env=os.environ | {'GRPC_PORT': str(grpc_port), 'REST_PORT': str(rest_port)})
    rest = f'http://localhost:{rest_port}'
    try:
        end = time.monotonic() + 60
        while not _available(f'{rest}/v1/models/{pathlib.Path(base).name}'):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError('serve.sh must make the model AVAILABLE within 60 s')
            time.sleep(0.2)
        yield Server(rest, f'localhost:{grpc_port}')
    finally:
        process.terminate()
        process.wait(timeout=30)


def _available(address):
    with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=5) as answer:
        return b'"AVAILABLE"' in answer.read()
    return False
