"""SeqGAN in TensorFlow 2 and Keras 3: the index of the public names.

Letter key of shapes, everywhere: B batch, T sequence length, V vocabulary size, E embedding width, H hidden width, N roll-outs.
Arrays are batch-major; NLL and entropy are in nats per token.

A name is imported when it is first used, so that reading the settings does not load TensorFlow.
"""

import importlib

_HOMES = {
    'ALGORITHMS': 'algorithms',
    'Config': 'config',
    'Corpus': 'corpus',
    'Discriminator': 'models.discriminator',
    'Generator': 'models.generator',
    'SequenceDistribution': 'distribution',
    'TrainState': 'state',
    'Vocabulary': 'vocabulary',
    'action_values': 'rollout',
    'corpus_bleu': 'bleu',
    'discriminator_loss': 'losses',
    'draw': 'sampling',
    'evaluate': 'evaluation',
    'export_saved_model': 'serving',
    'load_oracle': 'models.oracle',
    'make_oracle': 'models.oracle',
    'policy_gradient_loss': 'losses',
    'run': 'experiment',
    'sample': 'sampling',
    'self_bleu': 'bleu',
    'sentence_bleu': 'bleu',
    'sequence_nll': 'sampling',
    'token_nll': 'losses',
    'verse_validity': 'datasets.verse',
}
__all__ = sorted(_HOMES)


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(importlib.import_module(f'{__name__}.{_HOMES[name]}'), name)


def __dir__():
    return __all__
