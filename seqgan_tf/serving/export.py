"""Publishes a trained generator as a version that TensorFlow Serving can load."""

import errno
import pathlib

import numpy as np
import tensorflow as tf

from seqgan_tf.serving import check, versions, warmup
from seqgan_tf.serving.servable import Servable


def export_saved_model(generator, discriminator, vocabulary, sequence_length, export_dir):
    """Publishes a new version below a directory that TensorFlow Serving watches; returns its path, `<export_dir>/<version>`.

    It is written under another name, its warm-up records are run through a session as a server runs them, and it gets its number last
    (`versions.new_version`): a server never sees half a model, and no version is ever overwritten.

    Args:
        generator, discriminator, vocabulary, sequence_length: as for `Servable`; a discriminator that
            was never trained is to be given as None.
        export_dir: its last part is the name that the model is served under; made if it is missing.

    Raises:
        ValueError: networks and vocabulary that do not go together, or a network that answers with NaN. Nothing is published then.
        OSError: the directory cannot be written. Nothing is published then.
    """
    servable = Servable(generator, discriminator, vocabulary, sequence_length)
    base = pathlib.Path(export_dir).resolve()
    with versions.new_version(base) as (writing, version):
        try:
            functions = {name: getattr(servable, name) for name in ('sample', 'complete', 'score')}
            tf.saved_model.save(servable, str(writing), {'serving_default': servable.sample, **functions})
            warmup.write(writing, base.name, _warmup_requests(servable))
        except tf.errors.OpError as error:
            raise OSError(errno.EIO, f'the model could not be written: {error.message}') from error
        check.replay_warmup(writing)
    return version


def _warmup_requests(servable):
    """One request for each signature, with every branch of the graph on its way."""
    draw = {'seed': np.array([0]), 'temperature': np.array([1.0], np.float32)}
    text = servable.sample(**draw)['text'].numpy()
    restricted = {
        'prompt': np.array([b''], object),
        'top_k': np.array([2], np.int32),
        'top_p': np.array([0.9], np.float32),
    }
    return [('serving_default', draw), ('sample', draw), ('complete', draw | restricted), ('score', {'text': text})]
