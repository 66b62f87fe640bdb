"""A trained model as a directory of Keras files, as the Hugging Face Hub keeps models.

    generator.keras, discriminator.keras   the networks, as keras.saving writes them
    model.json                             settings, vocabulary, T; see serving/description.py
    README.md                              the model card

A directory may come from anybody, so nothing in it is run. Keras builds the two classes of this
package and no other, in its safe mode.
"""

import http
import json
import pathlib
import re
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import keras

from seqgan_tf.data.download import store
from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.errors import RunError
from seqgan_tf.models.discriminator import Discriminator
from seqgan_tf.models.generator import Generator
from seqgan_tf.serving import card, description
from seqgan_tf.serving.description import Description
from seqgan_tf.serving.outcomes import one_line
from seqgan_tf.serving.servable import Servable
from seqgan_tf.version import VERSION

MODEL, CARD = 'model.json', 'README.md'
Network = TypeVar('Network', Generator, Discriminator)
HUB = 'hf://'
ADDRESS = re.compile(r'hf://([\w.-]+/[\w.-]+)(?:@(\S+))?')
# A network's configuration has its numbers and the type of its variables.
PLAIN = 'DTypePolicy'
MOST = 1 << 20  # bytes of the configuration of a network


def save(
    directory: str | pathlib.Path,
    generator: Generator,
    discriminator: Discriminator | None,
    vocabulary: Vocabulary,
    sequence_length: int,
    settings: Mapping[str, Any] | None,
    run: Mapping[str, Any] | None,
) -> pathlib.Path:
    """Writes a model into a directory, which is made if it is missing; returns its path.

    The files of an earlier model there are replaced. Others, such as those of git, stay. The
    arguments are those of `description.describe`.

    Raises:
        ValueError: networks and vocabulary do not go together.
        RunError: the directory cannot be written.
    """
    directory = pathlib.Path(directory)
    Servable(generator, discriminator, vocabulary, sequence_length)
    values = description.describe(generator, discriminator, vocabulary, sequence_length, settings, run)
    files = {MODEL: description.to_json(values).encode(), CARD: card.render(values).encode()}
    with tempfile.TemporaryDirectory() as folder:
        for kind, network in ((Generator, generator), (Discriminator, discriminator)):
            if network is not None:
                path = pathlib.Path(folder, _file_name(kind))
                keras.saving.save_model(network, path)
                files[path.name] = path.read_bytes()
    store({directory / name: content for name, content in files.items()}, 'directory')
    if discriminator is None:
        (directory / _file_name(Discriminator)).unlink(missing_ok=True)
    return directory


def read(directory: pathlib.Path) -> Description:
    """The model in a directory that `save` wrote.

    Raises:
        RunError: a file is missing or damaged, a network is of another class, or the files do not
            go together.
    """
    try:
        values = json.loads((directory / MODEL).read_text('utf-8'))
        vocabulary, length = Vocabulary(**values['vocabulary']), int(values['sequence_length'])
        settings, run, chosen = dict(values['settings']), values['run'], values['discriminator']
        text = (directory / CARD).read_text('utf-8') if (directory / CARD).exists() else ''
        card.render(values)  # what is saved again has a card of these facts
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RunError(
            f'a pretrained model must have {MODEL}, as save_pretrained writes it. '
            f'Received: {directory} ({one_line(error)})'
        ) from None
    generator = _read_network(directory, Generator, values['generator'])
    discriminator = _read_network(directory, Discriminator, chosen) if chosen else None
    try:
        Servable(generator, discriminator, vocabulary, length)
    except ValueError as error:
        raise RunError(f'the files of a pretrained model must go together. Received: {directory} ({error})') from None
    return Description(settings, vocabulary, length, generator, discriminator, run, text)


def _file_name(kind: type[keras.Model]) -> str:
    """generator.keras or discriminator.keras."""
    return f'{kind.__name__.lower()}.keras'


def _read_network(directory: pathlib.Path, kind: type[Network], expected: Mapping[str, Any]) -> Network:
    """The network of a class, with the arguments that `model.json` has.

    Raises:
        RunError: the file is missing or damaged, or has another class or other arguments.
    """
    path = directory / _file_name(kind)
    try:
        with zipfile.ZipFile(path) as archive, archive.open('config.json') as file:
            content = json.loads(file.read(MOST))
        classes = {str(content['registered_name'] or content['class_name']), *_classes(content['config'])} - {PLAIN}
        if classes != {keras.saving.get_registered_name(kind)}:
            raise ValueError(f'the classes {", ".join(sorted(classes))}')
        network = keras.saving.load_model(path, compile=False, safe_mode=True)
        if not isinstance(network, kind) or json.loads(json.dumps(description.arguments(network))) != expected:
            raise ValueError(f'other arguments than {MODEL} has')
    except Exception as error:  # a damaged file can raise anything
        raise RunError(
            f'{path.name} must be a {kind.__name__} that save_pretrained wrote. Received: {path} ({one_line(error)})'
        ) from None
    return network


def _classes(config: Any) -> Iterator[str]:
    """The names of all classes in a configuration."""
    if isinstance(config, dict):
        if 'class_name' in config:
            yield str(config['class_name'])
        config = list(config.values())
    if isinstance(config, list):
        for value in config:
            yield from _classes(value)


def download(address: str) -> pathlib.Path:
    """The directory of a model of the Hugging Face Hub, in the cache of huggingface_hub.

    A model in the cache is used where the Hub cannot be reached. A token that was stored by
    `hf auth login`, or the environment's HF_TOKEN, opens private models.

    Args:
        address: hf://USER/NAME, or hf://USER/NAME@REVISION for a branch, a tag or a commit.

    Raises:
        RunError: the address is none, huggingface_hub is not installed, or the Hub does not give
            the model.
    """
    found = ADDRESS.fullmatch(address)
    if found is None:
        raise RunError(f'an address must be hf://USER/NAME or hf://USER/NAME@REVISION. Received: {address}')
    try:
        from huggingface_hub import constants, errors, snapshot_download
    except ImportError:
        raise RunError(
            f"{HUB} needs huggingface_hub: pip install 'seqgan_tf[hub]'. Received: {address}, without the package"
        ) from None
    name, revision = found.groups()
    hidden = 'no such model, or a private one: check the name, or hf auth login'
    reasons = {
        errors.GatedRepoError: 'a gated model: ask for access on its page, then hf auth login',
        errors.RepositoryNotFoundError: hidden,
        errors.RevisionNotFoundError: f'no such revision of {name}',
        errors.LocalEntryNotFoundError: f'no answer of {constants.ENDPOINT} that helps, and nothing in the cache',
    }
    try:
        return pathlib.Path(
            snapshot_download(
                name,
                revision=revision,
                allow_patterns=[MODEL, CARD, _file_name(Generator), _file_name(Discriminator)],
                library_name=card.LIBRARY,
                library_version=VERSION,
            )
        )
    except Exception as error:  # of the Hub, of HTTP, of the disk
        reason = next((text for kind, text in reasons.items() if isinstance(error, kind)), None)
        # The Hub answers 401 for what does not exist too, so that private names stay secret.
        if isinstance(error, errors.HfHubHTTPError) and error.response.status_code == http.HTTPStatus.UNAUTHORIZED:
            reason = hidden
        raise RunError(
            f'a model must be on the Hugging Face Hub. Received: {address} ({reason or one_line(error)})'
        ) from None
