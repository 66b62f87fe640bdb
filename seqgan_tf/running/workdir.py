"""The directory of a run: held by one process, and continued only with its own settings and data."""

import contextlib
import hashlib
import json
import os

import filelock

from seqgan_tf.config import Config
from seqgan_tf.data.registry import DATASETS
from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.errors import RunError
from seqgan_tf.settings import list_differences
from seqgan_tf.training.state import PHASES


@contextlib.contextmanager
def locked(workdir):
    """Makes the workdir, and holds it against a second process; the system lets go of the lock when the process ends, however it does."""
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
def writing(workdir):
    """While files of the workdir are made, an OSError is the user's to mend."""
    try:
        yield
    except OSError as error:
        raise RunError(
            f'workdir must be a directory that can be written. Received: {workdir} ({error.strerror})'
        ) from None


@contextlib.contextmanager
def user_errors():
    """While settings and data are read, a ValueError is the user's to mend."""
    try:
        yield
    except ValueError as error:
        raise RunError(str(error)) from None


def check_settings(config, workdir):
    """The settings that the workdir was made with, or None; raises where they differ in more than what may change."""
    path = workdir / 'config.json'
    if not path.exists():
        return None
    with user_errors():
        before = Config.from_json(path)
    differing = config.differences(before)
    if differing:
        raise RunError(
            f'a run must be continued with its own settings, or started in another workdir. {workdir} was made with others:{list_differences(differing)}'
        )
    return before


def check_data(config, corpus, workdir):
    """Raises where the corpus is not the one that the workdir was started with."""
    path = workdir / 'data.json'
    if path.exists() and path.read_text('utf-8') != _fingerprint(corpus):
        files = filter(None, (getattr(config, name) for name in DATASETS[config.dataset].files))
        raise RunError(
            f'a run must be continued with the data that it was started with. {workdir} was made from other data than '
            f'{next(files, config.dataset)} gives now'
        )


def check_extension(config, before, state):
    """How long a phase is may change only while it is the one that runs: what came after it was made from its old end."""
    if before is None:
        return
    lengths = dict(zip(PHASES, ('mle_epochs', 'discriminator_rounds', 'adversarial_rounds')))
    for i, phase in enumerate(PHASES):
        name = lengths[phase]
        over = any(state.done[later] > 0 for later in PHASES[i + 1 :]) or (
            phase == 'mle' and config.mle_patience and (state.ended_early or state.done['mle'] == before.mle_epochs)
        )
        if over and getattr(config, name) != getattr(before, name):
            raise RunError(
                f'{name} may change only before the phase is over. Received: {name}={getattr(config, name)}, '
                f'but the run has ended that phase with {name}={getattr(before, name)}'
            )


def write_settings(config, corpus, workdir):
    """The settings, the vocabulary and the data's fingerprint: what the next start is checked against."""
    with writing(workdir):
        for name, write in (
            ('vocabulary.txt', corpus.vocabulary.save),
            ('data.json', lambda path: path.write_text(_fingerprint(corpus), 'utf-8')),
            ('config.json', lambda path: path.write_text(config.to_json(), 'utf-8')),
        ):
            write(workdir / f'{name}.new')  # beside, then renamed: a full disk must not cost the old ones
            os.replace(workdir / f'{name}.new', workdir / name)


def load_vocabulary(workdir):
    """The vocabulary of a run, which knows how texts are made of its symbols.

    Raises:
        RunError: the files that say so are missing or damaged.
    """
    try:
        data = json.loads((workdir / 'data.json').read_text('utf-8'))
        return Vocabulary.load(workdir / 'vocabulary.txt', data['tokens'], data['verse_length'])
    except (OSError, ValueError, KeyError) as error:
        raise RunError(
            f'workdir must hold data.json and vocabulary.txt of a run. Received: {workdir} ({error})'
        ) from None


def _fingerprint(corpus):
    vocabulary = {'tokens': corpus.vocabulary.tokens, 'verse_length': corpus.vocabulary.verse_length}
    rows = {name: getattr(corpus, name) for name in ('train', 'validation', 'test')}
    digests = {name: {'rows': len(a), 'sha256': hashlib.sha256(a.tobytes()).hexdigest()} for name, a in rows.items()}
    return json.dumps(vocabulary | digests, indent=2) + '\n'
