"""Trains a generator: `python train.py --flagfile=poetry.flags`.

`python -m seqgan_tf.train` takes the same flags; `--help` lists them.
"""

import sys
from collections.abc import Sequence

from absl import app, flags, logging

from seqgan_tf.config import Config
from seqgan_tf.running.startup import load_tensorflow
from seqgan_tf.settings import define_flags


def main(argv: Sequence[str]) -> None:
    """Runs the experiment that the flags describe.

    Args:
        argv: the name of the command, and what absl left of its arguments.

    Raises:
        SystemExit: with a message and a status other than 0 where the run cannot start or continue.
    """
    logging.set_verbosity(logging.WARNING)
    try:
        if len(argv) > 1:
            raise ValueError(f'settings are given as --name=value. Received: {" ".join(argv[1:])}')
        config = Config.from_flags(flags.FLAGS)
    except ValueError as error:
        sys.exit(f'error: {error}')

    load_tensorflow()
    from seqgan_tf import errors
    from seqgan_tf.running import experiment

    try:
        experiment.run(config)
    except errors.RunError as error:
        sys.exit(f'error: {error}')
    except errors.Stopped as stopped:
        print(stopped)
        sys.exit(128 + stopped.signal)
    except KeyboardInterrupt:
        sys.exit(f'stopped at once; the same command continues from the last checkpoint in {config.workdir}')


if __name__ == '__main__':
    define_flags(Config)
    # `--help` shows only the flags of the command's own module, so it adopts the settings' flags.
    flags.adopt_module_key_flags(sys.modules[define_flags.__module__])
    app.run(main)
