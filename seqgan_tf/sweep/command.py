"""Runs a grid of training runs. The same command continues a grid that was stopped.

    python -m seqgan_tf.sweep --out=runs/study --jobs=2 --vary=seed=0,1,2 \\
      --vary=flagfile=flags/mle.flags,flags/gan.flags -- --eval_every=10

With --shard=i/n it runs a share of the grid. So a queue can start it n times, on machines that
share the directory.
"""

import argparse
import sys
from collections.abc import Sequence

from seqgan_tf.sweep.grid import make_cells, parse_variation
from seqgan_tf.sweep.runner import TRAINER, Sweep
from seqgan_tf.sweep.shards import parse_shard, share
from seqgan_tf.sweep.status import STATES, summary


def main(arguments: Sequence[str] | None = None, trainer: Sequence[str] = TRAINER) -> None:
    """Runs the grid that the arguments describe, or a share of it.

    Args:
        arguments: of the command; None: those of the command line.
        trainer: the training command.

    Raises:
        SystemExit: with a message, if the arguments are wrong or a cell did not finish; with 128 +
            the signal after SIGTERM or SIGINT, where the same command continues.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    cut = arguments.index('--') if '--' in arguments else len(arguments)
    args = _parser().parse_args(arguments[:cut])
    try:
        index, count = parse_shard(args.shard)
        cells = make_cells(args.out, [parse_variation(text) for text in args.vary], arguments[cut + 1 :])
        sweep = Sweep(share(cells, index, count), args.jobs, trainer)
    except ValueError as error:
        sys.exit(f'error: {error}')

    if args.status:
        print(summary(cells))
        sys.exit(not all(cell.finished() for cell in cells))
    try:
        stopped = sweep.run()
    except KeyboardInterrupt:
        sys.exit('stopped at once; the same command continues from the last checkpoints')
    if count > 1:
        print(summary(cells))
    unfinished = sweep.unfinished()
    if unfinished and stopped is not None:
        print(
            f'stopped: {len(sweep.done)} of {len(sweep.cells)} cells are finished; the same command continues',
            file=sys.stderr,
        )
        sys.exit(128 + stopped)
    if unfinished:
        reasons = ''.join(f'\n  {name}: {reason}' for name, reason in unfinished.items())
        sys.exit(f'error: {len(unfinished)} of {len(sweep.cells)} cells did not finish:{reasons}')
    print(f'all {len(sweep.cells)} cells are finished in {args.out}')


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='python -m seqgan_tf.sweep',
        description='Runs a grid of training runs, or a share of it.',
        allow_abbrev=False,
        usage='%(prog)s --out=DIR --vary=NAME=VALUE,VALUE,... [--vary=...] [--jobs=N] [--shard=i/n] [--status] '
        '[-- --NAME=VALUE ...]',
        epilog='The settings after -- apply to every cell. {out} and {seed} in a text are replaced. The exit code is 0 '
        'if all cells are finished, 143 after SIGTERM (130 after SIGINT), where the runs are saved and the same command '
        'continues, and another one if a cell failed or an argument is wrong.',
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
    parser.add_argument(
        '--shard',
        default='0/1',
        metavar='i/n',
        help='run every n-th cell of the grid, from cell i on, and the cells that these start from; i is from 0 to '
        'n - 1, and cells are counted from 0, in the order of the product (the last --vary changes fastest)',
    )
    parser.add_argument(
        '--status',
        action='store_true',
        help=f'run nothing: print how many cells of the grid are {", ".join(STATES)}; exit code 0 if all are finished',
    )
    return parser
