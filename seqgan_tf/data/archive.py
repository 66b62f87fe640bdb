"""Archives of tar and gzip, read in memory: nothing in one says where a file is written."""

import gzip
import io
import re
import tarfile
from collections.abc import Iterator


def unpack(data: bytes, pattern: str, most: int) -> dict[str, bytes]:
    """The files of a `.tar.gz` whose path, below the folder that holds all, matches a pattern.

    Args:
        data: the archive.
        pattern: a regular expression of whole paths.
        most: bytes that the archive may have without gzip.

    Returns:
        {name without folders: content}.

    Raises:
        ValueError: it is no such archive, is damaged or has more bytes; or what matches is a link, a
            device or another thing that is no plain file.
    """
    try:
        with gzip.open(io.BytesIO(data)) as stream:
            plain = stream.read(most + 1)
        members = dict(_members(plain, pattern)) if len(plain) <= most else {}
    except Exception as error:  # damaged bytes make gzip and tarfile raise errors of many types
        raise ValueError(f'no whole archive of tar and gzip ({error})') from None
    if len(plain) > most:
        raise ValueError(f'more than {most} bytes when it is unpacked')
    for path, content in members.items():
        if content is None:
            raise ValueError(f'{path}, which is no plain file')
    return {path.rpartition('/')[2]: content for path, content in members.items() if content is not None}


def _members(plain: bytes, pattern: str) -> Iterator[tuple[str, bytes | None]]:
    """(path, content) of each member that matches; the content of what is no plain file is None."""
    with tarfile.TarFile(fileobj=io.BytesIO(plain)) as archive:
        for member in archive:
            path = member.name.partition('/')[2]
            if re.fullmatch(pattern, path):
                # A sparse file could have any length, without bytes of the archive for it.
                is_plain = member.isreg() and not member.issparse()
                stream = archive.extractfile(member) if is_plain else None
                yield path, stream.read() if stream else None
