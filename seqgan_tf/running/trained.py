"""A trained run, read back from its directory."""

import pathlib

from seqgan_tf.algorithms.registry import parts_of
from seqgan_tf.config import Config
from seqgan_tf.errors import RunError
from seqgan_tf.running.checkpoints import Checkpoints
from seqgan_tf.running.workdir import load_vocabulary, user_errors
from seqgan_tf.training.state import TrainState


def restore(workdir):
    """The trained networks of a workdir: (config, vocabulary, state) at its newest readable checkpoint.

    Raises:
        RunError: the directory is not that of a run, or holds no readable checkpoint.
    """
    workdir = pathlib.Path(workdir)
    if not (workdir / 'config.json').is_file():
        raise RunError(f'workdir must be the directory of a run, with config.json. Received: {workdir}')
    with user_errors():
        config = Config.from_json(workdir / 'config.json')
        vocabulary = load_vocabulary(workdir)
        state = TrainState(config, vocabulary, parts_of(config))
    path, messages = Checkpoints(workdir / 'checkpoints', state=state).restore()
    for message in messages:
        print(message)
    if path is None:
        raise RunError(f'workdir must hold a checkpoint. Received: {workdir}, where none was saved yet')
    return config, vocabulary, state
