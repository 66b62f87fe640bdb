"""A server of exported models: TensorFlow Serving where the machine has it, or else a stand-in with its protocol around a session."""

import contextlib
import functools
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request

from stand_in_server import Server, started

EXPORT = pathlib.Path(__file__).resolve().parent.parent / 'export'
IMAGE = 'tensorflow/serving:2.20.0'


@contextlib.contextmanager
def serve(base):
    """Serves the newest version below a directory: by export/serve.sh if the machine has a real server, else by the stand-in."""
    if real_server():
        with _real(base) as server:
            yield server
        return
    flags = [f'--model_name={pathlib.Path(base).name}', f'--model_base_path={base}', '--enable_batching=true']
    with started(['--port=0', '--rest_api_port=0', *flags]) as server:
        yield server


def real_server():
    """Whether TensorFlow Serving itself is here: on the PATH, or as an image that a container engine which runs has or gets."""
    return bool(shutil.which('tensorflow_model_server')) or any(map(_has_image, ('docker', 'podman')))


@functools.cache
def _has_image(engine):
    def succeeds(*command):
        return subprocess.run([engine, *command], capture_output=True, timeout=600).returncode == 0

    return (
        bool(shutil.which(engine))
        and succeeds('info')
        and (succeeds('image', 'inspect', IMAGE) or succeeds('pull', IMAGE))
    )


@contextlib.contextmanager
def _real(base):
    """The real server, by the command that an operator uses."""
    with socket.socket() as one, socket.socket() as other:
        one.bind(('localhost', 0))
        other.bind(('localhost', 0))
        grpc_port, rest_port = one.getsockname()[1], other.getsockname()[1]
    rest = f'http://localhost:{rest_port}'
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [EXPORT / 'serve.sh', str(base)],
            stdout=log,
            stderr=log,
            env=os.environ | {'GRPC_PORT': str(grpc_port), 'REST_PORT': str(rest_port)},
        )
        try:
            end = time.monotonic() + 60
            while not _available(f'{rest}/v1/models/{pathlib.Path(base).name}'):
                if process.poll() is not None or time.monotonic() > end:
                    log.seek(0)
                    raise RuntimeError(
                        f'serve.sh must make the model AVAILABLE within 60 s. Received: {log.read()[-2000:].decode()}'
                    )
                time.sleep(0.2)
            yield Server(rest, f'localhost:{grpc_port}')
        finally:
            process.terminate()
            process.wait(timeout=30)


def _available(address):
    with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=5) as answer:
        return b'"AVAILABLE"' in answer.read()
    return False
