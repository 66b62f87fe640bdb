"""The models of the stand-in for TensorFlow Serving: sessions, requests that run together, and versions that replace one another.

Followed are batching_session.cc, predict_util.cc, and that a new version is loaded and warmed up before it replaces the old one.
"""

import concurrent.futures
import contextlib
import functools
import pathlib
import queue
import threading
import time

import numpy as np
import tensorflow as tf

from seqgan_tf.serving import versions, warmup
from seqgan_tf.serving.loaders import SessionModel

MAX_ROWS, PATIENCE = 512, 0.001  # max_batch_size and batch_timeout_micros of export/batching.config
CODES = (
    'OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED '
    'FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS'
).split()


class Refusal(Exception):
    """A request that is answered by an error: the name of its code, and a text."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Batcher:
    """Runs requests together: waits a moment for more, up to a number of rows; an error is that of all which ran together."""

    def __init__(self, run, max_rows, patience):
        self.run, self.max_rows, self.patience = run, max_rows, patience
        self.tasks, self.sizes = queue.Queue(), []  # sizes: of each run, the rows of its requests
        threading.Thread(target=self._work, daemon=True).start()

    def __call__(self, **inputs):
        if any(value.ndim == 0 for value in inputs.values()):
            raise Refusal('INVALID_ARGUMENT', 'Batching session Run() input tensors must have at least one dimension.')
        if len({len(value) for value in inputs.values()}) > 1:
            raise Refusal('INVALID_ARGUMENT', 'Batching session Run() input tensors must have equal 0th-dimension size')
        rows = len(next(iter(inputs.values())))
        if rows > self.max_rows:
            raise Refusal(
                'INVALID_ARGUMENT', f'Task size {rows} is larger than maximum input batch size {self.max_rows}'
            )
        answer = concurrent.futures.Future()
        self.tasks.put((rows, inputs, answer))
        return answer.result()

    def close(self):
        self.tasks.put(None)

    def _work(self):
        task = self.tasks.get()
        while task is not None:
            batch, rows, end = [task], task[0], time.monotonic() + self.patience
            task = self._next(end)
            while task and rows + task[0] <= self.max_rows:
                batch, rows = [*batch, task], rows + task[0]
                task = self._next(end)
            self._answer(batch)
            task = self.tasks.get() if task == () else task

    def _next(self, end):
        """The next request; () if none comes in time; None when there will be none."""
        try:
            return self.tasks.get(timeout=max(0, end - time.monotonic()))
        except queue.Empty:
            return ()

    def _answer(self, batch):
        self.sizes.append([rows for rows, _, _ in batch])
        try:
            outputs = self.run(**self._merged(batch))
        except Exception as error:
            for _, _, answer in batch:
                answer.set_exception(error)
            return
        start = 0
        for rows, _, answer in batch:
            answer.set_result({name: value[start : start + rows] for name, value in outputs.items()})
            start += rows

    def _merged(self, batch):
        if len({tuple(value.shape[1:] for value in inputs.values()) for _, inputs, _ in batch}) > 1:
            raise Refusal(
                'FAILED_PRECONDITION', 'Tensors from different tasks have different shapes and padding is turned off.'
            )
        return {name: np.concatenate([inputs[name] for _, inputs, _ in batch]) for name in batch[0][1]}


class Version:
    """One version of a model, loaded and warmed up."""

    def __init__(self, path, batching):
        self.number, self.users, self.session = int(path.name), 0, SessionModel(path)
        for signature, inputs in warmup.read(path):
            self.session(signature, **inputs)
        self.runs = {name: functools.partial(self.session, name) for name in self.session.signatures}
        if batching:
            self.runs = {name: Batcher(run, MAX_ROWS, PATIENCE) for name, run in self.runs.items()}

    def predict(self, signature, inputs):
        """The outputs of a signature."""
        known = self.signature(signature).inputs
        if set(inputs) != set(known):
            raise Refusal(
                'INVALID_ARGUMENT',
                f'input size does not match signature: {len(inputs)}!={len(known)} '
                f'len({{{",".join(sorted(inputs))}}}) != len({{{",".join(sorted(known))}}}). '
                f'Sent extra: {{{",".join(sorted(set(inputs) - set(known)))}}}. '
                f'Missing but required: {{{",".join(sorted(set(known) - set(inputs)))}}}.',
            )
        for name, value in inputs.items():
            expected, received = tf.as_dtype(known[name].dtype), tf.as_dtype(value.dtype)
            if expected != received:
                raise Refusal(
                    'INVALID_ARGUMENT', f'Expected {name} to be of type {expected.name}. Received: {received.name}'
                )
        try:
            return self.runs[signature](**inputs)
        except ValueError as error:  # Python's session compares shapes before the graph does
            raise Refusal('INVALID_ARGUMENT', str(error)) from None

    def signature(self, name):
        """The declaration of a signature."""
        if name not in self.session.signatures:
            raise Refusal('INVALID_ARGUMENT', f'Serving signature name: "{name}" not found in signature def')
        return self.session.signatures[name]

    def close(self):
        for run in self.runs.values():
            if isinstance(run, Batcher):
                run.close()
        self.session.session.close()


class Model:
    """The newest version below a directory that is watched."""

    def __init__(self, base, batching, poll):
        self.name, self.base, self.batching, self.poll = pathlib.Path(base).name, pathlib.Path(base), batching, poll
        self.lock, self.current, self.states, self.sizes = threading.Condition(), None, {}, []
        self.stopped = threading.Event()
        self.refresh()
        threading.Thread(target=self._watch, daemon=True).start()

    def refresh(self):
        """Loads the newest version and puts it in the place of the one before, which goes when its last request is answered."""
        newest = max(versions.published(self.base), default=None)
        if newest is None or (self.current and newest == self.current.number):
            return
        self.states[newest] = 'LOADING'
        loaded = Version(self.base / str(newest), self.batching)
        with self.lock:
            old, self.current = self.current, loaded
            self.states[newest] = 'AVAILABLE'
        if old:
            with self.lock:
                self.states[old.number] = 'UNLOADING'
                self.lock.wait_for(lambda: old.users == 0)
                self.states[old.number] = 'END'
            self._retire(old)

    @contextlib.contextmanager
    def version(self, name, number=None):
        """The version that a request asks for, which stays loaded meanwhile."""
        with self.lock:
            found = self.current
            if name != self.name or not found or number not in (None, found.number):
                asked = f'Latest({name})' if number is None else f'Specific({name}, {number})'
                raise Refusal('NOT_FOUND', f'Servable not found for request: {asked}')
            found.users += 1
        try:
            yield found
        finally:
            with self.lock:
                found.users -= 1
                self.lock.notify_all()

    def status(self, name, number=None):
        """[(version, state)], the newest first."""
        with self.lock:
            found = [(n, state) for n, state in sorted(self.states.items(), reverse=True) if number in (None, n)]
        if name != self.name or not found:
            raise Refusal('NOT_FOUND', f'Could not find any versions of model {name}')
        return found

    def close(self):
        self.stopped.set()
        self._retire(self.current)

    def _retire(self, version):
        if self.batching:
            self.sizes += [sizes for batcher in version.runs.values() for sizes in batcher.sizes]
        version.close()

    def _watch(self):
        while not self.stopped.wait(self.poll):
            self.refresh()


def refuse_label(label):
    """Raises Refusal for a version label: the stand-in has one version at a time, and no labels."""
    if label:
        raise Refusal('INVALID_ARGUMENT', f'Unrecognized servable version label: {label}')


def code_of(error):
    """The name of an error's code."""
    return error.code if isinstance(error, Refusal) else CODES[error.error_code]
