"""Intervals and tests over the seeds of a study, from tfp.distributions and tfp.stats.

Each seed gives one value. The sequences of one run do not replace seeds. One can draw any number of
them, so any difference becomes significant. And they do not show how much another run of the same
recipe would differ.
"""

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

RESAMPLES = 10_000
BOOTSTRAP_SEED = 0  # for NumPy's default_rng: the same values always give the same interval


@dataclasses.dataclass(frozen=True)
class Estimate:
    """The mean of n values, one for each seed, and its uncertainty.

    Attributes:
        n: number of values.
        mean: of the values.
        sd: standard deviation with n - 1; None for one value.
        low, high: 95 % Student-t interval of the mean; None for one value.
        bootstrap: (low, high), the 2.5th and 97.5th percentiles of the means of `RESAMPLES`
            resamples. The interval is too narrow for few seeds. Both are None for one value.
        p: two-sided p of the one-sample t-test of mean 0. For paired differences this is the paired
            t-test. None for one value, and if all values are equal.
    """

    n: int
    mean: float
    sd: float | None = None
    low: float | None = None
    high: float | None = None
    bootstrap: tuple[float | None, float | None] = (None, None)
    p: float | None = None


def estimate(values: Sequence[float] | np.ndarray) -> Estimate:
    """The estimate of at least one value."""
    return _estimate(tuple(map(float, values)))


@functools.cache  # the report's tables and the CSV files have the same estimates
def _estimate(found: tuple[float, ...]) -> Estimate:
    values = np.array(found)
    n, mean = len(values), float(np.mean(values))
    if n < 2:
        return Estimate(n, mean)
    sd = float(np.std(values, ddof=1)) if np.ptp(values) > 0 else 0.0
    half = student_t_quantile(n - 1, 0.975) * sd / np.sqrt(n)
    p = two_sided_p(mean / (sd / np.sqrt(n)), n - 1) if sd > 0 else None
    return Estimate(n, mean, sd, mean - half, mean + half, bootstrap_interval(values), p)


def paired(values: Mapping[int, float], others: Mapping[int, float]) -> Estimate | None:
    """The estimate of the differences values - others over the common seeds.

    Args:
        values, others: {seed: value}.

    Returns:
        The estimate; None if there is no common seed.
    """
    seeds = sorted(values.keys() & others.keys())
    return estimate([values[seed] - others[seed] for seed in seeds]) if seeds else None


@functools.cache
def student_t_quantile(df: int, share: float) -> float:
    """The quantile at a share in (0, 1) of Student's t with df degrees of freedom."""
    return float(_student_t(df).quantile(np.float64(share)))


def two_sided_p(t: float, df: int) -> float:
    """P(|T| >= |t|) of Student's t with df degrees of freedom."""
    return float(2 * _student_t_cdf(np.float64(-abs(t)), np.float64(df)))


def bootstrap_interval(values: Sequence[float] | np.ndarray) -> tuple[float, float]:
    """95 % percentile bootstrap interval (low, high) of the mean."""
    values = np.asarray(values, np.float64)
    chosen = np.random.default_rng(BOOTSTRAP_SEED).integers(len(values), size=(RESAMPLES, len(values)))
    low, high = _percentiles(values[chosen].mean(axis=1)).numpy()
    return float(low), float(high)


@tf.function(input_signature=[tf.TensorSpec([None], tf.float64)])
def _percentiles(values: tf.Tensor) -> tf.Tensor:
    return tfp.stats.percentile(values, [2.5, 97.5], interpolation='linear')


@tf.function(input_signature=[tf.TensorSpec([], tf.float64)] * 2)
def _student_t_cdf(t: tf.Tensor, df: tf.Tensor) -> tf.Tensor:
    return _student_t(df).cdf(t)


def _student_t(df: tf.Tensor | int) -> Any:
    return tfp.distributions.StudentT(tf.cast(df, tf.float64), np.float64(0), np.float64(1))
