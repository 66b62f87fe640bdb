"""Publishes a trained generator as a version that TensorFlow Serving can load."""

import errno
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.models.discriminator import Discriminator
from seqgan_tf.models.generator import Generator
from seqgan_tf.models.given import GivenDiscriminator
from seqgan_tf.serving import check, description, versions, warmup
from seqgan_tf.serving.servable import Servable


def export_saved_model(
    generator: Generator,
    discriminator: Discriminator | GivenDiscriminator | None,
    vocabulary: Vocabulary,
    sequence_length: int,
    export_dir: str | pathlib.Path,
    settings: Mapping[str, Any] | None = None,
) -> pathlib.Path:
    """Publishes a new version below a directory that TensorFlow Serving watches.

    The version is written under another name. Then a session runs its warm-up records, as a server
    would, and the version gets its number last (see `versions.new_version`). So a server never sees
    half a model, and no version is ever overwritten.

    Args:
        generator, discriminator, vocabulary, sequence_length: as for `Servable`. Give None for a
            discriminator that was never trained.
        export_dir: the directory, made if it is missing. Its last part is the name of the served
            model.
        settings: {name: value} of the run, which the export then says of itself.

    Returns:
        the path of the version, `<export_dir>/<version>`.

    Raises:
        ValueError: networks and vocabulary do not go together, or a network answers with NaN.
            Nothing is published then.
        OSError: the directory cannot be written. Nothing is published then.
    """
    servable = Servable(generator, discriminator, vocabulary, sequence_length)
    base = pathlib.Path(export_dir).resolve()
    with versions.new_version(base) as (writing, version):
        try:
            functions = servable.signatures
            tf.saved_model.save(servable, str(writing), {'serving_default': functions['sample'], **functions})
            warmup.write(writing, base.name, _warmup_requests(servable))
            description.write(writing, servable, settings)
        except tf.errors.OpError as error:
            raise OSError(errno.EIO, f'the model could not be written: {error.message}') from error
        check.replay_warmup(writing)
    return version


def _warmup_requests(servable: Servable) -> list[tuple[str, dict[str, np.ndarray]]]:
    """One request for each signature. Together they run every branch of the graph."""
    draw = {'seed': np.array([0]), 'temperature': np.array([1.0], np.float32)}
    text = servable.sample(**draw)['text'].numpy()
    restricted = {
        'prompt': np.array([b''], object),
        'top_k': np.array([2], np.int32),
        'top_p': np.array([0.9], np.float32),
    }
    searched = {
        'prompt': np.array([b''], object),
        'num_candidates': np.array([2], np.int32),
        'guidance': np.array([1.0], np.float32),
    }
    requests = {
        'serving_default': draw,
        'sample': draw,
        'complete': draw | restricted,
        'score': {'text': text},
        'inspect': {'text': text},
        'search': draw | searched,
        'candidates': draw | searched,
    }
    return [(name, inputs) for name, inputs in requests.items() if name in {'serving_default', *servable.signatures}]
