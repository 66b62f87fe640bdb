"""The workdir of a run: the lock, and the checks of settings and data.

One process at a time uses it. A run continues only with its own settings and data.
"""

import contextlib
import hashlib
import json
import os
import pathlib
from collections.abc import Iterator

import filelock

from seqgan_tf.algorithms.registry import PHASE_LENGTHS
from seqgan_tf.config import Config
from seqgan_tf.data.corpus import Corpus
from seqgan_tf.data.provenance import checksums
from seqgan_tf.data.registry import DATASETS
from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.errors import RunError
from seqgan_tf.running import sample_texts
from seqgan_tf.settings import list_differences
from seqgan_tf.training.state import PHASES, TrainState

SOURCES = 'sources.json'


@contextlib.contextmanager
def locked(workdir: pathlib.Path) -> Iterator[None]:
    """Makes the workdir and locks it against other processes.

    The system releases the lock when the process ends, even if the process is killed.

    Raises:
        RunError: another process uses the workdir, or it cannot be written.
    """
    lock = filelock.FileLock(workdir / '.lock', timeout=0)
    with writing(workdir):
        workdir.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire()
        except filelock.Timeout:
            raise RunError(
                f'one process at a time may use a workdir. Received: {workdir}, which another one is using'
            ) from None
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def writing(workdir: pathlib.Path) -> Iterator[None]:
    """A context in which files of the workdir are written. It turns an OSError into a RunError."""
    try:
        yield
    except OSError as error:
        raise RunError(
            f'workdir must be a directory that can be written. Received: {workdir} ({error.strerror})'
        ) from None


@contextlib.contextmanager
def user_errors() -> Iterator[None]:
    """A context in which settings and data are read. It turns a ValueError into a RunError."""
    try:
        yield
    except ValueError as error:
        raise RunError(str(error)) from None


def check_settings(config: Config, workdir: pathlib.Path) -> Config | None:
    """The settings that the workdir was made with; None for a new workdir.

    Raises:
        RunError: a setting that must not change differs, or config.json cannot be read.
    """
    path = workdir / 'config.json'
    if not path.exists():
        return None
    with user_errors():
        before = Config.from_json(path)
    differing = config.differences(before)
    if differing:
        raise RunError(
            'a run must be continued with its own settings, or started in another workdir. '
            f'{workdir} was made with others:{list_differences(differing)}'
        )
    return before


def check_data(config: Config, corpus: Corpus, workdir: pathlib.Path) -> None:
    """Raises RunError where the corpus is not the one that the workdir was started with."""
    path = workdir / 'data.json'
    if path.exists() and path.read_text('utf-8') != fingerprint(corpus):
        files = filter(None, (getattr(config, name) for name in DATASETS[config.dataset].files))
        raise RunError(
            f'a run must be continued with the data that it was started with. {workdir} was made from other data than '
            f'{next(files, config.dataset)} gives now'
        )


def check_extension(config: Config, before: Config | None, state: TrainState) -> None:
    """Raises RunError where a phase cannot have its new length.

    It must not be below what is done. It must not change once the phase is over, because the phases
    after it started from its old end.
    """
    if before is None:
        return
    for i, (phase, name) in enumerate(PHASE_LENGTHS.items()):
        done, total, earlier = int(state.done[phase]), getattr(config, name), getattr(before, name)
        if total == earlier:
            continue
        if phase == 'mle' and config.mle_decay == 'cosine' and done:
            raise RunError(
                f'with mle_decay=cosine the learning rate depends on {name}, which may not change once a run has begun. '
                f'Received: {name}={total}, but the run was begun with {name}={earlier}'
            )
        if any(state.done[later] > 0 for later in PHASES[i + 1 :]) or (
            phase == 'mle' and config.mle_patience and (state.ended_early or done == earlier)
        ):
            raise RunError(
                f'{name} may change only before the phase is over. Received: {name}={total}, '
                f'but the run has ended that phase with {name}={earlier}'
            )
        if total < done:
            raise RunError(
                f'{name} must be at least the number that the run has done, {done}. Received: {name}={total}'
            )


def write_settings(config: Config, corpus: Corpus, workdir: pathlib.Path) -> None:
    """Writes settings, vocabulary and fingerprint of the data, which the next start checks, and what else is of use.

    That is test rows as texts, and the checksums of the files that the data were read from.

    Raises:
        RunError: a file cannot be written.
    """
    with writing(workdir):
        for name, write in (
            ('vocabulary.txt', corpus.vocabulary.save),
            ('data.json', lambda path: path.write_text(fingerprint(corpus), 'utf-8')),
            (SOURCES, lambda path: path.write_text(_sources(config), 'utf-8')),
            (sample_texts.EXAMPLES, lambda path: path.write_bytes(_examples(corpus).encode())),
            ('config.json', lambda path: path.write_text(config.to_json(), 'utf-8')),
        ):
            # A new file is renamed when it is complete, so a full disk destroys no old one.
            write(workdir / f'{name}.new')
            os.replace(workdir / f'{name}.new', workdir / name)


def load_vocabulary(workdir: pathlib.Path) -> Vocabulary:
    """The vocabulary of a run.

    Raises:
        RunError: data.json or vocabulary.txt is missing or damaged.
    """
    try:
        data = json.loads((workdir / 'data.json').read_text('utf-8'))
        return Vocabulary.load(
            workdir / 'vocabulary.txt', data['tokens'], data['verse_length'], data.get('lower', False)
        )
    except (OSError, ValueError, KeyError) as error:
        raise RunError(
            f'workdir must hold data.json and vocabulary.txt of a run. Received: {workdir} ({error})'
        ) from None


def _examples(corpus: Corpus) -> str:
    return sample_texts.format_examples(corpus.vocabulary.decode(corpus.examples(sample_texts.SHOWN)))


def _sources(config: Config) -> str:
    """{setting: checksums} of the files that settings of the data name, as JSON text."""
    paths = {name: getattr(config, name) for name in DATASETS[config.dataset].files}
    return json.dumps({name: checksums(path) for name, path in paths.items() if path}, indent=2) + '\n'


def fingerprint(corpus: Corpus) -> str:
    """The vocabulary and the rows of a corpus, as JSON text with checksums."""
    vocabulary = {'tokens': corpus.vocabulary.tokens, 'verse_length': corpus.vocabulary.verse_length}
    if corpus.vocabulary.lower:  # files of earlier versions have no such entry
        vocabulary['lower'] = True
    rows = {name: getattr(corpus, name) for name in ('train', 'validation', 'test')}
    digests = {name: {'rows': len(a), 'sha256': hashlib.sha256(a.tobytes()).hexdigest()} for name, a in rows.items()}
    return json.dumps(vocabulary | digests, indent=2) + '\n'
