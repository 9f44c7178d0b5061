"""Forecast errors over one or several series, with block bootstrap intervals. First forms: the referee
deepens them.

Hyndman and Koehler (2006), Int. J. Forecast. 22:679-688. Errors are in units of the target; mape and smape
are fractions; mase and rmsse are relative to the naive forecast on train.
"""

from __future__ import annotations

import numpy as np

from specweave_lab.metrics.levels import pinball_losses
from specweave_lab.metrics.measured import Measured, measured
from specweave_lab.metrics.names import level_of
from specweave_lab.resampling import block_bootstrap_sums, data_generator, percentile


def scales(series: np.ndarray, values: np.ndarray, season: int) -> dict[str, tuple[float, float]]:
    """Of each series the mean absolute and the root mean squared change over ``season`` steps of train.

    Hyndman and Koehler (2006). Series with no such change, or too short for one, are left out.

    Parameters
    ----------
    series, values : ndarray, shape (n,)
        Series of each row of train, in order of time, and its value.
    """
    found: dict[str, tuple[float, float]] = {}
    for name in np.unique(series):
        past = values[series == name]
        steps = past[season:] - past[:-season]
        if len(steps) and np.any(steps != 0):
            found[str(name)] = float(np.mean(np.abs(steps))), float(np.sqrt(np.mean(steps**2)))
    return found


def measure_series(
    true: np.ndarray,
    predicted: np.ndarray,
    times: np.ndarray,
    series: np.ndarray,
    scale: dict[str, tuple[float, float]],
    names: list[str],
) -> tuple[list[Measured], list[dict[str, str]]]:
    """Measure the named metrics.

    Parameters
    ----------
    true, predicted : ndarray of float64, shape (n,)
    times : ndarray of int64, shape (n,)
        Neighbouring errors resemble each other, so whole stretches of time are resampled, all series at once.
    series : ndarray of text, shape (n,)
    scale : dict
        See :func:`scales`; mase and rmsse need every series in it.
    """
    results, warnings = [], []
    for name in names:
        why = undefined(name, true, series, scale)
        if why:
            warnings.append({"code": f"{name}_undefined", "message": f"{name} is not measured: {why}"})
            continue
        each = row_losses(name, true, predicted, series, scale)
        root = name in ("rmse", "rmsse")
        value = float(np.sqrt(each.mean()) if root else each.mean())
        sums = np.stack([np.bincount(_ranks(times), each), np.bincount(_ranks(times))], axis=1)
        if len(sums) < 10:
            results.append(measured(name, value, None, "none"))
            continue
        drawn = block_bootstrap_sums(sums, data_generator(true))
        means = drawn[:, 0] / drawn[:, 1]
        results.append(
            measured(name, value, percentile(np.sqrt(means) if root else means), "block_bootstrap")
        )
    return results, warnings


def undefined(
    name: str, true: np.ndarray, series: np.ndarray, scale: dict[str, tuple[float, float]]
) -> str | None:
    """Why the metric has no value on these rows, or None."""
    if name == "mape" and (true == 0).any():
        return f"the target is 0 in {int((true == 0).sum()):,} rows, and mape divides by it."
    if name in ("mase", "rmsse") and not set(map(str, np.unique(series))) <= set(scale):
        return "a series does not change on train, or is too short there, so errors have no scale."
    return None


def row_losses(
    name: str,
    true: np.ndarray,
    predicted: np.ndarray,
    series: np.ndarray,
    scale: dict[str, tuple[float, float]],
) -> np.ndarray:
    """What each row adds to the mean (of rmse and rmsse the root is taken of it), shape (n,)."""
    _, quantile = level_of(name)
    if quantile is not None:
        return pinball_losses(quantile, true, predicted)
    error = predicted - true
    size = np.abs(error)
    if name == "rmse":
        return error**2
    if name == "mape":
        return size / np.abs(true)
    if name == "smape":
        both = np.abs(true) + np.abs(predicted)
        return np.divide(2 * size, both, out=np.zeros_like(size), where=both > 0)
    if name == "mase":
        return size / np.array([scale[str(one)][0] for one in series])
    if name == "rmsse":
        return (size / np.array([scale[str(one)][1] for one in series])) ** 2
    return size


def _ranks(times: np.ndarray) -> np.ndarray:
    return np.unique(times, return_inverse=True)[1].ravel()
