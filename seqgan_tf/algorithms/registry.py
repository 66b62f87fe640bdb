"""The algorithms by name."""

from seqgan_tf.algorithms import mle, pg_bleu, random, scheduled_sampling, seqgan

ALGORITHMS = {
    'random': random.train,
    'mle': mle.train,
    'scheduled_sampling': scheduled_sampling.train,
    'pg_bleu': pg_bleu.train,
    'seqgan': seqgan.train,
}
