"""The figure of quality and diversity."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from seqgan_tf.report import metrics, style
from seqgan_tf.report.curves import mean_sampler_curve
from seqgan_tf.report.study import Study

if TYPE_CHECKING:  # matplotlib is an extra
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def quality_diversity(study: Study) -> 'Figure | None':
    """The temperature curve and the final point of each label, as means over seeds.

    The axes are held-out likelihood or self-BLEU, and quality. Text that a search found has a curve
    over its guidance, and an open mark where the discriminator's logit is taken as it is. The label
    that all others are compared with also has the curves of its other samplers.
    """
    across, up = _plane(study)
    figure, axes = style.figure(1, 1, 5.2, width=7.6)
    ax, finals, drawn = axes.flat[0], [], []
    for i, (label, seeds) in enumerate(study.labels.items()):
        drawn.extend(_draw_curve(ax, mean_sampler_curve(seeds.values(), 'temperature', across, up), i, style.dash(i)))
        for sampler, (dash, title) in style.SAMPLERS.items() if label == study.compared else ():
            curve = mean_sampler_curve(seeds.values(), sampler, across, up)
            drawn.extend(_draw_curve(ax, curve, i, dash, linewidth=0.8, label=f'{style.shown(label)}, {title}'))
        final = [study.values(label, name) for name in (across, up)]
        if all(final):
            finals.append([sum(values.values()) / len(values) for values in final])
            mark = dict(markeredgecolor='white', color=style.colour(i))
            _draw_point(ax, finals[-1], i, style.shown(label), mark)
        search = study.search_label(label)
        if search:
            curve = mean_sampler_curve(seeds.values(), 'search', across, up)
            drawn.extend(_draw_curve(ax, curve, i, style.SEARCH_DASH))
            for point in curve[curve[:, 0] == 1, 1:]:
                finals.append(list(point))
                mark = dict(markeredgecolor=style.colour(i), markeredgewidth=1.6, color='white')
                _draw_point(ax, finals[-1], i, style.shown(search), mark)
    if not finals:
        return None
    _frame(ax, finals, drawn)
    _mark_references(study, ax, across, up)
    ax.set(xlabel=style.axis(across), ylabel=style.axis(up))
    return style.legend(figure, axes)


def _draw_curve(
    ax: 'Axes', curve: np.ndarray, i: int, dash: Any, linewidth: float = 1.3, label: str = ''
) -> np.ndarray:
    """Draws a curve [points, (parameter, x, y)] of the i-th label; returns its points [points, (x, y)]."""
    if len(curve):
        look = dict(marker='.', markersize=4, color=style.colour(i), linestyle=dash, linewidth=linewidth)
        ax.plot(*curve[:, 1:].T, label=label or None, **look)
    return curve[:, 1:]


def _draw_point(ax: 'Axes', point: Sequence[float], i: int, label: str, mark: Mapping[str, Any]) -> None:
    """Draws a point (x, y) of the i-th label, by matplotlib's properties of a mark."""
    ax.plot(*point, linestyle='', marker=style.marker(i), markersize=10, label=label, zorder=3, **mark)


def _plane(study: Study) -> tuple[str, str]:
    """The metrics (x, y) of the plane of quality and diversity."""
    planes = study.dataset.planes or (('nll_test', study.quality[0]),)
    measured = (plane for plane in planes if any(plane[0] in run.final for run in study.runs))
    return next(measured, planes[-1])


def _frame(ax: 'Axes', finals: Sequence[Sequence[float]], drawn: Sequence[np.ndarray]) -> None:
    """Sets the limits of the axes to the final points and the parts of the curves near them.

    The ends of a curve lie so far away that they would hide the rest.
    """
    for axis, (values, curves) in enumerate(zip(zip(*finals), list(zip(*drawn)) or ((), ()))):
        low, high = min(values), max(values)
        reach = max(high - low, 0.05 * max(map(abs, values)))
        low, high = max(low - 1.5 * reach, min([low, *curves])), min(high + 1.5 * reach, max([high, *curves]))
        margin = 0.06 * (high - low) or reach or 1.0
        (ax.set_xlim if axis == 0 else ax.set_ylim)(low - margin, high + margin)


def _mark_references(study: Study, ax: 'Axes', across: str, up: str) -> None:
    """Marks the reference values inside the frame in grey."""
    for key, title in metrics.REFERENCES.items():
        point = [study.references(f'{name}_of_{key}').values() for name in (across, up)]
        if all(point):
            x, y = (sum(values) / len(values) for values in point)
            if ax.get_xlim()[0] < x < ax.get_xlim()[1] and ax.get_ylim()[0] < y < ax.get_ylim()[1]:
                ax.plot(x, y, linestyle='', marker='+', markersize=9, color=style.GREY)
                ax.annotate(title, (x, y), xytext=(6, 4), textcoords='offset points', color=style.GREY, fontsize=9)
