"""Trains a generator: `python train.py --flagfile=poetry.flags`.

`python -m seqgan_tf.train` and `seqgan-train` take the same flags; `--help` lists them.
"""

import sys
from collections.abc import Sequence

from seqgan_tf.commands.registry import start


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the experiment that the flags describe.

    Args:
        arguments: of the command; None: those of the command line.

    Raises:
        SystemExit: with a message and a status other than 0 where the run cannot start or continue.
    """
    from absl import logging

    from seqgan_tf.errors import RunError, Stopped
    from seqgan_tf.running.command_line import DRY_RUN, help_text, read_config
    from seqgan_tf.running.flag_files import read_flags
    from seqgan_tf.running.startup import load_tensorflow

    arguments = sys.argv[1:] if arguments is None else arguments
    if {'--help', '-h'} & set(arguments):
        print(help_text())
        return
    logging.set_verbosity(logging.WARNING)
    try:
        values = read_flags(arguments, {'dry_run': DRY_RUN})
        config = read_config(values)
    except ValueError as error:
        sys.exit(f'error: {error}')

    def make_devices():  # with TensorFlow's first operation they are fixed
        from seqgan_tf.running.devices import make_replicas

        try:
            make_replicas(config)
        except RunError as error:
            return error

    error = load_tensorflow(make_devices)
    if error is not None:
        sys.exit(f'error: {error}')
    from seqgan_tf.running import experiment
    from seqgan_tf.running.dry_run import dry_run

    try:
        (dry_run if values['dry_run'].value else experiment.run)(config)
    except RunError as error:
        sys.exit(f'error: {error}')
    except Stopped as stopped:
        print(stopped)
        sys.exit(128 + stopped.signal)
    except KeyboardInterrupt:
        sys.exit(f'stopped at once; the same command continues from the last checkpoint in {config.workdir}')


if __name__ == '__main__':
    start('train')
