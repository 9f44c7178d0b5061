"""Paired differences of two models on the same rows: value, interval, two-sided p.

Permutation tests exchange the two models' answers row by row, which changes nothing if the models are equally
good (Good 2005, Permutation, Parametric and Bootstrap Tests of Hypotheses). p = (1 + as extreme) /
(1 + permutations), Davison and Hinkley (1997), eq. (4.11), so it is never 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from specweave_lab.intervals import Interval, Z
from specweave_lab.metrics.counts import CountStatistic, cell_counts
from specweave_lab.metrics.levels import replicates_at_level, value_at_level
from specweave_lab.metrics.sums import SumMetric
from specweave_lab.resampling import (
    BLOCK,
    EXACT_ROWS,
    bootstrap_sums,
    data_generator,
    jackknife_error,
    jackknife_sums,
    percentile,
    resample_counts,
)

BOOTSTRAP = 2_000
PERMUTATIONS = 9_999
ROUNDING = 1e-12


@dataclass(frozen=True)
class Difference:
    """a - b in the metric's unit, with a 95 % interval, a two-sided p and how both were got."""

    value: float
    ci: Interval
    p: float
    method: str


def permutation_p(value: float, permuted: np.ndarray) -> float:
    """Two-sided p of a difference among permuted ones; those within rounding count as extreme."""
    extreme = np.sum(np.abs(permuted) >= abs(value) * (1 - ROUNDING) - ROUNDING * 1e-3)
    return float((1 + extreme) / (1 + len(permuted)))


def bootstrap_p(replicates: np.ndarray) -> float:
    """Two-sided p by inverting the percentile interval: twice the smaller tail at 0. Davison and Hinkley
    (1997).
    """
    n = len(replicates)
    tail = min(np.sum(replicates <= 0), np.sum(replicates >= 0))
    return float(min(1.0, 2 * (1 + tail) / (1 + n)))


@dataclass(frozen=True)
class Joint:
    """A metric of two models on the same resamples.

    Attributes
    ----------
    a, b : float
    replicates_a, replicates_b : ndarray, shape (r,)
        Both of the same resamples, one by one.
    left_a, left_b, weights : ndarray, shape (m,)
        Both without each row in turn, and how many rows are alike.
    """

    a: float
    b: float
    replicates_a: np.ndarray
    replicates_b: np.ndarray
    left_a: np.ndarray
    left_b: np.ndarray
    weights: np.ndarray


def joint_counts(
    true: np.ndarray, a: np.ndarray, b: np.ndarray, classes: int, statistic: CountStatistic
) -> Joint:
    """A statistic of confusion matrices of two models; arrays of class codes, shape (n,).

    Drawing rows again is one multinomial draw over the kinds of row (truth, a, b), whatever their number.
    """
    codes, cells = np.unique((true * classes + a) * classes + b, return_counts=True)
    t, n = codes // classes**2, len(true)
    generator = data_generator(codes, cells)

    def both(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return statistic(cell_counts(weights, t, codes // classes % classes, classes)), statistic(
            cell_counts(weights, t, codes % classes, classes)
        )

    size, drawn = max(1, BLOCK // (len(cells) + 4 * classes)), []
    for start in range(0, BOOTSTRAP, size):
        counts = generator.multinomial(n, cells / n, min(size, BOOTSTRAP - start)).astype(np.float64)
        drawn.append(both(counts))
    values = both(cells[None, :].astype(np.float64))
    left = both(cells - np.eye(len(cells)))
    replicates = [np.concatenate([one[which] for one in drawn]) for which in (0, 1)]
    return Joint(
        float(values[0][0]), float(values[1][0]), *replicates, *left, weights=cells.astype(np.float64)
    )


def joint_sums(a: SumMetric, b: SumMetric) -> Joint:
    """Two metrics of sums over the same rows; above 20,000 rows without replicates."""
    both, k, n = np.hstack([a.columns, b.columns]), a.columns.shape[1], len(a.columns)
    drawn = bootstrap_sums(both, data_generator(both), BOOTSTRAP) if n <= EXACT_ROWS else both[:0]
    left = both.sum(axis=0) - both
    return Joint(
        a.value(),
        b.value(),
        a.statistic(drawn[:, :k], n),
        b.statistic(drawn[:, k:], n),
        a.statistic(left[:, :k], n - 1),
        b.statistic(left[:, k:], n - 1),
        np.ones(n),
    )


def joint_medians(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Medians of two arrays of absolute errors, shape (n,), on the same resamples (fewer of many rows)."""
    of_a, of_b = medians([a, b])
    return of_a, of_b


def medians(errors: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Medians of arrays of absolute errors, each of shape (n,), on the same resamples (fewer of many rows)."""
    generator, rows = data_generator(*errors), len(errors[0])
    orders = [np.argsort(one) for one in errors]
    resamples = int(np.clip(20_000_000 // rows, 200, 1_000))
    drawn = [
        [_medians(counts, one, order) for one, order in zip(errors, orders, strict=True)]
        for counts in resample_counts(rows, resamples, generator)
    ]
    return [np.concatenate(one) for one in zip(*drawn, strict=True)]


def compare_at_level(metric: str, hits: np.ndarray, a: np.ndarray, b: np.ndarray) -> Difference:
    """Compare ``precision_at_recall_<level>`` and the like of two scores, shape (n,), by paired bootstrap."""
    of_a, of_b = replicates_at_level(metric, hits, [a, b])
    return Difference(
        value_at_level(metric, hits, a) - value_at_level(metric, hits, b),
        percentile(of_a - of_b),
        bootstrap_p(of_a - of_b),
        "paired_bootstrap",
    )


def compare_influence(value: float, error: float, method: str) -> Difference:
    """Normal interval and test of a difference with a known standard error."""
    if error <= 0 or not np.isfinite(error):
        return Difference(value, (value, value), 1.0 if value == 0 else 0.0, method)
    return Difference(
        value, (value - Z * error, value + Z * error), float(2 * stats.norm.sf(abs(value) / error)), method
    )


def compare_counts(
    true: np.ndarray, a: np.ndarray, b: np.ndarray, classes: int, statistic: CountStatistic
) -> Difference:
    """Compare a statistic of confusion matrices.

    Rows with the same (truth, a, b) are alike, so a resample is one multinomial draw over these cells, and a
    permutation one binomial draw a cell: the cost does not depend on the number of rows. For accuracy this is
    McNemar's exact test, by simulation.

    Parameters
    ----------
    true, a, b : ndarray of int64, shape (n,)
        Classes as codes: the truth and what each model says.
    """
    codes, cells = np.unique((true * classes + a) * classes + b, return_counts=True)
    t, of_a, of_b = codes // classes**2, codes // classes % classes, codes % classes
    n = len(true)
    generator = data_generator(codes, cells)

    def difference(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """From rows a cell that keep (first) and that exchange (second) the models' answers, shape (b, m)
        each.
        """
        one = [x + y for x, y in zip(_counts(first, t, of_a), _counts(second, t, of_b), strict=True)]
        two = [x + y for x, y in zip(_counts(first, t, of_b), _counts(second, t, of_a), strict=True)]
        return statistic((one[0], one[1], one[2])) - statistic((two[0], two[1], two[2]))

    def _counts(weights: np.ndarray, truth: np.ndarray, given: np.ndarray) -> tuple[np.ndarray, ...]:
        return cell_counts(weights, truth, given, classes)

    none = np.zeros((1, len(cells)))
    value = float(difference(cells[None, :].astype(np.float64), none)[0])
    size = max(1, BLOCK // (len(cells) + 4 * classes))
    replicates, permuted = [], []
    for start in range(0, BOOTSTRAP, size):
        drawn = generator.multinomial(n, cells / n, min(size, BOOTSTRAP - start)).astype(np.float64)
        replicates.append(difference(drawn, np.zeros_like(drawn)))
    for start in range(0, PERMUTATIONS, size):
        swapped = generator.binomial(cells, 0.5, (min(size, PERMUTATIONS - start), len(cells))).astype(
            np.float64
        )
        permuted.append(difference(cells - swapped, swapped))
    p = permutation_p(value, np.concatenate(permuted))
    return Difference(value, percentile(np.concatenate(replicates)), p, "paired_bootstrap+permutation")


def compare_sums(a: SumMetric, b: SumMetric) -> Difference:
    """Compare two metrics of sums over the same rows; above 20,000 rows by the jackknife's normal limit."""
    both, k, n = np.hstack([a.columns, b.columns]), a.columns.shape[1], len(a.columns)

    def difference(sums: np.ndarray, rows: float) -> np.ndarray:
        return a.statistic(sums[:, :k], rows) - b.statistic(sums[:, k:], rows)

    value = float(difference(both.sum(axis=0, keepdims=True), n)[0])
    if n > EXACT_ROWS:
        return compare_influence(value, jackknife_error(jackknife_sums(both, difference)), "jackknife_normal")
    generator = data_generator(both)
    replicates = difference(bootstrap_sums(both, generator, BOOTSTRAP), n)
    if not a.paired:
        return Difference(value, percentile(replicates), bootstrap_p(replicates), "paired_bootstrap")
    gap, permuted = b.columns - a.columns, []
    sums = a.columns.sum(axis=0), b.columns.sum(axis=0)
    for start in range(0, PERMUTATIONS, block := max(1, BLOCK // n)):
        lines = min(block, PERMUTATIONS - start)
        bits = np.unpackbits(generator.integers(0, 256, (lines, -(-n // 8)), dtype=np.uint8), axis=1, count=n)
        moved = bits.astype(np.float64) @ gap
        permuted.append(difference(np.hstack([sums[0] + moved, sums[1] - moved]), n))
    return Difference(
        value,
        percentile(replicates),
        permutation_p(value, np.concatenate(permuted)),
        "paired_bootstrap+permutation",
    )


def compare_medians(a: np.ndarray, b: np.ndarray) -> Difference:
    """Compare the medians of two arrays of absolute errors, shape (n,), by paired bootstrap (fewer resamples
    of many rows).
    """
    of_a, of_b = joint_medians(a, b)
    replicates = of_a - of_b
    return Difference(
        float(np.median(a) - np.median(b)),
        percentile(replicates),
        bootstrap_p(replicates),
        "paired_bootstrap",
    )


def _medians(counts: np.ndarray, values: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Median of each resample from how often each value was drawn, without sorting again."""
    upto, n = np.cumsum(counts[:, order], axis=1), len(values)
    ranked = values[order]
    low = ranked[np.argmax(upto > (n - 1) // 2, axis=1)]
    high = ranked[np.argmax(upto > n // 2, axis=1)]
    return (low + high) / 2
