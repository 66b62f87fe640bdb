"""What an export says of itself, so that Python can rebuild its networks without a workdir.

Servers do not read the file. It is JSON: the settings of the run, the vocabulary, and the arguments
of the networks. Their weights are those of the SavedModel.
"""

import dataclasses
import json
import pathlib
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.models.discriminator import Discriminator
from seqgan_tf.models.generator import Generator
from seqgan_tf.serving.servable import Servable

PATH = pathlib.Path('assets.extra', 'seqgan_tf.json')  # below the path of a version
SIZES = ('name', 'trainable', 'dtype')  # Keras' own arguments, which are left out


@dataclasses.dataclass(frozen=True)
class Description:
    """An export, read.

    Attributes:
        settings: {name: value} of the run; empty where the export was made without a run.
        vocabulary: the symbols.
        sequence_length: T.
        generator: with its trained weights.
        discriminator: with its trained weights; None where there is none, or where a Keras model of
            the user's own was exported.
    """

    settings: dict[str, Any]
    vocabulary: Vocabulary
    sequence_length: int
    generator: Generator
    discriminator: Discriminator | None


def write(path: pathlib.Path, servable: Servable, settings: Mapping[str, Any] | None) -> None:
    """Writes the description of a SavedModel below its path."""
    discriminator = servable.discriminator if isinstance(servable.discriminator, Discriminator) else None
    vocabulary = servable.codec.vocabulary
    values = {
        'settings': dict(settings or {}),
        'vocabulary': {name: getattr(vocabulary, name) for name in ('symbols', 'tokens', 'verse_length', 'lower')},
        'sequence_length': servable.length,
        'generator': _arguments(servable.generator),
        'discriminator': discriminator and _arguments(discriminator),
    }
    (path / PATH).parent.mkdir(exist_ok=True)
    (path / PATH).write_text(json.dumps(values, ensure_ascii=False), 'utf-8')


def read(path: pathlib.Path) -> Description:
    """The networks and settings of a SavedModel.

    Raises:
        ValueError: the description is missing or damaged, or does not fit the weights.
    """
    try:
        values = json.loads((path / PATH).read_text('utf-8'))
        vocabulary = Vocabulary(**values['vocabulary'])
        generator = Generator(**values['generator'])
        discriminator = Discriminator(**values['discriminator']) if values['discriminator'] else None
        settings, sequence_length = dict(values['settings']), int(values['sequence_length'])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f'an export must hold {PATH}, which exports have since version 0.2. Received: {path} ({error}). '
            'Export the run again'
        ) from None
    weights = [v.value for network in (generator, discriminator) if network is not None for v in network.variables]
    try:
        # The list of the `Servable`. The layers themselves are not all found in a SavedModel.
        status = tf.train.Checkpoint(session_variables=weights).read(str(path / 'variables' / 'variables'))
        status.expect_partial().assert_existing_objects_matched()
    except (AssertionError, ValueError, tf.errors.OpError) as error:
        raise ValueError(f'the weights of an export must fit its {PATH}. Received: {path} ({error})') from None
    return Description(settings, vocabulary, sequence_length, generator, discriminator)


def _arguments(network: Generator | Discriminator) -> dict[str, Any]:
    return {name: value for name, value in network.get_config().items() if name not in SIZES}
