"""Runs a grid of training runs. The same command continues a grid that was stopped.

    python -m seqgan_tf.sweep --out=runs/study --jobs=2 --vary=seed=0,1,2 \\
      --vary=flagfile=flags/mle.flags,flags/gan.flags -- --eval_every=10
"""

import argparse
import sys
from collections.abc import Sequence

from seqgan_tf.sweep.grid import make_cells, parse_variation
from seqgan_tf.sweep.runner import TRAINER, Sweep


def main(arguments: Sequence[str] | None = None, trainer: Sequence[str] = TRAINER) -> None:
    """Runs the grid that the arguments describe.

    Args:
        arguments: of the command; None: those of the command line.
        trainer: the training command.

    Raises:
        SystemExit: with a message, if the arguments are wrong or a cell did not finish; with 128 +
            the signal after SIGTERM or SIGINT.
    """
    parser = argparse.ArgumentParser(
        prog='python -m seqgan_tf.sweep',
        description='Runs a grid of training runs.',
        allow_abbrev=False,
        usage='%(prog)s --out=DIR --vary=NAME=VALUE,VALUE,... [--vary=...] [--jobs=N] [-- --NAME=VALUE ...]',
        epilog='The settings after -- apply to every cell. {out} and {seed} in a text are replaced.',
    )
    parser.add_argument('--out', required=True, help='directory of the sweep; a cell runs in OUT/LABEL/seed_SEED')
    parser.add_argument(
        '--vary',
        required=True,
        action='append',
        metavar='NAME=VALUE,...',
        help='name of a setting, or flagfile, and its values',
    )
    parser.add_argument('--jobs', type=int, default=1, help='number of processes at the same time')
    arguments = sys.argv[1:] if arguments is None else arguments
    cut = arguments.index('--') if '--' in arguments else len(arguments)
    args = parser.parse_args(arguments[:cut])
    try:
        sweep = Sweep(
            make_cells(args.out, [parse_variation(text) for text in args.vary], arguments[cut + 1 :]),
            args.jobs,
            trainer,
        )
    except ValueError as error:
        sys.exit(f'error: {error}')

    try:
        stopped = sweep.run()
    except KeyboardInterrupt:
        sys.exit('stopped at once; the same command continues from the last checkpoints')
    if stopped is not None:
        print(
            f'stopped: {len(sweep.done)} of {len(sweep.cells)} cells are finished; the same command continues',
            file=sys.stderr,
        )
        sys.exit(128 + stopped)
    if len(sweep.done) < len(sweep.cells):
        reasons = ''.join(f'\n  {name}: {reason}' for name, reason in sweep.unfinished().items())
        sys.exit(f'error: {len(sweep.cells) - len(sweep.done)} of {len(sweep.cells)} cells did not finish:{reasons}')
    print(f'all {len(sweep.cells)} cells are finished in {args.out}')
