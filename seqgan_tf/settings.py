"""A setting of an experiment: one field is default, unit, help and source, and its flag and checks are made from it."""

import dataclasses
import math

from absl import flags

INF = math.inf


def setting(default, help, *, least=-INF, most=INF, choices=None, extends=False, later=False):
    """A field of `Config`: `least` and `most` bound a number, `choices`, the names of a registry, a string; `extends` marks what a resumed run may change, `later`
    what has no part in the likelihood phase."""
    return dataclasses.field(
        default=default,
        metadata=dict(help=help, least=least, most=most, choices=choices, extends=extends, later=later or extends),
    )


def list_differences(differences):
    """What `Config.differences` or `likelihood_differences` found, as lines of a message."""
    return ''.join(f'\n  {name}: {there!r} there, {here!r} now' for name, (here, there) in differences.items())


def explain(choices):
    """A registry {name: entry with a `help`} as a line of help."""
    return '; '.join(f'{name}: {choice.help}' for name, choice in choices.items())


def check_value(field, value):
    name, kind, meta = field.name, field.type, field.metadata
    if isinstance(value, bool) != (kind is bool) or not isinstance(value, (int, float) if kind is float else kind):
        raise ValueError(f'{name} must be of type {kind.__name__}. Received: {name}={value!r}')
    if meta['choices'] and value not in meta['choices']:
        raise ValueError(f'{name} must be one of {", ".join(meta["choices"])}. Received: {name}={value}')
    if kind is float and not math.isfinite(value):
        raise ValueError(f'{name} must be finite. Received: {name}={value}')
    if kind in (int, float) and not meta['least'] <= value <= meta['most']:
        bounds = f'at least {meta["least"]}' + (f' and at most {meta["most"]}' if meta['most'] < INF else '')
        raise ValueError(f'{name} must be {bounds}. Received: {name}={value}')


def define_flags(settings, values=flags.FLAGS):
    """Defines one absl flag for each field of a dataclass of settings among `values`, those of the process unless given."""
    for field in dataclasses.fields(settings):
        text = field.metadata['help']
        if field.metadata['choices']:
            flags.DEFINE_enum(field.name, field.default, list(field.metadata['choices']), text, flag_values=values)
        else:
            define = {
                bool: flags.DEFINE_bool,
                int: flags.DEFINE_integer,
                float: flags.DEFINE_float,
                str: flags.DEFINE_string,
            }[field.type]
            define(field.name, field.default, text, flag_values=values)
