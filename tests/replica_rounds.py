"""Rounds of the algorithms on so many logical devices of a CPU, for test_replicas.py.

python replica_rounds.py DEVICES JIT PATH.npz ROUNDS
"""

import dataclasses
import sys

import numpy as np
import tensorflow as tf

from seqgan_tf.algorithms.registry import ALGORITHMS, parts_of
from seqgan_tf.config import Config
from seqgan_tf.data.corpus import Corpus
from seqgan_tf.data.tasks import Task
from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.evaluation.closing import temperature_curve, top_k_curve
from seqgan_tf.evaluation.evaluator import Evaluator
from seqgan_tf.evaluation.resampled import search_curve
from seqgan_tf.models.oracle import make_oracle
from seqgan_tf.policies.chunked import Sampler
from seqgan_tf.running.devices import make_replicas
from seqgan_tf.training.state import TrainState

V, T, SEED = 9, 5, np.array([3, 4])
# {name: settings}. Every compiled update, every way to the value of a token, every baseline.
ROUNDS = {
    'scheduled_sampling': dict(algorithm='scheduled_sampling', generator_dropout=0.3, truth_decay=0.5),
    'rollouts': dict(baseline='per_step', adversarial_mle_steps=1, discriminator_weight_decay=0.1),
    'logit': dict(num_rollouts=0, reward='logit', baseline='whitened', kl_coef=0.3),
    'value_network': dict(value='network', baseline='ewma'),
    'causal': dict(
        value='causal',
        discriminator_best=True,
        discriminator_stop=True,
        discriminator_calibration=True,
        discriminator_epochs=2,
    ),
    'selfgan': dict(algorithm='selfgan', real_share=0.5),
}
SIZES = dict(
    sequence_length=T,
    batch_size=12,
    embedding_dim=4,
    hidden_dim=5,
    discriminator_embedding_dim=4,
    num_rollouts=2,
    mle_epochs=2,
    discriminator_rounds=1,
    discriminator_epochs=1,
    adversarial_rounds=1,
    g_steps=2,
    d_steps=1,
    generator_learning_rate=0.02,
    discriminator_learning_rate=0.01,
    precision='float32',
    search_candidates=4,
)


def weights_of(state):
    """All weights and moments of a state by name."""
    parts = {name: getattr(state, name) for name in ('generator', *parts_of_state(state))}
    for name, part in parts.items():
        for i, variable in enumerate(getattr(part, 'variables', [part])):
            yield f'{name}_{i}', np.array(tf.convert_to_tensor(variable))


def parts_of_state(state):
    """The names of the networks, optimizers and variables that a state has."""
    names = ('discriminator', 'value_network', 'causal_discriminator', 'mle_optimizer', 'policy_optimizer')
    names += ('discriminator_optimizer', 'value_optimizer', 'causal_optimizer', 'running_mean', 'discriminator_scale')
    return [name for name in names if getattr(state, name) is not None]


def main(devices, jit, path, names):
    found = {}
    config = Config(**SIZES, jit=jit, strategy='mirrored', num_devices=int(devices))
    replicas = make_replicas(config)
    assert replicas.count == int(devices)
    rows = np.random.default_rng(0).integers(V, size=[72, T]).astype(np.int32)
    corpus = Corpus(rows[:36], rows[36:50], rows[50:], Vocabulary([str(i) for i in range(V)], tokens='id'))
    with replicas.scope():
        task = Task(corpus, oracle=make_oracle(1, V), has_text=False)

    for name in names.split(','):
        settings = dataclasses.replace(config, **ROUNDS[name])
        state = TrainState(settings, corpus.vocabulary, parts_of(settings), replicas=replicas)
        for report in ALGORITHMS[settings.algorithm](state, corpus, settings):
            found |= {f'{name}/{report.phase}_{report.round}/{key}': value for key, value in report.metrics.items()}
        found |= {f'{name}/weights/{key}': value for key, value in weights_of(state)}
        found[f'{name}/samples'] = Sampler(state.generator, T, jit, rows=10, replicas=replicas)(25, SEED).numpy()
        if name in ('rollouts', 'logit'):
            evaluator = Evaluator(state.generator, task, 40, jit, lambda: state.discriminator, replicas)
            found |= {f'{name}/evaluation/{key}': value for key, value in evaluator(SEED)}
            for curve in (temperature_curve(evaluator, SEED), top_k_curve(evaluator, SEED)):
                found |= {f'{name}/curve/{key}': value for key, value in next(curve).items()}
            for i, point in enumerate(search_curve(evaluator, (0.0, 1.0), SEED)):
                found |= {f'{name}/search_{i}/{key}': value for key, value in point.items()}
    np.savez(path, **found)


if __name__ == '__main__':
    main(*sys.argv[1:])
