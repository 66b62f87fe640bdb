"""What a model says of itself beside its weights: `model.json` for programs, the card for people.

An export has both in `assets.extra`, which servers do not read. Python rebuilds the networks from
`model.json` without a workdir: it has the settings of the run, the vocabulary and the arguments of
the networks. Facts of the run, sizes and versions are in it for the card.
"""

import dataclasses
import json
import math
import pathlib
import platform
from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.models.discriminator import Discriminator
from seqgan_tf.models.generator import Generator
from seqgan_tf.models.given import GivenDiscriminator
from seqgan_tf.serving import card
from seqgan_tf.serving.servable import Servable
from seqgan_tf.version import VERSION

# Below the path of a version. Before there were cards, the description had another name.
PATH, CARD = pathlib.Path('assets.extra', 'model.json'), pathlib.Path('assets.extra', 'model_card.md')
EARLIER = PATH.with_name('seqgan_tf.json')
SIZES = ('name', 'trainable', 'dtype')  # Keras' own arguments, which are left out


@dataclasses.dataclass(frozen=True)
class Description:
    """A model, read.

    Attributes:
        settings: {name: value} of the run; empty where there was none.
        vocabulary: the symbols.
        sequence_length: T.
        generator: with its trained weights.
        discriminator: with its trained weights; None where there is none, or where a Keras model of
            the user's own was there.
        run: the facts of the run, see `describe`; None where there was none.
        card: the model card; '' where there is none.
    """

    settings: dict[str, Any]
    vocabulary: Vocabulary
    sequence_length: int
    generator: Generator
    discriminator: Discriminator | None
    run: dict[str, Any] | None
    card: str


def describe(
    generator: Generator,
    discriminator: Discriminator | GivenDiscriminator | None,
    vocabulary: Vocabulary,
    sequence_length: int,
    settings: Mapping[str, Any] | None,
    run: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """The description of a model, for JSON.

    Args:
        generator, discriminator, vocabulary, sequence_length: as for `Servable`.
        settings: {name: value} of the run, or None.
        run: what is known of the run beside its settings: algorithm {name, summary}, command, data,
            metrics; or None.
    """
    networks = {'generator': generator, 'discriminator': discriminator}
    return {
        'settings': dict(settings or {}),
        'vocabulary': {name: getattr(vocabulary, name) for name in ('symbols', 'tokens', 'verse_length', 'lower')},
        'sequence_length': sequence_length,
        'generator': arguments(generator),
        # A Keras model of the user's own is not rebuilt from arguments.
        'discriminator': arguments(discriminator) if isinstance(discriminator, Discriminator) else None,
        'parameters': {
            name: sum(math.prod(variable.shape) for variable in network.variables)
            for name, network in networks.items()
            if network is not None
        },
        'versions': {
            'seqgan_tf': VERSION,
            'TensorFlow': tf.__version__,
            'Keras': keras.__version__,
            'Python': platform.python_version(),
        },
        'run': dict(run) if run else None,
    }


def arguments(network: Generator | Discriminator) -> dict[str, Any]:
    """The arguments of a network's constructor, for JSON."""
    return {name: value for name, value in network.get_config().items() if name not in SIZES}


def to_json(values: Mapping[str, Any]) -> str:
    """The text of `model.json`."""
    return json.dumps(values, ensure_ascii=False, indent=1) + '\n'


def write(
    path: pathlib.Path, servable: Servable, settings: Mapping[str, Any] | None, run: Mapping[str, Any] | None
) -> None:
    """Writes description and card of a SavedModel below its path. The rest is as for `describe`."""
    values = describe(
        servable.generator, servable.discriminator, servable.codec.vocabulary, servable.length, settings, run
    )
    (path / PATH).parent.mkdir(exist_ok=True)
    (path / PATH).write_text(to_json(values), 'utf-8')
    (path / CARD).write_text(card.render(values), 'utf-8')


def read(path: pathlib.Path) -> Description:
    """The networks and settings of a SavedModel.

    Raises:
        ValueError: the description is missing or damaged, or does not fit the weights.
    """
    name = PATH if (path / PATH).exists() or not (path / EARLIER).exists() else EARLIER
    try:
        values = json.loads((path / name).read_text('utf-8'))
        vocabulary = Vocabulary(**values['vocabulary'])
        generator = Generator(**values['generator'])
        discriminator = Discriminator(**values['discriminator']) if values['discriminator'] else None
        settings, sequence_length, run = dict(values['settings']), int(values['sequence_length']), values.get('run')
        written = (path / CARD).read_text('utf-8') if (path / CARD).exists() else ''
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
        raise ValueError(f'the weights of an export must fit its {name}. Received: {path} ({error})') from None
    return Description(settings, vocabulary, sequence_length, generator, discriminator, run, written)
