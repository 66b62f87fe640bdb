"""The closing evaluation of a finished run: every metric, and curves of temperature, top_k and top_p.

It takes minutes, and it loads TensorFlow Probability.

The metrics that only the closing evaluation measures are here too. Each is a function of an
`Evaluation` that returns {name: value}, in nats per token unless its docstring says otherwise.
"""

import dataclasses
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import tensorflow as tf

from seqgan_tf import randomness
from seqgan_tf.evaluation import judges
from seqgan_tf.evaluation.evaluation import Evaluation
from seqgan_tf.evaluation.evaluator import Evaluator, Values
from seqgan_tf.evaluation.measures import mean_bleu
from seqgan_tf.evaluation.registry import of_closing_evaluation, of_search, of_temperature_curve
from seqgan_tf.metrics import diversity
from seqgan_tf.metrics.divergences import jsd_per_step
from seqgan_tf.policies.chunked import RowScorer
from seqgan_tf.policies.filtered import Filtered
from seqgan_tf.policies.filters import keep_top_k, keep_top_p
from seqgan_tf.policies.policy import Policy
from seqgan_tf.policies.sampling import sequence_entropy, valid_mask
from seqgan_tf.policies.tempered import Tempered

# From flat to sharp. At the last one a model is as sharp as a bigram, and all models of the oracle
# have collapsed.
INVERSE_TEMPERATURES = (0.5, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2.0, 2.2, 2.5, 3.0)
# From sharp to flat. All tokens are the model itself, which the temperature curve has.
TOP_K = (1, 2, 5, 10, 30, 100, 300, 1000)
TOP_P = (0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
CURVE_ROWS = 4000  # samples and test rows of each point of a curve
DISTINCT_ORDERS = (1, 2, 3)


def closing_metrics(evaluator: Evaluator, num_samples: int, seed: tf.Tensor) -> Values:
    """Yields (name, value) of the number of samples, then of all metrics.

    Args:
        evaluator: of the trained generator.
        num_samples: number of samples to draw.
        seed: int [2].
    """
    yield 'samples', num_samples
    metrics = of_closing_evaluation(evaluator.provides)
    yield from evaluator.measure(metrics, evaluator.sample(seed, num_samples), seed)


def temperature_curve(evaluator: Evaluator, seed: tf.Tensor) -> Iterator[dict[str, float]]:
    """Yields {name: value} for each temperature: a curve in the plane of quality and diversity.

    At most 4,000 samples and 4,000 test rows are scored, at the temperature of the samples.

    Args:
        evaluator: of the trained generator.
        seed: int [2].
    """
    with evaluator.replicas.scope():
        sharpness = tf.Variable(1.0)
    tempered = _on_fewer_rows(evaluator, Tempered(evaluator.generator, sharpness), evaluator.jit)
    for i, inverse_temperature in enumerate(INVERSE_TEMPERATURES):
        sharpness.assign(inverse_temperature)
        point = randomness.fold_in(seed, i)
        metrics = tempered.measure(of_temperature_curve(tempered.task.provides), tempered.sample(point), point)
        yield {'temperature': 1.0 / inverse_temperature} | dict(metrics)


def top_k_curve(evaluator: Evaluator, seed: tf.Tensor) -> Iterator[dict[str, float]]:
    """Yields {name: value} for each k below V: each token is one of the k likeliest.

    A test row that has any other token has probability 0. So a line has no nll_test, which is
    infinite. Its entropy is that of the truncated policy. At most 4,000 samples are scored.

    Args:
        evaluator: of the trained generator.
        seed: int [2].
    """

    def keep(logits, value):
        return keep_top_k(logits, tf.fill(tf.shape(logits)[:1], tf.cast(value, tf.int32)))

    counts = [k for k in TOP_K if k < len(evaluator.task.corpus.vocabulary)]
    # XLA has one shape for all k, and sorts 1,000 tokens of each row in 4 times the CPU time of 100 here.
    return _truncated_curve(evaluator, 'top_k', counts, keep, seed, 'off')


def top_p_curve(evaluator: Evaluator, seed: tf.Tensor) -> Iterator[dict[str, float]]:
    """As `top_k_curve`, for the fewest likeliest tokens whose share of the probability reaches p."""
    keep = lambda logits, value: keep_top_p(logits, tf.fill(tf.shape(logits)[:1], value))
    return _truncated_curve(evaluator, 'top_p', TOP_P, keep, seed, evaluator.jit)


def kl_generator_oracle(evaluation: Evaluation) -> dict[str, float]:
    """KL(generator to oracle), from nll_oracle and entropy of the same samples."""
    return {'kl_generator_oracle': evaluation.values['nll_oracle'] - evaluation.values['entropy']}


def kl_oracle_generator(evaluation: Evaluation) -> dict[str, float]:
    """KL(oracle to generator), on the test rows."""
    entropy = evaluation.nll_under_oracle(evaluation.corpus.test)
    return {'kl_oracle_generator': evaluation.values['nll_test'] - entropy}


def jsd(evaluation: Evaluation) -> dict[str, float]:
    """`divergences.jsd_per_step` of the first 2,000 samples and equally many test rows, nats."""
    few, test = evaluation.few, evaluation.corpus.test
    count = min(len(few), len(test))
    return {'jsd_per_step': jsd_per_step(evaluation.generator, evaluation.task.oracle, few[:count], test[:count])}


def bleu_5(evaluation: Evaluation) -> dict[str, float]:
    """Mean sentence BLEU-5 of the first 2,000 samples."""
    return {'bleu_5': mean_bleu(evaluation.few, evaluation.corpus, 5)}


def reverse(evaluation: Evaluation) -> dict[str, float]:
    """`judges.reverse_nll` of the samples."""
    corpus, seed = evaluation.corpus, int(evaluation.seed[1]) % 2**31
    rows = evaluation.samples, corpus.validation, corpus.test
    return {'reverse_nll': judges.reverse_nll(*rows, len(corpus.vocabulary), corpus.vocabulary.end_id, seed)}


def coverage(evaluation: Evaluation) -> dict[str, float]:
    """Share of the vocabulary that occurs in the first 2,000 samples."""
    vocabulary = evaluation.corpus.vocabulary
    return {'coverage': diversity.coverage(evaluation.few, len(vocabulary), vocabulary.end_id)}


def distinct(evaluation: Evaluation) -> dict[str, float]:
    """Share of distinct n-grams among those of the first 2,000 samples."""
    end_id = evaluation.corpus.vocabulary.end_id
    return {f'distinct_{n}': diversity.distinct(evaluation.few, n, end_id) for n in DISTINCT_ORDERS}


def fresh(evaluation: Evaluation) -> dict[str, float]:
    """`judges.fresh_discriminator` of samples and test rows; nothing if there are too few."""
    samples, corpus = evaluation.samples, evaluation.corpus
    if min(len(samples), len(corpus.test)) < judges.LEAST_ROWS:
        return {}
    seed = randomness.fold_in(evaluation.seed, 1)
    return dict(judges.fresh_discriminator(samples, corpus.test, len(corpus.vocabulary), seed))


def _on_fewer_rows(evaluator: Evaluator, policy: Policy, jit: str) -> Evaluator:
    """The evaluator of another policy on at most 4,000 samples and 4,000 test rows."""
    corpus = dataclasses.replace(evaluator.task.corpus, test=evaluator.task.corpus.test[:CURVE_ROWS])
    task = dataclasses.replace(evaluator.task, corpus=corpus)
    return Evaluator(policy, task, min(CURVE_ROWS, evaluator.num_samples), jit, replicas=evaluator.replicas)


def _truncated_curve(
    evaluator: Evaluator,
    name: str,
    values: Sequence[float],
    keep: Callable[[tf.Tensor, tf.Variable], tf.Tensor],
    seed: tf.Tensor,
    jit: str,
) -> Iterator[dict[str, float]]:
    with evaluator.replicas.scope():
        variable = tf.Variable(1.0)
    policy = Filtered(evaluator.generator, lambda logits: keep(logits, variable))
    truncated = _on_fewer_rows(evaluator, policy, jit)
    # Not -log p of the samples: rounded differently, a token at the border may have probability 0.
    entropies = RowScorer(lambda tokens: sequence_entropy(policy, tokens), jit != 'off', evaluator.replicas)
    for i, value in enumerate(values):
        variable.assign(value)
        point = randomness.fold_in(seed, i)
        samples = truncated.sample(point)
        counted = valid_mask(tf.constant(samples), policy.end_id).numpy().sum()
        entropy = float(entropies(samples).astype(np.float64).sum() / counted)
        metrics = truncated.measure(of_search(truncated.task.provides), samples, point)
        yield {name: value, 'entropy': entropy} | dict(metrics)
