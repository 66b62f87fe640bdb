"""What a trained generator is read from: a run, an export, or a directory of `save_pretrained`."""

import pathlib
import tempfile

from seqgan_tf.algorithms.registry import parts_of
from seqgan_tf.config import Config
from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.errors import RunError
from seqgan_tf.loggers.terminal import tell
from seqgan_tf.running import pretrained
from seqgan_tf.running.checkpoints import Checkpoints
from seqgan_tf.running.given import Given
from seqgan_tf.running.workdir import load_vocabulary, user_errors
from seqgan_tf.serving import description, versions
from seqgan_tf.serving.description import Description
from seqgan_tf.training.state import TrainState


def is_run(path: str | pathlib.Path) -> bool:
    """Whether a path is the workdir of a run."""
    return pathlib.Path(path, 'config.json').is_file()


def restore(workdir: pathlib.Path, given: Given) -> tuple[Config, Vocabulary, TrainState]:
    """A run at its newest readable checkpoint.

    Raises:
        RunError: there is no checkpoint, or a file of the run is missing or damaged.
    """
    with user_errors():
        config = Config.from_json(workdir / 'config.json')
        vocabulary = load_vocabulary(workdir)
    parts = parts_of(config)
    if config.discriminator == 'given' and given.discriminator is None:
        parts -= {'discriminator', 'discriminator_optimizer'}
    state = given.state(config, vocabulary, parts)
    path, messages = Checkpoints(workdir / 'checkpoints', state=state).restore()
    for message in messages:
        tell(message)
    if path is None:
        raise RunError(f'workdir must hold a checkpoint. Received: {workdir}, where none was saved yet')
    return config, vocabulary, state


def on_one_device(state: TrainState, given: Given, config: Config, vocabulary: Vocabulary) -> TrainState:
    """A state without replicas: a copy of one that has several, or the state itself."""
    if state.replicas.count == 1:
        return state
    copy = given.state(config, vocabulary, parts_of(config))
    with tempfile.TemporaryDirectory() as directory:
        Checkpoints(directory, state=state).save()
        Checkpoints(directory, state=copy).restore()
    return copy


def read(path: str | pathlib.Path) -> Description:
    """The model of an export, of a directory that `save_pretrained` wrote, or of the Hugging Face Hub.

    Raises:
        RunError: there is none, or it cannot be read.
    """
    if str(path).startswith(pretrained.HUB):
        return pretrained.read(pretrained.download(str(path)))
    path = pathlib.Path(path)
    if (path / pretrained.MODEL).is_file():
        return pretrained.read(path)
    version = _version(path)
    if version is None:
        raise RunError(
            'a trained generator is loaded from the workdir of a run, with config.json, from an export, from a '
            f'directory of save_pretrained, with {pretrained.MODEL}, or from {pretrained.HUB}USER/NAME. '
            f'Received: {path}, which is none of them'
        )
    with user_errors():
        return description.read(version)


def _version(path: pathlib.Path) -> pathlib.Path | None:
    """The directory of a SavedModel: the path itself, or its newest version; None if it has none."""
    if (path / 'saved_model.pb').is_file():
        return path
    numbers = versions.published(path) if path.is_dir() else []
    return path / str(numbers[-1]) if numbers else None
