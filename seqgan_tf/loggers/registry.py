"""The loggers by name. Settings read this without TensorFlow."""

import pathlib
import pkgutil
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqgan_tf.loggers.base import Logger

# {name: class}. The class is called with the directory of the run and its settings.
LOGGERS = {
    'terminal': 'seqgan_tf.loggers.terminal:Terminal',
    'tensorboard': 'seqgan_tf.loggers.tensorboard:TensorBoard',
}


def make_loggers(names: Iterable[str], workdir: pathlib.Path, settings: Mapping[str, Any]) -> list['Logger']:
    """The loggers of these names.

    Args:
        names: keys of `LOGGERS`.
        workdir: the directory of the run.
        settings: {name: value} of the run.
    """
    return [pkgutil.resolve_name(LOGGERS[name])(workdir, settings) for name in names]
