"""A server of small files in place of GitHub, and the data command as a function."""

import contextlib
import http.server
import sys
import threading

from seqgan_tf.data import command, source

HTML = b'<!DOCTYPE html><html>Sign in to the network</html>'


class Handler(http.server.BaseHTTPRequestHandler):
    """Sends the files of the server, whole or from the byte asked for, or as the server's fault has it."""

    def do_GET(self):
        fault, data = self.server.fault, self.server.files.get(self.path.rpartition('/')[2])
        self.server.asked.append((self.path, self.headers.get('Range')))
        if data is None or fault == 'missing':
            return self.send_error(404)
        data = {'html': HTML, 'html as text': HTML, 'changed': b'x' * len(data), 'short': data[:-1]}.get(fault, data)
        first = int((self.headers.get('Range') or 'bytes=0-')[6:-1]) if fault != 'no ranges' else 0
        if first >= len(data):
            return self.send_error(416)
        self.send_response(206 if first else 200)
        if first:
            self.send_header('Content-Range', f'bytes {first + (fault == "other range")}-{len(data) - 1}/{len(data)}')
        self.send_header('Content-Type', 'text/html' if fault == 'html' else 'text/plain; charset=utf-8')
        if fault != 'endless':
            self.send_header('Content-Length', str(len(data) - first))
        self.end_headers()
        rest = data[first:]
        self.wfile.write(rest[: len(rest) // 2] if fault == 'cut' else rest * 2 if fault == 'endless' else rest)

    def log_message(self, *args):
        del args


@contextlib.contextmanager
def serving(files, monkeypatch):
    """A server of {last part of an address: bytes}; its attributes are `files`, `fault` and what was `asked`."""
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler) as served:
        served.files, served.fault, served.asked = files, '', []
        for name in ('RAW', 'ARCHIVES'):
            monkeypatch.setattr(source, name, f'http://127.0.0.1:{served.server_port}')
        thread = threading.Thread(target=served.serve_forever, kwargs=dict(poll_interval=0.01))
        thread.start()
        yield served
        served.shutdown()
        thread.join()


def caller(monkeypatch, capsys):
    """A function that runs the command: (exit code or message, what was printed)."""

    def call(*arguments):
        monkeypatch.setattr(sys, 'argv', ['data', *map(str, arguments)])
        try:
            code = command.main() or 0
        except SystemExit as error:
            code = error.code
        return code, capsys.readouterr().out

    return call


def names(folder):
    """The paths of all files below a directory."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob('*') if not path.is_dir())
