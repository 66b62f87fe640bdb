"""Checks an exported model before it is served; the same as the command seqgan-check.

python export/check_model.py --export_dir=exports/poetry --workdir=runs/poetry
"""

from seqgan_tf.commands.registry import start

if __name__ == '__main__':
    start('check')
