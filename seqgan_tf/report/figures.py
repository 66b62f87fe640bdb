"""The figures of a report, drawn by matplotlib without a display.

The same runs give the same figure with the same version of matplotlib.
"""

import itertools
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from seqgan_tf.errors import RunError
from seqgan_tf.report import metrics, style
from seqgan_tf.report.curves import PHASES, learning_curve, pretraining_end
from seqgan_tf.report.piano_rolls import piano_rolls
from seqgan_tf.report.plane import quality_diversity
from seqgan_tf.report.study import Study

if TYPE_CHECKING:  # matplotlib is an extra
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def check_matplotlib() -> None:
    """Raises RunError if matplotlib is not installed."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise RunError(
            'the report needs matplotlib, which is the extra `plots`: pip install seqgan_tf[plots]'
        ) from None


def draw(study: Study) -> dict[str, bytes]:
    """{name: PNG bytes} of the figures for which the study has data."""
    import matplotlib

    with matplotlib.rc_context(style.STYLE):
        found = {name: make(study) for name, make in FIGURES.items()}
        return {name: style.png(figure) for name, figure in found.items() if figure is not None}


def learning_curves(study: Study) -> 'Figure | None':
    """Fig. 2 of the paper: quality and nll_test over MLE epochs, then adversarial rounds."""
    names = [name for name in (study.quality[0], 'nll_test') if _any(study, name, PHASES)]
    if not names:
        return None
    figure, axes = style.figure(1, len(names), 4.0, sharex=True)
    ends = sorted(
        {
            end
            for seeds in study.labels.values()
            if (end := pretraining_end(seeds.values())) and any(run.last_round('adversarial') for run in seeds.values())
        }
    )
    for ax, name in zip(axes.flat, names):
        _curves(study, ax, name, PHASES)
        for end in ends:
            ax.axvline(end, color=style.GREY, linewidth=1, linestyle=(0, (2, 2)), zorder=0)
        if name == 'nll_oracle' and metrics.has_paper_scale(study.settings) and 120 in ends:
            points = [point for point in metrics.PUBLISHED_LOG.items() if point[0] <= ax.get_xlim()[1]]
            ax.plot(*zip(*points), linestyle='', marker='x', color=style.GREY, label='published log (1 seed)')
        ax.set(xlabel='MLE epochs, then adversarial rounds' if ends else 'MLE epochs', ylabel=style.axis(name))
    if ends:
        axes.flat[0].plot([], [], color=style.GREY, linewidth=1, linestyle=(0, (2, 2)), label='end of pretraining')
    return style.legend(figure, axes)


def schedule_study(study: Study) -> 'Figure | None':
    """Fig. 3 of the paper: quality over generator updates, with a panel for each schedule.

    A schedule is a combination of g-steps, d-steps and discriminator epochs.
    """
    panels: dict[tuple, list[str]] = {}
    metric = study.quality[0]
    for label, seeds in study.labels.items():
        setting = {
            name: study.setting(label, name)
            for name in ('g_steps', 'd_steps', 'discriminator_epochs', 'algorithm', 'reward')
        }
        if setting.pop('algorithm') == 'seqgan' and setting.pop('reward') in (None, 'discriminator'):
            if learning_curve(list(seeds.values()), metric, ('adversarial',)):
                panels.setdefault(tuple(setting.values()), []).append(label)
    if len(panels) < 2:
        return None
    columns = min(4, len(panels))
    figure, axes = style.figure(-(-len(panels) // columns), columns, 2.9, sharey=True)
    for ax, (combination, labels) in itertools.zip_longest(axes.flat, panels.items(), fillvalue=(None, None)):
        if combination is None:
            ax.set_axis_off()
            continue
        _curves(study, ax, metric, ('adversarial',), labels, x_scale=combination[0])
        ax.set(title='g {}, d {}, k {}'.format(*combination), xlabel='generator updates')
    for ax in axes[:, 0]:
        ax.set_ylabel(style.axis(metric))
    return style.legend(figure, axes)


def collapse(study: Study) -> 'Figure | None':
    """The first signs of a collapse over adversarial rounds: diversity, reward and accuracies."""
    names = [
        name
        for name in ('entropy', 'unique', 'reward', 'd_accuracy', 'd_held_out_accuracy')
        if _any(study, name, ('adversarial',))
    ]
    if not names:
        return None
    columns = min(3, len(names))
    figure, axes = style.figure(-(-len(names) // columns), columns, 2.7)
    accuracy = None
    for ax, name in itertools.zip_longest(axes.flat, names):
        if name is None:
            ax.set_axis_off()
            continue
        _curves(study, ax, name, ('adversarial',))
        for i, label in enumerate(study.labels):
            values = study.values(label, name).values()
            if values and not any(run.last_round('adversarial') for run in study.labels[label].values()):
                ax.axhline(
                    sum(values) / len(values),
                    color=style.colour(i),
                    linewidth=1,
                    linestyle=(0, (2, 2)),
                    label=f'{label} (no adversarial rounds)',
                )
        if name.endswith('accuracy'):
            ax.axhline(0.5, color=style.GREY, linewidth=1, linestyle=(0, (1, 2)), label='chance')
            ax.sharey(accuracy := accuracy or ax)
        if name == 'unique':
            ax.set_ylim(min(0.95, ax.get_ylim()[0]), 1.01)
        ax.set(
            title=name,
            xlabel='adversarial rounds',
            ylabel=metrics.described(name).unit or ('share' if 'accuracy' in name else 'mean'),
        )
    return style.legend(figure, axes)


# {name: function of a study}. It returns None if the study has no data for the figure.
FIGURES: dict[str, Callable[[Study], 'Figure | None']] = {
    make.__name__: make for make in (learning_curves, schedule_study, quality_diversity, collapse, piano_rolls)
}


def _curves(
    study: Study,
    ax: 'Axes',
    metric: str,
    phases: Sequence[str],
    labels: Collection[str] | None = None,
    x_scale: float = 1,
) -> None:
    """Draws the learning curve of each label. x is multiplied by `x_scale`."""
    for i, (label, seeds) in enumerate(study.labels.items()):
        curve = learning_curve(list(seeds.values()), metric, phases) if labels is None or label in labels else None
        if curve is not None:
            if (
                'mle' in phases
                and all(map(study.start, seeds.values()))
                and any(run.last_round('adversarial') for run in seeds.values())
            ):
                # Before that it is the curve of another label.
                curve = curve.after(pretraining_end(seeds.values()))
            x = curve.x * x_scale
            ax.plot(
                x,
                curve.mean,
                color=style.colour(i),
                linestyle=style.dash(i),
                marker='o' if len(x) == 1 else '',
                label=style.shown(label),
            )
            if len(seeds) > 1:
                ax.fill_between(x, curve.low, curve.high, color=style.colour(i), alpha=0.18, linewidth=0)


def _any(study: Study, name: str, phases: Sequence[str]) -> bool:
    return any(learning_curve(list(seeds.values()), name, phases) is not None for seeds in study.labels.values())
