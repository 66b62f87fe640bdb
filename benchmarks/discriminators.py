"""Which discriminator generalises: several recipes, trained against one generator and judged by rows that none has seen.

    python benchmarks/discriminators.py --workdir=DIR --out=PATH.json [--rows=base,causal] [--sets=24] [--negatives=4000]

DIR is a finished run, such as one of `--algorithm=mle`. Its generator is held fixed, and DIR is only
read. Each row trains a discriminator from scratch on `sets` negative sets: fresh samples and as many
real rows, the same for all rows of the table. After each set the held-out loss is measured, on
validation rows and as many samples that are the same for all sets. `best` has the figures of the set
where that loss was lowest, and `last` those of the last set. `scale` and the residual model belong to
`best`. The test rows and their samples choose nothing. `own_*` are the figures on the set that was
just trained on, with dropout off. They show over-fitting.

Losses are in nats a sequence (ln 2 = 0.693 without any knowledge), NLLs in nats a token. The CPU
seconds are those of the updates alone, for all threads. Those of the first set, which compiles, stand
apart. A row is added to the file as soon as it is done.
"""

import dataclasses
import json
import os
import pathlib
import platform
import shlex
import sys
import time

from absl import app, flags

from seqgan_tf.running.startup import load_tensorflow

load_tensorflow()

import keras
import numpy as np
import tensorflow as tf

import seqgan_tf
from seqgan_tf import randomness
from seqgan_tf.algorithms.discriminator import DiscriminatorLearner
from seqgan_tf.algorithms.prefix_values import CausalLearner
from seqgan_tf.algorithms.seqgan import HELD_OUT_ROWS
from seqgan_tf.data.tasks import load_task
from seqgan_tf.evaluation.evaluation import Evaluation
from seqgan_tf.evaluation.residual import residual
from seqgan_tf.policies.chunked import RowScorer, Sampler, Scorer
from seqgan_tf.policies.sampling import valid_mask
from seqgan_tf.training.best_weights import BestWeights
from seqgan_tf.training.calibration import fit_scale
from seqgan_tf.training.state import TrainState
from seqgan_tf.version import VERSION

# The paper's CNN, whatever the settings of the run.
BASE = {
    'algorithm': 'seqgan',
    'start_from': '',
    'reward': 'discriminator',
    'value': 'rollouts',
    'discriminator_rounds': 1,
    'discriminator': 'cnn_highway',
    'discriminator_embedding_dim': 64,
    'discriminator_learning_rate': 1e-3,
    'discriminator_weight_decay': 0.0,
    'discriminator_best': False,
    'discriminator_stop': False,
    'discriminator_calibration': False,
    'discriminator_epochs': 1,
    'discriminator_precision': 'float32',
    'dropout': 0.25,
    'l2': 0.2,
}
# {name of a row: the settings that differ from BASE}
ROWS = {
    'base': {},
    'rate_3e-4': {'discriminator_learning_rate': 3e-4},
    'rate_1e-4': {'discriminator_learning_rate': 1e-4},
    'dropout_0.5': {'dropout': 0.5},
    'weight_decay_0.1': {'discriminator_weight_decay': 0.1},
    'l2_0': {'l2': 0.0},
    'epochs_3': {'discriminator_epochs': 3},
    'epochs_3_stop': {'discriminator_epochs': 3, 'discriminator_stop': True},
    'negatives_x4': {},
    'bfloat16': {'discriminator_precision': 'bfloat16'},
    'causal': {'value': 'causal'},
}
LARGER = {'negatives_x4': 4}  # {name: how many times the rows a set has, with so many times fewer sets}
COLUMNS = ('validation_loss', 'validation_accuracy', 'test_loss', 'test_accuracy', 'own_loss')

flags.DEFINE_string('workdir', None, 'the run', required=True)
flags.DEFINE_string('out', None, 'the rows are added to this file, as JSON', required=True)
flags.DEFINE_list('rows', list(ROWS), f'of the table: any of {", ".join(ROWS)}')
flags.DEFINE_integer('sets', 24, 'negative sets of a row', lower_bound=1)
flags.DEFINE_integer('negatives', 4000, 'samples in a set; at most the number of training rows', lower_bound=1)
flags.DEFINE_integer('samples', 10_000, 'that estimate Z of the residual model', lower_bound=1)
flags.DEFINE_integer('seed', 0, 'of networks, samples and shuffles', lower_bound=0)
FLAGS = flags.FLAGS


class Bench:
    """The generator and the rows that all discriminators have in common."""

    def __init__(self, trained):
        self.trained, self.task = trained, load_task(trained.config)
        corpus, self.generator = self.task.corpus, trained.generator
        self.sampler = Sampler(self.generator, corpus.sequence_length)
        self.train = tf.constant(corpus.train)
        self.validation = tf.constant(corpus.validation[:HELD_OUT_ROWS])
        self.test = tf.constant(corpus.test)
        self.validation_samples = self.sampler(len(self.validation), _seed(1, 0))
        self.test_samples = self.sampler(len(self.test), _seed(2, 0))
        self.samples, self.scorer = self.sampler(FLAGS.samples, _seed(3, 0)).numpy(), Scorer(self.generator)
        self.nlls = {
            name: self.scorer.nll(rows)
            for name, rows in (('nll_validation', corpus.validation), ('nll_test', corpus.test))
        }

    def negative_set(self, i, count):
        """Real rows and samples int32 [count, T] of set i."""
        order = randomness.permutation(len(self.train), _seed(4, i))
        return tf.gather(self.train, order[:count]), self.sampler(count, _seed(5, i))

    def residual(self, logits):
        """{name: value} of the residual model with the logits of a `RowScorer`."""
        evaluation = Evaluation(
            self.generator, self.task, self.scorer, None, logits, self.samples, _seed(3, 0), dict(self.nlls)
        )
        return residual(evaluation)


class Candidate:
    """One discriminator: its learner, its network, and its logit of whole sequences."""

    def __init__(self, name, bench):
        config = dataclasses.replace(bench.trained.config, seed=FLAGS.seed, **BASE | ROWS[name])
        causal = config.value == 'causal'
        parts = ('causal_discriminator', 'causal_optimizer') if causal else ('discriminator', 'discriminator_optimizer')
        state = TrainState(config, bench.trained.vocabulary, parts)
        draws = iter(range(2**31))
        fresh = lambda: bench.sampler(len(bench.validation), _seed(6, next(draws)))
        self.learner = (
            CausalLearner(state, config) if causal else DiscriminatorLearner(state, config, bench.validation, fresh)
        )
        self.network = state.causal_discriminator if causal else state.discriminator
        score_fn = _at_the_end(self.network, bench.generator.end_id) if causal else self.network
        self.logits = RowScorer(score_fn, jit_compile=causal)  # XLA makes convolutions slower on CPUs


def _at_the_end(network, end_id):
    """The logit [B] of the prefix that is the whole sequence, up to its end token if it has one."""

    def score(tokens):
        last = tf.cast(tf.reduce_sum(valid_mask(tokens, end_id), axis=1), tf.int32) - 1
        return tf.gather(network(tokens), last, axis=1, batch_dims=1)

    return score


def figures_of(name, logits, real, samples):
    """{name_loss: nats a sequence, name_accuracy: share} on real rows and samples."""
    x = logits(tf.concat([real, samples], axis=0)).astype(np.float64)
    labels = np.arange(len(x)) < len(real)
    loss = np.logaddexp(0, np.where(labels, -x, x)).mean()
    return {f'{name}_loss': float(loss), f'{name}_accuracy': float(((x > 0) == labels).mean())}


def row(name, bench):
    """Trains one discriminator; returns its row of the table."""
    times = LARGER.get(name, 1)
    sets, count = max(1, FLAGS.sets // times), min(times * FLAGS.negatives, len(bench.train))
    candidate, curve, seconds, own = Candidate(name, bench), [], [], {}
    best, chosen = BestWeights(candidate.network), 0
    for i in range(sets):
        rows = bench.negative_set(i, count)
        started = time.process_time()
        candidate.learner(*rows)
        seconds.append(time.process_time() - started)
        curve.append(figures_of('validation', candidate.logits, bench.validation, bench.validation_samples))
        chosen = i if best.keep(curve[i]['validation_loss']) else chosen
        if i in (chosen, sets - 1):
            own[i] = figures_of('own', candidate.logits, *rows)
    on_test = lambda: figures_of('test', candidate.logits, bench.test, bench.test_samples)
    last = {'set': sets} | curve[-1] | own[sets - 1] | on_test()
    best.put_back()
    held_out = tf.concat([bench.validation, bench.validation_samples], axis=0)
    scale = fit_scale(candidate.logits(held_out), np.arange(len(held_out)) < len(bench.validation))
    return {
        'row': name,
        'settings': BASE | ROWS[name],
        'parameters': candidate.network.count_params(),
        'sets': sets,
        'negatives': count,
        'best': {'set': chosen + 1} | curve[chosen] | own[chosen] | on_test(),
        'last': last,
        'scale': scale,
        **bench.residual(candidate.logits),
        **bench.nlls,
        'cpu_seconds': sum(seconds),
        'cpu_seconds_of_the_first_set': seconds[0],
        'validation_losses': [figures['validation_loss'] for figures in curve],
    }


def add(line):
    """Adds a row to the file, which is replaced at once. What it had stays."""
    path = pathlib.Path(FLAGS.out)
    lines = json.loads(path.read_text('utf-8')) if path.exists() else []
    part = path.with_name(path.name + '.part')
    part.write_text(json.dumps([*lines, line], indent=2) + '\n', encoding='utf-8')
    part.replace(path)


def _seed(stream, i):
    return randomness.fold_in([FLAGS.seed, stream], i)


def main(_):
    """Trains a discriminator for each row, and prints and saves the table."""
    unknown = sorted(set(FLAGS.rows) - set(ROWS))
    if unknown:
        raise app.UsageError(f'rows must be some of {", ".join(ROWS)}. Received: {", ".join(unknown)}')
    bench = Bench(seqgan_tf.load(FLAGS.workdir))
    if FLAGS.negatives > len(bench.train):
        raise app.UsageError(f'negatives must be at most {len(bench.train)}. Received: negatives={FLAGS.negatives}')
    common = {
        'seed': FLAGS.seed,
        'command': shlex.join(['python', 'benchmarks/discriminators.py', *sys.argv[1:]]),
        'versions': {
            'python': platform.python_version(),
            'seqgan_tf': VERSION,
            'tensorflow': tf.__version__,
            'keras': keras.__version__,
            'numpy': np.__version__,
        },
        'machine': platform.processor() or platform.machine(),
        'cores': os.cpu_count(),
    }
    head = ('set', *COLUMNS, 'residual_nll_test', 'scale', 'cpu_seconds')
    print(f'{"row":18}' + ''.join(f'{name:>{len(name) + 2}}' for name in head), flush=True)
    for name in FLAGS.rows:
        line = row(name, bench)
        add(line | common)
        shown = line | line['best']
        print(f'{name:18}' + ''.join(f'{shown[name]:>{len(name) + 2}.4g}' for name in head), flush=True)


if __name__ == '__main__':
    app.run(main)
