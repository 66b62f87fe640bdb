"""What each label cost: size, CPU seconds, and the likelihood that it reached."""

from seqgan_tf.report.study import Study
from seqgan_tf.report.tables import NOTHING, Table, mean


def cost_table(study: Study) -> Table | None:
    """Parameters, CPU seconds and nll_test of each label; None if no run has logged its CPU seconds."""
    rows, measured = [], False
    for label, seeds in study.labels.items():
        sizes = {run.initial.get('generator_parameters') for run in seeds.values()}
        costs = [run.cpu_seconds for run in seeds.values() if run.cpu_seconds is not None]
        size = f'{sizes.pop():,.0f}' if len(sizes) == 1 and None not in sizes else NOTHING
        cost = f'{sum(costs) / len(costs):,.0f}' if costs else NOTHING
        rows.append(('label', [label, str(len(seeds)), size, cost, mean(study.values(label, 'nll_test'))]))
        measured = measured or any(costs)
    head = ['', 'seeds', 'parameters of the generator', 'CPU seconds', 'nll_test']
    return Table('', head, rows) if measured else None
