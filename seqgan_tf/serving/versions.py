"""Versions of a served model: numbered directories below a base directory.

A version is complete from the moment that it can be seen.
"""

import contextlib
import os
import pathlib
import shutil
from collections.abc import Iterator

# The end of the name of a version that is not complete. TensorFlow Serving ignores such a name,
# because a version's name is a number.
WRITING = '.writing'


def published(base: str | pathlib.Path) -> list[int]:
    """The numbers of the versions below a directory, in rising order."""
    return sorted(
        int(entry.name) for entry in pathlib.Path(base).iterdir() if entry.name.isdecimal() and entry.is_dir()
    )


@contextlib.contextmanager
def new_version(base: str | pathlib.Path) -> Iterator[tuple[pathlib.Path, pathlib.Path]]:
    """A context that publishes a directory as the next version below `base`.

    It gives two paths: where to write the directory, and where it will be published. On leaving,
    everything is flushed to disk, and then the directory is renamed. Its number is one more than
    the highest there, including versions that are being written. After an exception nothing is
    left. After a kill a directory `<number>.writing` is left, which can be deleted.

    Raises:
        OSError: the directory cannot be made or written.
    """
    base = pathlib.Path(base)
    base.mkdir(parents=True, exist_ok=True)
    version = _claim(base)
    writing = base / f'{version}{WRITING}'
    try:
        yield writing, base / str(version)
        for directory, _, files in os.walk(writing):
            for path in (*(os.path.join(directory, file) for file in files), directory):
                _flush(path)
        os.rename(writing, base / str(version))
        _flush(base)
    except BaseException:
        shutil.rmtree(writing, ignore_errors=True)
        raise


def _claim(base: pathlib.Path) -> int:
    """Claims the number of the next version by making its directory.

    mkdir succeeds for only one of several exporters.
    """
    while True:
        names = [entry.name.removesuffix(WRITING) for entry in base.iterdir()]
        version = 1 + max((int(name) for name in names if name.isdecimal()), default=0)
        writing = base / f'{version}{WRITING}'
        with contextlib.suppress(FileExistsError):
            writing.mkdir()
            if not (base / str(version)).exists():
                return version
            writing.rmdir()  # another exporter published it between the listing and the claim


def _flush(path: str | pathlib.Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
