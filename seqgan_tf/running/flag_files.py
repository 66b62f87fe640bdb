"""Flag files: text files with one setting a line, --name=value.

Those of the package, `seqgan_tf/flags/`, are found by name in any directory.
"""

import os
import pathlib
from collections.abc import Iterable, Mapping, Sequence

from absl import flags

from seqgan_tf.config import Config
from seqgan_tf.settings import define_flags

FOLDER = pathlib.Path(__file__).resolve().parents[1] / 'flags'


def read_flags(arguments: Sequence[str], switches: Mapping[str, str] = {}) -> flags.FlagValues:
    """The flags of the settings, as command-line arguments give them.

    The flags are of this call alone, not of the process.

    Args:
        arguments: of a command line.
        switches: {name: help} of further flags that are on or off.

    Raises:
        ValueError: a flag or a flag file does not exist, or a value cannot be read.
    """
    values = flags.FlagValues()
    define_flags(Config, values)
    for name, text in switches.items():
        flags.DEFINE_bool(name, False, text, flag_values=values)
    try:
        rest = values(['seqgan_tf', *expand(arguments)])[1:]
    except flags.Error as error:
        raise ValueError(str(error)) from None
    if rest:
        raise ValueError(f'settings are given as --name=value. Received: {" ".join(rest)}')
    return values


def expand(arguments: Iterable[str], including: tuple[pathlib.Path, ...] = ()) -> list[str]:
    """Arguments with the lines of each flag file in the place of its --flagfile.

    Flag files may name other ones. The syntax is that of absl: blank lines, and lines that start
    with # or //, are comments.

    Args:
        arguments: of a command line, or lines of a flag file.
        including: the files that the arguments come from, the outermost first.

    Raises:
        ValueError: a file is not there, cannot be read, or includes itself.
    """
    expanded = []
    rest = iter(arguments)
    for argument in rest:
        name, equals, value = argument.partition('=')
        if name not in ('--flagfile', '-flagfile'):
            expanded.append(argument)
            continue
        path = find(value if equals else next(rest, ''))
        if path in including:
            raise ValueError(
                f'a flag file must not include itself. Received: {" -> ".join(map(str, (*including, path)))}'
            )
        expanded += expand(_lines(path), (*including, path))
    return expanded


def find(name: str) -> pathlib.Path:
    """The flag file at a path, or else the one of the package with that name.

    A file of the package is named by its path below `flags/`, with or without that folder:
    tang.flags or flags/tang.flags.

    Raises:
        ValueError: neither is there.
    """
    path = pathlib.Path(os.path.expanduser(name.strip()))
    if path.exists() and not path.is_dir():
        return path.resolve()
    packaged = {file.relative_to(FOLDER).as_posix(): file for file in sorted(FOLDER.rglob('*.flags'))}
    found = packaged.get(os.path.normpath(path).removeprefix('flags/'))
    if found is None:
        raise ValueError(
            f'flagfile must be the path of a file or one of {", ".join(packaged)}. Received: flagfile={name}'
        )
    return found


def _lines(path: pathlib.Path) -> list[str]:
    """The lines of a flag file without its comments."""
    try:
        text = path.read_text('utf-8')
    except (OSError, ValueError) as error:
        raise ValueError(f'flagfile must be a utf-8 text that can be read. Received: {path} ({error})') from None
    return [line.strip() for line in text.split('\n') if line.strip() and not line.startswith(('#', '//'))]
