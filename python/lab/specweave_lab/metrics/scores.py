"""Metrics of probabilities: areas under curves, losses and calibration, with their intervals."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import metrics as sk

from specweave_lab.intervals import Interval, Z
from specweave_lab.metrics.measured import Measured, measured
from specweave_lab.metrics.ranking import (
    auc_interval,
    auc_parts,
    average_precision_interval,
    average_precision_parts,
    macro_auc_parts,
    macro_average_precision_parts,
)
from specweave_lab.metrics.sums import SumMetric, probability_metric
from specweave_lab.resampling import RESAMPLES, data_generator, intervals_of_sums

LOSSES = ("log_loss", "brier")


def measure_scores(
    names: list[str], true: np.ndarray, scores: np.ndarray, positive: int | None
) -> dict[str, Measured]:
    """Measure the named metrics.

    Parameters
    ----------
    true : ndarray of int64, shape (n,)
        Class codes; every class occurs where ``roc_auc`` or ``pr_auc`` is asked for.
    scores : ndarray, shape (n, K)
        Probabilities, each row summing to 1.
    positive : int or None
        The positive class of a binary problem.
    """
    metrics = {
        name: probability_metric(name, true, scores, positive) for name in (*LOSSES, "ece") if name in names
    }
    losses = [metrics[name] for name in LOSSES if name in names]
    found = intervals_of_sums([(m.columns, m.statistic) for m in losses], data_generator(true))
    intervals: dict[str, tuple[Any, str]] = dict(zip((n for n in LOSSES if n in names), found, strict=True))
    if "ece" in names:
        intervals["ece"] = _interval_of_ece(metrics["ece"], data_generator(true)), "bin_noise"
    if "roc_auc" in names:
        intervals["roc_auc"] = _interval_of_auc(true, scores, positive)
    if "pr_auc" in names:
        intervals["pr_auc"] = _interval_of_pr_auc(true, scores, positive)
    return {
        name: measured(
            name,
            metrics["ece"].value() if name == "ece" else _value(name, true, scores, positive),
            *intervals[name],
        )
        for name in names
    }


def _value(name: str, true: np.ndarray, scores: np.ndarray, positive: int | None) -> float:
    """The value by scikit-learn."""
    labels = list(range(scores.shape[1]))
    if name == "log_loss":
        return float(sk.log_loss(true, scores, labels=labels))
    if positive is not None:
        of = {
            "roc_auc": sk.roc_auc_score,
            "pr_auc": sk.average_precision_score,
            "brier": sk.brier_score_loss,
        }[name]
        return float(
            of(true == positive, scores[:, positive], **({"pos_label": True} if name == "brier" else {}))
        )
    if name == "roc_auc":
        return float(sk.roc_auc_score(true, scores, multi_class="ovr", average="macro", labels=labels))
    if name == "pr_auc":
        return float(sk.average_precision_score(np.eye(len(labels))[true], scores, average="macro"))
    return float(sk.brier_score_loss(true, scores, labels=labels))


def _interval_of_auc(true: np.ndarray, scores: np.ndarray, positive: int | None) -> tuple[Interval, str]:
    if positive is None:
        auc, influence = macro_auc_parts(true, scores)
        rows = int(np.bincount(true).min())
    else:
        auc, influence = auc_parts(true == positive, scores[:, positive])
        rows = int((true == positive).sum())
    return auc_interval(auc, influence, rows, len(true) - rows)


def _interval_of_pr_auc(
    true: np.ndarray, scores: np.ndarray, positive: int | None
) -> tuple[Interval | None, str]:
    if positive is None:
        value, left_out = macro_average_precision_parts(true, scores)
        return average_precision_interval(value, left_out, int(np.bincount(true).min()))
    value, left_out = average_precision_parts(true == positive, scores[:, positive])
    return average_precision_interval(value, left_out, int((true == positive).sum()))


def _interval_of_ece(metric: SumMetric, generator: np.random.Generator) -> Interval:
    """Limits of the calibration error that hold for a calibrated model as well.

    The error is sum_b |s_b| / n, and each bin's sum s_b of (hit - confidence) is near its mean m_b with
    standard deviation d_b. Noise can add at most sum_b |s_b - m_b| / n (triangle inequality), whose 97.5 %
    point the lower limit takes off; it takes away at most what the sum with fixed signs does, z sqrt(sum_b
    d_b^2) / n, which the upper limit adds. Bootstrap limits fail here: half of a calibrated model's would lie
    above 0 (our simulation).
    """
    n, sums = len(metric.columns), metric.columns.sum(axis=0)
    sizes, size = np.maximum((metric.columns != 0).sum(axis=0), 1), np.abs(metric.columns)
    seen = (metric.columns**2).sum(axis=0) - sums**2 / sizes
    if_calibrated = (size * (1 - size)).sum(axis=0)  # p (1 - p), whether the row is a hit (1 - p) or not (-p)
    spread = np.sqrt(np.maximum(seen, if_calibrated))
    noise = np.abs(generator.normal(0.0, spread, size=(4 * RESAMPLES, len(sums)))).sum(axis=1)
    value = metric.value()
    high = value + Z * float(np.sqrt(np.sum(spread**2))) / n
    return max(0.0, value - float(np.quantile(noise, 0.975)) / n), min(1.0, high)
