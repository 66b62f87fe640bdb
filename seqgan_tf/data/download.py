"""Downloads: a file comes whole and as its checksum says, or not at all."""

import contextlib
import http.client
import os
import pathlib
import shutil
import urllib.error
import urllib.request
from collections.abc import Mapping

from tqdm import tqdm

from seqgan_tf.data.digests import Content
from seqgan_tf.data.source import SourceArchive, SourceFile
from seqgan_tf.errors import RunError

CHUNK = 64 * 1024  # bytes
TIMEOUT = 30  # seconds without a byte


def fetch(url: str, file: SourceFile | SourceArchive, path: pathlib.Path) -> dict[str, bytes]:
    """What a file has by name, see `read` of its class; it is downloaded if the path has none.

    The bytes that have come are in `path` with `.part` after its name. The next call continues
    there, if the server can send a part of a file. An archive is begun anew.

    Raises:
        RunError: the file cannot be downloaded or stored, or is not the one that was expected. The
            message says where to put it by hand.
    """
    try:
        if path.exists():
            return _read(path, file)
        part = path.with_name(path.name + '.part')
        path.parent.mkdir(parents=True, exist_ok=True)
        _download(url, file, part)
        try:
            content = _read(part, file)
        except ValueError:
            part.unlink()  # or each later call would continue what is wrong
            raise
        part.replace(path)
        return content
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise RunError(
            f'{file.name} must come whole from {url}, or be put there by hand as {path}. {file.description}. '
            f'Received: {_reason(error)}'
        ) from None


def _download(url: str, file: SourceFile | SourceArchive, part: pathlib.Path) -> None:
    """Completes the part of a file that has come.

    Raises:
        OSError, HTTPException: the network, the server or the disk failed.
        ValueError: what the server sends is not the file.
    """
    done = part.stat().st_size if part.exists() else 0
    if done == file.length:
        return
    done = done if done < (file.length or 0) else 0
    request = urllib.request.Request(url, headers={'Range': f'bytes={done}-'} if done else {})
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            part.unlink(missing_ok=True)
        raise
    with response:
        if response.status != http.client.PARTIAL_CONTENT:
            done = 0  # the server sends all of it
        elif not response.headers.get('Content-Range', '').startswith(f'bytes {done}-'):
            raise ValueError('the server sent another part of it than was asked for')
        if response.headers.get_content_type() == 'text/html':
            raise ValueError('a page of HTML')
        sent = response.headers.get('Content-Length', '')
        total = done + int(sent) if sent.isdecimal() else file.length
        if total is not None and (total > file.most or total != (file.length or total)):
            raise ValueError(f'{total} bytes')
        with open(part, 'ab' if done else 'wb') as out, _bar(file.name, total, done) as bar:
            while done <= file.most and (chunk := response.read(CHUNK)):
                done += len(chunk)
                out.write(chunk)
                bar.update(len(chunk))
    if done > file.most:
        part.unlink()
        raise ValueError(f'more than {file.most} bytes')
    if total is not None and done < total:
        raise ValueError(
            f'{done} bytes, then the end; the same command {"continues there" if file.length else "begins anew"}'
        )


def _bar(name: str, total: int | None, done: int) -> tqdm:
    """A progress bar, which a terminal alone shows."""
    return tqdm(total=total, initial=done, desc=name, unit='B', unit_scale=True, disable=None, leave=False)


def _read(path: pathlib.Path, file: SourceFile | SourceArchive) -> dict[str, bytes]:
    """What a file has by name. Raises ValueError where it is another one."""
    with open(path, 'rb') as opened:
        data = opened.read(file.most + 1)
    try:
        return file.read(data)
    except ValueError as error:
        raise ValueError(f'{path} with {error}') from None


def _reason(error: Exception) -> str:
    """What an error of a download says."""
    if isinstance(error, urllib.error.HTTPError):
        return f'the answer {error.code} {error.reason}'
    if isinstance(error, http.client.IncompleteRead):
        return 'an answer that broke off; the same command tries again'
    if isinstance(error, urllib.error.URLError) and isinstance(error.reason, OSError):
        error = error.reason
    if isinstance(error, OSError):
        return f'{error.strerror or error}{f": {error.filename}" if error.filename else ""}'
    return str(error) or type(error).__name__


def store(results: Mapping[pathlib.Path, Content], setting: str = 'out') -> None:
    """Writes {path: content of a file or of a directory}: all or none.

    They are written beside their places first, and renamed when all are complete. `setting` is the
    name of what the user gave as their directory, for messages.

    Raises:
        RunError: a file cannot be written.
    """
    new = {path: path.with_name(path.name + '.new') for path in results}
    try:
        for path, content in results.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                new[path].write_bytes(content)
                continue
            shutil.rmtree(new[path], ignore_errors=True)  # of a call that was killed
            new[path].mkdir()
            for name, data in content.items():
                (new[path] / name).write_bytes(data)
        for path in results:
            os.replace(new[path], path)
    except OSError as error:
        raise RunError(
            f'{setting} must be a directory that can be written. Received: '
            f'{error.filename or next(iter(results)).parent} ({error.strerror})'
        ) from None
    finally:
        for path in new.values():
            shutil.rmtree(path, ignore_errors=True)
            with contextlib.suppress(OSError):
                path.unlink()
