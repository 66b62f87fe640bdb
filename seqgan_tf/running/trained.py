"""A trained run, read from its workdir."""

import pathlib

from seqgan_tf.algorithms.registry import parts_of
from seqgan_tf.config import Config
from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.errors import RunError
from seqgan_tf.running.checkpoints import Checkpoints
from seqgan_tf.running.workdir import load_vocabulary, user_errors
from seqgan_tf.training.state import TrainState


def restore(workdir: str | pathlib.Path) -> tuple[Config, Vocabulary, TrainState]:
    """The settings, vocabulary and networks of a run, from its newest readable checkpoint.

    Raises:
        RunError: the directory is not the workdir of a run, or has no readable checkpoint.
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
