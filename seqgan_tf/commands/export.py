"""Exports the generator of a run.

seqgan-export --workdir=runs/poetry --export_dir=exports/poetry
"""

import argparse
import sys

from seqgan_tf.running.startup import load_tensorflow


def main():
    """Publishes the newest checkpoint of a workdir as the next version, and prints its path."""
    parser = argparse.ArgumentParser(description='Exports the generator of a run for TensorFlow Serving.')
    parser.add_argument('--workdir', required=True, help='the directory of a run; its newest checkpoint is exported')
    parser.add_argument(
        '--export_dir',
        required=True,
        help='the next version is written below it; its last part is the name of the model',
    )
    args = parser.parse_args()

    load_tensorflow()
    from seqgan_tf.running.trained import load

    try:
        print(load(args.workdir).export(args.export_dir))
    except (ValueError, OSError) as error:
        sys.exit(f'error: {error}')
