"""How the time of the pieces grows with N, B, T and V.

    python benchmarks/scaling.py [--json=PATH] [--plot=PATH.png]

One size varies at a time, and the others are the paper's. `--plot` needs the extra `plots`.
"""

import json
import sys

import run  # the benchmark beside this file; it defines --precision, --repetitions and --json
from absl import app, flags, logging

SIZES = {'batch': 64, 'length': 20, 'vocab': 5000, 'rollouts': 16}
GRID = {
    'rollouts': (1, 4, 16, 64),
    'batch': (16, 64, 256),
    'length': (20, 40, 80),
    'vocab': (1000, 5000, 20_000, 50_000),
}
SYMBOLS = {'rollouts': 'N', 'batch': 'B', 'length': 'T', 'vocab': 'V'}
PIECES = ('mle_step', 'discriminator_step', 'generator_step')

flags.DEFINE_string('plot', '', 'write a PNG here')
FLAGS = flags.FLAGS


def plot(rows, path):
    """Draws one panel for each size, with logarithmic axes and one line for each piece."""
    import matplotlib

    matplotlib.use('Agg')
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, len(GRID), figsize=(14, 3.6), sharey=True, layout='constrained')
    for panel, (name, values) in zip(panels, GRID.items()):
        for piece in PIECES:
            panel.plot(
                values, [row['seconds'][piece] for row in rows if row['varied'] == name], marker='o', label=piece
            )
        panel.set(xlabel=SYMBOLS[name], xscale='log', yscale='log', xticks=values, xticklabels=values)
        panel.minorticks_off()
        panel.grid(alpha=0.3)
    panels[0].set_ylabel('seconds')
    panels[-1].legend()
    figure.savefig(path, dpi=130)


def main(argv):
    """Measures the grid, prints a table, and writes the files that were asked for."""
    if len(argv) > 1:
        sys.exit(f'error: settings are given as --name=value. Received: {" ".join(argv[1:])}')
    logging.set_verbosity(logging.ERROR)  # no warning that each size is a new trace
    rows = []
    print(f'{"":10}' + ''.join(f'{piece:>22}' for piece in PIECES) + '   (seconds)')
    for name, values in GRID.items():
        for value in values:
            measured, _ = run.measure(PIECES, **(SIZES | {name: value}), twins=False)
            rows.append({'varied': name, 'value': value, 'seconds': {piece: measured[piece][0] for piece in PIECES}})
            print(
                f'{SYMBOLS[name]} {value:<8}' + ''.join(f'{measured[piece][0]:22.4f}' for piece in PIECES), flush=True
            )
    if FLAGS.json:
        with open(FLAGS.json, 'w', encoding='utf-8') as file:
            json.dump(rows, file, indent=2)
    if FLAGS.plot:
        plot(rows, FLAGS.plot)


if __name__ == '__main__':
    app.run(main)
