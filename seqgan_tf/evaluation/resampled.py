"""Text that a search found: what the discriminator knows and the generator does not write by itself."""

from collections.abc import Iterator, Sequence

import tensorflow as tf

from seqgan_tf import randomness
from seqgan_tf.evaluation.evaluator import Evaluator
from seqgan_tf.evaluation.registry import of_search
from seqgan_tf.evaluation.residual import HeldOut
from seqgan_tf.search.chunked import Resampler
from seqgan_tf.search.residual import effective_sample_size

CANDIDATES = 16
ROWS = 2000  # sequences that are chosen, at most
PLAIN = 1.0  # beta: the discriminator's logit is taken as it is
BEST_OF_N = 1e6  # beta: logits that differ by a hundred thousandth have weights that differ by e^10
CURVE = (0.0, 0.25, 0.5, 0.75, PLAIN, 1.5, 2.0, 4.0, BEST_OF_N)


def search_curve(evaluator: Evaluator, guidances: Sequence[float], seed: tf.Tensor) -> Iterator[dict[str, float]]:
    """Yields {name: value} for each guidance beta: a curve in the plane of quality and diversity.

    Each of at most 2,000 sequences is one of 16 samples of the generator, chosen with weights
    e^(beta s), s the discriminator's logit. All points choose among the same samples. A line has
    the metrics of the sequences, and `guided_nll_test`: the NLL of the test rows under the residual
    model of that beta, with the effective sample size of its Z. The best of n has no such model.

    Args:
        evaluator: of the trained generator, with a trained discriminator.
        guidances: values of beta.
        seed: int [2].

    Raises:
        ValueError: the evaluator has no trained discriminator.
    """
    score_fn, logits_of = evaluator.discriminator(), evaluator.logits
    if score_fn is None or logits_of is None:
        raise ValueError('a search needs a trained discriminator. Received: none')
    corpus, count = evaluator.task.corpus, min(ROWS, evaluator.num_samples)
    resampler = Resampler(
        evaluator.generator, score_fn, corpus.sequence_length, CANDIDATES, evaluator.jit, evaluator.replicas
    )
    nll = evaluator.scorer.nll(corpus.test)
    test = HeldOut.of(corpus.test, nll, logits_of(corpus.test), evaluator.generator.end_id)
    logits = logits_of(evaluator.sample(randomness.fold_in(seed, 0)))
    curve = resampler.curve(count, randomness.fold_in(seed, 1), guidances)
    for guidance, found in zip(guidances, curve):
        line = {'guidance': guidance, 'num_candidates': CANDIDATES, 'samples': count}
        if guidance < BEST_OF_N:
            line['guided_nll_test'] = test.residual_nll(guidance, logits)
            line['log_z_ess'] = float(effective_sample_size(logits, guidance))
        yield line | dict(evaluator.measure(of_search(evaluator.provides), found.tokens.numpy(), seed))
