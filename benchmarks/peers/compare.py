"""Speed of this project beside other implementations of SeqGAN, measured in one run.

    python benchmarks/peers/compare.py --only=ours,pytorch,jax --repetitions=5 --json=PATH
        [--lantaoyu=DIR --seqgan_tf2=DIR --textgan=DIR] [--pytorch_python=PATH --jax_python=PATH]
        [--threads=2 --batch_size=64 --sequence_length=20 --vocab_size=5000 --num_rollouts=16]

Each implementation runs in a process of its own, and all of them on the same CPUs, as many as
`threads`. They are asked in turn, piece by piece, so that a slow minute of the machine meets all of
them. A time is the median over the passes. The first call of a piece compiles, and does not count.

The twins in PyTorch and JAX are first compared with this project: the same weights must give the
same numbers (`FACTS`). The published codes are read from clones, which are not written to.
"""

import collections
import json
import os
import pathlib
import platform
import shlex
import statistics
import subprocess
import sys
import tempfile
from typing import NamedTuple

import numpy as np
import problem  # finds the modules of benchmarks/
from absl import app, flags
from recipe import adversarial_round

HERE = pathlib.Path(__file__).resolve().parent


class Row(NamedTuple):
    """A row of the table: the script of its process, the script's flags, and what its environment adds."""

    script: str
    arguments: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()


ONEDNN = 'TF_ENABLE_ONEDNN_OPTS'
# {implementation: {row: what it is}}; the first row measured is what the others are compared with.
ROWS = {
    'ours': {
        'seqgan_tf, float32': Row('ours.py', ('--precision=float32',)),
        'seqgan_tf, default': Row('ours.py'),
        'seqgan_tf, discriminator in bfloat16': Row('ours.py', ('--discriminator_precision=bfloat16',)),
    },
    'pytorch': {'PyTorch twin': Row('pytorch_twin.py')},
    'pytorch_compiled': {'PyTorch twin, compiled losses': Row('pytorch_twin.py', ('--compile',))},
    'jax': {'JAX twin': Row('jax_twin.py')},
    'lantaoyu': {
        'LantaoYu/SeqGAN, without oneDNN': Row('lantaoyu.py', environment=((ONEDNN, '0'),)),
        'LantaoYu/SeqGAN, with oneDNN': Row('lantaoyu.py', environment=((ONEDNN, '1'),)),
    },
    'seqgan_tf2': {'us/seqgan-text-generation-tf2': Row('seqgan_tf2.py')},
    'textgan': {'TextGAN-PyTorch': Row('textgan.py')},
}
CLONES = {'lantaoyu': 'rollout.py', 'seqgan_tf2': 'models/rollout.py', 'textgan': 'utils/rollout.py'}
INTERPRETERS = {
    'pytorch': 'pytorch_python',
    'pytorch_compiled': 'pytorch_python',
    'textgan': 'pytorch_python',
    'jax': 'jax_python',
}
PIECES = {
    'mle_step': 'MLE step',
    'discriminator_step': 'discriminator step',
    'action_values': 'action values',
    'generator_step': 'generator step',
    'sample_10k': '10,000 samples',
}
ROUND = ('adversarial_round', 'adversarial round')
# {fact: how far a twin may be from this project, relative to the largest number}
FACTS = {
    'nll': 1e-5,
    'logit': 1e-4,
    'action_values': 1e-4,
    'nll_of_samples': 0.03,  # of random samples: four standard errors of a difference
    'mle_losses': 1e-4,
    'policy_losses': 1e-4,
    'discriminator_losses': 1e-3,
}

flags.DEFINE_list('only', ['ours', 'pytorch', 'jax'], f'implementations: any of {", ".join(ROWS)}')
flags.DEFINE_list('pieces', list(PIECES), 'pieces to measure; a round is composed where its three parts are among them')
flags.DEFINE_integer('repetitions', 5, 'passes over all implementations', lower_bound=1)
flags.DEFINE_string('json', '', 'write the results here')
flags.DEFINE_boolean('check', True, 'compare the numbers of the twins with ours first')
flags.DEFINE_integer('threads', 2, 'CPUs that every implementation has', lower_bound=1)
for size, default in problem.SIZES.items():
    flags.DEFINE_integer(size, default, 'as in benchmarks/run.py', lower_bound=1)
flags.DEFINE_string('lantaoyu', '', 'a clone of github.com/LantaoYu/SeqGAN')
flags.DEFINE_string('seqgan_tf2', '', 'a clone of github.com/us/seqgan-text-generation-tf2')
flags.DEFINE_string('textgan', '', 'a clone of github.com/williamSYSU/TextGAN-PyTorch')
flags.DEFINE_string('pytorch_python', sys.executable, 'an interpreter that has torch')
flags.DEFINE_string('jax_python', sys.executable, 'an interpreter that has jax and optax')
FLAGS = flags.FLAGS


class Failed(Exception):
    """A process ended, or a twin computes something else."""


class Worker:
    """The process of one row."""

    def __init__(self, name, implementation, row):
        self.name = name
        python = FLAGS[INTERPRETERS[implementation]].value if implementation in INTERPRETERS else sys.executable
        command = [
            python,
            str(HERE / row.script),
            *(f'--{size}={FLAGS[size].value}' for size in problem.SIZES),
            *row.arguments,
        ]
        if implementation != 'ours':
            command.append(f'--threads={FLAGS.threads}')
        if implementation in CLONES:
            command.append(f'--directory={FLAGS[implementation].value}')
        threads = {'OMP_NUM_THREADS': str(FLAGS.threads), 'TF_NUM_INTRAOP_THREADS': str(FLAGS.threads)}
        self.log = tempfile.TemporaryFile('w+')
        answers, far_end = os.pipe()
        own = {'PEERS_ANSWERS': str(far_end), 'PYTHONDONTWRITEBYTECODE': '1'}
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=self.log,
            stderr=self.log,
            text=True,
            pass_fds=(far_end,),
            env=os.environ | threads | own | dict(row.environment),
        )
        os.close(far_end)  # so that the end of the process ends the answers
        self.answers = os.fdopen(answers)
        self.versions = self._answer()

    def ask(self, request):
        """The answer to a piece's name or to 'facts'."""
        self.process.stdin.write(json.dumps(request) + '\n')
        self.process.stdin.flush()
        return self._answer()

    def close(self):
        """Ends the process."""
        self.process.kill()
        self.process.communicate()
        self.answers.close()
        self.log.close()

    def _answer(self):
        line = self.answers.readline()
        if not line:
            self.process.wait()
            self.log.seek(0)
            last = self.log.read().strip().splitlines()[-1:] or ['no message']
            raise Failed(f'{self.name} must answer. It ended with status {self.process.returncode}: {last[0]}')
        return json.loads(line)


def check(workers):
    """Raises `Failed` where a process has other facts than the first one that has any."""
    known = [(worker.name, facts) for worker in workers if (facts := worker.ask('facts'))]
    for name, facts in known[1:]:
        for fact, tolerance in FACTS.items():
            want, have = np.array(known[0][1][fact]), np.array(facts[fact])
            # Where two logits are almost equal, a certain draw may be another one.
            off = np.quantile(np.abs(want - have), 0.99) / np.abs(want).max()
            if not off <= tolerance:
                raise Failed(
                    f'{fact} of {name} must be those of {known[0][0]} within {tolerance:g}. '
                    f'Expected: {want.ravel()[:3]} ... Received: {have.ravel()[:3]} ..., which are {off:.2g} off'
                )


def measure(workers, times):
    """One pass: adds the seconds of each piece to times[row][piece]."""
    for piece in FLAGS.pieces:
        for worker in workers:
            times[worker.name][piece].append(worker.ask(piece))


def medians(times):
    """{row: {piece: seconds}}, with the round where its parts are there."""
    table = {
        name: {piece: statistics.median(seconds) for piece, seconds in pieces.items()} for name, pieces in times.items()
    }
    for row in table.values():
        if {'generator_step', 'sample_10k', 'discriminator_step'} <= row.keys():
            row[ROUND[0]] = adversarial_round(row, FLAGS.batch_size)
    return table


def markdown(table):
    """The table: seconds, and how many times those of the first row they are."""
    first = next(iter(table.values()))
    titles = [title for piece, title in [*PIECES.items(), ROUND] if piece in first]
    lines = [f'| implementation | {" | ".join(titles)} |', '| --- ' * (1 + len(titles)) + '|']
    for name, row in table.items():
        cells = [f'{row[p]:.3g} ({row[p] / first[p]:.2f})' for p in [*PIECES, ROUND[0]] if p in first]
        lines.append(f'| {name} | {" | ".join(cells)} |')
    return '\n'.join(lines)


def save(times, versions):
    """Replaces the file of results at once."""
    results = {
        'command': shlex.join(['python', 'benchmarks/peers/compare.py', *sys.argv[1:]]),
        'machine': platform.processor() or platform.machine(),
        'threads': FLAGS.threads,
        **{size: FLAGS[size].value for size in problem.SIZES},
        'versions': {'python': platform.python_version(), **versions},
        'median_seconds': medians(times),
        'seconds': times,
    }
    path = pathlib.Path(FLAGS.json)
    part = path.with_name(path.name + '.part')
    part.write_text(json.dumps(results, indent=2) + '\n', encoding='utf-8')
    part.replace(path)


def check_flags(arguments):
    """Raises `UsageError` where the flags break their rules."""
    for name, given, known in (('only', FLAGS.only, ROWS), ('pieces', FLAGS.pieces, PIECES)):
        unknown = [value for value in given if value not in known]
        if unknown or not given:
            raise app.UsageError(f'--{name} takes some of {", ".join(known)}. Received: {", ".join(unknown) or "none"}')
    if arguments:
        raise app.UsageError(f'the command takes flags alone. Received: {" ".join(arguments)}')
    for name in FLAGS.only:
        if name in CLONES and not pathlib.Path(FLAGS[name].value, CLONES[name]).is_file():
            raise app.UsageError(
                f'--{name} must be a clone with {CLONES[name]}, see {FLAGS[name].help}. Received: {FLAGS[name].value!r}'
            )
    if not 2 <= FLAGS.sequence_length < 32:
        raise app.UsageError(
            'sequence_length must be from 2 to 31, the range of the windows for T = 20. '
            f'Received: sequence_length={FLAGS.sequence_length}'
        )
    if not pathlib.Path(FLAGS.json).parent.is_dir():
        raise app.UsageError(f'--json must be a path in a folder that exists. Received: {FLAGS.json}')
    if FLAGS.threads > len(os.sched_getaffinity(0)):
        raise app.UsageError(f'--threads must be at most the CPUs of the process. Received: threads={FLAGS.threads}')


def main(argv):
    """Measures, prints the table as Markdown, and writes the JSON file."""
    check_flags(argv[1:])
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: FLAGS.threads])  # the processes inherit it
    workers, times = [], collections.defaultdict(lambda: collections.defaultdict(list))
    try:
        for implementation in FLAGS.only:
            for name, row in ROWS[implementation].items():
                workers.append(Worker(name, implementation, row))
        if FLAGS.check:
            check(workers)
        versions = {name: version for worker in workers for name, version in worker.versions.items()}
        for number in range(FLAGS.repetitions):
            measure(workers, times)
            print(f'pass {number + 1} of {FLAGS.repetitions}', file=sys.stderr, flush=True)
            if FLAGS.json:
                save(times, versions)
    except Failed as failure:
        sys.exit(f'error: {failure}')
    finally:
        for worker in workers:
            worker.close()
    print('  '.join(f'{name} {value}' for name, value in versions.items()))
    print(markdown(medians(times)))


if __name__ == '__main__':
    app.run(main)
