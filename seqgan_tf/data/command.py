"""Downloads public corpora by name: `python -m seqgan_tf.data poems`."""

import argparse
import pathlib
import shlex
import sys
from collections.abc import Mapping

from seqgan_tf.data.converters import digest
from seqgan_tf.data.download import fetch, store
from seqgan_tf.data.sources import SOURCES, Source
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
            print(f'{name:11} {source.size / 1e6:.1f} MB  {source.summary}')
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
    if not _is_there(source, out):
        print(f'from: {source.repository} at {source.commit}, {source.size:,} bytes', flush=True)
        files = {file.name: fetch(source.url(file), file, out / 'source' / file.name) for file in source.files}
        made = source.convert(files)
        _check(source, made)
        store({out / path: data for path, data in made.items()})
    for path, expected in source.results.items():
        print(f'{out / path}  sha256{" of its arrays" if path.endswith(".npz") else ""} {expected}')
    print(source.command.replace('DIR', shlex.quote(str(out))))


def _is_there(source: Source, out: pathlib.Path) -> bool:
    """Whether a directory has all results of a source.

    Raises:
        RunError: it has a file of that name with another content.
    """
    found = {path: out / path for path in source.results if (out / path).exists()}
    for path, file in found.items():
        try:
            same = digest(path, file.read_bytes()) == source.results[path]
        except OSError as error:
            raise RunError(f'a result must be a readable file. Received: {file} ({error.strerror})') from None
        if not same:
            raise RunError(f'out must have no other file in the place of a result. Received: {file}')
    return len(found) == len(source.results)


def _check(source: Source, made: Mapping[str, bytes]) -> None:
    """Raises RunError where what was made is not what the source is known to give."""
    for path, data in made.items():
        if digest(path, data) != source.results.get(path):
            raise RunError(
                f'{path} must have the SHA-256 {source.results.get(path)}. Received: {digest(path, data)}, from files '
                'that are as they should be; another release of a library may read them in another way'
            )


if __name__ == '__main__':
    main()
