"""The stand-in for TensorFlow Serving as a whole: started by the flags of tensorflow_model_server, which it also runs as.

It refuses to start where the real server does (main.cc, server.cc), with the same message and exit code.
"""

import argparse
import collections
import contextlib
import http.server
import pathlib
import signal
import sys
import threading

from google.protobuf import text_format
from stand_in_grpc import grpc_server
from stand_in_model import Model, Refusal
from stand_in_rest import rest_handler

Settings = collections.namedtuple('Settings', 'name base versions labels')  # versions: None for the newest
REFUSED = 255
METRICS = '/monitoring/prometheus/metrics'  # as export/monitoring.config has it


class Server:
    """Where a server is reached: `rest` (a URL), `grpc` (host:port, or None), and `model`, None for a real server."""

    def __init__(self, rest, grpc, model=None):
        self.rest, self.grpc, self.model = rest, grpc, model


@contextlib.contextmanager
def started(flags, poll=0.05):
    """A stand-in that was started with the flags of tensorflow_model_server.

    Raises:
        Refusal: flags or files that the real server does not start with.
    """
    flags = parse(flags)
    if not (flags.model_base_path or flags.model_config_file):
        raise Refusal(
            'INVALID_ARGUMENT', 'Both server_options.model_base_path and server_options.model_config_file are empty!'
        )
    if flags.batching_parameters_file and not flags.enable_batching:
        raise Refusal(
            'INVALID_ARGUMENT',
            'server_options.batching_parameters_file is set without setting server_options.enable_batching to true.',
        )
    for path in filter(None, (flags.batching_parameters_file, flags.monitoring_config_file, flags.model_config_file)):
        if not pathlib.Path(path).is_file():
            raise Refusal('NOT_FOUND', f'{path}; No such file or directory')
    model = Model(
        flags.enable_batching,
        poll,
        lambda: settings_of(flags),
        flags.model_config_file_poll_wait_seconds if flags.model_config_file else 0,
        flags.allow_version_labels_for_unavailable_models,
    )
    metrics_path = METRICS if flags.monitoring_config_file else None
    rest = http.server.ThreadingHTTPServer(('localhost', flags.rest_api_port), rest_handler(model, metrics_path))
    rpc, port = grpc_server(model, flags.port)
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


def parse(flags):
    """The flags that this project starts servers with; any other is an error, where the real server prints a line and goes on."""
    boolean = {'true': True, 'false': False}.__getitem__
    parser = argparse.ArgumentParser('tensorflow_model_server', allow_abbrev=False)
    for name, kind, default in (
        ('port', int, 8500),
        ('rest_api_port', int, 0),
        ('grpc_max_threads', int, 0),
        ('model_name', str, 'default'),
        ('model_base_path', str, ''),
        ('model_config_file', str, ''),
        ('model_config_file_poll_wait_seconds', int, 0),
        ('allow_version_labels_for_unavailable_models', boolean, False),
        ('enable_batching', boolean, False),
        ('batching_parameters_file', str, ''),
        ('monitoring_config_file', str, ''),
        ('max_num_load_retries', int, 5),
        ('load_retry_interval_micros', int, 60_000_000),
        ('enable_profiler', boolean, True),
    ):
        parser.add_argument(f'--{name}', type=kind, default=default)
    return parser.parse_args(flags)


def settings_of(flags):
    """What to serve, by the flags alone or by the file that they name."""
    if not flags.model_config_file:
        return Settings(flags.model_name, flags.model_base_path, None, {})
    from tensorflow_serving.config import model_server_config_pb2

    text = pathlib.Path(flags.model_config_file).read_text()
    (config,) = text_format.Parse(text, model_server_config_pb2.ModelServerConfig()).model_config_list.config
    versions = list(config.model_version_policy.specific.versions) or None
    return Settings(config.name, config.base_path, versions, dict(config.version_labels))


def main():
    """Serves until it is told to end."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        with started(sys.argv[1:]):
            ended.wait()
    except Refusal as error:
        print(f'Failed to start server. Error: {error.code}: {error}', flush=True)
        sys.exit(REFUSED)


if __name__ == '__main__':
    main()
