"""Finished runs, read from their directories and checked: nothing in them is trusted."""

import dataclasses
import json
import math
import os
import pathlib

from seqgan_tf.config import Config
from seqgan_tf.errors import RunError

DEFAULTS = {field.name: field.default for field in dataclasses.fields(Config)}
PER_RUN = (
    'seed',
    'workdir',
    'export_dir',
    'start_from',
    'eval_every',
    'checkpoint_every',
)  # what runs of one label may differ in
# What all runs of a table must agree in.
DATA = (
    'dataset',
    'corpus',
    'tokens',
    'verse_length',
    'sequence_length',
    'on_long',
    'min_count',
    'max_vocab',
    'validation_share',
    'test_share',
    'num_sequences',
    'held_out',
    'oracle_seed',
    'oracle_path',
    'vocab_size',
    'eval_samples',
    'final_samples',
)
DATASETS = ('synthetic', 'verse', 'text')
PATHS = ('corpus', 'oracle_path')  # a file's name counts, not where it lies


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
        return _figures(self.lines[-1])

    @property
    def initial(self):
        """{metric: value} from before training."""
        return next((_figures(line) for line in self.lines if line['phase'] == 'initial'), {})

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
    lines = _lines(path / 'metrics.jsonl')
    if lines[-1]['phase'] != 'final':
        raise RunError(
            f'a run must be finished: its last line in metrics.jsonl is `final`. Received: {path}, whose last line is '
            f'{lines[-1]["phase"]} {lines[-1]["round"]}'
        )
    data = path / 'data.json'
    return Run(path, label_of(path), settings['seed'], settings, lines, _text(data) if data.exists() else '')


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


def _figures(line):
    return {
        name: value
        for name, value in line.items()
        if name not in ('phase', 'round', 'samples') and not name.endswith('_seconds')
    }


def _text(path):
    try:
        return path.read_text('utf-8')
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f'a run must hold a readable {path.name}. Received: {path} ({error})') from None


def _json_object(text):
    """A dict, or a ValueError."""
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError('nested too deeply') from None
    if not isinstance(value, dict):
        raise ValueError('not a JSON object')
    return value


def _settings(path):
    path = path / 'config.json'
    try:
        values = _json_object(_text(path))
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
    return values | {name: pathlib.PurePath(values[name]).name for name in PATHS}


def _lines(path):
    lines, rounds = [], {}
    for number, text in enumerate(_text(path).splitlines(), 1):
        try:
            line = _json_object(text)
            phase, round_ = line.get('phase'), line.get('round')
            if not isinstance(phase, str) or type(round_) is not int or round_ < 0:
                raise ValueError('no phase and round')
            if round_ <= rounds.get(phase, -1):
                raise ValueError(f'{phase} {round_} comes after {phase} {rounds[phase]}')
            rounds[phase] = round_
            for name, value in line.items():
                if name not in ('phase', 'round') and (type(value) not in (int, float) or not math.isfinite(value)):
                    raise ValueError(f'{name} must be a finite number, not {value!r:.40}')
        except (ValueError, OverflowError) as error:
            raise RunError(
                f'metrics.jsonl must hold one JSON object with finite figures a line. Received: {path}, line {number} '
                f'({error})'
            ) from None
        lines.append(line)
    if not lines:
        raise RunError(
            f'a run must be finished: its last line in metrics.jsonl is `final`. Received: {path}, which is empty'
        )
    return tuple(lines)
