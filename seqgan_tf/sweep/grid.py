"""The cells of a sweep: all combinations of the varied settings.

Each cell is a `Config` with its own directory. Nothing is run here.
"""

import dataclasses
import itertools
import os
import pathlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from seqgan_tf.config import Config
from seqgan_tf.running import metrics_log
from seqgan_tf.running.flag_files import read_flags
from seqgan_tf.settings import list_differences

FLAGFILE = 'flagfile'


@dataclasses.dataclass(frozen=True)
class Cell:
    """One run of a sweep: its path below the sweep's directory, and its settings."""

    name: str
    config: Config

    @property
    def workdir(self) -> pathlib.Path:
        """The directory of the run."""
        return pathlib.Path(self.config.workdir)

    def finished(self) -> bool:
        """Whether the run is finished with exactly these settings.

        Settings that a resumed run may change count too. If one differs, the training command
        decides what there is still to do.
        """
        try:
            settings = Config.from_json(self.workdir / 'config.json')
            return metrics_log.is_finished(self.workdir / metrics_log.NAME) and settings == dataclasses.replace(
                self.config, workdir=settings.workdir
            )
        except ValueError:  # RunError too
            return False

    def flags(self) -> list[str]:
        """The settings as arguments of the training command.

        Left out are those that the command takes by itself: they have their defaults, and a run in
        the directory has them too.
        """
        path = self.workdir / 'config.json'
        before = Config.from_json(path) if path.exists() else Config()
        return [
            f'--{name}={value}'
            for name, value in dataclasses.asdict(self.config).items()
            if not value == getattr(before, name) == getattr(Config, name)
        ]


def parse_variation(text: str) -> tuple[str, list[str]]:
    """(name, values) of a text NAME=VALUE,VALUE,...

    Raises:
        ValueError: the text has another form, a value is missing or comes twice, or the name cannot
            be varied.
    """
    name, equals, rest = text.partition('=')
    values = rest.split(',')
    if not (name and equals and all(values)):
        raise ValueError(f'--vary must be NAME=VALUE,VALUE,... Received: --vary={text}')
    if len(set(values)) < len(values):
        raise ValueError(f'the values of a varied setting must differ. Received: --vary={text}')
    if name == 'workdir':
        raise ValueError(
            f'the workdir of each cell is made from --out and the varied settings. Received: --vary={text}'
        )
    return name, values


def make_cells(out: str, variations: Sequence[tuple[str, Sequence[str]]], arguments: Sequence[str]) -> list[Cell]:
    """The cells of a grid, in the order of its product. The last variation changes fastest.

    The settings of a cell are read from its flagfile, then `arguments`, then its varied values. A
    later one wins. Then {out} and {seed} are replaced in every setting that is a free text.

    A cell runs in <out>/<label>/seed_<seed>, even if the seed is not varied. The parts of the label
    are separated by commas: the stem of a varied flagfile, and name=value of each other varied
    setting except the seed. The value of a path is its last part. Without any part the label is
    `run`.

    Args:
        out: the directory of the sweep.
        variations: (name, values) of each varied setting, as from `parse_variation`.
        arguments: flags for every cell, --name=value.

    Raises:
        ValueError: a flag is unknown, `Config` refuses settings, a name is varied twice, two cells
            have the same directory or the same settings, or a directory was made with other
            settings.
    """
    names = [name for name, _ in variations]
    if len(set(names)) < len(names):
        raise ValueError(f'a setting can be varied once. Received: --vary of {", ".join(names)}')
    out = os.path.normpath(out)
    cells = [
        _make_cell(out, dict(zip(names, values)), arguments)
        for values in itertools.product(*(v for _, v in variations))
    ]
    _check_distinct(cells)
    for cell in cells:
        _check_directory(cell)
    return cells


def requirements(cells: Sequence[Cell]) -> dict[str, set[str]]:
    """{name of a cell: names of the cells that it starts from}.

    A cell starts from those cells whose directories its settings name.
    """
    homes = {os.path.abspath(cell.config.workdir): cell.name for cell in cells}
    return {
        cell.name: {
            homes[os.path.abspath(value)]
            for name, value in _texts(cell.config).items()
            if name != 'workdir' and value and os.path.abspath(value) in homes
        }
        for cell in cells
    }


def _make_cell(out: str, varied: Mapping[str, str], arguments: Sequence[str]) -> Cell:
    """The cell of one combination {name: value}."""
    label = ','.join(_label(name, value) for name, value in varied.items() if name != 'seed') or 'run'
    flagfile = [f'--flagfile={value}' for name, value in varied.items() if name == FLAGFILE]
    try:
        config = Config.from_flags(
            read_flags(
                [*flagfile, *arguments, *(f'--{name}={value}' for name, value in varied.items() if name != FLAGFILE)]
            )
        )
    except ValueError as error:
        raise ValueError(f'the settings of {label}: {error}') from None
    name = f'{label}/seed_{config.seed}'
    texts = {
        key: text.replace('{out}', out).replace('{seed}', str(config.seed)) for key, text in _texts(config).items()
    }
    return Cell(name, dataclasses.replace(config, **texts | {'workdir': os.path.join(out, name)}))


def _label(name: str, value: str) -> str:
    return pathlib.PurePath(value).stem if name == FLAGFILE else f'{name}={value.rstrip("/").rpartition("/")[2]}'


def _texts(config: Config) -> dict[str, str]:
    """{name: value} of the settings that are free texts, paths included."""
    return {
        field.name: getattr(config, field.name)
        for field in dataclasses.fields(config)
        if field.type is str and not field.metadata['choices']
    }


def _check_distinct(cells: Iterable[Cell]) -> None:
    """Raises ValueError where two cells have the same directory or the same settings."""
    keys: dict[str, Callable[[Cell], Any]] = {
        'directory': lambda cell: cell.name,
        'settings': lambda cell: dataclasses.replace(cell.config, workdir='-'),
    }
    for what, key in keys.items():
        seen = {}
        for cell in cells:
            other = seen.setdefault(key(cell), cell)
            if other is not cell:
                raise ValueError(
                    f'each cell must have its own {what}. '
                    f'Received: {other.name} and {cell.name}, where they are the same'
                )


def _check_directory(cell: Cell) -> None:
    """Raises ValueError where the cell's directory was made with other settings."""
    path = cell.workdir / 'config.json'
    differing = cell.config.differences(Config.from_json(path)) if path.exists() else {}
    if differing:
        raise ValueError(
            'a run must be continued with its own settings, or started below another --out. '
            f'{cell.workdir} was made with others:{list_differences(differing)}'
        )
