"""The commands by name. A command is imported when it starts.

Little is imported here, because Ctrl-C shows a traceback until `start` is reached.
"""

import functools
import importlib
import os
import sys
from typing import NamedTuple

from seqgan_tf.version import VERSION

# The exit codes of a shell's command that a signal ended: 128 + its number.
INTERRUPTED = 130  # SIGINT, Ctrl-C
UNREAD = 141  # SIGPIPE


class Command(NamedTuple):
    """What is known of a command before it is imported.

    Attributes:
        module: the module with its function `main()`, which reads `sys.argv`.
        help: one line for `python -m seqgan_tf`.
    """

    module: str
    help: str


COMMANDS = {
    'train': Command('seqgan_tf.train', 'trains a generator, or continues a run'),
    'data': Command('seqgan_tf.data.command', 'downloads public corpora, by name'),
    'sweep': Command('seqgan_tf.sweep.command', 'runs a grid of training runs'),
    'report': Command('seqgan_tf.report.command', 'compares finished runs: tables, figures and a page'),
    'sample': Command('seqgan_tf.commands.sample', 'prints texts of a run or of an export'),
    'midi': Command('seqgan_tf.commands.midi', 'writes melodies of a run, or of ids, as MIDI files'),
    'export': Command('seqgan_tf.commands.export', 'exports the generator of a run for TensorFlow Serving'),
    'check': Command('seqgan_tf.commands.check', 'checks an exported model before it is served'),
    'client': Command('seqgan_tf.commands.client', 'asks a TensorFlow Serving for texts'),
    'playground': Command('seqgan_tf.playground.command', 'opens a page in the browser to play with a model'),
}


def show_version() -> None:
    """Prints the name and the version of the package."""
    print(f'seqgan_tf {VERSION}')


def start(name: str) -> None:
    """Runs a command with the arguments in `sys.argv`. A lone --version shows the version.

    Raises:
        SystemExit: with status 130 after Ctrl-C, also while the command is imported; with 141 where
            nobody reads the output any more; or as the command raises it.
    """
    if sys.argv[1:] == ['--version']:
        show_version()
        return
    try:
        importlib.import_module(COMMANDS[name].module).main()
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # the reader of a pipe, such as head, has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is still buffered
        sys.exit(UNREAD)


# The console scripts seqgan-train and so on (setup.py).
train, data, sweep, report, sample, midi, export, check, client, playground = (
    functools.partial(start, name)
    for name in ('train', 'data', 'sweep', 'report', 'sample', 'midi', 'export', 'check', 'client', 'playground')
)
