"""The models of the stand-in for TensorFlow Serving: sessions, requests that run together, and versions that replace one another.

Followed are batching_session.cc, predict_util.cc, server_core.cc (labels are assigned before the versions of the same file load)
and that a new version is loaded and warmed up before an old one goes.
"""

import concurrent.futures
import contextlib
import functools
import pathlib
import queue
import sys
import threading
import time

import numpy as np
import tensorflow as tf
from stand_in_metrics import Metrics

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
    """Runs requests together: waits a moment for more, up to a number of rows; an error is that of all which ran together.

    A request of no rows makes no run: it waits for the next one that has rows, however long that takes.
    """

    def __init__(self, run, max_rows, patience):
        self.run, self.max_rows, self.patience = run, max_rows, patience
        self.tasks, self.sizes = queue.Queue(), []  # sizes: of each run, the rows of its requests
        threading.Thread(target=self._work, daemon=True).start()

    def __call__(self, **inputs):
        if any(value.ndim == 0 for value in inputs.values()):
            raise Refusal('INVALID_ARGUMENT', 'Batching Run() input tensors must have at least one dimension')
        if len({len(value) for value in inputs.values()}) > 1:
            raise Refusal('INVALID_ARGUMENT', 'Batching Run() input tensors must have equal 0th-dimension size')
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
            task = self._next(end) if rows else self.tasks.get()
            while task and rows + task[0] <= self.max_rows:
                batch, rows = [*batch, task], rows + task[0]
                task = self._next(end) if rows else self.tasks.get()
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
        self.warmup = warmup.read(path)
        for signature, inputs in self.warmup:
            self.session(signature, **inputs)
        self.runs = {name: functools.partial(self.session, name) for name in self.session.signatures}
        if batching:
            self.runs = {name: Batcher(run, MAX_ROWS, PATIENCE) for name, run in self.runs.items()}

    def predict(self, signature, inputs):
        """The outputs of a signature."""
        if signature not in self.session.signatures:
            raise Refusal('FAILED_PRECONDITION', f'Serving signature key "{signature}" not found.')
        known = self.session.signatures[signature].inputs
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

    def close(self):
        for run in self.runs.values():
            if isinstance(run, Batcher):
                run.close()
        self.session.session.close()


class Model:
    """The versions below a watched directory: the newest, or those that `settings` lists, which may have labels.

    Args:
        batching: whether requests run together.
        poll: seconds between two looks at the directory.
        read_settings: () -> Settings.
        reread: seconds between two calls of `read_settings`; 0 for one call alone.
        labels_in_advance: --allow_version_labels_for_unavailable_models.

    Raises:
        Refusal: a label of a version that is not loaded, where that is not allowed.
    """

    def __init__(self, batching, poll, read_settings, reread=0, labels_in_advance=False):
        self.batching, self.poll, self.read_settings = batching, poll, read_settings
        self.reread, self.labels_in_advance = reread, labels_in_advance
        self.lock, self.loaded, self.states, self.labels = threading.Condition(), {}, {}, {}
        self.stopped, self.metrics = threading.Event(), Metrics()
        self.configure()
        self.refresh()
        threading.Thread(target=self._watch, daemon=True).start()

    def configure(self):
        """Takes over the settings as ReloadConfig does: the labels first, and nothing where one of them is refused."""
        settings = self.read_settings()
        for label, number in settings.labels.items():
            moved = self.labels.get(label, number) != number
            if number not in self.loaded and (moved or not self.labels_in_advance):
                raise Refusal(
                    'FAILED_PRECONDITION',
                    f'Request to assign label to version {number} of model {settings.name}, '
                    'which is not currently available for inference',
                )
        self.settings, self.labels, self.read_at = settings, settings.labels, time.monotonic()

    def refresh(self):
        """Loads the wanted versions, then unloads the others; each goes when its last request is answered."""
        published = versions.published(self.settings.base)
        wanted = [number for number in published if number in (self.settings.versions or published[-1:])]
        for number in wanted:
            if number not in self.loaded:
                self.states[number] = 'LOADING'
                version = Version(pathlib.Path(self.settings.base, str(number)), self.batching)
                self.metrics.count(self.settings.name, 'OK', len(version.warmup))
                with self.lock:
                    self.loaded[number], self.states[number] = version, 'AVAILABLE'
        for number in self.loaded.keys() - set(wanted):
            with self.lock:
                old = self.loaded.pop(number)
                self.states[number] = 'UNLOADING'
                self.lock.wait_for(lambda: old.users == 0)
                self.states[number] = 'END'
            old.close()

    @contextlib.contextmanager
    def version(self, name, number=None, label=None):
        """The version that a request asks for, which stays loaded meanwhile."""
        with self.lock:
            if label:
                if label not in self.labels:
                    raise Refusal('INVALID_ARGUMENT', f'Unrecognized servable version label: {label}')
                number = self.labels[label]
            found = self.loaded.get(max(self.loaded, default=None) if number is None else number)
            if name != self.settings.name or not found:
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
        """[(version, state)], the newest first. A label plays no part: the server looks at the name and the number alone."""
        with self.lock:
            found = [(n, state) for n, state in sorted(self.states.items(), reverse=True) if number in (None, n)]
        if name != self.settings.name or not found:
            versions = 'any versions' if number is None else f'version {number}'
            raise Refusal('NOT_FOUND', f'Could not find {versions} of model {name}')
        return found

    def close(self):
        self.stopped.set()
        for version in self.loaded.values():
            version.close()

    def _watch(self):
        while not self.stopped.wait(self.poll):
            if self.reread and time.monotonic() - self.read_at >= self.reread:
                try:
                    self.configure()
                except Refusal as error:
                    print(f'PollFilesystemAndReloadConfig failed to ReloadConfig: {error}', file=sys.stderr, flush=True)
            self.refresh()


def code_of(error):
    """The name of an error's code."""
    return error.code if isinstance(error, Refusal) else CODES[error.error_code]
