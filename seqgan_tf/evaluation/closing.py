"""The closing evaluation of a finished run: every metric, and the temperature curve. It takes minutes, and loads TensorFlow Probability."""

import dataclasses

import tensorflow as tf

from seqgan_tf import randomness
from seqgan_tf.evaluation.evaluator import COMPARED_ROWS, Evaluator, self_bleus
from seqgan_tf.evaluation.judges import LEAST_ROWS, fresh_discriminator, reverse_nll
from seqgan_tf.metrics import bleu, diversity
from seqgan_tf.metrics.divergences import jsd_per_step
from seqgan_tf.policies.tempered import Tempered

# From flat to sharp; with a bigram's sharpness as the far end, where all models of the oracle have collapsed.
INVERSE_TEMPERATURES = (0.5, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2.0, 2.2, 2.5, 3.0)
CURVE_ROWS = 4000  # samples and test rows of each point of the curve
DISTINCT_ORDERS = (1, 2, 3)


def closing_metrics(evaluator, num_samples, seed):
    """Yields (name, value) for `num_samples` samples drawn with an int seed [2], beyond what `evaluator` yields for them.

    samples: how many. On oracle data: kl_generator_oracle = nll_oracle - entropy on the same samples, kl_oracle_generator = nll_test less the
    oracle's own NLL of the test rows, nats per token; jsd_per_step (`divergences`). copied (`diversity`). Of the first 2,000 samples: coverage,
    distinct_1..3 (`diversity`), self_bleu_2..5 with smoothing method1, and on text bleu_5. fresh_discriminator_loss and _accuracy, and on
    text reverse_nll (`judges`).
    """
    corpus, end_id = evaluator.corpus, evaluator.corpus.vocabulary.end_id
    samples = evaluator.sample(seed, num_samples)
    yield 'samples', num_samples
    yield 'nll_validation', evaluator.scorer.nll(corpus.validation)
    figures = dict(evaluator.measure(samples))
    yield from figures.items()
    few = samples[:COMPARED_ROWS]
    if evaluator.oracle is not None:
        yield 'kl_generator_oracle', figures['nll_oracle'] - figures['entropy']
        yield 'kl_oracle_generator', figures['nll_test'] - evaluator.oracle_scorer.nll(corpus.test)
        count = min(len(few), len(corpus.test))
        yield 'jsd_per_step', jsd_per_step(evaluator.generator, evaluator.oracle, few[:count], corpus.test[:count])
    else:
        yield 'bleu_5', float(bleu.sentence_bleu(few, corpus.test, 5, end_id=end_id, smoothing='method1').mean())
        yield (
            'reverse_nll',
            reverse_nll(samples, corpus.validation, corpus.test, len(corpus.vocabulary), end_id, int(seed[1]) % 2**31),
        )
    yield 'copied', diversity.copied_share(samples, corpus.train)
    yield 'coverage', diversity.coverage(few, len(corpus.vocabulary), end_id)
    for order in DISTINCT_ORDERS:
        yield f'distinct_{order}', diversity.distinct(few, order, end_id)
    yield from self_bleus(few, end_id)
    if min(len(samples), len(corpus.test)) >= LEAST_ROWS:
        yield from fresh_discriminator(samples, corpus.test, len(corpus.vocabulary), randomness.fold_in(seed, 1))


def temperature_curve(evaluator, seed):
    """Yields one dict of metrics for each temperature, the curve of the model in the plane of quality and diversity.

    Samples and test rows are at most 4,000 each, scored at the temperature that drew them; self_bleu_2..5 on text besides.
    """
    corpus = dataclasses.replace(evaluator.corpus, test=evaluator.corpus.test[:CURVE_ROWS])
    sharpness = tf.Variable(1.0)
    tempered = Evaluator(
        Tempered(evaluator.generator, sharpness),
        corpus,
        min(CURVE_ROWS, evaluator.num_samples),
        evaluator.oracle,
        evaluator.verse_rules,
        evaluator.jit,
    )
    for i, inverse_temperature in enumerate(INVERSE_TEMPERATURES):
        sharpness.assign(inverse_temperature)
        samples = tempered.sample(randomness.fold_in(seed, i))
        metrics = {'temperature': 1.0 / inverse_temperature} | dict(tempered.measure(samples))
        if evaluator.oracle is None:
            metrics |= dict(self_bleus(samples[:COMPARED_ROWS], corpus.vocabulary.end_id))
        yield metrics
