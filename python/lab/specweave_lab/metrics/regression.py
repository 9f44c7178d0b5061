"""Regression: values by scikit-learn; intervals by the bootstrap, studentised for rmse and BCa for the others
(above 20,000 rows the jackknife's), order statistics for the median.

Errors are in units of the target; mape is a fraction.
"""

from __future__ import annotations

import numpy as np
from sklearn import metrics as sk

from specweave_lab.intervals import Interval, median_interval
from specweave_lab.metrics.measured import Measured, measured
from specweave_lab.metrics.names import level_of
from specweave_lab.metrics.sums import error_metric
from specweave_lab.resampling import data_generator, intervals_of_sums

VALUES = {
    "rmse": sk.root_mean_squared_error,
    "mae": sk.mean_absolute_error,
    "median_ae": sk.median_absolute_error,
    "r2": sk.r2_score,
    "mape": sk.mean_absolute_percentage_error,
}

LOWER_BOUND = {"rmse": 0.0, "mae": 0.0, "mape": 0.0, "r2": -np.inf}
UPPER_BOUND = {"r2": 1.0}


def measure_regression(
    true: np.ndarray, predicted: np.ndarray, names: list[str]
) -> tuple[list[Measured], list[dict[str, str]]]:
    """Measure the named metrics of ``predicted`` against ``true``, both float64 of shape (n,)."""
    warnings: list[dict[str, str]] = []
    defined: list[str] = []
    for name in names:
        why = undefined(name, true)
        if why:
            warnings.append({"code": f"{name}_undefined", "message": f"{name} is not measured: {why}"})
        else:
            defined.append(name)
    intervals = _intervals(true, predicted, defined)
    return [measured(name, _value(name, true, predicted), *intervals[name]) for name in defined], warnings


def _value(name: str, true: np.ndarray, predicted: np.ndarray) -> float:
    _, quantile = level_of(name)
    if quantile is not None:
        return float(sk.mean_pinball_loss(true, predicted, alpha=quantile))
    return float(VALUES[name](true, predicted))


def _intervals(
    true: np.ndarray, predicted: np.ndarray, names: list[str]
) -> dict[str, tuple[Interval | None, str]]:
    intervals: dict[str, tuple[Interval | None, str]] = dict.fromkeys(names, (None, "none"))
    if "median_ae" in names:
        intervals["median_ae"] = median_interval(np.abs(predicted - true)), "order_statistics"
    if len(true) < 3:
        return intervals
    sums = [name for name in names if name != "median_ae"]
    metrics = [error_metric(name, true, predicted) for name in sums]
    # Squares have heavy tails, which BCa limits cover too seldom.
    squares = [sums.index("rmse")] if "rmse" in sums else []
    found = intervals_of_sums([(m.columns, m.statistic) for m in metrics], data_generator(true), squares)
    for name, ((low, high), method) in zip(sums, found, strict=True):
        bounds = max(low, LOWER_BOUND.get(name, 0.0)), min(high, UPPER_BOUND.get(name, np.inf))
        intervals[name] = bounds, method
    return intervals


def undefined(name: str, true: np.ndarray) -> str | None:
    """Why the metric has no value on these labels, or None."""
    if name == "mape" and (true == 0).any():
        return f"the target is 0 in {int((true == 0).sum()):,} rows, and mape divides by it."
    if name == "r2" and (len(true) < 2 or np.ptp(true) == 0):
        return "the target has one value only in this split."
    return None
