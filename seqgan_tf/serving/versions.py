"""Versions of a served model: numbered directories below a base directory, each whole from the moment it can be seen."""

import contextlib
import os
import pathlib
import shutil

WRITING = (
    '.writing'  # ends the name of a version that is not whole yet; TensorFlow Serving takes only a number for a version
)


def published(base):
    """The numbers of the versions below a directory, in rising order."""
    return sorted(
        int(entry.name) for entry in pathlib.Path(base).iterdir() if entry.name.isdecimal() and entry.is_dir()
    )


@contextlib.contextmanager
def new_version(base):
    """A context that publishes a directory: gives (path to write it at, path it will have), and on leaving renames the one to the other.

    The number is one more than the highest there, versions that are being written included. Everything is flushed to disk before the
    rename, which comes last. After an exception nothing is left; after a kill, a directory `<number>.writing` that can be deleted.

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


def _claim(base):
    """The number of the next version, claimed by making its directory: mkdir succeeds for one of several exporters only."""
    while True:
        names = [entry.name.removesuffix(WRITING) for entry in base.iterdir()]
        version = 1 + max((int(name) for name in names if name.isdecimal()), default=0)
        writing = base / f'{version}{WRITING}'
        with contextlib.suppress(FileExistsError):
            writing.mkdir()
            if not (base / str(version)).exists():
                return version
            writing.rmdir()  # another exporter published it between the look and the claim


def _flush(path):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
