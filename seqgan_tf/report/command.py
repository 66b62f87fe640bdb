"""Makes the report of finished runs: `python -m seqgan_tf.report runs/study --out=report`."""

import argparse
import os
import pathlib
import sys
import tempfile
from collections.abc import Mapping

from seqgan_tf.errors import RunError
from seqgan_tf.report.figures import FIGURES, check_matplotlib, draw
from seqgan_tf.report.page import html_page, markdown
from seqgan_tf.report.study import Study, read_study
from seqgan_tf.running.startup import load_tensorflow

TABLES = (
    'results.csv',
    'paired.csv',
    'seeds.csv',
    'curve_distances.csv',
    'best_sampler.csv',
    'paper_table.csv',
    'settings.csv',
)
NAMES = ('report.md', 'report.html', *TABLES, *(f'{name}.png' for name in FIGURES))


def main() -> None:
    """Writes report.md, report.html, tables as CSV and figures as PNG: all of them or none.

    Raises:
        SystemExit: with a message, if the report cannot be made.
    """
    parser = argparse.ArgumentParser(
        prog='python -m seqgan_tf.report', description='Compares finished runs over seeds: tables, figures and a page.'
    )
    parser.add_argument(
        'runs',
        nargs='+',
        metavar='RUN',
        help='directory of a run, or a directory that has such directories at any depth; unfinished runs in it are '
        'skipped',
    )
    parser.add_argument('--out', required=True, help='directory of the report')
    parser.add_argument(
        '--compare_with',
        metavar='LABEL',
        help='label that all others are compared with. Default: the first MLE label without early stopping, else the '
        'first MLE label, else the first label',
    )
    args = parser.parse_args()

    try:
        check_matplotlib()
        out = pathlib.Path(args.out)
        if out.exists() and not out.is_dir():
            raise RunError(f'out must be a directory that can be written. Received: {out}, which is a file')
        study = read_study(args.runs, args.compare_with)
        for run in study.skipped:
            print(f'skipped: {run.path} is unfinished; its last line is {run.last}', file=sys.stderr)
        load_tensorflow()
        write(build(study), out)
    except RunError as error:
        sys.exit(f'error: {error}')
    print(out / 'report.html')


def build(study: Study) -> dict[str, bytes]:
    """{file name: content} of the report of a study."""
    from seqgan_tf.report.csv_files import csv_files
    from seqgan_tf.report.document import compose

    images = draw(study)
    sections = compose(study, images)
    texts = {'report.md': markdown(sections), 'report.html': html_page(sections, images), **csv_files(study)}
    return {name: text.encode() for name, text in texts.items()} | {
        f'{name}.png': data for name, data in images.items()
    }


def write(files: Mapping[str, bytes], out: pathlib.Path) -> None:
    """Writes {file name: content} to a directory, in place of an earlier report.

    All files are written to a temporary directory before any file is replaced. Other files of the
    earlier report are removed.

    Raises:
        RunError: the directory cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out, prefix='.new-') as aside:
            for name, data in files.items():
                pathlib.Path(aside, name).write_bytes(data)
            for name in files:
                os.replace(pathlib.Path(aside, name), out / name)
        for name in set(NAMES) - set(files):
            (out / name).unlink(missing_ok=True)
    except OSError as error:
        raise RunError(f'out must be a directory that can be written. Received: {out} ({error.strerror})') from None
