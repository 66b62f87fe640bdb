"""The algorithms. Each is a Python generator `train(state, corpus, config)` that yields one `Report` at the end of each round."""

from seqgan_tf.algorithms import mle, random, seqgan

ALGORITHMS = {'random': random.train, 'mle': mle.train, 'seqgan': seqgan.train}
