"""The loggers by name. Settings read this without TensorFlow."""

import pathlib
import pkgutil
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqgan_tf.loggers.base import Logger

# A logger is made by a call with the run's directory and its settings.
LOGGERS = {
    'terminal': 'seqgan_tf.loggers.terminal:Terminal',
    'tensorboard': 'seqgan_tf.loggers.tensorboard:TensorBoard',
}


def make_loggers(names: Iterable[str], workdir: pathlib.Path, settings: Mapping[str, Any]) -> list['Logger']:
    """The loggers of these names for a run in a directory; settings are {name: value}."""
    return [pkgutil.resolve_name(LOGGERS[name])(workdir, settings) for name in names]
