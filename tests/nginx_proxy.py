"""A real nginx on loopback with the configuration of export/nginx, and behind it a relay that records what gets through."""

import contextlib
import http.client
import http.server
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.parse

import pytest

CONFIGURATION = pathlib.Path(__file__).resolve().parent.parent / 'export' / 'nginx'
BINARY = shutil.which('nginx', path=os.pathsep.join([os.environ.get('PATH', ''), '/usr/sbin', '/usr/local/sbin']))


def ask(port, path, body=None, method=None, headers=None, source='127.0.0.1'):
    """(status, answer) of one request on a connection of its own; nginx takes each source of 127.0.0.0/8 for another client."""
    connection = http.client.HTTPConnection('127.0.0.1', port, timeout=30, source_address=(source, 0))
    with contextlib.closing(connection):
        with contextlib.suppress(
            BrokenPipeError, ConnectionResetError
        ):  # of an answer that comes before the body has gone
            connection.request(method or ('GET' if body is None else 'POST'), path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or 'null')


@contextlib.contextmanager
def recorded(url):
    """Passes requests on to the server at a URL; gives a port, and a growing list of (method, path, headers, body)."""
    server_port, seen = urllib.parse.urlsplit(url).port, []

    class Relay(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
            self.connection.setblocking(False)
            beyond = self.rfile.peek()  # bytes that came uncounted
            self.connection.setblocking(True)
            seen.append((self.command, self.path, self.headers, body + beyond))
            status, answer = ask(server_port, self.path, body or None, self.command)
            self.send_response(status)
            self.send_header('Content-Type', 'application/json')
            body = json.dumps(answer).encode()
            self.send_header('Content-Length', str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_PUT = do_DELETE = do_GET

        def log_message(self, *_):
            pass

    relay = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Relay)
    threading.Thread(target=relay.serve_forever, daemon=True).start()
    try:
        yield relay.server_port, seen
    finally:
        relay.shutdown()
        relay.server_close()


@contextlib.contextmanager
def started(folder, server_port, tls=False):
    """nginx in front of a port, with its files in a folder, which has tls.crt and tls.key if the TLS option is to be on; gives its port.

    Skips the test where there is no nginx, or one without njs.
    """
    if BINARY is None:
        pytest.skip('needs nginx on the PATH')
    port, tls_port = free_port(), free_port()
    text = (CONFIGURATION / 'nginx.conf').read_text()
    text = replaced(text, r'server poetry:8501;', f'server 127.0.0.1:{server_port};')
    text = replaced(text, r'listen 8080;', f'listen 127.0.0.1:{port};')
    if tls:
        text = replaced(text, r'# listen 8443 ssl;', f'listen 127.0.0.1:{tls_port} ssl;')
        text = replaced(text, r'# (ssl_\w+)', r'\1')
    kinds = ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi')  # an ordinary user may not write where nginx would
    paths = '\n'.join(f'{kind}_temp_path {folder}/{kind};' for kind in kinds)
    text = replaced(text, r'http \{', f'http {{\naccess_log {folder}/access.log;\n{paths}')
    (folder / 'nginx.conf').write_text(text)
    shutil.copy(CONFIGURATION / 'check_body.js', folder)
    settings = f'pid {folder}/nginx.pid; error_log {folder}/error.log;'
    command = [BINARY, '-c', folder / 'nginx.conf', '-e', folder / 'error.log', '-g']
    tried = subprocess.run([*command, settings, '-t'], capture_output=True, text=True, timeout=30, check=False)
    if 'ngx_http_js_module.so' in tried.stderr:
        pytest.skip('needs the njs module of nginx (libnginx-mod-http-js)')
    assert tried.returncode == 0, tried.stderr
    process = subprocess.Popen([*command, f'{settings} daemon off;'])
    try:
        wait_for(port, process)
        yield tls_port if tls else port
    finally:
        process.terminate()
        process.wait(timeout=30)


def replaced(text, pattern, replacement):
    """The text with the matches of a pattern replaced, of which there must be one at least."""
    text, count = re.subn(pattern, replacement, text)
    assert count, f'nginx.conf must have {pattern}'
    return text


def wait_for(port, process):
    """Returns once a process takes connections on a port."""
    end = time.monotonic() + 30
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(('127.0.0.1', port), timeout=1):
            return
        time.sleep(0.02)
    raise RuntimeError(f'nginx must listen on port {port} within 30 s. Received: exit code {process.poll()}')


def free_port():
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        return one.getsockname()[1]
