"""A grid of training runs: `python -m seqgan_tf.sweep --out=DIR --vary=NAME=VALUE,VALUE,...`."""
