"""Where data are from: the checksums of their files, and the public data that have the same ones."""

import os
import pathlib
from collections.abc import Mapping

from seqgan_tf.data.corpus import PARTS
from seqgan_tf.data.digests import digest
from seqgan_tf.data.sources import SOURCES
from seqgan_tf.data.text_file import SUFFIXES


def checksums(path: str | os.PathLike[str]) -> dict[str, str]:
    """{name: its `digest`} of a file, of the three parts in a directory, or of a directory as a whole.

    The name of a directory ends with a slash. What cannot be read a second time, such as a pipe, has
    none.
    """
    path = pathlib.Path(path).resolve()
    try:
        if path.is_file():
            return {path.name: digest(path.name, path.read_bytes())}
        if not path.is_dir():
            return {}
        parts = [file for part in PARTS for suffix in SUFFIXES if (file := path / (part + suffix)).is_file()]
        if parts:
            return {file.name: digest(file.name, file.read_bytes()) for file in parts}
        files = {file.relative_to(path).as_posix(): file.read_bytes() for file in path.rglob('*') if file.is_file()}
    except OSError:
        return {}
    return {f'{path.name}/': digest(path.name, files)}


def public_name(found: Mapping[str, str]) -> str | None:
    """The name in `SOURCES` of the data with these `checksums`; None where they are no such data."""
    digests = set(found.values())
    known = (name for name, source in SOURCES.items() if digests and digests <= set(source.results.values()))
    return next(known, None)
