"""Checks an exported model before it is served.

    seqgan-check --export_dir=exports/poetry --workdir=runs/poetry

Chi-square tests at fixed seeds check the laws of its draws. The same model gets the same p-values
each time.
"""

import argparse
import pathlib
import sys

from seqgan_tf.running.startup import load_tensorflow
from seqgan_tf.serving.versions import published


def main():
    """Prints PASS or FAIL for each check. The exit code is 1 if a check failed."""
    parser = argparse.ArgumentParser(
        description='Checks an exported model: loaded as TensorFlow Serving does, and as Python does.'
    )
    parser.add_argument('--export_dir', required=True, help='the directory with the versions of the model')
    parser.add_argument('--version', type=int, help='the version to check; the newest unless given')
    parser.add_argument(
        '--workdir', help='the run that the model was exported from: its newest checkpoint must answer and draw alike'
    )
    args = parser.parse_args()

    try:
        path = _version(pathlib.Path(args.export_dir), args.version)
        load_tensorflow()
        from seqgan_tf.serving import check, inspect_laws, laws, search_laws

        servable = _servable(args.workdir) if args.workdir else None
    except (ValueError, OSError) as error:
        sys.exit(f'error: {error}')
    print(path)
    checks = check.check(path, servable), laws.check(path, servable), inspect_laws.check(path), search_laws.check(path)
    passed = all(map(_report, checks))  # up to the first that fails
    sys.exit(int(not passed))


def _report(outcomes):
    """Prints pairs (what is checked, what is wrong or None); returns whether all checks passed."""
    passed = True
    for what, problem in outcomes:
        print(f'FAIL  {what}\n      {problem}' if problem else f'PASS  {what}', flush=True)
        passed &= not problem
    return passed


def _version(export_dir, version):
    numbers = published(export_dir) if export_dir.is_dir() else []
    if not numbers or version not in (None, *numbers):
        wanted = 'a version' if version is None else f'version {version}'
        raise ValueError(
            f'export_dir must hold {wanted} of a model. Received: {export_dir} with {numbers or "no versions"}'
        )
    return export_dir / str(version or numbers[-1])


def _servable(workdir):
    from seqgan_tf.running.trained import load
    from seqgan_tf.serving.servable import Servable

    trained = load(workdir)
    return Servable(trained.generator, trained.discriminator, trained.vocabulary, trained.sequence_length)
