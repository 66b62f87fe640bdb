"""The likeliest of n samples: what a generator finds by its own likelihood, without a discriminator.

It is the control of every search at equal candidates.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from seqgan_tf.evaluation.evaluator import Evaluator
from seqgan_tf.evaluation.registry import of_search
from seqgan_tf.evaluation.resampled import ROWS
from seqgan_tf.policies.sampling import valid_mask

CURVE = (1, 2, 4, 8, 16, 64)  # candidates; 1: the generator itself


def likeliest_curve(evaluator: Evaluator, numbers: Sequence[int], seed: tf.Tensor) -> Iterator[dict[str, float]]:
    """Yields {name: value} for each number of candidates n: a curve in the plane of quality and diversity.

    Each of at most 2,000 sequences is the one of n samples of the generator with the highest log p,
    the first of equal ones. All points choose among the same samples. A line has the metrics of the
    sequences. `guided_nll_test` and `entropy` are of the law of the chosen sequence, by `log_ratio`
    from all samples that any point has. `tail_rows` is the share of the test rows that are less
    likely than all of these samples, so that smoothing alone says how rare they are.

    Args:
        evaluator: of the trained generator.
        numbers: values of n.
        seed: int [2].
    """
    count, most = min(ROWS, evaluator.num_samples), max(numbers)
    # Sequence i has the samples i, i + count, ... So its first n do not depend on `most`.
    samples = evaluator.sample(seed, count * most)
    test = evaluator.task.corpus.test
    log_p, test_log_p = evaluator.scorer(samples), evaluator.scorer(test)
    by_rank = np.sort(log_p)
    for n in numbers:
        chosen = log_p.reshape(most, count)[:n].argmax(axis=0) * count + np.arange(count)
        line = {'num_candidates': n, 'samples': count}
        for name, rows, scores in (
            ('guided_nll_test', test, test_log_p),
            ('entropy', samples[chosen], log_p[chosen]),
        ):
            counted = valid_mask(tf.constant(rows), evaluator.generator.end_id).numpy().sum()
            line[name] = float(-(scores.astype(np.float64) + log_ratio(scores, by_rank, n)).sum() / counted)
        line['tail_rows'] = float(np.mean(test_log_p < by_rank[0]))
        yield line | dict(evaluator.measure(of_search(evaluator.task.provides), samples[chosen], seed))


def log_ratio(log_p: np.ndarray, sample_log_p: np.ndarray, num_candidates: int) -> np.ndarray:
    """log P(y) / m(y), float64 [N], of sequences y, P the law of the likeliest of n samples of m.

    With a = P(log m <= log m(y)) and b = P(log m < log m(y)) under m, the chosen sequence is as
    likely as y with probability a^n - b^n. Equally likely sequences share this as m does. So
    P / m = (a^n - b^n) / (a - b), which is n a^(n - 1) where ties are rare.

    a and b are estimated by ranks among M samples, (number + 1) / (M + 1). The estimate of log a is
    too high in the mean, by about (1 - a) / 2aM, and n - 1 times that is the error of log P. It is
    largest for a sequence that is less likely than all samples: a is 1 / (M + 1) there, however
    rare the sequence is. So an NLL by this estimate is too low. That is to the advantage of the
    likeliest of n.

    Args:
        log_p: log m of the sequences, float32 [N].
        sample_log_p: log m of samples of m, float32 [M], sorted.
        num_candidates: n.
    """
    up_to, below = (np.searchsorted(sample_log_p, log_p, side) + 1 for side in ('right', 'left'))
    powers = (below / up_to)[:, None] ** np.arange(num_candidates)
    return (num_candidates - 1) * np.log(up_to / (len(sample_log_p) + 1)) + np.log(powers.sum(axis=1))
