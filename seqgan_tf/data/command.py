"""Downloads public corpora by name: `python -m seqgan_tf.data poems`."""

import argparse
import pathlib
import shlex
import sys
from collections.abc import Mapping

from seqgan_tf.data.digests import Content, digest
from seqgan_tf.data.download import fetch, store
from seqgan_tf.data.source import Source
from seqgan_tf.data.sources import SOURCES
from seqgan_tf.errors import RunError


def main() -> None:
    """Lists the names, or downloads and converts what one of them stands for.

    Raises:
        SystemExit: with a message, if there is no such name or the data cannot be had.
    """
    parser = argparse.ArgumentParser(
        prog='python -m seqgan_tf.data',
        description='Downloads and converts public corpora. Without a name, lists the names.',
        allow_abbrev=False,
    )
    parser.add_argument('name', nargs='?', metavar='NAME', help='of the data: ' + ', '.join(SOURCES))
    parser.add_argument(
        '--out',
        default='data',
        help='directory of all data; what is downloaded stays in its folder source (default: data)',
    )
    args = parser.parse_args()
    if args.name is None:
        for name, source in SOURCES.items():
            print(f'{name:15} {source.size / 1e6:4.1f} MB  {source.summary}')
        return
    try:
        if args.name not in SOURCES:
            raise RunError(f'data must be one of {", ".join(SOURCES)}. Received: {args.name}')
        make(SOURCES[args.name], pathlib.Path(args.out))
    except RunError as error:
        sys.exit(f'error: {error}')


def make(source: Source, out: pathlib.Path) -> None:
    """Makes the files of a source in a directory, and prints what may be done with them.

    Raises:
        RunError: a file of the source cannot be had, a result cannot be written, or a result is
            there that is another one.
    """
    print(f'{source.summary}\nlicence: {source.licence}\ncite: {source.citation}', flush=True)
    if not _are_there(source, out):
        print(f'from: {source.repository} at {source.commit}, {source.size:,} bytes', flush=True)
        files = {}
        for file in source.files:
            files |= fetch(source.url(file), file, out / 'source' / file.name)
        made = source.convert(files)
        _check(source, made)
        store({out / path: content for path, content in made.items()})
    for path, expected in source.results.items():
        kind = ' of its arrays' if path.endswith('.npz') else ' of its files' if path.endswith('/') else ''
        print(f'{out / path}  sha256{kind} {expected}')
    print(source.command.replace('DIR', shlex.quote(str(out))))


def _are_there(source: Source, out: pathlib.Path) -> bool:
    """Whether a directory has all results of a source.

    Raises:
        RunError: it has another one in the place of a result.
    """
    found = {path: out / path for path in source.results if (out / path).exists()}
    for path, place in found.items():
        try:
            content = _files_of(place) if path.endswith('/') else place.read_bytes()
        except OSError as error:
            raise RunError(
                f'a result must be a readable file or directory. Received: {error.filename or place} ({error.strerror})'
            ) from None
        if digest(path, content) != source.results[path]:
            raise RunError(f'out must have nothing else in the place of a result. Received: {place}')
    return len(found) == len(source.results)


def _files_of(folder: pathlib.Path) -> dict[str, bytes]:
    """{name: content} of all that a directory has."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _check(source: Source, made: Mapping[str, Content]) -> None:
    """Raises RunError where what was made is not what the source is known to give."""
    for path, content in made.items():
        if digest(path, content) != source.results.get(path):
            raise RunError(
                f'{path} must have the SHA-256 {source.results.get(path)}. Received: {digest(path, content)}, from '
                'files that are as they should be; another release of a library may read them in another way'
            )


if __name__ == '__main__':
    main()
