"""An exported model in this process, loaded as different users load it."""

import contextlib
import logging
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any, Protocol, Self

import numpy as np
import tensorflow as tf

from seqgan_tf.serving.servable import Servable

Answer = dict[str, np.ndarray]  # the outputs of a signature by name


class Model(Protocol):
    """A model that is called with a signature's name and inputs, and returns the outputs."""

    def __call__(self, signature: str, **inputs: np.ndarray) -> Answer: ...


class SessionModel:
    """A SavedModel in its own session and graph, as TensorFlow Serving and C++ load it.

    It is a `Model`, and a context manager that closes the session.

    Args:
        path: the path of the SavedModel.
    """

    def __init__(self, path: str | pathlib.Path):
        graph = tf.Graph()
        self.session = tf.compat.v1.Session(graph=graph)
        with graph.as_default(), _no_warnings():
            self.signatures = tf.compat.v1.saved_model.load(
                self.session, [tf.saved_model.SERVING], str(path)
            ).signature_def

    def __call__(self, signature: str, **inputs: np.ndarray) -> Answer:
        names = self.signatures[signature]
        feeds = {names.inputs[name].name: value for name, value in inputs.items()}
        return self.session.run({name: output.name for name, output in names.outputs.items()}, feeds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()


def python_model(path: str | pathlib.Path) -> Model:
    """A SavedModel as `tf.saved_model.load` loads it."""
    loaded = tf.saved_model.load(str(path))
    return lambda signature, **inputs: _arrays(
        loaded.signatures[signature](**{k: tf.constant(v) for k, v in inputs.items()})
    )


def servable_model(servable: Servable) -> Model:
    """A `Servable` of this process."""
    return lambda signature, **inputs: _arrays(
        servable.signatures[signature.replace('serving_default', 'sample')](**inputs)
    )


@contextlib.contextmanager
def _no_warnings() -> Iterator[None]:
    """Hides TensorFlow's warning that its session loader is deprecated in Python.

    Servers use this loader.
    """
    logger = tf.get_logger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _arrays(outputs: Mapping[str, Any]) -> Answer:
    return {name: value.numpy() for name, value in outputs.items()}
