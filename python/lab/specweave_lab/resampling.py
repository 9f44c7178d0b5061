"""Resampling, vectorised: the bootstrap of sums and of counts, BCa limits, the jackknife.

Most metrics are functions of a few sums over the rows (of squared errors, of hits), so a resample needs the
sums alone: a matrix product for sums, and one multinomial draw for a confusion matrix, whatever the number of
rows. Seeds come from the data, so that the same predictions have the same interval on every machine and at
every call.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from scipy import stats

from specweave_lab.intervals import CONFIDENCE, Interval, Z

RESAMPLES = 1_000
EXACT_ROWS = 20_000
"""Up to so many rows the bootstrap draws rows; above, the jackknife's normal interval is as good and is at
once.
"""

BLOCK = 4_000_000

Statistic = Callable[[np.ndarray, float], np.ndarray]
"""From sums, shape (b, k), and the number of rows to values, shape (b,)."""


def data_generator(*arrays: np.ndarray) -> np.random.Generator:
    """A generator whose seed is the content of the arrays.

    For intervals these are the labels alone, so that all runs on a split are resampled alike.
    """
    digest = hashlib.blake2b(digest_size=16)
    for array in arrays:
        digest.update(np.ascontiguousarray(array).astype("<f8").tobytes())
    return np.random.default_rng(int.from_bytes(digest.digest(), "big"))


def resample_counts(rows: int, resamples: int, generator: np.random.Generator) -> Iterator[np.ndarray]:
    """How often each row was drawn: blocks of float64, shape (b, rows), ``resamples`` lines in all."""
    size = max(1, BLOCK // rows)
    for start in range(0, resamples, size):
        b = min(size, resamples - start)
        drawn = generator.integers(0, rows, size=(b, rows), dtype=np.uint32).astype(np.int64)
        drawn += np.arange(b)[:, None] * rows
        yield np.bincount(drawn.ravel(), minlength=b * rows).reshape(b, rows).astype(np.float64)


def bootstrap_sums(
    columns: np.ndarray, generator: np.random.Generator, resamples: int = RESAMPLES
) -> np.ndarray:
    """Sums of the columns over resampled rows: from shape (n, k) to (resamples, k)."""
    return np.concatenate(
        [counts @ columns for counts in resample_counts(len(columns), resamples, generator)]
    )


def block_bootstrap_sums(
    columns: np.ndarray, generator: np.random.Generator, resamples: int = RESAMPLES
) -> np.ndarray:
    """Sums over resampled stretches of time: from shape (n, k), in order of time, to (resamples, k).

    Circular block bootstrap, Politis and Romano (1992), in Exploring the Limits of Bootstrap, 263-270; blocks
    of length n^(1/3).
    """
    n, length = len(columns), max(1, round(len(columns) ** (1 / 3)))
    wrapped = np.concatenate(
        [np.zeros((1, columns.shape[1])), np.cumsum(np.vstack([columns, columns[:length]]), axis=0)]
    )
    of_block = wrapped[length : length + n] - wrapped[:n]
    starts = generator.integers(0, n, size=(resamples, -(-n // length)))
    return of_block[starts].sum(axis=1)


def jackknife_sums(columns: np.ndarray, statistic: Statistic) -> np.ndarray:
    """The statistic without each row in turn, shape (n,)."""
    return statistic(columns.sum(axis=0) - columns, len(columns) - 1)


def jackknife_error(left_out: np.ndarray) -> float:
    """Standard error from the n leave-one-out values. Efron and Tibshirani (1993), eq. (11.5)."""
    n = len(left_out)
    return float(np.sqrt((n - 1) / n * np.sum((left_out - left_out.mean()) ** 2)))


def intervals_of_sums(
    metrics: Sequence[tuple[np.ndarray, Statistic]], generator: np.random.Generator
) -> list[tuple[Interval, str]]:
    """Intervals of statistics of sums over the same rows, and the name of the method of each. One draw serves
    all.

    Parameters
    ----------
    metrics : sequence of (columns, statistic)
        ``columns``, shape (n, k), is what is summed, a line a row; for ``statistic`` see :data:`Statistic`.
    """
    if not metrics:
        return []
    n = len(metrics[0][0])
    exact = n <= EXACT_ROWS
    sums = bootstrap_sums(np.hstack([columns for columns, _ in metrics]), generator) if exact else None
    results: list[tuple[Interval, str]] = []
    start = 0
    for columns, statistic in metrics:
        value = float(statistic(columns.sum(axis=0, keepdims=True), n)[0])
        left_out = jackknife_sums(columns, statistic)
        if sums is None:
            half = Z * jackknife_error(left_out)
            results.append(((value - half, value + half), "jackknife_normal"))
        else:
            replicates = statistic(sums[:, start : start + columns.shape[1]], n)
            results.append((bca(value, replicates, left_out, np.ones(n)), "bootstrap_bca"))
        start += columns.shape[1]
    return results


def bca(
    value: float,
    replicates: np.ndarray,
    left_out: np.ndarray,
    weights: np.ndarray,
    confidence: float = CONFIDENCE,
) -> Interval:
    """Bias-corrected and accelerated limits.

    Efron (1987), J. Am. Stat. Assoc. 82:171-185; acceleration by the jackknife, Efron and
    Tibshirani (1993), An Introduction to the Bootstrap, eq. (14.15). Replicates equal to the estimate count
    half.

    Parameters
    ----------
    replicates : ndarray, shape (b,)
        Bootstrap values; those that are NaN (undefined in a resample) are left out.
    left_out, weights : ndarray, shape (m,)
        Jackknife values and how many rows have each.
    confidence : float
        Two-sided, 0.95 where not given.
    """
    z = float(stats.norm.ppf(0.5 + confidence / 2))
    replicates = replicates[np.isfinite(replicates)]
    if len(replicates) < 100 or np.ptp(replicates) == 0:
        return (value, value)
    below = (np.sum(replicates < value) + 0.5 * np.sum(replicates == value)) / len(replicates)
    bias = stats.norm.ppf(np.clip(below, 1 / len(replicates), 1 - 1 / len(replicates)))
    kept = np.isfinite(left_out)
    gap = np.average(left_out[kept], weights=weights[kept]) - left_out[kept]
    spread = np.sum(weights[kept] * gap**2)
    acceleration = np.sum(weights[kept] * gap**3) / (6 * spread**1.5) if spread > 0 else 0.0
    tails = bias + np.array([-z, z])
    places = stats.norm.cdf(bias + tails / (1 - acceleration * tails))
    low, high = np.quantile(replicates, places)
    return float(low), float(high)


def percentile(replicates: np.ndarray, confidence: float = CONFIDENCE) -> Interval:
    """Percentile limits, Efron and Tibshirani (1993), sec. 13.3."""
    tail = (1 - confidence) / 2
    low, high = np.nanquantile(replicates, [tail, 1 - tail])
    return float(low), float(high)
