"""What a model card says of a run beside its networks: how it was trained, on what, and how it measured."""

import dataclasses
import itertools
import pathlib
import shlex
from collections.abc import Mapping
from typing import Any

from seqgan_tf.algorithms.registry import ALGORITHMS, PHASE_LENGTHS
from seqgan_tf.config import Config
from seqgan_tf.data.provenance import public_name
from seqgan_tf.data.registry import DATASETS
from seqgan_tf.data.sources import SOURCES
from seqgan_tf.errors import RunError
from seqgan_tf.evaluation.registry import glossary
from seqgan_tf.running import metrics_log, workdir

EVALUATED = ('initial', *PHASE_LENGTHS, 'final')  # phases whose lines are of the generator as it is sampled
OWN = 'own texts'  # the name of a corpus that was given in Python
MADE_HERE = {'source': 'made by the package from a seed', 'licence': 'Apache-2.0, that of the package'}


def facts(path: pathlib.Path, config: Config, done: Mapping[str, int]) -> dict[str, Any]:
    """The facts of a run, for JSON. What its files do not have is left out.

    Args:
        path: the workdir.
        config: the settings of the run.
        done: {phase: rounds} of the checkpoint.

    Returns:
        algorithm: {name, summary}; command; data: as `_data`; metrics: as `_metrics`.
    """
    return {
        'algorithm': {'name': config.algorithm, 'summary': ALGORITHMS[config.algorithm].help},
        'command': _command(config),
        'data': _data(path, config),
        'metrics': _metrics(path, config, done),
    }


def _command(config: Config) -> str:
    """The command, or the call in Python, that trains with these settings. Defaults are left out."""
    changed = {f.name: value for f in dataclasses.fields(config) if (value := getattr(config, f.name)) != f.default}
    given = {'corpus': 'dataset', 'reward': 'reward', 'discriminator': 'discriminator'}
    given = [argument for argument, name in given.items() if changed.get(name) == 'given']
    if given:
        settings = ', '.join(f'{name}={value!r}' for name, value in changed.items() if value != 'given')
        return f'seqgan_tf.run(seqgan_tf.Config({settings}), {", ".join(f"{name}=..." for name in given)})'
    text = lambda value: str(value).lower() if isinstance(value, bool) else str(value)
    return shlex.join(['seqgan-train', *(f'--{name}={text(value)}' for name, value in changed.items())])


def _data(path: pathlib.Path, config: Config) -> dict[str, Any]:
    """Name, source, licence, citation and language of the data as far as known, and checksums.

    `files` has those of the corpus' files, `parts` those of the rows of ids, int32, with their numbers.
    """
    files = _read_json(path / workdir.SOURCES)
    own = next((files[name] for name in DATASETS[config.dataset].files if name in files), {})
    name = public_name(own)
    source = SOURCES.get(name or '')
    made_here = config.dataset != 'given' and not any(getattr(config, n) for n in DATASETS[config.dataset].files)
    fingerprint = _read_json(path / 'data.json')
    found = {
        'dataset': config.dataset,
        'name': name or pathlib.Path(config.corpus).name or (OWN if config.dataset == 'given' else config.dataset),
        'summary': source.summary if source else DATASETS[config.dataset].summary,
        'source': config.corpus_source or (source.page if source else ''),
        'licence': config.corpus_licence or (source.licence if source else ''),
        'citation': source.citation if source else '',
        'language': source.language if source else 'zh' if config.dataset == 'verse' else '',
        'files': own,
        'parts': {part: fingerprint[part] for part in ('train', 'validation', 'test') if part in fingerprint},
    }
    return (MADE_HERE if made_here else {}) | {name: value for name, value in found.items() if value}


def _metrics(path: pathlib.Path, config: Config, done: Mapping[str, int]) -> dict[str, Any]:
    """The last evaluation that the checkpoint had: phase, round, number of samples, and the values.

    `values` is {name: {value, unit, meaning}}, in the order of a report. The lines of rounds after the checkpoint are
    left out, and without an evaluation all of it.
    """
    try:
        entries = metrics_log.read(path / metrics_log.NAME)
    except RunError:
        return {}
    entries = itertools.takewhile(lambda entry: entry['round'] <= done.get(entry['phase'], entry['round']), entries)
    evaluated = [entry for entry in entries if entry['phase'] in EVALUATED and 'nll_test' in entry]
    if not evaluated:
        return {}
    last = evaluated[-1]
    values = {
        name: {'value': last[name], 'unit': definition.unit, 'meaning': definition.meaning}
        for group in glossary().values()
        for name, definition in group.items()
        if name in last
    }
    samples = last.get('samples', config.eval_samples)
    return {'phase': last['phase'], 'round': last['round'], 'samples': samples, 'values': values}


def _read_json(path: pathlib.Path) -> dict[str, Any]:
    """The object in a file of the run; {} where there is none, as in a workdir of an earlier version."""
    try:
        return metrics_log.json_object(path.read_text('utf-8'))
    except (OSError, ValueError):
        return {}
