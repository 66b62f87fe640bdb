"""The command line of the training command: its settings, and the text of `--help`."""

import dataclasses
import pathlib
import shutil
import textwrap
from collections.abc import Iterator

from absl import flags

from seqgan_tf.config import Config

# {title: first setting}: the groups of `--help`, in the order of the fields of `Config`. A group
# goes as far as the next one, so that a new setting is in the group of its neighbours.
GROUPS = {
    'Data': 'dataset',
    'Run': 'algorithm',
    'Networks and optimizers': 'batch_size',
    'Pretraining': 'mle_epochs',
    'Adversarial training': 'adversarial_rounds',
    'Rewards, baselines and controls': 'reward',
    'Evaluation': 'eval_every',
    'Speed and memory': 'rollout_chunk',
    'Devices': 'strategy',
    'Output': 'checkpoint_every',
}
DEVICES = ('strategy', 'num_devices', 'workers', 'worker_index')
USAGE = 'usage: python train.py [--flagfile=FILE] [--NAME=VALUE ...]'
ABOUT = (
    'Trains a generator. The same command continues a run that was stopped; --workdir=DIR alone is enough, because the '
    'settings of a run are in its config.json.'
)
FLAGFILE = (
    'settings in a file, one a line: a path, or the name of a file of the package, such as poetry.flags. Of two values '
    'of a setting the later one counts'
)
DRY_RUN = 'reads the data, prints sizes and an estimate of the time, and writes nothing'


def read_config(values: flags.FlagValues) -> Config:
    """The settings of a run: those given, else those in the config.json of its workdir, else defaults.

    What names the devices of a process is not read from a file: the next process may have others.

    Raises:
        ValueError: a value is not allowed, settings conflict, or config.json cannot be read.
    """
    workdir = values['workdir'].value
    path = pathlib.Path(workdir, 'config.json')
    if not (workdir and path.exists()):
        return Config.from_flags(values)
    own = {name: getattr(Config, name) for name in DEVICES}
    before = dataclasses.replace(Config.from_json(path), workdir=workdir, **own)
    print(f'settings from {path}', flush=True)
    return Config.from_flags(values, before)


def groups() -> dict[str, list[dataclasses.Field]]:
    """{title: settings} of the groups of `--help`."""
    titles = {name: title for title, name in GROUPS.items()}
    found, title = {}, ''
    for field in dataclasses.fields(Config):
        title = titles.get(field.name, title)
        found.setdefault(title, []).append(field)
    return found


def help_text(width: int | None = None) -> str:
    """The text of `--help`: every setting with its default, meaning and choices.

    Args:
        width: columns of the text; None: those of the terminal.
    """
    width = width or shutil.get_terminal_size().columns
    lines = [USAGE, '', *textwrap.wrap(ABOUT, width, break_on_hyphens=False), '']
    for name, text in (('flagfile=FILE', FLAGFILE), ('dry_run', DRY_RUN), ('version, --help', '')):
        lines += [f'  --{name}', *_indent(text, width)]
    lines.append('')
    for title, fields in groups().items():
        lines += [title, *(line for field in fields for line in _describe(field, width)), '']
    return '\n'.join(lines)


def _describe(field: dataclasses.Field, width: int) -> Iterator[str]:
    """The lines of one setting."""
    if field.type is bool:
        yield f'  --[no]{field.name} (default: {str(field.default).lower()})'
    else:
        yield f'  --{field.name}={field.default}'
    yield from _indent(field.metadata['help'], width)
    if field.metadata['choices'] and not field.metadata['several']:
        yield from _indent(f'one of {", ".join(field.metadata["choices"])}', width)


def _indent(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, initial_indent=' ' * 6, subsequent_indent=' ' * 6, break_on_hyphens=False)
