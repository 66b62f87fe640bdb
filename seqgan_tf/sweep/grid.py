"""The cells of a sweep: every combination of the varied settings, each a `Config` with a directory of its own. Nothing is run here."""

import dataclasses
import itertools
import os
import pathlib

from absl import flags

from seqgan_tf.config import Config
from seqgan_tf.running import metrics_log
from seqgan_tf.settings import define_flags, list_differences

FLAGFILE = 'flagfile'


@dataclasses.dataclass(frozen=True)
class Cell:
    """One run of a sweep: its name below the sweep's directory, and its settings."""

    name: str
    config: Config

    @property
    def workdir(self):
        """Where it runs."""
        return pathlib.Path(self.config.workdir)

    def finished(self):
        """Whether it has run to its end with just these settings.

        The settings that a continued run may change count here too: where one of them differs, the
        training command decides what is left to do.
        """
        try:
            settings = Config.from_json(self.workdir / 'config.json')
            return metrics_log.is_finished(self.workdir / metrics_log.NAME) and settings == dataclasses.replace(
                self.config, workdir=settings.workdir
            )
        except ValueError:  # RunError too
            return False

    def flags(self):
        """The settings as arguments of the training command, those that are not the defaults."""
        return [
            f'--{field.name}={getattr(self.config, field.name)}'
            for field in dataclasses.fields(Config)
            if getattr(self.config, field.name) != field.default
        ]


def parse_variation(text):
    """(name, values) of NAME=VALUE,VALUE,...

    Raises:
        ValueError: not of that form, a value missing or twice, or a name that cannot be varied.
    """
    name, equals, values = text.partition('=')
    values = values.split(',')
    if not (name and equals and all(values)):
        raise ValueError(f'--vary must be NAME=VALUE,VALUE,... Received: --vary={text}')
    if len(set(values)) < len(values):
        raise ValueError(f'the values of a varied setting must differ. Received: --vary={text}')
    if name == 'workdir':
        raise ValueError(
            f'the workdir of each cell is made from --out and the varied settings. Received: --vary={text}'
        )
    return name, values


def make_cells(out, variations, arguments):
    """The cells of a grid, in the order of its product, the last variation fastest.

    A cell's settings are read in the order flagfile, `arguments`, varied values, of which a later one wins; then {out} and {seed} in every
    setting that is a free text are replaced. It runs in <out>/<label>/seed_<seed>, whether or not the seed is varied. The label joins by
    commas the stem of a varied flagfile and the name=value of each other varied setting but the seed, of a path its last part; it is `run`
    where there is nothing to join.

    Args:
        out: the directory of the sweep.
        variations: list of (name, values), as of `parse_variation`.
        arguments: flags for every cell, --name=value.

    Raises:
        ValueError: unknown flags, settings that `Config` refuses, a name varied twice, two cells with one directory or with the same
            settings, or a directory made with other settings.
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


def requirements(cells):
    """{cell's name: names of the cells whose directories its settings name}: it starts from what they leave there."""
    homes = {os.path.abspath(cell.config.workdir): cell.name for cell in cells}
    return {
        cell.name: {
            homes[os.path.abspath(value)]
            for name, value in _texts(cell.config).items()
            if name != 'workdir' and value and os.path.abspath(value) in homes
        }
        for cell in cells
    }


def _make_cell(out, varied, arguments):
    """The cell of one combination {name: value}."""
    label = ','.join(_label(name, value) for name, value in varied.items() if name != 'seed') or 'run'
    flagfile = [f'--flagfile={value}' for name, value in varied.items() if name == FLAGFILE]
    try:
        config = _parse(
            [*flagfile, *arguments, *(f'--{name}={value}' for name, value in varied.items() if name != FLAGFILE)]
        )
    except (ValueError, flags.Error) as error:
        raise ValueError(f'the settings of {label}: {error}') from None
    name = f'{label}/seed_{config.seed}'
    texts = {
        key: text.replace('{out}', out).replace('{seed}', str(config.seed)) for key, text in _texts(config).items()
    }
    return Cell(name, dataclasses.replace(config, **texts | {'workdir': os.path.join(out, name)}))


def _label(name, value):
    return pathlib.PurePath(value).stem if name == FLAGFILE else f'{name}={value.rstrip("/").rpartition("/")[2]}'


def _parse(arguments):
    """The settings of a command line of their own: no cell sees another's flags, nor those of the process."""
    values = flags.FlagValues()
    define_flags(Config, values)
    rest = values(['sweep', *arguments])[1:]
    if rest:
        raise ValueError(f'settings are given as --name=value. Received: {" ".join(rest)}')
    return Config.from_flags(values)


def _texts(config):
    """{name: value} of the settings that are free texts, paths among them."""
    return {
        field.name: getattr(config, field.name)
        for field in dataclasses.fields(config)
        if field.type is str and not field.metadata['choices']
    }


def _check_distinct(cells):
    for what, key in (
        ('directory', lambda cell: cell.name),
        ('settings', lambda cell: dataclasses.replace(cell.config, workdir='-')),
    ):
        seen = {}
        for cell in cells:
            other = seen.setdefault(key(cell), cell)
            if other is not cell:
                raise ValueError(
                    f'each cell must have its own {what}. Received: {other.name} and {cell.name}, where they are the same'
                )


def _check_directory(cell):
    """Raises where the cell's directory was made with settings that may not change."""
    path = cell.workdir / 'config.json'
    differing = cell.config.differences(Config.from_json(path)) if path.exists() else {}
    if differing:
        raise ValueError(
            f'a run must be continued with its own settings, or started below another --out. {cell.workdir} was made with '
            f'others:{list_differences(differing)}'
        )
