"""A small stand-in for the Hugging Face Hub: the calls by which huggingface_hub downloads a model."""

import contextlib
import hashlib
import http.server
import json
import threading
import urllib.parse

COMMIT = '0123456789abcdef' * 2 + '01234567'
ERRORS = {
    'missing': (404, 'RepoNotFound'),
    'no login': (401, ''),
    'gated': (403, 'GatedRepo'),
    'broken': (500, ''),
}


class Handler(http.server.BaseHTTPRequestHandler):
    """Sends one model, of the revisions main and v1, or answers as the server's fault has it."""

    def do_HEAD(self):
        self.answer(with_body=False)

    def do_GET(self):
        self.answer(with_body=True)

    def answer(self, with_body):
        server, path = self.server, urllib.parse.unquote(self.path.partition('?')[0])
        server.asked.append(path)
        api = f'/api/models/{server.name}'
        if server.fault:
            return self.refuse(*ERRORS[server.fault])
        if path.startswith(f'{api}/revision/'):
            if path.rpartition('/')[2] not in ('main', 'v1', COMMIT):
                return self.refuse(404, 'RevisionNotFound')
            return self.send({'id': server.name, 'sha': COMMIT, 'siblings': []}, with_body)
        if path == f'{api}/tree/{COMMIT}':
            files = [
                {'type': 'file', 'path': name, 'size': len(data), 'oid': hashlib.sha1(data).hexdigest()}
                for name, data in server.files.items()
            ]
            return self.send(files, with_body)
        name = path.removeprefix(f'/{server.name}/resolve/{COMMIT}/')
        if name not in server.files:
            return self.refuse(404, 'RepoNotFound')
        return self.send(server.files[name], with_body)

    def send(self, content, with_body):
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(200)
        self.send_header('ETag', f'"{hashlib.sha1(data).hexdigest()}"')
        self.send_header('X-Repo-Commit', COMMIT)
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        if with_body:
            self.wfile.write(data)

    def refuse(self, status, code):
        self.send_response(status)
        if code:
            self.send_header('X-Error-Code', code)
        self.send_header('Content-Length', '0')
        self.end_headers()

    def log_message(self, *args):
        del args


@contextlib.contextmanager
def serving(name, folder):
    """A server of the files of a folder as the model `name`; its attributes are `url`, `fault` and what was `asked`."""
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler) as served:
        served.name, served.fault, served.asked = name, '', []
        served.files = {path.name: path.read_bytes() for path in folder.iterdir()}
        served.url = f'http://127.0.0.1:{served.server_port}'
        thread = threading.Thread(target=served.serve_forever, kwargs=dict(poll_interval=0.01))
        thread.start()
        yield served
        served.shutdown()
        thread.join()
