"""Starts `python -m seqgan_tf.data`."""

from seqgan_tf.commands.registry import start

if __name__ == '__main__':
    start('data')
