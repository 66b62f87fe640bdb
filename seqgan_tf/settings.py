"""Settings: one field of a dataclass is default, unit, help and source.

Flags, JSON and checks are made from it.
"""

import dataclasses
import json
import math
import pathlib
from collections.abc import Collection, Mapping
from typing import Any, Self

from absl import flags

INF = math.inf


def setting(
    default,
    help: str,
    *,
    least: float = -INF,
    most: float = INF,
    choices: Collection[str] | None = None,
    several: bool = False,
    may_change: bool = False,
    after_likelihood: bool | None = None,
) -> Any:
    """A field of `Config`.

    Args:
        default: its value unless another is given; its type is that of the setting.
        help: what it is, with its unit and its source.
        least, most: bounds of a number.
        choices: what a text must be one of; a registry may grow after this call.
        several: the text names any number of `choices`, separated by commas.
        may_change: a resumed run may have another value than it was started with.
        after_likelihood: it has no part in the data and in the likelihood phase, so that runs with
            other values can share one pretraining. None: as `may_change`.
    """
    return dataclasses.field(
        default=default,
        metadata=dict(
            help=help,
            least=least,
            most=most,
            choices=choices,
            several=several,
            may_change=may_change,
            after_likelihood=may_change if after_likelihood is None else after_likelihood,
        ),
    )


def split_names(text: str) -> list[str]:
    """The names in the value of a setting with `several`."""
    return [name for name in text.split(',') if name]


def list_differences(differences: Mapping[str, tuple]) -> str:
    """What `Config.differences` or `likelihood_differences` found, as lines of a message."""
    return ''.join(f'\n  {name}: {there!r} there, {here!r} now' for name, (here, there) in differences.items())


def explain(choices: Mapping[str, Any]) -> str:
    """A registry {name: entry with a `help`} as a line of help."""
    return '; '.join(f'{name}: {choice.help}' for name, choice in choices.items())


def check_value(field: dataclasses.Field, value: Any) -> None:
    """Raises ValueError where a value is not of its setting's type, or not one that it may have."""
    name, meta = field.name, field.metadata
    kind: Any = field.type
    if isinstance(value, bool) != (kind is bool) or not isinstance(value, (int, float) if kind is float else kind):
        raise ValueError(f'{name} must be of type {kind.__name__}. Received: {name}={value!r}')
    if meta['several']:
        names = split_names(value)
        if len(set(names)) < len(names) or not set(names) <= set(meta['choices']):
            raise ValueError(
                f'{name} must be some of {", ".join(meta["choices"])}, separated by commas. Received: {name}={value}'
            )
    elif meta['choices'] and value not in meta['choices']:
        raise ValueError(f'{name} must be one of {", ".join(meta["choices"])}. Received: {name}={value}')
    if kind is float and not math.isfinite(value):
        raise ValueError(f'{name} must be finite. Received: {name}={value}')
    if kind in (int, float) and not meta['least'] <= value <= meta['most']:
        bounds = f'at least {meta["least"]}' + (f' and at most {meta["most"]}' if meta['most'] < INF else '')
        raise ValueError(f'{name} must be {bounds}. Received: {name}={value}')


def define_flags(settings: type, values: flags.FlagValues = flags.FLAGS) -> None:
    """Defines one absl flag for each field of a dataclass of settings.

    Args:
        settings: the dataclass.
        values: where the flags are defined; the flags of the process unless given.
    """
    for field in dataclasses.fields(settings):
        default: Any = field.default
        text = field.metadata['help']
        choices = list(field.metadata['choices'] or ())
        if choices and not field.metadata['several']:
            flags.DEFINE_enum(field.name, default, choices, text, flag_values=values)
        else:
            define = {
                bool: flags.DEFINE_bool,
                int: flags.DEFINE_integer,
                float: flags.DEFINE_float,
                str: flags.DEFINE_string,
            }[field.type]
            define(field.name, default, text, flag_values=values)


@dataclasses.dataclass(frozen=True)
class Settings:
    """What a frozen dataclass of settings can do."""

    def to_json(self) -> str:
        """The settings as JSON text."""
        return json.dumps(dataclasses.asdict(self), indent=2) + '\n'

    @classmethod
    def from_json(cls, path: str | pathlib.Path) -> Self:
        """The settings that `to_json` wrote to a file.

        Raises:
            ValueError: no such file, or not the settings of this version.
        """
        try:
            values = json.loads(pathlib.Path(path).read_text('utf-8'))
            return cls(**values)
        except (OSError, ValueError, TypeError) as error:
            raise ValueError(f'config.json must hold the settings of a run. Received: {path} ({error})') from None

    @classmethod
    def from_flags(cls, values: flags.FlagValues) -> Self:
        """The settings in absl flag values."""
        return cls(**{field.name: values[field.name].value for field in dataclasses.fields(cls)})

    def differences(self, other: Self) -> dict[str, tuple]:
        """{name: (here, there)} of the settings that differ and may not change in a resumed run."""
        return self._differing(other, 'may_change')

    def likelihood_differences(self, other: Self) -> dict[str, tuple]:
        """{name: (here, there)} of the settings that differ and shape data or likelihood phase."""
        return self._differing(other, 'after_likelihood')

    def _differing(self, other: Self, free: str) -> dict[str, tuple]:
        return {
            f.name: (getattr(self, f.name), getattr(other, f.name))
            for f in dataclasses.fields(self)
            if not f.metadata[free] and getattr(self, f.name) != getattr(other, f.name)
        }
