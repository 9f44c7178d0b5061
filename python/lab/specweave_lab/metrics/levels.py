"""Metrics that take a level in their name: ``precision_at_recall_0.9``, ``recall_at_precision_0.99`` and
``pinball_0.9``.

precision_at_recall is the highest precision over all thresholds of the score whose recall is at least the level;
recall_at_precision the highest recall at a precision of at least it, 0 where no threshold has that. Both are of the
positive class of a binary problem. Rows with one score stand or fall together, as in scikit-learn's
``precision_recall_curve``. pinball is the mean of max(q e, (q - 1) e), e = truth - prediction (Koenker and Bassett
1978, Econometrica 46:33-50), of the column ``prediction`` read as a forecast of the q-quantile.
"""

from __future__ import annotations

import numpy as np
from sklearn import metrics as sk

from specweave_lab.intervals import Interval
from specweave_lab.metrics.names import level_of
from specweave_lab.resampling import EXACT_ROWS, data_generator, percentile, resample_counts

RESAMPLES = {True: 1_000, False: 200}
"""Of up to 20,000 rows, and of more."""

ROUNDING = 1e-12
FEWEST = 10
"""Rows of the positive and of the other classes below which no interval is given."""


def value_at_level(name: str, hits: np.ndarray, scores: np.ndarray) -> float:
    """The value by scikit-learn's curve.

    Parameters
    ----------
    hits : ndarray of bool, shape (n,)
        Whether each row is of the positive class; some are.
    scores : ndarray of float64, shape (n,)
    """
    base, level = _parts(name)
    precision, recall, _ = sk.precision_recall_curve(hits, scores)
    if base == "precision_at_recall":
        return float(precision[recall >= level - ROUNDING].max())
    # The curve ends in an invented point (precision 1, recall 0), which stands for "no threshold".
    return float(recall[precision >= level - ROUNDING].max())


def measure_at_level(name: str, hits: np.ndarray, scores: np.ndarray) -> tuple[float, Interval | None, str]:
    """Value, 95 % percentile bootstrap interval and its method.

    No interval where there are few rows of a class, or where the level is reached by no threshold in 2.5 % of the
    resamples or more: the value then jumps, and a bootstrap of it covers nothing.
    """
    value = value_at_level(name, hits, scores)
    if min(hits.sum(), (~hits).sum()) < FEWEST:
        return value, None, "none"
    (drawn,) = replicates_at_level(name, hits, [scores])
    if value == 0 or np.mean(drawn == 0) >= 0.025:
        return value, None, "none"
    low, high = percentile(drawn)
    return value, (low, high), "bootstrap_percentile"


def replicates_at_level(name: str, hits: np.ndarray, of_models: list[np.ndarray]) -> list[np.ndarray]:
    """The values of several models in the same resamples of rows, each of shape (b,)."""
    base, level = _parts(name)
    orders = [_order(scores) for scores in of_models]
    found: list[list[np.ndarray]] = [[] for _ in of_models]
    for counts in resample_counts(len(hits), RESAMPLES[len(hits) <= EXACT_ROWS], data_generator(hits)):
        for into, (order, ends) in zip(found, orders, strict=True):
            ranked = counts[:, order]
            given = np.cumsum(ranked, axis=1)[:, ends]
            right = np.cumsum(ranked * hits[order], axis=1)[:, ends]
            into.append(_best(base, level, right, given))
    return [np.concatenate(one) for one in found]


def pinball_losses(quantile: float, true: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """What each row adds to the mean, shape (n,), in units of the target."""
    error = true - predicted
    return np.maximum(quantile * error, (quantile - 1) * error)


def _parts(name: str) -> tuple[str, float]:
    base, level = level_of(name)
    if level is None:
        raise TypeError(f"{name} has no level")
    return base, level


def _order(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows by falling score, and the place of the last of each group of equal scores."""
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    return order, np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))


def _best(base: str, level: float, right: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Of each line: rows right and given above each threshold, both of shape (b, thresholds)."""
    precision = np.divide(right, given, out=np.zeros_like(right), where=given > 0)
    recall = right / np.maximum(right[:, -1:], 1)
    if base == "precision_at_recall":
        return np.where(recall >= level - ROUNDING, precision, 0.0).max(axis=1)
    return np.where(precision >= level - ROUNDING, recall, 0.0).max(axis=1)
