"""The REST port of the stand-in: predict, status and metadata (https://www.tensorflow.org/tfx/serving/api_rest).

Error texts are those of http_rest_api_handler.cc and json_tensor.cc.
"""

import base64
import http.server
import json
import re

import numpy as np
import tensorflow as tf
from google.protobuf import json_format
from stand_in_model import Refusal, code_of

HTTP_CODES = {
    'INVALID_ARGUMENT': 400,
    'NOT_FOUND': 404,
    'RESOURCE_EXHAUSTED': 429,
    'FAILED_PRECONDITION': 400,
    'UNIMPLEMENTED': 501,
    'UNAVAILABLE': 503,
}
ADDRESS = r'/v1/models/(?P<name>[^/:]+)(?:/versions/(?P<version>\d+)|/labels/(?P<label>[^/:]+))?'
PREDICT, MODEL = re.compile(f'{ADDRESS}:predict'), re.compile(f'{ADDRESS}(?P<metadata>/metadata)?')


def rest_handler(model, metrics_path=None):
    """The request handler of the REST port, which shows the metrics at a path."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            if metrics_path and self.path == metrics_path:
                self.send(200, 'text/plain', model.metrics.page())
            else:
                self.respond(MODEL, self.read_model)

        def do_POST(self):
            self.respond(PREDICT, self.predict)

        def respond(self, pattern, answer):
            found = pattern.fullmatch(self.path)
            name = found['name'] if found else ''
            try:
                if not found:
                    raise Refusal('INVALID_ARGUMENT', f'Malformed request: {self.command} {self.path}')
                status, code, body = 'OK', 200, answer(**found.groupdict())
                model.metrics.time(name, 'predict' if pattern is PREDICT else '', 'REST')
            except (Refusal, tf.errors.OpError) as error:
                status = code_of(error)
                code, body = HTTP_CODES.get(status, 500), {'error': str(error)}
            model.metrics.count(name, status)
            self.send(code, 'application/json', json.dumps(body, indent=4))

        def send(self, code, kind, text):
            body = text.encode()
            self.send_response(code)
            self.send_header('Content-Type', kind)
            self.send_header('Content-Length', str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def read_model(self, name, version, label, metadata):
            number = version and int(version)
            if not metadata:
                return {
                    'model_version_status': [
                        {'version': str(n), 'state': state, 'status': {'error_code': 'OK', 'error_message': ''}}
                        for n, state in model.status(name, number)
                    ]
                }
            with model.version(name, number, label) as found:
                signatures = {
                    key: json_format.MessageToDict(value, preserving_proto_field_name=True)
                    for key, value in found.session.signatures.items()
                }
                return {
                    'model_spec': {'name': name, 'signature_name': '', 'version': str(found.number)},
                    'metadata': {'signature_def': {'signature_def': signatures}},
                }

        def predict(self, name, version, label):
            try:
                request = json.loads(self.rfile.read(int(self.headers.get('Content-Length', 0))))
            except ValueError:
                raise Refusal('INVALID_ARGUMENT', 'JSON Parse error: The document is empty or damaged') from None
            with model.version(name, version and int(version), label) as found:
                return rest_predict(found, request)

        def log_message(self, *_):
            pass

    return Handler


def rest_predict(version, request):
    """The answer to a predict request in the row format (`instances`) or in the column format (`inputs`)."""
    if not isinstance(request, dict) or ('instances' in request) == ('inputs' in request):
        raise Refusal('INVALID_ARGUMENT', "Missing 'inputs' or 'instances' key")
    signature = request.get('signature_name', 'serving_default')
    if signature not in version.session.signatures:
        raise Refusal('INVALID_ARGUMENT', f'Serving signature name: "{signature}" not found in signature def')
    known = version.session.signatures[signature].inputs
    rows = request.get('instances')
    if rows is None:
        columns = request['inputs'] if isinstance(request['inputs'], dict) else {next(iter(known)): request['inputs']}
    else:
        columns = columns_of(rows, known)
    for name in known:
        if name not in columns:
            raise Refusal('INVALID_ARGUMENT', f"Missing named input: {name} in 'inputs' object.")
    inputs = {name: array_of(name, columns[name], tf.as_dtype(known[name].dtype)) for name in known}
    outputs = {name: [plain(value) for value in array] for name, array in version.predict(signature, inputs).items()}
    if rows is None:
        return {'outputs': outputs if len(outputs) > 1 else next(iter(outputs.values()))}
    if len(outputs) == 1:
        return {'predictions': next(iter(outputs.values()))}
    return {'predictions': [dict(zip(outputs, values)) for values in zip(*outputs.values())]}


def columns_of(rows, known):
    """{input: values} of the row format; where a signature has one input a row may be its value."""
    if not isinstance(rows, list) or not rows:
        raise Refusal(
            'INVALID_ARGUMENT', "Request data format error: 'instances' must be a list with at least one element"
        )
    if not isinstance(rows[0], dict):
        rows = [{next(iter(known)): row} for row in rows]
    for i, row in enumerate(rows):
        if not isinstance(row, dict) or row.keys() != set(known):
            raise Refusal(
                'INVALID_ARGUMENT',
                f"Failed to process element: {i} of 'instances' list. JSON object: {json.dumps(row)} "
                f'keys must be equal to: {",".join(sorted(known))}',
            )
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
            raise Refusal(
                'INVALID_ARGUMENT',
                f'Failed to process element of {name}. Error: INVALID_ARGUMENT: JSON Value: '
                f'{json.dumps(value)} is not of expected type: {dtype.name}',
            )
        return value.encode(errors='replace') if isinstance(value, str) else value

    try:
        with np.errstate(over='ignore'):
            return np.array(check(values), dtype.as_numpy_dtype)
    except (ValueError, OverflowError):
        raise Refusal(
            'INVALID_ARGUMENT', f'Encountered list of unexpected shape, or a number out of range, in {name}'
        ) from None


def plain(value):
    """A row of an output as JSON has it."""
    if isinstance(value, bytes):
        return value.decode()
    return [*map(plain, value)] if value.ndim else value.tolist()
