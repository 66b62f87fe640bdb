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

    from seqgan_tf.config import Config
    from seqgan_tf.errors import RunError
    from seqgan_tf.running.flag_files import read_flags
    from seqgan_tf.running.startup import load_tensorflow

    logging.set_verbosity(logging.WARNING)
    try:
        config = Config.from_flags(read_flags(sys.argv[1:] if arguments is None else arguments))
    except ValueError as error:
        sys.exit(f'error: {error}')

    load_tensorflow()
    from seqgan_tf.running import experiment

    try:
        experiment.run(config)
    except RunError as error:
        sys.exit(f'error: {error}')
    except KeyboardInterrupt:
        sys.exit(f'stopped at once; the same command continues from the last checkpoint in {config.workdir}')


if __name__ == '__main__':
    start('train')
