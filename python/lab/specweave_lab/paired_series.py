"""Paired differences of two forecasts: the Diebold-Mariano test on the losses of each moment.

Losses of neighbouring times resemble each other, so the variance of their mean is a long-run variance. Two
estimates are made of it and the wider answer is given, as either alone calls too much real in short series:

- the truncated one of Diebold and Mariano (1995), J. Bus. Econ. Stat. 13:253-263, autocovariances up to lag
  h - 1, with the correction and the Student limits of Harvey, Leybourne and Newbold (1997), Int. J. Forecast.
  13:281-291;
- the mean of the first B squared cosine weights with Student limits of B degrees of freedom, B = 0.41 n^(2/3):
  Lazarus, Lewis, Stock and Watson (2018), J. Bus. Econ. Stat. 36:541-559; for this very test, Coroneo and
  Iacone (2020), J. Appl. Econom. 35:391-409.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from specweave_lab.intervals import CONFIDENCE, Interval
from specweave_lab.metrics.series import row_losses

FEWEST_TIMES = 10
ROOTS = ("rmse", "rmsse")


@dataclass(frozen=True)
class SeriesLosses:
    """Losses of two forecasts, added up over units that are alike: the times of the split, or its series.

    Attributes
    ----------
    sums : ndarray, shape (n, 3)
        Of each unit the loss of a, the loss of b and the number of rows; in order of time where units are
        times.
    root : bool
        The metric is the root of the mean loss (rmse, rmsse).
    ordered : bool
        Units are times, and neighbours depend on each other; else they are series, taken as independent.
    """

    sums: np.ndarray
    root: bool
    ordered: bool

    def value(self, which: int) -> float:
        """The metric of a (0) or b (1)."""
        mean = self.sums[:, which].sum() / self.sums[:, 2].sum()
        return float(np.sqrt(mean) if self.root else mean)

    def influence(self, which: int) -> np.ndarray:
        """What each unit moves the metric by, shape (n,), in its unit; the mean over the units is 0.

        Of a mean of losses it is (loss - mean x rows) / rows a unit; of a root by the delta method that over
        twice the root.
        """
        value = self.value(which)
        mean = value**2 if self.root else value
        moved = (self.sums[:, which] - mean * self.sums[:, 2]) / self.sums[:, 2].mean()
        return moved / (2 * value) if self.root and value > 0 else moved


def series_losses(
    name: str,
    true: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
    times: np.ndarray,
    series: np.ndarray,
    scale: dict[str, tuple[float, float]],
) -> SeriesLosses | None:
    """Losses of two forecasts by time; by series where there are under 10 times and at least 10 series.

    Series of one moment share what happened then, so times are the units wherever there are enough of them.

    Parameters
    ----------
    name : str
        ``mape, smape, mase, rmsse, rmse`` or ``mae``.
    true, a, b, times, series : ndarray, shape (n,)
        See :func:`~specweave_lab.metrics.series.measure_series`.

    Returns
    -------
    SeriesLosses or None
        None where there are too few times and too few series to say anything.
    """
    units = np.unique(times, return_inverse=True)[1].ravel()
    ordered = units.max() + 1 >= FEWEST_TIMES
    if not ordered:
        units = np.unique(series, return_inverse=True)[1].ravel()
        if units.max() + 1 < FEWEST_TIMES:
            return None
    losses = [row_losses(name, true, given, series, scale) for given in (a, b)]
    columns = [np.bincount(units, loss) for loss in losses]
    return SeriesLosses(np.stack([*columns, np.bincount(units)], axis=1), name in ROOTS, bool(ordered))


def harvey_leybourne_newbold(losses: np.ndarray, horizon: int) -> tuple[float, int]:
    """Standard error of the mean of losses, shape (n,), and its degrees of freedom; NaN where the variance
    comes out negative.

    The error of Diebold and Mariano's statistic over the correction of Harvey, Leybourne and Newbold (1997),
    eq. (9): [(n + 1 - 2h + h(h - 1) / n) / n]^(1/2), with n - 1 degrees. With ``horizon`` 1 it is that of the
    paired t-test.
    """
    n, centred = len(losses), losses - losses.mean()
    covariances = [float(centred[lag:] @ centred[: n - lag]) / n for lag in range(horizon)]
    variance = covariances[0] + 2 * sum(covariances[1:])
    correction = (n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n
    if variance < 0 or correction <= 0:
        return float("nan"), n - 1
    return float(np.sqrt(variance / n / correction)), n - 1


def cosine_error(losses: np.ndarray) -> tuple[float, int]:
    """Standard error of the mean of losses in order of time, shape (n,), by equal-weighted cosines, and its
    degrees of freedom. Lazarus et al. (2018), eqs. (3) and (4).
    """
    n = len(losses)
    degrees = max(4, int(0.41 * n ** (2 / 3)))
    angles = np.pi * np.arange(1, degrees + 1)[:, None] * (np.arange(n) + 0.5) / n
    weights = np.sqrt(2 / n) * (np.cos(angles) @ losses)
    return float(np.sqrt(np.mean(weights**2) / n)), degrees


def mean_limits(
    value: float, influence: np.ndarray, ordered: bool, confidence: float = CONFIDENCE
) -> tuple[Interval, float, str]:
    """Interval of a mean (or what moves like one), two-sided p of its being 0, and the method's name.

    Parameters
    ----------
    influence : ndarray, shape (n,)
        What each unit moves the value by; in order of time where ``ordered``.
    """
    choices, name = mean_errors(influence, ordered)
    half, p = 0.0, 0.0
    for error, degrees in choices:
        if np.isfinite(error) and error > 0:
            half = max(half, float(stats.t.ppf(0.5 + confidence / 2, degrees)) * error)
            p = max(p, float(2 * stats.t.sf(abs(value) / error, degrees)))
    if half == 0:
        return (value, value), 1.0 if value == 0 else 0.0, name
    return (value - half, value + half), p, name


def mean_errors(influence: np.ndarray, ordered: bool) -> tuple[list[tuple[float, int]], str]:
    """The standard errors that are to be considered, each with its degrees of freedom, and the method's name."""
    if not ordered:
        return [harvey_leybourne_newbold(influence, 1)], "t_by_series"
    horizon = 1 + int(np.floor(len(influence) ** (1 / 3) + 1e-9))
    return [harvey_leybourne_newbold(influence, horizon), cosine_error(influence)], "diebold_mariano_hln"
