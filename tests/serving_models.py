"""The exported models that serving is tested on: small random ones of each kind of vocabulary, and briefly trained ones of real text."""

import contextlib
import types

from seqgan_tf.algorithms.registry import ALGORITHMS
from seqgan_tf.config import Config
from seqgan_tf.data.tasks import load_task
from seqgan_tf.data.vocabulary import END, Vocabulary
from seqgan_tf.models.discriminator import Discriminator
from seqgan_tf.models.generator import Generator
from seqgan_tf.serving.export import export_saved_model
from seqgan_tf.serving.loaders import SessionModel
from seqgan_tf.serving.servable import Servable
from seqgan_tf.training.state import TrainState

CHARS = [chr(0x4E00 + i) for i in range(34)]
VOCABULARIES = {
    'ending characters': (Vocabulary([END, *CHARS]), 7),
    'whole verses': (Vocabulary(CHARS, verse_length=3), 6),
    'words': (Vocabulary([END, '<unk>', *(f'w{i}é' for i in range(40))], 'word'), 8),
}
# Symbols that depend on what is beside them: random networks draw lists of them whose texts have other symbols.
DEPENDENT = {
    'graphemes': (
        Vocabulary([END, '\ufffd', *CHARS, '👩‍👩‍👧', '👍🏽', '🇩🇪', '🇩', '🇪', 'é', 'ệ', '\u0301', '한'], 'grapheme'),
        7,
    ),
    'words and marks': (
        Vocabulary(
            [
                END,
                '<unk>',
                *(f'w{i}é' for i in range(20)),
                '(',
                '(￭',
                '￭)',
                '￭.',
                '￭.￭',
                '￭,',
                "￭'￭",
                '👩‍👩‍👧',
                '￭👍🏽',
            ],
            'wordpunct',
            lower=True,
        ),
        8,
    ),
}
TRAINED = {
    'trained on poems': dict(dataset='verse', num_sequences=2048, held_out=100, mle_epochs=8),
    'trained on captions': dict(
        dataset='text', tokens='word', sequence_length=20, on_long='drop', min_count=30, mle_epochs=2
    ),
}
CAPTIONS = 'image_coco.txt'  # in the folder of the fixture `data_dir`


def networks(vocabulary, length):
    """A generator and a discriminator of random weights."""
    generator = Generator(len(vocabulary), 8, 8, initializer_stddev=1.0, end_id=vocabulary.end_id, seed=1)
    return generator, Discriminator(len(vocabulary), length, 8, windows=((1, 8), (2, 8)), seed=2)


def train(corpus='', **settings):
    """The generator, discriminator, vocabulary and sequence length of a few seconds of maximum likelihood."""
    config = Config(
        algorithm='mle',
        corpus=str(corpus),
        jit='off',
        embedding_dim=16,
        hidden_dim=16,
        discriminator_embedding_dim=8,
        generator_learning_rate=0.03,
        **settings,
    )
    corpus = load_task(config).corpus
    state = TrainState(config, corpus.vocabulary)
    for _ in ALGORITHMS['mle'](state, corpus, config):
        pass
    return state.generator, state.discriminator, corpus.vocabulary, config.sequence_length


@contextlib.contextmanager
def opened(generator, discriminator, vocabulary, length, folder):
    """An exported model in a session, with what it was made of."""
    path = export_saved_model(generator, discriminator, vocabulary, length, folder / 'poems')
    servable = Servable(generator, discriminator, vocabulary, length)
    with SessionModel(path) as session:
        yield types.SimpleNamespace(
            path=path, vocabulary=vocabulary, length=length, generator=generator, servable=servable, session=session
        )
