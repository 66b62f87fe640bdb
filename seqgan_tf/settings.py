"""Settings: a field of a dataclass holds the default, unit, help text and source of one setting.

Flags, JSON and checks are made from the fields.
"""

import dataclasses
import json
import math
import pathlib
from collections.abc import Callable, Collection, Mapping
from typing import Any, Self

from absl import flags

INF = math.inf


def setting(
    default: Any,
    help: str,
    *,
    least: float = -INF,
    most: float = INF,
    choices: Collection[str] | None = None,
    several: bool = False,
    may_change: bool = False,
    since: str | None = None,
) -> Any:
    """A field of `Config`.

    Args:
        default: the value unless another is given. Its type is the type of the setting.
        help: what the setting is, with its unit and its source.
        least, most: bounds of a number, both included.
        choices: the values that a text may have. A registry may grow after this call.
        several: whether the text names any number of `choices`, separated by commas.
        may_change: whether a run may be resumed with another value.
        since: the first phase of a run that the setting plays a part in. Runs that differ only in
            settings of later phases can share the phases before. None: 'mle', or no phase with
            `may_change`.
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
            since=since or (None if may_change else 'mle'),
        ),
    )


def split_names(text: str) -> list[str]:
    """The names in the value of a setting with `several`."""
    return [name for name in text.split(',') if name]


def list_differences(differences: Mapping[str, tuple[Any, Any]]) -> str:
    """The result of `Config.differences` or `differences_in` as lines of a message."""
    return ''.join(f'\n  {name}: {there!r} there, {here!r} now' for name, (here, there) in differences.items())


def explain(choices: Mapping[str, Any]) -> str:
    """A registry {name: entry with a `help`} as one line of a help text."""
    return '; '.join(f'{name}: {choice.help}' for name, choice in choices.items())


def check_value(field: dataclasses.Field, value: Any) -> None:
    """Raises ValueError where a value has the wrong type or is not allowed for its setting."""
    name, kind, meta = field.name, field.type, field.metadata
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
        values: the flags that they are added to; the flags of the process unless given.
    """
    for field in dataclasses.fields(settings):
        text = field.metadata['help']
        choices = list(field.metadata['choices'] or ())
        if choices and not field.metadata['several']:
            flags.DEFINE_enum(field.name, field.default, choices, text, flag_values=values)
        else:
            define = {
                bool: flags.DEFINE_bool,
                int: flags.DEFINE_integer,
                float: flags.DEFINE_float,
                str: flags.DEFINE_string,
            }[field.type]
            define(field.name, field.default, text, flag_values=values)


class Settings:
    """Base class of a frozen dataclass of settings: JSON, flags and comparison."""

    def to_json(self) -> str:
        """The settings as JSON text."""
        return json.dumps(dataclasses.asdict(self), indent=2) + '\n'

    @classmethod
    def from_json(cls, path: str | pathlib.Path) -> Self:
        """The settings that `to_json` wrote to a file.

        Raises:
            ValueError: the file cannot be read, or does not hold settings of this version.
        """
        try:
            return cls.from_values(json.loads(pathlib.Path(path).read_text('utf-8')))
        except (OSError, ValueError) as error:
            raise ValueError(f'config.json must hold the settings of a run. Received: {path} ({error})') from None

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Self:
        """The settings with these values by name; those that are not named have their defaults.

        Raises:
            ValueError: there is no such setting, or a value is bad.
        """
        try:
            return cls(**values)
        except TypeError as error:
            raise ValueError(f'settings must be those of this version ({error})') from None

    @classmethod
    def from_flags(cls, values: flags.FlagValues, base: Self | None = None) -> Self:
        """The settings in absl flag values.

        A flag that was not given has the value of `base`, or its default where there is no base.
        """
        names = [field.name for field in dataclasses.fields(cls)]
        given = {name: values[name].value for name in names if values[name].present or base is None}
        return cls(**(dataclasses.asdict(base) if base is not None else {}) | given)

    def differences(self, other: Self) -> dict[str, tuple[Any, Any]]:
        """{name: (here, there)} of the settings that differ and must be equal in a resumed run."""
        return self._differing(other, lambda metadata: not metadata['may_change'])

    def differences_in(self, phases: Collection[str], other: Self) -> dict[str, tuple[Any, Any]]:
        """{name: (here, there)} of the settings that differ and are first used in one of the phases.

        Those of the data belong to the phase 'mle'.
        """
        return self._differing(other, lambda metadata: metadata['since'] in phases)

    def _differing(self, other: Self, compared: Callable[[Mapping[str, Any]], bool]) -> dict[str, tuple[Any, Any]]:
        return {
            f.name: (getattr(self, f.name), getattr(other, f.name))
            for f in dataclasses.fields(self)
            if compared(f.metadata) and getattr(self, f.name) != getattr(other, f.name)
        }
