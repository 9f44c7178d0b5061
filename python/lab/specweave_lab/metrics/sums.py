"""Metrics that are functions of sums over the rows: what is summed, and what is made of the sums."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from specweave_lab.metrics.levels import pinball_losses
from specweave_lab.metrics.names import level_of
from specweave_lab.resampling import Statistic

ECE_BINS = 10


@dataclass(frozen=True)
class SumMetric:
    """A metric as a function of column sums.

    Attributes
    ----------
    columns : ndarray, shape (n, k)
        What each row adds.
    statistic : callable
        From sums, shape (b, k), and n to values, shape (b,).
    paired : bool
        Whether two models' columns may be exchanged row by row (a permutation test). Not where a row's column
        is chosen by the model, as a calibration bin is.
    """

    columns: np.ndarray
    statistic: Statistic
    paired: bool = True

    def value(self) -> float:
        return float(self.statistic(self.columns.sum(axis=0, keepdims=True), len(self.columns))[0])


def _mean(sums: np.ndarray, rows: float) -> np.ndarray:
    return sums[:, 0] / rows


def _root_mean(sums: np.ndarray, rows: float) -> np.ndarray:
    return np.sqrt(np.maximum(sums[:, 0], 0.0) / rows)


def _r2(sums: np.ndarray, rows: float) -> np.ndarray:
    total = sums[:, 2] - sums[:, 1] ** 2 / rows
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(total > 0, 1.0 - sums[:, 0] / total, np.nan)


def _gap_of_bins(sums: np.ndarray, rows: float) -> np.ndarray:
    return np.abs(sums).sum(axis=1) / rows


def mean_metric(values: np.ndarray) -> SumMetric:
    """The mean of what each row (or user) is worth, shape (n,)."""
    return SumMetric(values[:, None], _mean)


def error_metric(name: str, true: np.ndarray, predicted: np.ndarray) -> SumMetric:
    """``rmse``, ``mae``, ``mape``, ``r2`` or ``pinball_<q>`` of a regression; arrays of shape (n,), in units of
    the target.

    r2 is 1 - sum e^2 / (sum y^2 - (sum y)^2 / n), y taken from its mean so that no digits cancel.
    """
    _, quantile = level_of(name)
    if quantile is not None:
        return mean_metric(pinball_losses(quantile, true, predicted))
    errors = predicted - true
    if name == "rmse":
        return SumMetric((errors**2)[:, None], _root_mean)
    if name == "mae":
        return SumMetric(np.abs(errors)[:, None], _mean)
    if name == "mape":
        return SumMetric(np.abs(errors / true)[:, None], _mean)
    centred = true - true.mean()
    return SumMetric(np.stack([errors**2, centred, centred**2], axis=1), _r2)


def probability_metric(name: str, true: np.ndarray, scores: np.ndarray, positive: int | None) -> SumMetric:
    """``log_loss``, ``brier`` or ``ece`` of a classification.

    Parameters
    ----------
    true : ndarray of int, shape (n,)
    scores : ndarray, shape (n, K)
        Probabilities, each row summing to 1.
    positive : int or None
        The positive class of a binary problem. Then brier is (p - y)^2 of it, else the sum over the classes
        (Brier 1950, Mon. Weather Rev. 78:1-3); ece is of its probability, else of the highest score
        and whether it is right.

    Notes
    -----
    log_loss is -mean log p(true class), natural logarithm, p clipped at 2.2e-16 as in scikit-learn. ece is
    sum_b n_b / n |mean y - mean p| over 10 bins of equal count by p: Naeini, Cooper and Hauskrecht (2015),
    AAAI, with the bins of Nguyen and O'Connor (2015), EMNLP. Its resamples keep the bins.
    """
    rows = np.arange(len(true))
    if name == "log_loss":
        likelihood = np.clip(scores[rows, true], np.finfo(np.float64).eps, 1 - np.finfo(np.float64).eps)
        return SumMetric(-np.log(likelihood)[:, None], _mean)
    if name == "brier":
        if positive is not None:
            return SumMetric(((scores[:, positive] - (true == positive)) ** 2)[:, None], _mean)
        return SumMetric(((scores - np.eye(scores.shape[1])[true]) ** 2).sum(axis=1)[:, None], _mean)
    if positive is not None:
        confidence, hit = scores[:, positive], true == positive
    else:
        confidence, hit = scores.max(axis=1), scores.argmax(axis=1) == true
    bins = np.empty(len(true), np.int64)
    bins[np.argsort(confidence, kind="stable")] = rows * ECE_BINS // len(true)
    return SumMetric(np.eye(ECE_BINS)[bins] * (hit - confidence)[:, None], _gap_of_bins, paired=False)
