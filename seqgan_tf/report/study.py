"""A study: comparable runs, grouped by label."""

import dataclasses
import itertools
import os
import pathlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from seqgan_tf.data.registry import DATASETS, DataSet
from seqgan_tf.errors import RunError
from seqgan_tf.report.runs import DATA, PER_RUN, Run, Unfinished, find_runs, label_of, read_run

REAL_DATA = 'real data'
MLE_SETTINGS = (
    'mle_epochs',
    'mle_patience',
    'batch_size',
    'embedding_dim',
    'hidden_dim',
    'generator_layers',
    'generator_dropout',
    'mle_decay',
    'generator_learning_rate',
    'clip_norm',
)


@dataclasses.dataclass(frozen=True)
class Study:
    """Runs that may be compared.

    Attributes:
        labels: {label: {seed: Run}}. The labels are in the order of the directories given, and
            sorted within each directory.
        compared: the label that all others are compared with.
        skipped: the unfinished runs that were found and left out.
    """

    labels: dict[str, dict[int, Run]]
    compared: str
    skipped: tuple[Unfinished, ...] = ()

    @property
    def runs(self) -> list[Run]:
        """All runs."""
        return [run for seeds in self.labels.values() for run in seeds.values()]

    @property
    def settings(self) -> dict[str, Any]:
        """{name: value} of the data and of the evaluation. All runs have the same values."""
        return {name: self.runs[0].settings[name] for name in DATA if name in self.runs[0].settings}

    @property
    def dataset(self) -> DataSet:
        """The entry of the data set of all runs."""
        return DATASETS[self.settings['dataset']]

    @property
    def quality(self) -> tuple[str, int]:
        """(metric, sign) by which samples are judged. The sign is -1 if higher is better."""
        return self.dataset.scored_by.metric, self.dataset.scored_by.sign

    def setting(self, label: str, name: str) -> Any:
        """The value of a setting that all runs of a label share; None if they do not have it."""
        return next(iter(self.labels[label].values())).settings.get(name)

    def values(self, label: str, metric: str) -> dict[int, float]:
        """{seed: value} of a metric of the closing evaluation."""
        return {seed: run.final[metric] for seed, run in self.labels[label].items() if metric in run.final}

    def searched_values(self, label: str, metric: str) -> dict[int, float]:
        """{seed: value} of a metric of text that a search found."""
        return {seed: run.searched[metric] for seed, run in self.labels[label].items() if metric in run.searched}

    def search_label(self, label: str) -> str | None:
        """The name of the search of a label in tables and figures; None if it had none."""
        candidates = max(run.candidates for run in self.labels[label].values())
        return f'{label} with search ({candidates})' if candidates else None

    def metrics(self) -> set[str]:
        """The names of all metrics of the closing evaluation, and of text that a search found."""
        return {name for run in self.runs for name in (*run.final, *run.searched)}

    def references(self, name: str) -> dict[int, float]:
        """{seed: value} of a reference value from before training, of the first run that has it."""
        found: dict[int, float] = {}
        for run in self.runs:
            if name in run.initial:
                found.setdefault(run.seed, run.initial[name])
        return dict(sorted(found.items()))

    def texts(self) -> list[tuple[str, list[str]]]:
        """[(title, texts)]: real data, then samples of each label's lowest seed; no texts where there are none."""
        real = next(filter(None, (run.examples for run in self.runs)), [])
        return [(REAL_DATA, real), *((label, seeds[min(seeds)].samples) for label, seeds in self.labels.items())]

    def start(self, run: Run) -> Run | None:
        """The run of the study whose training is the pretraining of this run, or None.

        It is the run that `start_from` names, or else an MLE run with the same seed and settings.
        """
        if run.settings.get('start_from'):
            wanted = run.settings['start_from'].rstrip('/').split('/')[-2:]
            matches = (other for other in self.runs if list(other.path.parts[-len(wanted) :]) == wanted)
        else:
            same = ('seed', *MLE_SETTINGS)
            matches = (
                other
                for other in self.runs
                if other.settings['algorithm'] == 'mle'
                and not other.settings.get('start_from')
                and run.last_round('adversarial')
                and all(other.settings[name] == run.settings[name] for name in same)
            )
        return next((other for other in matches if other is not run), None)


def read_study(directories: Iterable[str | pathlib.Path], compare_with: str | None = None) -> Study:
    """The study of all finished runs in directories.

    Unfinished runs below a directory are left out. One that is named itself is an error.

    Args:
        directories: of runs, or of directories of runs.
        compare_with: the label that all others are compared with. None: the first MLE label without
            early stopping, else the first MLE label, else the first label.

    Raises:
        RunError: a directory or a run is bad, no run is finished, or the runs are not comparable.
    """
    labels: dict[str, dict[int, Run]] = {}
    seen: dict[tuple[str, int], Run] = {}
    skipped: dict[pathlib.Path, Unfinished] = {}
    for directory in directories:
        groups: dict[str, list[Run]] = {}
        for run in _finished_runs(directory, skipped):
            other = seen.setdefault((run.label, run.seed), run)
            if other is not run:
                raise RunError(
                    f'a label must have each seed once. Received: {run.label} with seed {run.seed} twice, '
                    f'{other.path} and {run.path}'
                )
            groups.setdefault(run.label, []).append(run)
        for label in sorted(groups):
            labels.setdefault(label, {}).update((run.seed, run) for run in groups[label])
    if not labels:
        raise RunError(f'a report needs a finished run. Received: {len(skipped)} unfinished. {[*skipped.values()][0]}')
    labels = {label: dict(sorted(seeds.items())) for label, seeds in labels.items()}
    for seeds in labels.values():
        _check_one_label(list(seeds.values()))
    _check_same_data([run for seeds in labels.values() for run in seeds.values()])
    if compare_with is not None and compare_with not in labels:
        raise RunError(f'--compare_with must be a label of the runs: {", ".join(labels)}. Received: {compare_with}')
    compared = compare_with or min(labels, key=lambda label: _distance_to_plain_mle(labels[label]))
    return Study(labels, compared, tuple(skipped.values()))


def start_label(run: Run) -> str:
    """The label of the run that `start_from` names; '' if it names none."""
    return label_of(run.settings['start_from']) if run.settings.get('start_from') else ''


def _finished_runs(directory: str | pathlib.Path, skipped: dict[pathlib.Path, Unfinished]) -> Iterator[Run]:
    """The finished runs of a directory. Unfinished ones below it are added to `skipped`."""
    for path in find_runs(directory):
        try:
            yield read_run(path)
        except Unfinished as unfinished:
            if path == pathlib.Path(os.path.abspath(directory)):
                raise
            skipped[path] = unfinished


def _distance_to_plain_mle(seeds: Mapping[int, Run]) -> int:
    """0 for MLE without early stopping, 1 for other MLE, 2 for any other training."""
    settings = [run.settings for run in seeds.values()]
    if not all(s['algorithm'] == 'mle' and not s.get('start_from') for s in settings):
        return 2
    return int(any(s['mle_patience'] for s in settings))


def _check_one_label(runs: Sequence[Run]) -> None:
    """Raises RunError where runs of one label differ in more than `PER_RUN`."""
    for first, other in itertools.product(runs[:1], runs[1:]):
        for name in sorted(first.settings.keys() | other.settings.keys()):
            here, there = first.settings.get(name), other.settings.get(name)
            if name not in PER_RUN and here != there:
                raise RunError(
                    'runs of one label must have the same settings except the seed. '
                    f'Received: {first.path} with {name}={here} and {other.path} with {name}={there}'
                )


def _check_same_data(runs: Sequence[Run]) -> None:
    """Raises RunError where runs have other data or other numbers of samples."""
    of_seed: dict[int, Run] = {}
    for run in runs:
        for name in DATA:
            here, there = runs[0].settings.get(name), run.settings.get(name)
            if here != there:
                raise RunError(
                    'one table must be made from the same data and the same number of samples. Received: '
                    f'{runs[0].path} with {name}={here} and {run.path} with {name}={there}'
                )
        if run.data:
            other = of_seed.setdefault(run.seed, run)
            if other.data != run.data:
                raise RunError(
                    f'one table must be made from the same data. Received: {other.path} and {run.path}, '
                    'which have the same seed and different data.json'
                )
