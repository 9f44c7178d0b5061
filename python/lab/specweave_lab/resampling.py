"""Resampling, vectorised: the bootstrap of sums and of counts, BCa and studentised limits, the jackknife.

Most metrics are functions of a few sums over the rows (of squared errors, of hits), so a resample needs the
sums alone: a matrix product for sums, and one multinomial draw for a confusion matrix, whatever the number of
rows. Seeds come from the data, so that the same predictions have the same interval on every machine and at
every call.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence

import numpy as np
from scipy import stats

from specweave_lab.intervals import CONFIDENCE, Interval, Z

RESAMPLES = 1_000
EXACT_ROWS = 20_000
"""Up to so many rows the bootstrap draws rows; above, the jackknife's normal interval is as good and is at
once.
"""

BLOCK = 4_000_000

MOST_ERRORS = 20.0
"""Studentised limits that lie further from the mean than so many standard errors are not given."""

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
    return bootstrap_sums_of([columns], generator, resamples)[0]


def bootstrap_sums_of(
    tables: Sequence[np.ndarray], generator: np.random.Generator, resamples: int = RESAMPLES
) -> list[np.ndarray]:
    """The sums of several tables over the same resampled rows; see :func:`bootstrap_sums`.

    Apart, since a product with more columns may differ in its last bits.
    """
    drawn = [
        [counts @ columns for columns in tables]
        for counts in resample_counts(len(tables[0]), resamples, generator)
    ]
    return [np.concatenate(of_table) for of_table in zip(*drawn, strict=True)]


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
    metrics: Sequence[tuple[np.ndarray, Statistic]],
    generator: np.random.Generator,
    studentised: Collection[int] = (),
) -> list[tuple[Interval, str]]:
    """Intervals of statistics of sums over the same rows, and the name of the method of each. One draw serves
    all.

    Parameters
    ----------
    metrics : sequence of (columns, statistic)
        ``columns``, shape (n, k), is what is summed, a line a row; for ``statistic`` see :data:`Statistic`.
    studentised : places in ``metrics``
        Of rising functions of one column's mean: its studentised limits are taken (``bootstrap_t``)
        where there are any, see :func:`studentised_mean`.
    """
    if not metrics:
        return []
    n = len(metrics[0][0])
    sums, moments = None, {}
    if n <= EXACT_ROWS:
        tables = [_moments(metrics[place][0][:, 0]) for place in studentised]
        sums, *rest = bootstrap_sums_of([np.hstack([columns for columns, _ in metrics]), *tables], generator)
        moments = dict(zip(studentised, zip(tables, rest, strict=True), strict=True))
    results: list[tuple[Interval, str]] = []
    start = 0
    for place, (columns, statistic) in enumerate(metrics):
        value = float(statistic(columns.sum(axis=0, keepdims=True), n)[0])
        left_out = jackknife_sums(columns, statistic)
        if sums is None:
            half = Z * jackknife_error(left_out)
            results.append(((value - half, value + half), "jackknife_normal"))
        else:
            limits = studentised_mean(*moments[place]) if place in moments else None
            if limits is not None:
                ends = statistic(columns.sum() * np.array(limits)[:, None], n)
                results.append(((float(ends[0]), float(ends[1])), "bootstrap_t"))
            else:
                replicates = statistic(sums[:, start : start + columns.shape[1]], n)
                results.append((bca(value, replicates, left_out, np.ones(n)), "bootstrap_bca"))
        start += columns.shape[1]
    return results


def _moments(values: np.ndarray) -> np.ndarray:
    """Of values of 0 and more: u = value / mean - 1, and u^2; shape (n, 2), and free of the unit."""
    mean = values.mean()
    apart = values / mean - 1.0 if mean > 0 else np.zeros(len(values))
    return np.stack([apart, apart**2], axis=1)


def studentised_mean(
    moments: np.ndarray, sums: np.ndarray, confidence: float = CONFIDENCE
) -> Interval | None:
    """Limits of a mean, relative to it, by the studentised bootstrap (the bootstrap-t).

    With m the mean, s its standard error and t* = (m* - m) / s* over resamples:
    (m - t*_(97.5 %) s, m - t*_(2.5 %) s). Efron and Tibshirani (1993), An Introduction to the Bootstrap,
    sec. 12.5; that its coverage is right to second order is of Hall (1988), Ann. Statist. 16:927-953.
    Each resample has a standard error of its own, which falls with the mean where large values are left out:
    the upper limit of a mean of squares lies higher than BCa puts it, as long tails need.

    Parameters
    ----------
    moments : ndarray, shape (n, 2)
        u = value / mean - 1 and u^2.
    sums : ndarray, shape (b, 2)
        Their sums over resamples.

    Returns
    -------
    interval or None
        None where a limit would lie more than :data:`MOST_ERRORS` standard errors away, or nowhere: one to
        three rows then hold nearly all of the spread, and resamples without them have next to none to divide
        by. (Ch. 12 there warns that a few outlying points upset the method.)
    """
    n = len(moments)
    gaps = sums[:, 0] / n
    spreads = sums[:, 1] / n - gaps**2
    some = spreads > 1e-12 * (1.0 + gaps**2)  # else what is left of it is rounding
    t = np.where(gaps < 0, -np.inf, np.inf)
    np.divide(gaps, np.sqrt(np.where(some, spreads, 1.0)), out=t, where=some)
    tail = (1 - confidence) / 2
    with np.errstate(invalid="ignore"):
        low, high = np.quantile(t, [tail, 1 - tail])
    most = MOST_ERRORS / np.sqrt(n)
    if not (abs(low) <= most and abs(high) <= most):  # also where they are NaN, between two infinite ones
        return None
    spread = np.sqrt(moments[:, 1].mean())
    return float(max(0.0, 1.0 - high * spread)), float(1.0 - low * spread)


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
