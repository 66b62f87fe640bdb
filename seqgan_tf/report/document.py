"""The content of a report: sections of text, tables and figures.

`page` makes Markdown and HTML from them.
"""

import dataclasses
from collections.abc import Collection, Iterator

from seqgan_tf.report import metrics, tables
from seqgan_tf.report.costs import cost_table
from seqgan_tf.report.paper_table import paper_section
from seqgan_tf.report.samples import samples_section
from seqgan_tf.report.section import Section
from seqgan_tf.report.study import Study
from seqgan_tf.report.tables import Table

REVERSED = ' The sign of the distance is reversed, because a higher value is better.'
COLLAPSE_GROUP = 'Collapse'
INTERVALS = (
    'A cell has the mean ± standard deviation over seeds, and below it the 95 % Student-t interval of the mean. '
    'results.csv also has a percentile bootstrap interval. It is too narrow for so few seeds and is given only for '
    'comparison.'
)
WHY_SEEDS = (
    'A test compares pairs of runs with the same seed. Such runs share their data and their draws, and each gives '
    "one value. The sequences of one run are not tested, although the T-test of the paper's Table 1 seems to test "
    'them. One can draw any number of sequences, so any difference between two runs becomes significant. And '
    'sequences do not show how much another run of the same recipe would differ. With three seeds a test can show '
    'only effects several times as large as the spread over seeds. The p values are two-sided and not corrected for '
    'the number of comparisons.'
)
SHARPENING = (
    'A lower nll_oracle alone is no evidence of better samples. A lower temperature lowers it for any model, and '
    'copies of training rows have the value of the ground truth. Read it together with nll_test, entropy and the '
    'temperature curves below.'
)
PAPER = (
    'Rows marked paper are Table 1 of Yu et al. (AAAI 2017). They are apparently single runs of an earlier version '
    'of the released code, whose best checkpoint was chosen by the oracle. Here the last checkpoint counts.'
)
SEARCH = (
    'A row "with search" is of text that the discriminator chose: each sequence is one of so many samples of the '
    'generator, taken with weights e^s, s the logit. It has at most 2,000 sequences, and unique and self-BLEU depend '
    'on their number. residual_nll_test and guided_nll_test need log Z. Its estimate from samples is too low in the '
    'mean, which flatters both. log_z_ess and residual_nll_test_half show by how much.'
)
CURVES = (
    'Lines are means over seeds. Bands reach from the minimum to the maximum over seeds. A run whose pretraining '
    'ends before that of another run of its label keeps its last value until the other ends.'
)
SCHEDULE = (
    'A schedule says how often the two networks are trained in a round: g is the number of generator updates, d is '
    'the number of negative sets, and k is the number of discriminator epochs on each set. All panels have the same '
    'y axis.'
)
COLLAPSE = (
    'Round 0 is the end of pretraining. A discriminator whose accuracy rises on its training rows and stays at '
    'chance on held-out rows rewards memory of the training rows.'
)
PLANE = (
    'Each line is one model at different temperatures, as a mean over seeds. The large mark is the model at '
    'temperature 1, as it was trained. {reading} A model whose mark lies on the line of another model has gained '
    'nothing beyond a change of temperature. Lines continue outside the frame.'
)
SEARCH_CURVE = (
    'A broken line is text of one model that its discriminator chose, with weights e^(beta s) and different beta. '
    'The open mark is at beta 1, and the line begins at beta 0, which is the model itself. Its nll_test is that of '
    'the residual model m e^(beta s) / Z.'
)
COST = (
    'CPU seconds are those of the training process in all its threads, as a mean over seeds. They include a '
    'pretraining that was taken over, and leave evaluations out. They are comparable only between runs on one machine.'
)
DISTANCE = (
    'The distance of a run is its final {metric} minus the {metric} of a temperature curve at the same '
    'nll_test.{reversed} With a negative distance the run is better than the curve. The table has the runs with an '
    'adversarial phase or with start_from. A curve is that of an MLE run with the same seed, interpolated between '
    "temperatures on its cold branch. Left of the branch no temperature has the run's nll_test. There the run is "
    'compared with the leftmost point of the curve, which can only be to the disadvantage of the run. Beyond the '
    'cold end of the curve there is no distance.'
)
SAMPLER_CURVES = (
    'The thin lines are other samplers of {label}. top_k and top_p keep the likeliest tokens of each step. The likeliest '
    'of n is the one of n samples that the model itself finds likeliest, from n 1, which is the model. Its nll_test is an '
    'estimate of the law of that text. A truncated model gives some test rows probability 0, so it has no nll_test.'
)
BEST = (
    'A gain that was learned counts only beyond what a better sampler of an MLE reaches. So each run is compared, within '
    'its seed, with the sampler of any MLE that has the best quality at the same nll_test: a temperature, or the likeliest '
    'of n. Where self_bleu_4 is measured, it is also compared at the same self_bleu_4, with top_k and top_p too. A row '
    '"with search" has the nll_test of the law of the search. The distance is the quality of the run minus that of the '
    'sampler.{reversed} With a negative distance the run is better than every sampler. Curves are interpolated as above. '
    'The last column names the MLE and the sampler. A run left of all curves is compared with the leftmost point of them, '
    'which can only be to its disadvantage. A curve that begins right of the run does not count where another one '
    'reaches it. The best of several noisy curves is too good in the mean, to the disadvantage of the run. The nll_test of '
    'the likeliest of n is too low in the mean, which is to the advantage of that sampler. '
    'best_sampler.csv has all distances.'
)


def compose(study: Study, figures: Collection[str]) -> list[Section]:
    """The sections of the report of a study. Sections with nothing to show are left out.

    Args:
        study: the runs.
        figures: names of the figures that were drawn.
    """
    names = sorted(study.metrics())
    searched = any(run.searched for run in study.runs)
    metric, sign = study.quality
    distance = tables.distance_table(study)
    best, cost = tables.best_sampler_table(study), cost_table(study)
    settings = tables.settings_table(study)
    final = tables.final_tables(study)
    collapse = [dataclasses.replace(final.pop(COLLAPSE_GROUP), title='')] if COLLAPSE_GROUP in final else []
    sections = [
        Section('Runs', [_runs(study), *_skipped(study), _data(study), *_one_seed(study)]),
        Section('Closing evaluation', _final_text(study, names), list(final.values())),
        Section(f'Difference from {study.compared}', [WHY_SEEDS], tables.paired_tables(study)),
        *paper_section(study),
        samples_section(study),
        Section('Learning curves', [CURVES], figures=[('learning_curves', f'{metric} and nll_test over training')]),
        Section(
            'Schedule',
            [SCHEDULE, CURVES],
            figures=[('schedule_study', f'{metric} over generator updates for each schedule')],
        ),
        Section(
            'Quality and diversity',
            [PLANE.format(reading=_reading(study)), *([SEARCH_CURVE] if searched else []), *_sampler_curves(study)],
            figures=[
                ('quality_diversity', 'Temperature curves and final points in the plane of quality and diversity')
            ],
        ),
        Section(
            'Distance to the temperature curve',
            [DISTANCE.format(metric=metric, reversed='' if sign > 0 else REVERSED)],
            [distance] if distance else [],
        ),
        Section(
            'Distance to the best sampler',
            [BEST.format(reversed='' if sign > 0 else REVERSED)],
            [best] if best else [],
        ),
        Section(
            COLLAPSE_GROUP,
            [COLLAPSE] if 'collapse' in figures else [],
            collapse,
            [('collapse', 'Diversity, reward and discriminator accuracy over adversarial rounds')],
        ),
        Section('Cost', [COST], [cost] if cost else []),
        Section(
            'Settings',
            ['The labels differ in these settings. settings.csv has all settings.'],
            [settings] if settings else [],
        ),
        Section(
            'Metrics',
            [
                'seqgan_tf/evaluation/registry.py lists the metrics. measures.py and closing.py beside it compute them.'
                + (' residual.py and resampled.py compute those of the discriminator.' if searched else '')
            ],
            [_glossary(names)],
        ),
    ]
    sections = [
        dataclasses.replace(section, figures=[(name, caption) for name, caption in section.figures if name in figures])
        for section in sections
    ]
    return [section for section in sections if section.has_content or section.title == 'Runs']


def _runs(study: Study) -> str:
    counts = ', '.join(f'{label} ({len(seeds)})' for label, seeds in study.labels.items())
    return f'The report has {len(study.runs)} finished runs. Labels, with their numbers of seeds: {counts}.'


def _skipped(study: Study) -> Iterator[str]:
    if study.skipped:
        runs = ', '.join(f'{run.label} with seed {run.seed} (last line: {run.last})' for run in study.skipped)
        yield f'Runs that were found but are unfinished, and so left out: {runs}.'


def _data(study: Study) -> str:
    entry = study.dataset
    names = {'dataset', *(entry.settings if entry.shown is None else entry.shown), 'eval_samples', 'final_samples'}
    replaced = {name for name, file in entry.fallbacks.items() if study.settings[file]}
    shown = [
        f'{name} {value}'
        for name, value in study.settings.items()
        if name in names - replaced and (value or name in entry.fallbacks)
    ]
    return f'All runs have the same data and the same numbers of samples: {", ".join(shown)}.'


def _one_seed(study: Study) -> Iterator[str]:
    alone = [label for label, seeds in study.labels.items() if len(seeds) == 1]
    if alone:
        yield f'One seed only, so there is no standard deviation, no interval and no test: {", ".join(alone)}.'


def _final_text(study: Study, names: Collection[str]) -> list[str]:
    synthetic = 'nll_oracle' in names
    text = [INTERVALS]
    if synthetic:
        text.append(SHARPENING)
    if synthetic and metrics.has_paper_scale(study.settings):
        text.append(PAPER)
    if 'residual_nll_test' in names:
        text.append(SEARCH)
    return text


def _reading(study: Study) -> str:
    better = 'bottom' if study.quality[1] > 0 else 'top'
    return study.dataset.reading or f'Held-out likelihood is better to the left, and quality is better at the {better}.'


def _sampler_curves(study: Study) -> Iterator[str]:
    if any(run.last_round('likeliest') > 1 for run in study.labels[study.compared].values()):
        yield SAMPLER_CURVES.format(label=study.compared)


def _glossary(names: Collection[str]) -> Table:
    described = [(name, metrics.described(name)) for group in metrics.grouped(names).values() for name in group]
    return Table(
        '',
        ['', 'unit', 'meaning'],
        [
            ('label', [name, metric.unit or tables.NOTHING, metric.meaning or tables.NOTHING])
            for name, metric in described
        ],
    )
