"""Finished runs, read from their directories and checked: nothing in them is trusted."""

import dataclasses
import os
import pathlib
from typing import Any

from seqgan_tf.config import Config
from seqgan_tf.data.registry import DATASETS
from seqgan_tf.errors import RunError
from seqgan_tf.running import metrics_log

DEFAULTS: dict[str, Any] = {field.name: field.default for field in dataclasses.fields(Config)}
PER_RUN = (
    'seed',
    'workdir',
    'export_dir',
    'start_from',
    'eval_every',
    'checkpoint_every',
    'loggers',
)  # what runs of one label may differ in
# What all runs of a table must agree in: what shapes the data, and the numbers of samples.
DATA = tuple(
    name
    for name in DEFAULTS
    if name in ('dataset', 'eval_samples', 'final_samples')
    or any(name in entry.settings for entry in DATASETS.values())
)
FILES = {name for entry in DATASETS.values() for name in entry.files}


@dataclasses.dataclass(frozen=True)
class Run:
    """One finished run.

    Attributes:
        label: what its seeds are grouped under: the directory's name, or where that starts with `seed_` its parent's.
        seed: of its configuration.
        settings: the values of config.json over the defaults of `Config`, files by their names.
        lines: of metrics.jsonl, dicts in order; the last one is the closing evaluation.
        data: the text of data.json, '' where there is none.
    """

    path: pathlib.Path
    label: str
    seed: int
    settings: dict
    lines: tuple
    data: str

    @property
    def final(self):
        """{metric: value} of the closing evaluation."""
        return metrics_log.metrics_of(self.lines[-1])

    @property
    def initial(self):
        """{metric: value} from before training."""
        return next((metrics_log.metrics_of(line) for line in self.lines if line['phase'] == 'initial'), {})

    def last_round(self, phase):
        """Number of a phase's last round, 0 without one."""
        return max((line['round'] for line in self.lines if line['phase'] == phase), default=0)

    def points(self, phase, *metrics):
        """[(round, value of each metric)] of a phase's lines that have all of them."""
        return [
            (line['round'], *(line[name] for name in metrics))
            for line in self.lines
            if line['phase'] == phase and line.keys() >= set(metrics)
        ]


def read_run(path):
    """The run in a directory.

    Raises:
        RunError: it is missing, not that of a run, unfinished or damaged.
    """
    path = pathlib.Path(os.path.abspath(path))
    settings = _settings(path)
    lines = metrics_log.read(path / metrics_log.NAME)
    if not lines:
        raise RunError(
            f'a run must be finished: its last line in metrics.jsonl is `final`. Received: {path}, which has no line'
        )
    if lines[-1]['phase'] != 'final':
        raise RunError(
            f'a run must be finished: its last line in metrics.jsonl is `final`. Received: {path}, whose last line is '
            f'{lines[-1]["phase"]} {lines[-1]["round"]}'
        )
    data = path / 'data.json'
    return Run(
        path, label_of(path), settings['seed'], settings, lines, metrics_log.read_text(data) if data.exists() else ''
    )


def find_runs(directory):
    """Directories of runs in a directory, at any depth, sorted; itself if it is one.

    Raises:
        RunError: there is no such directory, or no run in it.
    """
    directory = pathlib.Path(os.path.abspath(directory))
    if not directory.is_dir():
        raise RunError(
            f'RUN must be the directory of a run, or hold such directories. Received: {directory}, which is no directory'
        )
    found = []
    for parent, children, files in os.walk(directory):
        if {'config.json', 'metrics.jsonl'} & {*files, *children}:
            found.append(pathlib.Path(parent))
            children.clear()
    if not found:
        raise RunError(
            f'RUN must be the directory of a run, or hold such directories. Received: {directory}, where no directory has '
            'config.json and metrics.jsonl'
        )
    return sorted(found)


def label_of(path):
    """The label of a run by its path; characters that cannot be printed become question marks."""
    path = pathlib.PurePath(path)
    name = path.parent.name if path.name.startswith('seed_') else path.name
    return ''.join(c if c.isprintable() else '?' for c in name)


def _settings(path: pathlib.Path) -> dict[str, Any]:
    path = path / 'config.json'
    try:
        values = metrics_log.json_object(metrics_log.read_text(path))
        for name, value in values.items():
            kind = type(DEFAULTS.get(name, value))
            if (
                type(value) is not kind
                and (kind, type(value)) != (float, int)
                or kind not in (str, bool, int, float)
                or value != value
            ):
                raise ValueError(f'{name} must be a {kind.__name__}, not {value!r:.40}')
        missing = [name for name in ('algorithm', 'seed', 'dataset') if name not in values]
        if missing:
            raise ValueError(f'{missing[0]} is missing')
        if values['dataset'] not in DATASETS:
            raise ValueError(f'dataset must be one of {", ".join(DATASETS)}, not {values["dataset"]}')
    except RunError:
        raise
    except ValueError as error:
        raise RunError(f'config.json must hold the settings of a run. Received: {path} ({error})') from None
    values = DEFAULTS | values
    return values | {name: pathlib.PurePath(values[name]).name for name in FILES}
