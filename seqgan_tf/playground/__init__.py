"""A page in the browser to play with a trained generator: `python -m seqgan_tf.playground`."""
