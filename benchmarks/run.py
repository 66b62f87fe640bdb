"""Speed of the pieces of training, compared with the machine's limits and with slow twins.

    python benchmarks/run.py [--only=mle_step,action_values] [--json=PATH]
        [--batch_size=64 --sequence_length=20 --vocab_size=5000 --num_rollouts=16]
        [--precision=auto --discriminator_precision=float32]

Times are medians over repetitions after a warm-up, and every call has another seed. Operations are
counted from the mathematics, and an exponential counts as one operation. `limit_share` is t / time,
where t is the time of a perfect machine with this machine's measured peaks: its operations at the
matmul peak of the type that they run in, and then its bytes at the memory bandwidth. They are added,
because an optimizer waits for its gradients, and a draw for its logits.
"""

import functools
import json
import os
import platform
import resource
import statistics
import sys
import time
from typing import NamedTuple

from absl import app, flags

from seqgan_tf.running.startup import load_tensorflow

load_tensorflow()

import keras
import tensorflow as tf
from recipe import SAMPLES, adversarial_round
from twins import Twins

from seqgan_tf.models.discriminator import Discriminator
from seqgan_tf.models.generator import Generator
from seqgan_tf.policies.chunked import Sampler, Scorer
from seqgan_tf.rewards.rollout import action_values
from seqgan_tf.training.devices import compute_dtype, rollout_rows
from seqgan_tf.training.discrimination import DiscriminatorEpoch
from seqgan_tf.training.likelihood import MLEStep
from seqgan_tf.training.reinforce import PolicyGradientStep

PIECES = (
    'mle_step',
    'discriminator_step',
    'action_values',
    'generator_step',
    'sample_10k',
    'nll_10k',
    'adversarial_round',
)
EPOCH_BATCHES = 20  # batches of the discriminator epoch that is timed; a step is its share

flags.DEFINE_list('only', list(PIECES), 'pieces to measure')
flags.DEFINE_string('json', '', 'write the results here')
flags.DEFINE_integer('repetitions', 5, 'calls of each piece after the warm-up; of a twin one', lower_bound=1)
flags.DEFINE_enum('precision', 'auto', ['auto', 'float32', 'bfloat16', 'float16'], 'type in which roll-outs are scored')
flags.DEFINE_enum(
    'discriminator_precision', 'float32', ['auto', 'float32', 'bfloat16'], "type of the discriminator's updates"
)
flags.DEFINE_boolean('twins', True, 'measure the slow twins too')
flags.DEFINE_integer('batch_size', 64, 'B', lower_bound=1)
flags.DEFINE_integer('sequence_length', 20, 'T', lower_bound=2)
flags.DEFINE_integer('vocab_size', 5000, 'V', lower_bound=2)
flags.DEFINE_integer('num_rollouts', 16, 'N', lower_bound=1)
FLAGS = flags.FLAGS


def seconds(call, repetitions):
    """The median seconds of a call until its result is there.

    The first call compiles, so it does not count.
    """
    times = []
    for _ in range(repetitions + 1):
        start = time.perf_counter()
        wait_for(call())
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def wait_for(result):
    """Returns when the tensors of a result are there."""
    tf.nest.map_structure(lambda x: x.numpy() if hasattr(x, 'numpy') else x, result)


def machine_limits():
    """This machine's present matmul peaks in GFLOP/s and memory bandwidth in GB/s, by name."""
    size, limits = 2048, {}
    multiply = tf.function(tf.matmul, autograph=False)
    for name, dtype in (('fp32', tf.float32), ('bf16', tf.bfloat16)):
        a = tf.cast(tf.random.stateless_uniform([size, size], [1, 2]), dtype)
        limits[f'matmul_gflops_{name}'] = 2 * size**3 / seconds(lambda: multiply(a, a)[0, 0], 9) / 1e9
    count = 16 * 2**20  # 64 MB, twice the size of such machines' caches
    array = tf.random.stateless_uniform([count], [1, 2])
    total = tf.Variable(array)

    def add():  # in place: two reads and a write, and no new memory, whose pages would have to be found first
        total.assign_add(array)
        return total[0]

    add = tf.function(add, autograph=False)
    limits['memory_gb_per_second'] = 3 * 4 * count / seconds(add, 9) / 1e9
    return limits


class Work(NamedTuple):
    """What a piece must do: its operations by type of the operands, and the bytes that it must move."""

    fp32: float = 0
    bf16: float = 0
    bytes: float = 0

    def __add__(self, other):
        return Work(*map(sum, zip(self, other)))

    def __mul__(self, times):
        return Work(*(times * number for number in self))

    def seconds(self, limits):
        """Of a machine that reaches its limits, one after the other."""
        operations = self.fp32 / limits['matmul_gflops_fp32'] + self.bf16 / limits['matmul_gflops_bf16']
        return (operations + self.bytes / limits['memory_gb_per_second']) / 1e9


class Counts:
    """The work of each piece.

    A backward pass costs two forward passes. An update reads a weight in both and writes its
    gradient. Then Adam reads gradient, weight and two moments, and it writes three of them. Logits
    are written and read once; in a backward pass their gradient is written once and read twice.
    """

    def __init__(self, generator, discriminator, batch_size, length, num_rollouts, scoring, training):
        g, d = generator, discriminator
        vocab, hidden, embedding = g.vocab_size, g.hidden_dim, g.embedding_dim
        # LSTM, head, exponentials.
        token = Work(2 * 4 * hidden * (embedding + hidden) + 2 * hidden * vocab + vocab, bytes=2 * 4 * vocab)
        trained_token = Work(3 * token.fp32, bytes=5 * 4 * vocab)
        width = sum(filters for _, filters in d.windows)
        score = sum(2 * (length - w + 1) * w * d.embedding_dim * f for w, f in d.windows) + 2 * 2 * width**2
        g_parameters, d_parameters = (sum(int(tf.size(v)) for v in net.trainable_variables) for net in (g, d))
        rollout_tokens = batch_size * num_rollouts * length * (length - 1) // 2
        rollout_scores = batch_size * (num_rollouts * (length - 1) + 1)
        update = Work(bytes=(3 + 7) * 4)  # of a weight
        scored = lambda operations, dtype: Work(**{'fp32' if dtype == tf.float32 else 'bf16': operations})
        tokens = batch_size * length
        self.mle_step = trained_token * tokens + update * g_parameters
        self.discriminator_step = scored(3 * batch_size * score, training) + update * d_parameters
        self.action_values = token * rollout_tokens + scored(rollout_scores * score, scoring)
        self.generator_step = self.action_values + (token + trained_token) * tokens + update * g_parameters
        self.sample_10k = self.nll_10k = token * (SAMPLES * length)
        self.adversarial_round = adversarial_round(vars(self), batch_size)


def calls_of(batch, length, vocab, rollouts):
    """({piece: call}, {piece: call of the slow twin}, `Counts`) at the sizes B, T, V and N.

    A call of 'discriminator_step' makes `EPOCH_BATCHES` steps, and of the twin one.
    """
    generator, policy, discriminator = Generator(vocab), Generator(vocab, seed=1), Discriminator(vocab, length)
    g_adam, d_adam = keras.optimizers.Adam(0.01), keras.optimizers.Adam(1e-4)
    g_adam.build(generator.trainable_variables)
    d_adam.build(discriminator.trainable_variables)
    counter = iter(range(10**6))
    seed = lambda: tf.constant([7, next(counter)], tf.int64)
    rows = Sampler(generator, length)(SAMPLES, seed())
    tokens, half = rows[:batch], rows[: EPOCH_BATCHES * batch // 2]
    labels = tf.cast(tf.range(batch) % 2, tf.float32)

    mle = MLEStep(generator, g_adam, 5.0)
    scoring, training = compute_dtype(FLAGS.precision), compute_dtype(FLAGS.discriminator_precision)
    epoch = DiscriminatorEpoch(discriminator, d_adam, 0.2, batch, dtype=training)
    reward_fn = functools.partial(discriminator.prob_real, dtype=scoring)
    search = lambda tokens, seed: action_values(
        policy, reward_fn, tokens, rollouts, seed, chunk_rows=rollout_rows(vocab), jit_compile=True
    )
    values = tf.function(lambda seed: search(tokens, seed), autograph=False)
    step = PolicyGradientStep(generator, search, g_adam, 5.0, batch, length)
    sampler, scorer = Sampler(generator, length), Scorer(generator)
    twin = Twins(generator, discriminator, g_adam, d_adam)
    batches = -(-SAMPLES // batch)
    ours = {
        'mle_step': lambda: mle(tokens),
        'discriminator_step': lambda: epoch(half, half, seed()),
        'action_values': lambda: values(seed()),
        'generator_step': lambda: step(seed()),
        'sample_10k': lambda: sampler(SAMPLES, seed()),
        'nll_10k': lambda: scorer.nll(rows),
    }
    slow = {
        'mle_step': lambda: twin.mle_step(tokens),
        'discriminator_step': lambda: twin.discriminator_step(tokens, labels),
        'action_values': lambda: twin.action_values(tokens, rollouts),
        'generator_step': lambda: twin.generator_step(tokens, rollouts),
        'sample_10k': lambda: [twin.sample_from(tokens, tf.constant(0)) for _ in range(batches)],
        'nll_10k': lambda: [twin.nll(tokens) for _ in range(batches)],
    }
    return ours, slow, Counts(generator, discriminator, batch, length, rollouts, scoring, training)


def measure(pieces, batch, length, vocab, rollouts, twins=True):
    """Measures pieces at the sizes B, T, V and N.

    Returns {piece: (seconds, `Work`, the twin's seconds or None)}, and the peak memory of the process
    in MB before the twins run.
    """
    ours, slow, counts = calls_of(batch, length, vocab, rollouts)
    slow = slow if twins else {}
    needed = list(ours) if 'adversarial_round' in pieces else [p for p in ours if p in pieces]
    times = {
        p: seconds(ours[p], FLAGS.repetitions) / (EPOCH_BATCHES if p == 'discriminator_step' else 1) for p in needed
    }
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    # A twin of a generator step takes many seconds, so it is called once after its warm-up.
    twin_times = {
        p: seconds(slow[p], 1 if p in ('action_values', 'generator_step') else 3) for p in needed if p in slow
    }
    for table in (times, twin_times):
        if 'adversarial_round' in pieces and table:
            table['adversarial_round'] = adversarial_round(table, batch)
    return {p: (times[p], getattr(counts, p), twin_times.get(p)) for p in PIECES if p in pieces}, peak


def main(argv):
    """Measures, prints a table, and writes the JSON file."""
    unknown = set(FLAGS.only) - set(PIECES)
    if unknown or len(argv) > 1:
        sys.exit(f'error: --only takes some of {", ".join(PIECES)}. Received: {", ".join(sorted(unknown) or argv[1:])}')
    limits = machine_limits()
    print(
        f'{platform.processor() or platform.machine()}, {os.cpu_count()} cores, devices '
        f'{[d.device_type for d in tf.config.list_physical_devices()]}, TensorFlow {tf.__version__}'
    )
    print('  '.join(f'{name} {value:.0f}' for name, value in limits.items()))
    print(f'B {FLAGS.batch_size}  T {FLAGS.sequence_length}  V {FLAGS.vocab_size}  N {FLAGS.num_rollouts}')
    print(f'{"piece":20}{"seconds":>12}{"GFLOP/s":>10}{"of limit":>10}{"slow twin":>12}{"ratio":>8}')
    measured, peak = measure(
        FLAGS.only, FLAGS.batch_size, FLAGS.sequence_length, FLAGS.vocab_size, FLAGS.num_rollouts, FLAGS.twins
    )
    results = {}
    for piece, (time_taken, work, twin) in measured.items():
        results[piece] = {
            'seconds': time_taken,
            'gflops': (work.fp32 + work.bf16) / time_taken / 1e9,
            'limit_share': work.seconds(limits) / time_taken,
            'twin_seconds': twin,
            'twin_ratio': twin and twin / time_taken,
        }
        print(
            f'{piece:20}{time_taken:12.4f}{results[piece]["gflops"]:10.0f}{results[piece]["limit_share"]:10.0%}'
            + (f'{twin:12.3f}{twin / time_taken:8.1f}' if twin else '')
        )
    print(f'peak memory of the process, twins left out: {peak:.0f} MB')
    if FLAGS.json:
        with open(FLAGS.json, 'w', encoding='utf-8') as file:
            json.dump({**limits, 'pieces': results, 'peak_rss_mb': peak}, file, indent=2)


if __name__ == '__main__':
    app.run(main)
