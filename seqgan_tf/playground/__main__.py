"""The command `python -m seqgan_tf.playground`."""

from seqgan_tf.commands.registry import start

if __name__ == '__main__':
    start('playground')
