"""The latency of requests with and without nginx in front of a server, in milliseconds.

    python benchmarks/nginx.py

The server computes nothing. It writes as TensorFlow Serving's HTTP library does: 16 KiB a send,
with Nagle's algorithm on. Requests come 25 ms apart, so the rate limit slows none down.
"""

import contextlib
import http.client
import pathlib
import shutil
import socketserver
import statistics
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / 'tests'))

import nginx_proxy

SEND = 16_384  # libevent's largest write of a bufferevent
REQUESTS, PAUSE = 200, 0.025  # seconds
PATH = '/v1/models/poetry:predict'
ROW = b'{"seed": 1, "temperature": 0.8}'
CASES = {1: 500, 64: 30_000}  # rows, and about the bytes of an answer


class Server(socketserver.StreamRequestHandler):
    """Answers each request with as many bytes as its number of rows takes."""

    def handle(self):
        while self.rfile.readline():
            length = close = 0
            while (line := self.rfile.readline().lower().strip()) != b'':
                length = int(line.partition(b':')[2]) if line.startswith(b'content-length:') else length
                close = close or line == b'connection: close'
            size = CASES[self.rfile.read(length).count(b'seed')]
            ending = b'Connection: close\r\n' if close else b''
            answer = b'HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s' % (ending, size, b'x' * size)
            for start in range(0, len(answer), SEND):
                self.connection.sendall(answer[start : start + SEND])
            if close:
                return


def times(port, rows, kept):
    """The milliseconds of each request of some rows, on one connection or on one for each."""
    body, taken, connection = b'{"instances": [%s]}' % b', '.join([ROW] * rows), [], None
    for _ in range(REQUESTS):
        time.sleep(PAUSE)
        start = time.perf_counter()
        if not (kept and connection):
            connection = http.client.HTTPConnection('127.0.0.1', port, timeout=30)
        connection.request('POST', PATH, body)
        answer = connection.getresponse()
        received = answer.status, len(answer.read())
        taken.append(1e3 * (time.perf_counter() - start))
        if received != (200, CASES[rows]):
            raise ValueError(f'an answer must have status 200 and {CASES[rows]} bytes. Received: {received}')
        if not kept:
            connection.close()
    return taken


def with_kept_connections(folder):
    """The shipped configuration, but that nginx keeps its connections to the server."""
    shutil.copytree(nginx_proxy.CONFIGURATION, folder, dirs_exist_ok=True)
    text = (folder / 'nginx.conf').read_text()
    text = nginx_proxy.replaced(text, 'server poetry:8501;', 'server poetry:8501; keepalive 32;')
    text = nginx_proxy.replaced(text, 'Connection close', "Connection ''")
    (folder / 'nginx.conf').write_text(text)
    return folder


def main():
    """Measures each way to the server."""
    server = socketserver.ThreadingTCPServer(('127.0.0.1', 0), Server)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    direct = server.server_address[1]
    with contextlib.ExitStack() as stack:
        folders = [pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(3)]
        through = stack.enter_context(nginx_proxy.started(folders[0], direct))
        nginx_proxy.CONFIGURATION = with_kept_connections(folders[1])
        keeping = stack.enter_context(nginx_proxy.started(folders[2], direct))
        ports = {'server': direct, 'nginx': through, 'nginx that keeps its connections to the server': keeping}
        print('| rows | to | connection | p50 ms | p90 ms |\n| --- | --- | --- | --- | --- |')
        for rows in CASES:
            for way, port in ports.items():
                for kept in (False, True):
                    taken = times(port, rows, kept)
                    p50, p90 = statistics.median(taken), sorted(taken)[REQUESTS * 9 // 10]
                    print(f'| {rows} | {way} | {"kept" if kept else "new"} | {p50:.2f} | {p90:.2f} |', flush=True)
    server.shutdown()


if __name__ == '__main__':
    main()
