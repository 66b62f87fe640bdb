"""The tab Training: curves of a run, live while it trains."""

import pathlib
from typing import Any

from nicegui import run, ui

from seqgan_tf.running import metrics_log

SECONDS = 2.0  # between two looks at the file
FIRST_SHOWN = ('nll_test', 'valid_all', 'bleu_2', 'reward', 'nll', 'd_loss')  # the first of them that a run has
COLOURS = ('var(--sg-line-1)', 'var(--sg-line-2)', 'var(--sg-line-3)', 'var(--sg-line-4)')


class Training:
    """The tab of a workdir.

    Args:
        workdir: the directory of a run; None where the page was started without one.
    """

    def __init__(self, workdir: pathlib.Path | None) -> None:
        if workdir is None:
            ui.label('Curves need the directory of a run: start the page with --workdir.').classes('sg-note')
            return
        self.path, self.seen, self.entries = workdir / metrics_log.NAME, None, ()
        self.line = ui.label().props('role=status')
        self.metric = ui.select([], label='metric', on_change=self._draw).classes('sg-wide')
        self.chart = ui.echart(_options('', {}), renderer='svg').classes('sg-chart').props('role=img')
        ui.timer(SECONDS, self._look)

    async def _look(self) -> None:
        """Reads the file if it has changed."""
        try:
            stat = self.path.stat()
            seen = (stat.st_mtime_ns, stat.st_size)
            if seen == self.seen:
                return
            self.entries = await run.io_bound(metrics_log.read, self.path) or ()
            self.seen = seen
        except FileNotFoundError:
            self.line.text = f'No round is logged yet: {self.path} is not there.'
            return
        except (OSError, ValueError) as error:
            self.line.text = f'No curves: {error}'
            return
        names = sorted({name for entry in self.entries for name in metrics_log.metrics_of(entry)})
        first = next((name for name in FIRST_SHOWN if name in names), names[0] if names else None)
        self.metric.set_options(names, value=self.metric.value or first)
        last = self.entries[-1] if self.entries else None
        state = 'finished' if last and last['phase'] == 'final' else 'training'
        self.line.text = f'{state}; last line: {last["phase"]} {last["round"]}' if last else 'no round is logged yet'
        self._draw()

    def _draw(self) -> None:
        curves = curves_of(self.entries, self.metric.value)
        self.chart.options.clear()
        self.chart.options.update(_options(self.metric.value or '', curves))
        said = '; '.join(f'{phase}: {points[-1][1]:.4g} at {points[-1][0]}' for phase, points in curves.items())
        self.chart.props(f'aria-label="{self.metric.value or "no metric"} by round. Last values: {said or "none"}"')
        self.chart.update()


def curves_of(entries: Any, metric: str | None) -> dict[str, list[tuple[int, float]]]:
    """{phase: [(round, value)]} of a metric; the closing lines of a run are no curves.

    Rounds are counted on over the phases, and each curve begins where the one before it ended.
    """
    found: dict[str, list[tuple[int, float]]] = {}
    phase, offset, end, last = None, 0, 0, None
    for entry in entries:
        if entry['phase'] in metrics_log.CLOSING_PHASES:
            continue
        if entry['phase'] != phase:
            phase, offset = entry['phase'], end
        end = offset + entry['round']
        if metric in entry:
            points = found.setdefault(phase, [last] if last else [])
            last = end, entry[metric]
            points.append(last)
    return {phase: points for phase, points in found.items() if phase != 'initial' or len(found) == 1}


def _options(metric: str, curves: dict[str, list[tuple[int, float]]]) -> dict[str, Any]:
    """What ECharts draws. Its colours are names of the style sheet, so that they follow light and dark."""
    text, line = 'var(--sg-ink)', 'var(--sg-rule)'
    axis = {'axisLabel': {'color': text}, 'nameTextStyle': {'color': text}, 'axisLine': {'lineStyle': {'color': line}}}
    return {
        'animation': False,
        'textStyle': {'color': text},
        'legend': {'textStyle': {'color': text}, 'top': 0},
        'grid': {'left': 56, 'right': 16, 'top': 40, 'bottom': 44},
        'tooltip': {'trigger': 'axis'},
        'xAxis': axis
        | {
            'type': 'value',
            'name': 'round, of all phases',
            'nameLocation': 'middle',
            'nameGap': 28,
            'minInterval': 1,
            'splitLine': {'show': False},
        },
        'yAxis': axis | {'type': 'value', 'scale': True, 'splitLine': {'lineStyle': {'color': line}}},
        'series': [
            {
                'type': 'line',
                'name': phase,
                'data': points,
                'symbolSize': 5,
                'color': COLOURS[i % len(COLOURS)],
                'lineStyle': {'color': COLOURS[i % len(COLOURS)]},
                'emphasis': {'disabled': True},
            }
            for i, (phase, points) in enumerate(curves.items())
        ],
    }
