"""Downloads: a file comes whole and as its checksum says, or not at all."""

import contextlib
import hashlib
import http.client
import os
import pathlib
import urllib.error
import urllib.request
from collections.abc import Mapping

from tqdm import tqdm

from seqgan_tf.data.sources import SourceFile
from seqgan_tf.errors import RunError

CHUNK = 64 * 1024  # bytes
TIMEOUT = 30  # seconds without a byte


def fetch(url: str, file: SourceFile, path: pathlib.Path) -> bytes:
    """The content of a file, which is downloaded if the path has none.

    The bytes that have come are in `path` with `.part` after its name. The next call continues
    there, if the server can send a part of a file.

    Raises:
        RunError: the file cannot be downloaded or stored, or is not the one that was expected. The
            message says where to put it by hand.
    """
    try:
        if path.exists():
            return _checked(path, file)
        part = path.with_name(path.name + '.part')
        path.parent.mkdir(parents=True, exist_ok=True)
        _download(url, file, part)
        try:
            data = _checked(part, file)
        except ValueError:
            part.unlink()  # or each later call would continue what is wrong
            raise
        part.replace(path)
        return data
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise RunError(
            f'{file.name} must come whole from {url}, or be put there by hand as {path}. It has {file.size} bytes and '
            f'the SHA-256 {file.sha256}. Received: {_reason(error)}'
        ) from None


def _download(url: str, file: SourceFile, part: pathlib.Path) -> None:
    """Completes the part of a file that has come.

    Raises:
        OSError, HTTPException: the network, the server or the disk failed.
        ValueError: what the server sends is not the file.
    """
    done = part.stat().st_size if part.exists() else 0
    if done == file.size:
        return
    done = done if done < file.size else 0
    request = urllib.request.Request(url, headers={'Range': f'bytes={done}-'} if done else {})
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            part.unlink()
        raise
    with response:
        if response.status != http.client.PARTIAL_CONTENT:
            done = 0  # the server sends all of it
        elif not response.headers.get('Content-Range', '').startswith(f'bytes {done}-'):
            raise ValueError('the server sent another part of it than was asked for')
        if response.headers.get_content_type() == 'text/html':
            raise ValueError('a page of HTML')
        length = response.headers.get('Content-Length', '')
        if length.isdecimal() and done + int(length) != file.size:
            raise ValueError(f'{done + int(length)} bytes')
        with open(part, 'ab' if done else 'wb') as out, _bar(file, done) as bar:
            while done <= file.size and (chunk := response.read(CHUNK)):
                done += len(chunk)
                out.write(chunk)
                bar.update(len(chunk))
    if done > file.size:
        part.unlink()
        raise ValueError(f'more than {file.size} bytes')
    if done < file.size:
        raise ValueError(f'{done} bytes, then the end; the same command continues there')


def _bar(file: SourceFile, done: int) -> tqdm:
    """A progress bar, which a terminal alone shows."""
    return tqdm(total=file.size, initial=done, desc=file.name, unit='B', unit_scale=True, disable=None, leave=False)


def _checked(path: pathlib.Path, file: SourceFile) -> bytes:
    """The content of a file. Raises ValueError where its checksum is another one."""
    with open(path, 'rb') as opened:
        data = opened.read(file.size + 1)
    found = hashlib.sha256(data).hexdigest()
    if found != file.sha256:
        size = f'more than {file.size}' if len(data) > file.size else len(data)
        raise ValueError(f'{path} with {size} bytes and the SHA-256 {found}')
    return data


def _reason(error: Exception) -> str:
    """What an error of a download says."""
    if isinstance(error, urllib.error.HTTPError):
        return f'the answer {error.code} {error.reason}'
    if isinstance(error, OSError):
        where = f': {error.filename}' if error.filename else ''
        return f'{error.strerror or getattr(error, "reason", "") or error}{where}'
    return str(error) or type(error).__name__


def store(files: Mapping[pathlib.Path, bytes], setting: str = 'out') -> None:
    """Writes {path: content}: all files or none.

    They are written beside their places first, and renamed when all are complete. `setting` is the
    name of what the user gave as their directory, for messages.

    Raises:
        RunError: a file cannot be written.
    """
    new = {path: path.with_name(path.name + '.new') for path in files}
    try:
        for path, data in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            new[path].write_bytes(data)
        for path in files:
            os.replace(new[path], path)
    except OSError as error:
        raise RunError(
            f'{setting} must be a directory that can be written. Received: {error.filename or next(iter(files)).parent} '
            f'({error.strerror})'
        ) from None
    finally:
        for path in new.values():
            with contextlib.suppress(OSError):
                path.unlink()
