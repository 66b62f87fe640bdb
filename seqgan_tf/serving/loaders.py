"""An exported model in this process, loaded as different users load it."""

import contextlib
import logging

import tensorflow as tf


class SessionModel:
    """A SavedModel in a session and graph of its own, which is how TensorFlow Serving and C++ load it.

    A call takes a signature's name and its inputs, and gives its outputs, as NumPy arrays by name.
    """

    def __init__(self, path):
        graph = tf.Graph()
        self.session = tf.compat.v1.Session(graph=graph)
        with graph.as_default(), _no_warnings():
            self.signatures = tf.compat.v1.saved_model.load(
                self.session, [tf.saved_model.SERVING], str(path)
            ).signature_def

    def __call__(self, signature, **inputs):
        names = self.signatures[signature]
        feeds = {names.inputs[name].name: value for name, value in inputs.items()}
        return self.session.run({name: output.name for name, output in names.outputs.items()}, feeds)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.session.close()


def python_model(path):
    """A SavedModel as `tf.saved_model.load` gives it; called like a `SessionModel`."""
    loaded = tf.saved_model.load(str(path))
    return lambda signature, **inputs: _arrays(
        loaded.signatures[signature](**{k: tf.constant(v) for k, v in inputs.items()})
    )


def servable_model(servable):
    """A `serving.Servable` in this process; called like a `SessionModel`."""
    return lambda signature, **inputs: _arrays(
        getattr(servable, signature.replace('serving_default', 'sample'))(**inputs)
    )


@contextlib.contextmanager
def _no_warnings():
    """Without TensorFlow's warning that its session loader, the one that servers use, is deprecated in Python."""
    logger = tf.get_logger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _arrays(outputs):
    return {name: value.numpy() for name, value in outputs.items()}
