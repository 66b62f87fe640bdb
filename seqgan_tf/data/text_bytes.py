"""The text of a file: plain or compressed by gzip, in any encoding that Python knows."""

import gzip
import io
import pathlib
import re
import zlib

MOST_BYTES = 2**30  # of the text; a corpus is held in memory
_GZIP = b'\x1f\x8b'
_BOMS = {
    b'\xff\xfe\x00\x00': 'utf-32',
    b'\x00\x00\xfe\xff': 'utf-32',
    b'\xff\xfe': 'utf-16',
    b'\xfe\xff': 'utf-16',
}


def check_encoding(encoding: str) -> None:
    """Raises ValueError where Python knows no such encoding of text."""
    try:
        'a'.encode(encoding)
    except (LookupError, ValueError):
        raise ValueError(
            f'encoding must be one that Python knows, such as utf-8, utf-16 or gb18030. Received: encoding={encoding}'
        ) from None


def read_text(path: str | pathlib.Path, encoding: str = 'utf-8') -> str:
    """The text of a file without a byte order mark. A gzip file is known by its first two bytes.

    Raises:
        ValueError: there is no such encoding; or the file cannot be read, is damaged, has more than
            `MOST_BYTES`, or is not in that encoding. The message then says what it looks like.
    """
    check_encoding(encoding)
    data = _read_bytes(path)
    if encoding == 'utf-8' and _zeros(data):  # zero bytes are valid utf-8
        raise ValueError(f'a corpus must be utf-8 text. Received: {path}, whose line 1 is not{_advice(data)}')
    try:
        return data.decode(encoding).removeprefix('\ufeff')
    except UnicodeDecodeError as error:
        line = data[: error.start].decode(encoding, 'ignore').count('\n') + 1
        raise ValueError(
            f'a corpus must be {encoding} text. Received: {path}, whose line {line} is not ({error.reason})'
            f'{_advice(data)}'
        ) from None
    except UnicodeError as error:  # of a codec that does not say where
        raise ValueError(f'a corpus must be {encoding} text. Received: {path} ({error})') from None


def _read_bytes(path: str | pathlib.Path) -> bytes:
    try:
        with open(path, 'rb') as file:
            data = file.read(MOST_BYTES + 1)
        if data.startswith(_GZIP) and len(data) <= MOST_BYTES:
            with gzip.open(io.BytesIO(data)) as file:
                data = file.read(MOST_BYTES + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f'a gzip file must be whole. Received: {path} ({error})') from None
    except OSError as error:
        raise ValueError(f'a corpus must be a readable file. Received: {path} ({error.strerror})') from None
    if len(data) > MOST_BYTES:
        raise ValueError(f'a corpus must have at most {MOST_BYTES} bytes. Received: {path}, which has more')
    return data


def _advice(data: bytes) -> str:
    """What the bytes of a text look like, and the flag to give; '' where nothing is known."""
    found = _guess(data)
    return f'. It looks like {found[0]}: try --encoding={found[1]}' if found else ''


def _guess(data: bytes) -> tuple[str, str] | None:
    """A description and the name of the encoding that a text looks like."""
    for bom, name in _BOMS.items():
        if data.startswith(bom):
            return f'{name.upper()} by its first bytes', name
    if _zeros(data):
        return 'UTF-16 by its zero bytes', _zeros(data)
    text = data.decode('utf-8', 'replace')
    if sum(char > '\x7f' for char in text) > 2 * text.count('\ufffd'):  # utf-8 with a damaged place
        return None
    # In GB18030 a Chinese character has two bytes, mostly both above 127. In Windows-1252 a letter
    # with an accent stands alone between letters of ASCII.
    high = re.findall(rb'[\x80-\xff]+', data)
    paired = sum(len(run) for run in high if len(run) > 1) > sum(map(len, high)) / 2
    for what, name, fits in (
        ('Chinese in GB18030', 'gb18030', paired),
        ('Western European in Windows-1252', 'windows-1252', not paired),
    ):
        if fits and _decodes(data, name):
            return what, name
    return None


def _zeros(data: bytes) -> str:
    """The UTF-16 whose bytes of ASCII letters are zero in more than a third of its half; or ''."""
    for name, half in (('utf-16-be', data[::2]), ('utf-16-le', data[1::2])):
        if half and half.count(0) > len(half) / 3:
            return name
    return ''


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
