"""Lists the commands: `python -m seqgan_tf`. Runs one: `python -m seqgan_tf train --help`."""

import sys

from seqgan_tf.commands.registry import COMMANDS, show_version, start


def main() -> None:
    """Runs the command that the first argument names; without arguments, lists the commands.

    Raises:
        SystemExit: there is no such command, or as the command raises it.
    """
    name, *arguments = sys.argv[1:] or ['--help']
    if name == '--version':
        show_version()
    elif name in ('--help', '-h'):
        print('usage: python -m seqgan_tf COMMAND [arguments], or seqgan-COMMAND [arguments]\n')
        for command, entry in COMMANDS.items():
            print(f'  {command:8} {entry.help}')
        print('\nCOMMAND --help shows the arguments of a command.')
    elif name in COMMANDS:
        sys.argv = [f'seqgan-{name}', *arguments]
        start(name)
    else:
        sys.exit(f'error: a command must be one of {", ".join(COMMANDS)}. Received: {name}')


if __name__ == '__main__':
    main()
