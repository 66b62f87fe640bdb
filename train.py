"""Trains a generator: `python train.py --flagfile=poetry.flags`. All flags: `python train.py --help`."""

from seqgan_tf.commands.registry import start

if __name__ == '__main__':
    start('train')
