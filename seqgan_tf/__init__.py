"""SeqGAN in TensorFlow 2 and Keras 3: the index of the public names.

Letter key of shapes, everywhere: B batch, T sequence length, V vocabulary size, E embedding width,
H hidden width, N roll-outs. Arrays are batch-major. NLL and entropy are in nats per token.

    trained = seqgan_tf.run(seqgan_tf.Config(...))   # or seqgan_tf.load(workdir or export)
    trained.generate(5, prompt='...', seed=1)

A name is imported when it is first used, so that reading the settings does not load TensorFlow.
Where Keras is imported later than this package, name `seqgan_tf.Generator` before a `.keras` file is
loaded: Keras knows only classes that were imported.
"""

import importlib
import sys
from typing import Any

from seqgan_tf.running.startup import load_tensorflow

# {public name: its module}, first of those that do not need TensorFlow.
_LIGHT = {
    'ALGORITHMS': 'algorithms.registry',
    'Config': 'config',
    'Corpus': 'data.corpus',
    'Task': 'data.tasks',
    'Vocabulary': 'data.vocabulary',
    'corpus_bleu': 'metrics.bleu',
    'read_metrics': 'running.metrics_log',
    'self_bleu': 'metrics.bleu',
    'sentence_bleu': 'metrics.bleu',
    'verse_validity': 'data.verse_rules',
}
_HOMES = _LIGHT | {
    'Discriminator': 'models.discriminator',
    'Generator': 'models.generator',
    'Policy': 'policies.policy',
    'Report': 'training.state',
    'ResidualModel': 'search.residual',
    'SequenceDistribution': 'policies.distribution',
    'TextReward': 'rewards.given',
    'TrainState': 'training.state',
    'Trained': 'running.trained',
    'action_values': 'rewards.rollout',
    'discriminator_loss': 'training.losses',
    'draw': 'policies.draws',
    'evaluate': 'evaluation.evaluator',
    'export_saved_model': 'serving.export',
    'load': 'running.trained',
    'load_oracle': 'models.oracle',
    'make_oracle': 'models.oracle',
    'policy_gradient_loss': 'training.losses',
    'run': 'running.experiment',
    'sample': 'policies.sampling',
    'sequence_nll': 'policies.sampling',
    'token_nll': 'training.losses',
}
__all__ = sorted(_HOMES)  # pyright: ignore[reportUnsupportedDunderAll] (the index is a dict)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    if name not in _LIGHT and 'tensorflow' not in sys.modules:
        load_tensorflow()
    return getattr(importlib.import_module(f'{__name__}.{_HOMES[name]}'), name)


def __dir__() -> list[str]:
    return __all__


if 'keras' in sys.modules:  # then `keras.models.load_model` knows the classes of a .keras file
    Generator, Discriminator = __getattr__('Generator'), __getattr__('Discriminator')
