"""Prints texts of a trained generator: `seqgan-sample --workdir=runs/poetry --n=5`."""

import argparse
import json
import sys

from seqgan_tf.running.startup import load_tensorflow


def main() -> None:
    """Prints a text a line, or with --format=json an object with text, log_prob and seed.

    With --search the object has prob_real too. With --card it prints the model card alone.

    Raises:
        SystemExit: with a message, if an argument is wrong or nothing can be loaded.
    """
    parser = argparse.ArgumentParser(
        prog='seqgan-sample', description='Prints texts of a trained generator.', allow_abbrev=False
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument('--workdir', help='the directory of a run; its newest checkpoint is read')
    source.add_argument('--export_dir', help='an export: the directory of its versions, or of one version')
    source.add_argument(
        '--pretrained',
        help='a directory that save_pretrained wrote; or hf://USER/NAME, or hf://USER/NAME@REVISION, of the Hugging Face '
        "Hub (pip install 'seqgan_tf[hub]')",
    )
    parser.add_argument('--card', action='store_true', help='print the model card, and no text')
    parser.add_argument('--n', type=int, default=1, help='number of texts (default: 1)')
    parser.add_argument('--prompt', default='', help='how each text begins')
    parser.add_argument('--temperature', type=float, default=1.0, help='divides the logits (default: 1)')
    parser.add_argument('--top_k', type=int, default=0, help='draw from the likeliest top_k tokens; 0: from all')
    parser.add_argument(
        '--top_p', type=float, default=1.0, help='draw from the fewest tokens whose share reaches top_p; 1: from all'
    )
    parser.add_argument(
        '--seed', type=int, default=0, help='text i is drawn from seed + i; negative: fresh seeds (default: 0)'
    )
    parser.add_argument(
        '--search',
        type=int,
        metavar='N',
        help='draw N sequences for each text, up to 256; the discriminator chooses one',
    )
    parser.add_argument(
        '--guidance',
        type=float,
        help='how strongly --search chooses: 0 not at all, large: the best of N; 1 unless given',
    )
    parser.add_argument('--format', choices=('lines', 'json'), default='lines', help='lines, or an object a line')
    args = parser.parse_args()
    if args.search is None and args.guidance is not None:
        sys.exit(f'error: guidance must come with --search, which it guides. Received: guidance={args.guidance}')

    load_tensorflow()
    from seqgan_tf.running.trained import load

    try:
        trained = load(args.workdir or args.export_dir or args.pretrained)
        if args.card:
            print(trained.card, end='')
            return
        rows = trained.draw(
            args.n,
            args.prompt,
            args.temperature,
            args.top_k,
            args.top_p,
            args.seed,
            num_candidates=1 if args.search is None else args.search,
            guidance=1.0 if args.guidance is None else args.guidance,
        )
    except (ValueError, OverflowError) as error:
        sys.exit(f'error: {error}')
    for row in rows:
        print(json.dumps(row, ensure_ascii=False) if args.format == 'json' else row['text'])


if __name__ == '__main__':
    main()
