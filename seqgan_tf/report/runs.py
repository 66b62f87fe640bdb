"""Finished runs, read from their directories. All that is read is checked."""

import dataclasses
import os
import pathlib
from typing import Any

from seqgan_tf.algorithms.registry import PHASE_LENGTHS
from seqgan_tf.config import Config
from seqgan_tf.data.registry import DATASETS
from seqgan_tf.errors import RunError
from seqgan_tf.running import metrics_log, sample_texts

DEFAULTS = {field.name: field.default for field in dataclasses.fields(Config)}
# Runs of one label may differ in these settings.
PER_RUN = (
    'seed',
    'workdir',
    'export_dir',
    'start_from',
    'eval_every',
    'final_curves',
    'checkpoint_every',
    'loggers',
)
# All runs of a table must agree in these: settings of the data sets, and numbers of samples.
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
        path: its directory.
        label: the name of its group of seeds. It is the name of the directory, or of the parent if
            the name starts with `seed_`.
        seed: of its settings.
        settings: the values of config.json, and the defaults of `Config` for others. A path of a
            file is its name only.
        lines: the entries of metrics.jsonl in order. The last one is the closing evaluation.
        data: the text of data.json; '' if there is none.
    """

    path: pathlib.Path
    label: str
    seed: int
    settings: dict[str, Any]
    lines: tuple[metrics_log.Entry, ...]
    data: str

    @property
    def final(self) -> dict[str, float]:
        """{metric: value} of the closing evaluation."""
        return metrics_log.metrics_of(self.lines[-1])

    @property
    def initial(self) -> dict[str, float]:
        """{metric: value} from before training."""
        return next((metrics_log.metrics_of(line) for line in self.lines if line['phase'] == 'initial'), {})

    @property
    def searched(self) -> dict[str, float]:
        """{metric: value} of text that a search found; empty if there was none."""
        entry = metrics_log.search_entry(self.lines)
        return metrics_log.metrics_of(entry) if entry else {}

    @property
    def candidates(self) -> int:
        """Candidates of the search for each sequence; 0 if there was none."""
        entry = metrics_log.search_entry(self.lines)
        return entry['num_candidates'] if entry else 0

    @property
    def cpu_seconds(self) -> float | None:
        """CPU seconds of all rounds, those of the pretraining included; None if they were not logged."""
        rounds = [line for line in self.lines if line['phase'] in PHASE_LENGTHS]
        if any('round_cpu_seconds' not in line for line in rounds):
            return None
        return sum(line['round_cpu_seconds'] for line in rounds)

    @property
    def samples(self) -> list[str]:
        """Texts of its last evaluation; none if it has none."""
        return sample_texts.last_samples(self.path)

    @property
    def examples(self) -> list[str]:
        """Texts of some of its test rows; none if it has none."""
        return sample_texts.examples(self.path)

    def last_round(self, phase: str) -> int:
        """Number of the last round of a phase; 0 if the phase has none."""
        return max((line['round'] for line in self.lines if line['phase'] == phase), default=0)

    def points(self, phase: str, *metrics: str) -> list[tuple[float, ...]]:
        """[(round, value of each metric)] of those lines of a phase that have all the metrics."""
        return [
            (line['round'], *(line[name] for name in metrics))
            for line in self.lines
            if line['phase'] == phase and line.keys() >= set(metrics)
        ]


class Unfinished(RunError):
    """A run is unfinished.

    Attributes:
        path: its directory.
        label, seed: as those of a `Run`.
        last: phase and round of its last line; 'none' if there is no line yet.
    """

    def __init__(self, path: pathlib.Path, seed: int, last: str):
        super().__init__(
            'a run must be finished: its last line in metrics.jsonl is `final`. '
            f'Received: {path}, whose last line is {last}'
        )
        self.path, self.label, self.seed, self.last = path, label_of(path), seed, last


def read_run(path: str | pathlib.Path) -> Run:
    """The run in a directory.

    Raises:
        Unfinished: a RunError; the run is unfinished.
        RunError: the directory is missing or has no run, or the run is damaged.
    """
    path = pathlib.Path(os.path.abspath(path))
    settings = _settings(path)
    log = path / metrics_log.NAME
    lines = metrics_log.read(log) if log.exists() else ()  # a new run has none before its first evaluation
    if not lines:
        raise Unfinished(path, settings['seed'], 'none')
    if lines[-1]['phase'] != 'final':
        raise Unfinished(path, settings['seed'], f'{lines[-1]["phase"]} {lines[-1]["round"]}')
    data = path / 'data.json'
    return Run(
        path, label_of(path), settings['seed'], settings, lines, metrics_log.read_text(data) if data.exists() else ''
    )


def find_runs(directory: str | pathlib.Path) -> list[pathlib.Path]:
    """The directories of runs below a directory, at any depth, sorted. It may be one itself.

    Raises:
        RunError: there is no such directory, or it has no run.
    """
    directory = pathlib.Path(os.path.abspath(directory))
    if not directory.is_dir():
        raise RunError(
            'RUN must be the directory of a run, or have such directories. '
            f'Received: {directory}, which is no directory'
        )
    found = []
    for parent, children, files in os.walk(directory):
        if {'config.json', 'metrics.jsonl'} & {*files, *children}:
            found.append(pathlib.Path(parent))
            children.clear()
    if not found:
        raise RunError(
            'RUN must be the directory of a run, or have such directories. '
            f'Received: {directory}, where no directory has config.json or metrics.jsonl'
        )
    return sorted(found)


def label_of(path: str | pathlib.PurePath) -> str:
    """The label of a run by its path. Characters that cannot be printed become question marks."""
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
