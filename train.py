"""Trains a generator: `python train.py --flagfile=poetry.flags`. All flags: `python train.py --help`."""

import runpy

if __name__ == '__main__':
    runpy.run_module('seqgan_tf.train', run_name='__main__', alter_sys=True)
