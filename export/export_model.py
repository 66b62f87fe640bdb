"""Exports the generator of a run; the same as the command seqgan-export.

python export/export_model.py --workdir=runs/poetry --export_dir=exports/poetry
"""

from seqgan_tf.commands.registry import start

if __name__ == '__main__':
    start('export')
