"""SeqGAN in TensorFlow 2 and Keras 3: the index of the public names.

Letter key of shapes, everywhere: B batch, T sequence length, V vocabulary size, E embedding width,
H hidden width, N roll-outs. Arrays are batch-major. NLL and entropy are in nats per token.

A name is imported when it is first used, so that reading the settings does not load TensorFlow.
"""

import importlib
from typing import Any

_HOMES = {
    'ALGORITHMS': 'algorithms.registry',
    'Config': 'config',
    'Corpus': 'data.corpus',
    'Discriminator': 'models.discriminator',
    'Generator': 'models.generator',
    'Policy': 'policies.policy',
    'Report': 'training.state',
    'SequenceDistribution': 'policies.distribution',
    'Task': 'data.tasks',
    'TrainState': 'training.state',
    'Vocabulary': 'data.vocabulary',
    'action_values': 'rewards.rollout',
    'corpus_bleu': 'metrics.bleu',
    'discriminator_loss': 'training.losses',
    'draw': 'policies.draws',
    'evaluate': 'evaluation.evaluator',
    'export_saved_model': 'serving.export',
    'load_oracle': 'models.oracle',
    'make_oracle': 'models.oracle',
    'policy_gradient_loss': 'training.losses',
    'run': 'running.experiment',
    'sample': 'policies.sampling',
    'self_bleu': 'metrics.bleu',
    'sentence_bleu': 'metrics.bleu',
    'sequence_nll': 'policies.sampling',
    'token_nll': 'training.losses',
    'verse_validity': 'data.verse',
}
__all__ = sorted(_HOMES)  # pyright: ignore[reportUnsupportedDunderAll] (the index is a dict)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(importlib.import_module(f'{__name__}.{_HOMES[name]}'), name)


def __dir__() -> list[str]:
    return __all__
