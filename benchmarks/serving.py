"""Speed of an exported model through the session loader, which TensorFlow Serving runs too.

    python benchmarks/serving.py [--json=PATH] [--seconds=2]
        [--vocab_size=5000 --sequence_length=20 | --model=exports/poetry/1]

Latencies are those of single calls. Throughput is the number of sequences over the time of all
callers together. "merged" imitates the server's batching: the callers' rows wait up to a
millisecond for others, and at most 512 rows run together. Seeds differ from call to call. A search
among 16 stands beside `sample` of as many rows as it draws.
"""

import concurrent.futures
import itertools
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import threading
import time

from absl import app, flags, logging

from seqgan_tf.running.startup import load_tensorflow

load_tensorflow()

import numpy as np
import tensorflow as tf

from seqgan_tf.data.vocabulary import Vocabulary
from seqgan_tf.models.discriminator import Discriminator
from seqgan_tf.models.generator import Generator
from seqgan_tf.serving import warmup
from seqgan_tf.serving.export import export_saved_model
from seqgan_tf.serving.loaders import SessionModel

BATCHES, THREADS = (1, 8, 64, 512), (1, 2, 4, 8)
MAX_ROWS, PATIENCE = 512, 0.001
SLOTS = 2  # merged runs at a time, as the server's num_batch_threads
COLD_STARTS = 3
SEARCHED, CANDIDATES = (1, 64), 16  # rows of a search, and the candidates of each

flags.DEFINE_string('json', '', 'write the results here')
flags.DEFINE_float('seconds', 2.0, 'how long each case runs', lower_bound=0)
flags.DEFINE_string(
    'model', '', 'a version of an exported model; unless given, one of random weights and the next two sizes'
)
flags.DEFINE_integer('sequence_length', 20, 'T', lower_bound=2)
flags.DEFINE_integer('vocab_size', 5000, 'V', lower_bound=2)
flags.DEFINE_float('stddev', 1.0, 'of the random weights', lower_bound=0)
flags.DEFINE_string('first_answer', '', 'internal: print the seconds to load this model and to answer once, and exit')
flags.DEFINE_boolean('warmed', False, 'internal: run the warm-up records before that answer')
FLAGS = flags.FLAGS


class Merger:
    """Runs the rows of several callers together, as the server's batching does."""

    def __init__(self, model):
        self.model, self.waiting, self.ready, self.closed = model, [], threading.Condition(), False
        self.workers = [threading.Thread(target=self._work, daemon=True) for _ in range(SLOTS)]
        for worker in self.workers:
            worker.start()

    def __call__(self, signature, **inputs):
        answer = concurrent.futures.Future()
        with self.ready:
            self.waiting.append((inputs, answer))
            self.ready.notify()
        return answer.result()

    def close(self):
        with self.ready:
            self.closed = True
            self.ready.notify_all()
        for worker in self.workers:
            worker.join()

    def _work(self):
        while True:
            with self.ready:
                self.ready.wait_for(lambda: self.waiting or self.closed)
                if self.closed:
                    return
            time.sleep(PATIENCE)
            with self.ready:
                taken, rows = [], 0
                while self.waiting and (not taken or rows + len(self.waiting[0][0]['seed']) <= MAX_ROWS):
                    taken.append(self.waiting.pop(0))
                    rows += len(taken[-1][0]['seed'])
            if taken:
                self._run(taken)

    def _run(self, taken):
        try:
            outputs = self.model(
                'sample', **{name: np.concatenate([inputs[name] for inputs, _ in taken]) for name in taken[0][0]}
            )
        except Exception as error:
            for _, answer in taken:
                answer.set_exception(error)
            return
        start = 0
        for inputs, answer in taken:
            end = start + len(inputs['seed'])
            answer.set_result({name: value[start:end] for name, value in outputs.items()})
            start = end


def measure(model, signature, rows, threads, extra=None):
    """Latencies (ms) and sequences per second of threads that ask for rows again and again.

    Each of the `threads` callers asks for `rows` rows in a call.
    """
    seeds = itertools.count(1)

    def inputs():
        first = next(seeds) * 1000
        return {'seed': np.arange(first, first + rows), 'temperature': np.ones(rows, np.float32), **(extra or {})}

    model(signature, **inputs())
    start = time.perf_counter()

    def ask(_):
        times = []
        while not times or time.perf_counter() < start + FLAGS.seconds:
            begun = time.perf_counter()
            model(signature, **inputs())
            times.append(1e3 * (time.perf_counter() - begun))
        return times

    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        times = [milliseconds for caller in pool.map(ask, range(threads)) for milliseconds in caller]
    taken = time.perf_counter() - start
    p50, p95, p99 = np.percentile(times, [50, 95, 99])
    return {
        'p50_ms': p50,
        'p95_ms': p95,
        'p99_ms': p99,
        'sequences_per_second': len(times) * rows / taken,
        'calls': len(times),
    }


def cold_start(path, warmed):
    """Medians over fresh processes: the seconds to load a model, the ms of its first answer."""
    command = [sys.executable, __file__, f'--first_answer={path}', f'--warmed={warmed}']
    runs = [
        json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout)
        for _ in range(COLD_STARTS)
    ]
    return {name: float(np.median([run[name] for run in runs])) for name in runs[0]}


def first_answer(path, warmed):
    """The measurement of `cold_start`, in this process."""
    start = time.perf_counter()
    model = SessionModel(path)
    if warmed:
        for signature, inputs in warmup.read(pathlib.Path(path)):
            model(signature, **inputs)
    ready = time.perf_counter()
    model('sample', seed=np.array([5]), temperature=np.ones(1, np.float32))
    return {'load_seconds': ready - start, 'first_answer_ms': 1e3 * (time.perf_counter() - ready)}


def export(folder):
    """Exports a model of the given sizes with random weights; returns its path."""
    vocabulary = Vocabulary([str(i) for i in range(FLAGS.vocab_size)], 'id')
    networks = (
        Generator(FLAGS.vocab_size, initializer_stddev=FLAGS.stddev),
        Discriminator(FLAGS.vocab_size, FLAGS.sequence_length),
    )
    return export_saved_model(*networks, vocabulary, FLAGS.sequence_length, folder)


def measure_all(path):
    """Measures all cases of a model, prints a line for each, and returns {case: measurements}."""
    print(f'{"case":44}{"p50 ms":>10}{"p95 ms":>10}{"p99 ms":>10}{"sequences/s":>14}')
    cases = {}

    def report(name, *args):
        cases[name] = measure(*args)
        print(
            f'{name:44}'
            + ''.join(f'{cases[name][key]:10.2f}' for key in ('p50_ms', 'p95_ms', 'p99_ms'))
            + f'{cases[name]["sequences_per_second"]:14.0f}',
            flush=True,
        )

    with SessionModel(path) as model:
        for rows, threads in itertools.product(BATCHES, THREADS):
            report(f'sample rows={rows} threads={threads}', model, 'sample', rows, threads)
        merger = Merger(model)
        for rows, threads in itertools.product(BATCHES, THREADS):
            report(f'sample rows={rows} threads={threads} merged', merger, 'sample', rows, threads)
        merger.close()
        for rows, (name, top_k, top_p) in itertools.product((1, 512), (('top_k=40', 40, 1.0), ('top_p=0.9', 0, 0.9))):
            extra = {
                'prompt': np.full(rows, b'', object),
                'top_k': np.full(rows, top_k, np.int32),
                'top_p': np.full(rows, top_p, np.float32),
            }
            report(f'complete rows={rows} threads=1 {name}', model, 'complete', rows, 1, extra)
        for rows in SEARCHED if 'search' in model.signatures else ():
            extra = {
                'prompt': np.full(rows, b'', object),
                'num_candidates': np.full(rows, CANDIDATES, np.int32),
                'guidance': np.ones(rows, np.float32),
            }
            report(f'search rows={rows} threads=1 n={CANDIDATES}', model, 'search', rows, 1, extra)
            report(f'sample rows={rows * CANDIDATES} threads=1', model, 'sample', rows * CANDIDATES, 1)
    return cases


def main(argv):
    """Measures, prints a table, and writes the JSON file."""
    if len(argv) > 1:
        sys.exit(f'error: there are no arguments but flags. Received: {" ".join(argv[1:])}')
    if FLAGS.model and not pathlib.Path(FLAGS.model, 'saved_model.pb').is_file():
        sys.exit(
            f'error: model must be a version of an exported model, such as exports/poetry/1. Received: model={FLAGS.model}'
        )
    logging.set_verbosity(logging.WARNING)  # not what TensorFlow notes when it saves
    if FLAGS.first_answer:
        print(json.dumps(first_answer(FLAGS.first_answer, FLAGS.warmed)))
        return
    about = (
        {'model': FLAGS.model}
        if FLAGS.model
        else {'sequence_length': FLAGS.sequence_length, 'vocab_size': FLAGS.vocab_size}
    )
    print(
        f'{platform.machine()}, {os.cpu_count()} cores, TensorFlow {tf.__version__}, '
        + ', '.join(f'{name} {value}' for name, value in about.items())
    )
    with tempfile.TemporaryDirectory() as folder:
        path = FLAGS.model or export(pathlib.Path(folder, 'model'))
        cases = measure_all(path)
        cold = {name: cold_start(path, warmed) for name, warmed in (('warmed_up', True), ('not_warmed_up', False))}
    for name, times in cold.items():
        print(
            f'cold start, {name}: loaded after {times["load_seconds"]:.2f} s, first answer {times["first_answer_ms"]:.1f} ms'
        )
    if FLAGS.json:
        results = {
            'latency_ms_p50_batch1': cases['sample rows=1 threads=1']['p50_ms'],
            'sequences_per_second_batch512': cases['sample rows=512 threads=1']['sequences_per_second'],
            'sequences_per_second_best': max(case['sequences_per_second'] for case in cases.values()),
            **about,
            'cores': os.cpu_count(),
            'cases': cases,
            'cold_start': cold,
        }
        pathlib.Path(FLAGS.json).write_text(json.dumps(results, indent=2) + '\n', encoding='utf-8')


if __name__ == '__main__':
    app.run(main)
