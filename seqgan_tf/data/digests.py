"""SHA-256 checksums of files, of arrays and of directories, in hexadecimal."""

import contextlib
import hashlib
import io
import zipfile
import zlib
from collections.abc import Mapping

Content = bytes | Mapping[str, bytes]  # of a file, or of the files of a directory by name


def digest(path: str, content: Content) -> str:
    """The SHA-256 of a file; of an `.npz` that of the names and arrays in it.

    Releases of zlib compress the same arrays to other bytes. What is no archive counts as it is.

    Of a directory it is that of names and contents: of the list that `sha256sum *` prints in the
    locale C.
    """
    if not isinstance(content, bytes):
        lines = (f'{hashlib.sha256(content[name]).hexdigest()}  {name}\n' for name in sorted(content))
        content = ''.join(lines).encode()
    elif path.endswith('.npz'):
        with contextlib.suppress(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                content = b''.join(name.encode() + archive.read(name) for name in archive.namelist())
    return hashlib.sha256(content).hexdigest()
