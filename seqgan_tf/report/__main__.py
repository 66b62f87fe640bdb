"""Starts `python -m seqgan_tf.report`."""

from seqgan_tf.commands.registry import start

if __name__ == '__main__':
    start('report')
