"""The processes of a run with `--strategy=multi_worker`.

All workers run the whole program on the same seeds. So they make the same decisions, and only what
replicas share is split. The first one, the chief, owns the workdir. Each other one works in a copy of
it that is thrown away. So no worker reads a file that another one writes.
"""

import contextlib
import dataclasses
import hashlib
import os
import pathlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping

import numpy as np
import tensorflow as tf

from seqgan_tf.config import Config
from seqgan_tf.errors import RunError
from seqgan_tf.training.replicas import Replicas, sum_of

# Each process has its own: where it is, what it shows, and which worker it is.
OWN = ('workdir', 'export_dir', 'loggers', 'workers', 'worker_index')
NOT_COPIED = ('.lock', 'tensorboard')
GONE = (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.DeadlineExceededError, tf.errors.CancelledError)


class Workers:
    """The workers of a run; one worker where there is one process.

    Args:
        replicas: of the run.

    Attributes:
        count: number of workers.
        index: of this one.
    """

    def __init__(self, replicas: Replicas):
        self.replicas, self.count, self.index = replicas, 1, 0
        resolver = replicas.strategy and replicas.strategy.cluster_resolver
        if resolver:
            self.count, self.index = len(resolver.cluster_spec().job_tasks('worker')), resolver.task_id
        add = lambda numbers: sum_of(tf.identity(numbers))  # an argument is on no device yet
        self._sum = replicas.compile(lambda numbers: replicas.update(add, numbers), False)

    @property
    def is_chief(self) -> bool:
        """Whether this worker owns the workdir."""
        return self.index == 0

    @contextlib.contextmanager
    def own_config(self, config: Config) -> Iterator[Config]:
        """The settings of this worker. One that is not the chief prints and exports nothing."""
        if self.is_chief:
            yield config
            return
        with (
            tempfile.TemporaryDirectory(prefix='seqgan_tf_worker_') as own,
            open(os.devnull, 'w') as nothing,
            contextlib.redirect_stdout(nothing),
        ):
            if pathlib.Path(config.workdir).is_dir():
                shutil.copytree(config.workdir, own, ignore=shutil.ignore_patterns(*NOT_COPIED), dirs_exist_ok=True)
            yield dataclasses.replace(config, workdir=own, export_dir='', loggers='')

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """A context in which the end of another worker is a RunError."""
        try:
            yield
        except GONE:
            if self.count == 1:
                raise
            raise RunError(
                'all workers must stay until the end. Received: another one has ended, or cannot be reached. The last '
                'checkpoint is kept; the same commands continue from it once all workers are started again'
            ) from None

    def any_of(self, flag: bool) -> bool:
        """Whether a flag is true on any worker."""
        return flag if self.count == 1 else bool(self._gathered(np.array([flag])).any())

    def check_equal(self, values: Mapping[str, object]) -> None:
        """Raises RunError where a value, as text, is not the same on all workers."""
        if self.count == 1:
            return
        digests = [hashlib.sha256(str(value).encode()).digest()[:8] for value in values.values()]
        gathered = self._gathered(np.frombuffer(b''.join(digests), np.uint8)).reshape(self.count, len(values), -1)
        differing = (gathered != gathered[0]).any(axis=(0, 2))
        if differing.any():
            received = ', '.join(f'{name}={value}' for (name, value), bad in zip(values.items(), differing) if bad)
            raise RunError(
                'all workers must have the same settings, and see the same data and workdir. '
                f'Received on worker {self.index}, unlike another one: {received}'
            )

    def check_run(self, config: Config, data: str, done: str) -> None:
        """`check_equal` of the settings of a run, of its data and of the rounds that are done."""
        settings = {name: value for name, value in dataclasses.asdict(config).items() if name not in OWN}
        self.check_equal(settings | {'data': data, 'rounds done': done})

    def wait(self) -> None:
        """Returns once all workers have called it."""
        self.any_of(False)

    def _gathered(self, numbers: np.ndarray) -> np.ndarray:
        """The numbers [K] of all workers, [count, K], which they get by a sum."""
        own = np.zeros([self.count, len(numbers)], np.float32)
        own[self.index] = numbers
        total = self._sum(tf.constant(own))
        return total.numpy() // (self.replicas.count // self.count)  # each device of a worker has added its part
