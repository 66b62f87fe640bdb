"""metrics.jsonl: one JSON object a line, with `phase`, `round` and metrics.

No other module writes or reads its lines.
"""

import json
import math
import os
import pathlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from seqgan_tf.errors import RunError
from seqgan_tf.running.stopwatch import Duration

if TYPE_CHECKING:  # reports and sweeps read without TensorFlow
    from seqgan_tf.running.append_only_file import AppendOnlyFile
    from seqgan_tf.training.state import Report

NAME = 'metrics.jsonl'
Entry = dict[str, Any]
# What of an entry is no metric. Nor are durations, whose names end in _seconds.
NO_METRICS = ('phase', 'round', 'samples', 'guidance', 'num_candidates')
# The last lines of a finished run, in their order.
CLOSING_PHASES = ('temperature', 'top_k', 'top_p', 'likeliest', 'search', 'final')


def format_line(report: 'Report', duration: Duration | None = None) -> str:
    """The line of a report.

    Args:
        report: one round.
        duration: of the round; None where it was not measured.
    """
    clock = {} if duration is None else {'round_seconds': duration.wall, 'round_cpu_seconds': duration.cpu}
    return json.dumps({'phase': report.phase, 'round': report.round, **report.metrics, **clock}) + '\n'


def check_finite(report: 'Report') -> None:
    """Raises RunError where a metric of a report is not finite."""
    for name, value in report.metrics.items():
        if not math.isfinite(value):
            raise RunError(
                f'every metric must be finite. Received: {name}={value} in {report.phase} round {report.round}. '
                'The last good checkpoint is kept; a lower learning rate may help'
            )


def copy_lines(entries: Iterable[Entry]) -> str:
    """The lines of entries that `read` returned."""
    return ''.join(json.dumps(entry) + '\n' for entry in entries)


def parse_line(text: str) -> Entry:
    """The entry of a line.

    Raises:
        ValueError: the line is not a JSON object with a phase, a round and finite numbers.
    """
    entry = json_object(text)
    phase, round_ = entry.get('phase'), entry.get('round')
    if not isinstance(phase, str) or type(round_) is not int or round_ < 0:
        raise ValueError('no phase and round')
    for name, value in entry.items():
        if name not in ('phase', 'round') and not _is_finite_number(value):
            raise ValueError(f'{name} must be a finite number, not {value!r:.40}')
    return entry


def read(path: pathlib.Path) -> tuple[Entry, ...]:
    """The entries of a file, in order.

    Raises:
        RunError: the file cannot be read, a line is bad, or the rounds of a phase do not rise.
    """
    entries, rounds = [], {}
    for number, text in enumerate(read_text(path).splitlines(), 1):
        try:
            entry = parse_line(text)
            phase, round_ = entry['phase'], entry['round']
            if round_ <= rounds.get(phase, -1):
                raise ValueError(f'{phase} {round_} comes after {phase} {rounds[phase]}')
        except ValueError as error:
            raise RunError(
                f'metrics.jsonl must hold one JSON object with finite numbers a line. Received: {path}, line {number} '
                f'({error})'
            ) from None
        rounds[phase] = round_
        entries.append(entry)
    return tuple(entries)


def read_metrics(workdir: str | os.PathLike[str]) -> list[Entry]:
    """What a run logged, in order: a dict for each line, as `pandas.DataFrame` takes them.

    Each has `phase`, `round` and metrics; not all lines have the same metrics.

    Raises:
        RunError: the directory has no readable metrics.jsonl.
    """
    return list(read(pathlib.Path(workdir) / NAME))


def last_phase(path: pathlib.Path) -> str | None:
    """The phase of the last line; None if there is no file or no line.

    Raises:
        RunError: as `read`.
    """
    entries = read(path) if path.exists() else ()
    return entries[-1]['phase'] if entries else None


def is_finished(path: pathlib.Path) -> bool:
    """Whether the run is finished: its last line is the closing evaluation.

    Raises:
        RunError: as `read`.
    """
    return last_phase(path) == 'final'


def drop_closing_lines(file: 'AppendOnlyFile') -> bool:
    """Removes the lines of a closing evaluation from the end of a file; returns whether there were any."""
    found = False
    while last_phase(file.path) in CLOSING_PHASES:
        file.drop_last_line()
        found = True
    return found


def metrics_of(entry: Entry) -> dict[str, float]:
    """{name: value} of an entry without phase, round, numbers of samples, guidance and durations."""
    return {name: value for name, value in entry.items() if name not in NO_METRICS and not name.endswith('_seconds')}


def search_entry(entries: Iterable[Entry]) -> Entry | None:
    """The entry of text that was chosen with the discriminator's logit as it is; None if there is none."""
    return next((entry for entry in entries if entry['phase'] == 'search' and entry.get('guidance') == 1), None)


def likeliest_entry(entries: Iterable[Entry], num_candidates: int) -> Entry | None:
    """The entry of text of which each is the likeliest of so many samples; None if there is none."""
    found = (e for e in entries if e['phase'] == 'likeliest' and e.get('num_candidates') == num_candidates)
    return next(found, None)


def read_text(path: pathlib.Path) -> str:
    """The text of one of a run's files.

    Raises:
        RunError: the file cannot be read.
    """
    try:
        return path.read_text('utf-8')
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f'a run must hold a readable {path.name}. Received: {path} ({error})') from None


def json_object(text: str) -> dict[str, Any]:
    """The JSON object in a text.

    Raises:
        ValueError: the text is not a JSON object.
    """
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError('nested too deeply') from None
    if not isinstance(value, dict):
        raise ValueError('not a JSON object')
    return value


def _is_finite_number(value: Any) -> bool:
    try:
        return type(value) in (int, float) and math.isfinite(value)
    except OverflowError:  # an integer with hundreds of digits
        return False
