"""Intervals and tests over the seeds of a study, from tfp.distributions and tfp.stats.

One value a seed. The sequences of one run are no substitute: their number can be made as large as one likes, so that any difference becomes
significant, and they say nothing of how much another run of the same recipe would differ.
"""

import dataclasses
import functools

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

RESAMPLES = 10_000
BOOTSTRAP_SEED = 0  # of NumPy's default_rng: the same values always give the same interval


@dataclasses.dataclass(frozen=True)
class Estimate:
    """What n values, one a seed, say of their mean. What needs more values than there are is None.

    Attributes:
        sd: standard deviation with n - 1.
        low, high: 95 % Student-t interval of the mean.
        bootstrap: (low, high), the 2.5th and 97.5th percentile of the means of `RESAMPLES` resamples. Too narrow for few seeds.
        p: two-sided p of the one-sample t-test of mean 0; of paired differences, the paired t-test. None also where all values are equal.
    """

    n: int
    mean: float
    sd: float = None
    low: float = None
    high: float = None
    bootstrap: tuple = (None, None)
    p: float = None


def estimate(values):
    """The Estimate of at least one value."""
    return _estimate(tuple(map(float, values)))


@functools.cache  # the tables for people and those for programs ask for the same ones
def _estimate(values):
    values = np.array(values)
    n, mean = len(values), float(np.mean(values))
    if n < 2:
        return Estimate(n, mean)
    sd = float(np.std(values, ddof=1)) if np.ptp(values) > 0 else 0.0
    half = student_t_quantile(n - 1, 0.975) * sd / np.sqrt(n)
    p = two_sided_p(mean / (sd / np.sqrt(n)), n - 1) if sd > 0 else None
    return Estimate(n, mean, sd, mean - half, mean + half, bootstrap_interval(values), p)


def paired(values, others):
    """The Estimate of the differences values - others over their common seeds, both {seed: value}; None without a common seed."""
    seeds = sorted(values.keys() & others.keys())
    return estimate([values[seed] - others[seed] for seed in seeds]) if seeds else None


@functools.cache
def student_t_quantile(df, share):
    """Where Student's t with df degrees of freedom has a share of its probability to the left."""
    return float(_student_t(df).quantile(np.float64(share)))


def two_sided_p(t, df):
    """P(|T| >= |t|) of Student's t."""
    return float(2 * _student_t_cdf(np.float64(-abs(t)), np.float64(df)))


def bootstrap_interval(values):
    """95 % percentile interval of the mean."""
    values = np.asarray(values, np.float64)
    chosen = np.random.default_rng(BOOTSTRAP_SEED).integers(len(values), size=(RESAMPLES, len(values)))
    low, high = _percentiles(values[chosen].mean(axis=1)).numpy()
    return float(low), float(high)


@tf.function(input_signature=[tf.TensorSpec([None], tf.float64)])
def _percentiles(values):
    return tfp.stats.percentile(values, [2.5, 97.5], interpolation='linear')


@tf.function(input_signature=[tf.TensorSpec([], tf.float64)] * 2)
def _student_t_cdf(t, df):
    return _student_t(df).cdf(t)


def _student_t(df):
    return tfp.distributions.StudentT(tf.cast(df, tf.float64), np.float64(0), np.float64(1))
