"""What a report says, in order: sections of text, tables and figures, from which Markdown and HTML are made."""

import dataclasses
from collections.abc import Sequence

from seqgan_tf.report import metrics, tables


@dataclasses.dataclass(frozen=True)
class Section:
    """A heading, paragraphs, then tables, then figures as (name, what it shows)."""

    title: str
    paragraphs: Sequence
    tables: Sequence = ()
    figures: Sequence = ()


COLLAPSE_GROUP = 'Collapse'
INTERVALS = (
    'Cells are mean ± standard deviation over seeds, below them the 95 % Student-t interval of the mean. results.csv also has a '
    'percentile bootstrap interval, which is too narrow for so few seeds and is there for comparison only.'
)
WHY_SEEDS = (
    'Tests are over seeds, one value a run, in pairs of runs with the same seed: such runs share their data and their draws. '
    "They are not over the sequences of one run, as the T-test of the paper's Table 1 seems to be: sequences can be drawn "
    'without end, so that any difference between two runs becomes significant, and they say nothing of how much another run of '
    'the same recipe would differ. With three seeds only effects several times as large as the spread over seeds can show. The p '
    'are two-sided and not corrected for the number of comparisons.'
)
SHARPENING = (
    'nll_oracle alone is no evidence of better samples: lowering the temperature of any model lowers it, and copies of training '
    'rows reach the ground truth. Read it beside nll_test and entropy, and beside the temperature curves below.'
)
PAPER = (
    'Rows marked paper are Table 1 of Yu et al. (AAAI 2017): apparently single runs of an earlier version of the released code, '
    'whose best checkpoint was chosen by the oracle; here the last one counts.'
)
CURVES = (
    'Lines are means over seeds, bands the range from the least to the greatest seed. A run whose pretraining ended before '
    "another's of its label keeps its last value until the other ends."
)
SCHEDULE = (
    'How often generator and discriminator are trained in a round: g, generator updates; d, sets of negatives; k, epochs of the '
    'discriminator on each set. All panels share their y axis.'
)
COLLAPSE = (
    'Round 0 is the end of pretraining. A discriminator whose accuracy rises on its own rows and stays at chance on held-out ones '
    'rewards memory of the training rows.'
)
PLANE = (
    'Each line is one model at different temperatures, mean over seeds; the large mark is the model as trained, at temperature 1. '
    '{reading} A model whose mark lies on the line of another has gained nothing that a temperature would not give. Lines go on '
    'outside the frame.'
)
DISTANCE = (
    'The final {metric} of each run with an adversarial phase, or that continued another, minus that of an MLE temperature curve '
    "of the same seed at the run's own nll_test{turned}: negative is better than the curve. The curve is interpolated between "
    'temperatures on its cold branch. Left of it, at an nll_test that no temperature reaches, the run is compared with the '
    "curve's leftmost point, which can only be to the run's disadvantage; beyond its cold end nothing is said."
)


def compose(study, figures):
    """The sections of a report of a Study, given the names of its figures; sections with nothing to show are left out."""
    names = sorted({name for run in study.runs for name in run.final})
    metric, sign = study.quality
    distance = tables.distance_table(study)
    settings = tables.settings_table(study)
    final = tables.final_tables(study)
    collapse = [dataclasses.replace(final.pop(COLLAPSE_GROUP), title='')] if COLLAPSE_GROUP in final else []
    sections = [
        Section('Runs', [_runs(study), _data(study), *_one_seed(study)]),
        Section('Closing evaluation', _final_text(study, names), list(final.values())),
        Section(f'Difference to {study.compared}', [WHY_SEEDS], tables.paired_tables(study)),
        Section('Learning curves', [CURVES], figures=[('learning_curves', f'{metric} and nll_test over training')]),
        Section(
            'Schedule',
            [SCHEDULE, CURVES],
            figures=[('schedule_study', f'{metric} over generator updates for each schedule')],
        ),
        Section(
            'Quality and diversity',
            [PLANE.format(reading=_reading(study))],
            figures=[
                ('quality_diversity', 'Temperature curves and final points in the plane of quality and diversity')
            ],
        ),
        Section(
            'Against the temperature curve',
            [DISTANCE.format(metric=metric, turned='' if sign > 0 else ', its sign turned')],
            [distance] if distance else [],
        ),
        Section(
            COLLAPSE_GROUP,
            [COLLAPSE] if 'collapse' in figures else [],
            collapse,
            [('collapse', 'Diversity, reward and discriminator accuracy over adversarial rounds')],
        ),
        Section(
            'Settings', ['All other settings are the same; settings.csv has them all.'], [settings] if settings else []
        ),
        Section(
            'Figures of merit',
            ['Their definitions are in seqgan_tf/evaluation/measures.py and seqgan_tf/evaluation/closing.py.'],
            [_glossary(names)],
        ),
    ]
    sections = [
        dataclasses.replace(section, figures=[(name, caption) for name, caption in section.figures if name in figures])
        for section in sections
    ]
    return [section for section in sections if section.tables or section.figures or section.title == 'Runs']


def _runs(study):
    counts = ', '.join(f'{label} ({len(seeds)})' for label, seeds in study.labels.items())
    return f'{len(study.runs)} finished runs; labels, and how many seeds each has: {counts}.'


def _data(study):
    entry = study.dataset
    names = {'dataset', *(entry.settings if entry.shown is None else entry.shown), 'eval_samples', 'final_samples'}
    replaced = {name for name, file in entry.fallbacks.items() if study.settings[file]}
    shown = [
        f'{name} {value}'
        for name, value in study.settings.items()
        if name in names - replaced and (value or name in entry.fallbacks)
    ]
    return f'The same data and numbers of samples in all of them: {", ".join(shown)}.'


def _one_seed(study):
    alone = [label for label, seeds in study.labels.items() if len(seeds) == 1]
    if alone:
        yield f'One seed only, so no standard deviation, no interval and no test: {", ".join(alone)}.'


def _final_text(study, names):
    synthetic = 'nll_oracle' in names
    text = [INTERVALS]
    if synthetic:
        text.append(SHARPENING)
    if synthetic and metrics.has_paper_scale(study.settings):
        text.append(PAPER)
    return text


def _reading(study):
    better = 'down' if study.quality[1] > 0 else 'up'
    return study.dataset.reading or f'To the left is better held-out likelihood, and {better} is better quality.'


def _glossary(names):
    described = [(name, metrics.described(name)) for group in metrics.grouped(names).values() for name in group]
    return tables.Table(
        '',
        ['', 'unit', 'what it is'],
        [
            ('label', [name, metric.unit or tables.NOTHING, metric.meaning or tables.NOTHING])
            for name, metric in described
        ],
    )
