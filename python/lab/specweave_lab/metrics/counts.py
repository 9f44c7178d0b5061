"""Metrics that depend on the confusion matrix alone, and their resampling.

They are written over three vectors of length K (hits on the diagonal, rows of each true class, rows of each
predicted class), so that a thousand resamples are one array operation.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from specweave_lab.intervals import Interval, wilson
from specweave_lab.resampling import bca

BOOTSTRAP = 2_000

Counts = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Hits, true and predicted rows of each class; each of shape (..., K)."""

CountStatistic = Callable[[Counts], np.ndarray]


def confusion(true: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Confusion matrix, int64, shape (K, K): a line a true class, a column a predicted one."""
    return np.bincount(true * classes + predicted, minlength=classes * classes).reshape(classes, classes)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, and 0 where there is nothing (as scikit-learn's zero_division=0)."""
    return np.divide(part, whole, out=np.zeros(np.broadcast(part, whole).shape), where=whole > 0)


def _macro(values: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Mean over the classes that occur."""
    return np.sum(np.where(seen, values, 0.0), axis=-1) / np.maximum(np.sum(seen, axis=-1), 1)


def count_statistic(name: str, positive: int | None) -> CountStatistic:
    """The formula of a metric over counts.

    Parameters
    ----------
    name : str
        ``accuracy``, ``balanced_accuracy``, ``precision``, ``recall``, ``f1`` or ``mcc``.
    positive : int or None
        Index of the positive class; None for macro means.

    Notes
    -----
    MCC of K classes is R_K of Gorodkin (2004), Comput. Biol. Chem. 28:367-374:
    (c s - sum_k p_k t_k) / sqrt((s^2 - sum p_k^2)(s^2 - sum t_k^2)).
    """

    def of_classes(counts: Counts, values: np.ndarray) -> np.ndarray:
        return values[..., positive] if positive is not None else _macro(values, counts[1] + counts[2] > 0)

    def accuracy(counts: Counts) -> np.ndarray:
        return counts[0].sum(axis=-1) / counts[1].sum(axis=-1)

    def balanced_accuracy(counts: Counts) -> np.ndarray:
        return _macro(_ratio(counts[0], counts[1]), counts[1] > 0)

    def precision(counts: Counts) -> np.ndarray:
        return of_classes(counts, _ratio(counts[0], counts[2]))

    def recall(counts: Counts) -> np.ndarray:
        return of_classes(counts, _ratio(counts[0], counts[1]))

    def f1(counts: Counts) -> np.ndarray:
        return of_classes(counts, _ratio(2 * counts[0], counts[1] + counts[2]))

    def mcc(counts: Counts) -> np.ndarray:
        hits, true, predicted = (np.asarray(c, np.float64) for c in counts)
        s = true.sum(axis=-1)
        over = hits.sum(axis=-1) * s - np.sum(true * predicted, axis=-1)
        under = (s**2 - np.sum(predicted**2, axis=-1)) * (s**2 - np.sum(true**2, axis=-1))
        return _ratio(over, np.sqrt(np.maximum(under, 0.0)))

    return {"accuracy": accuracy, "balanced_accuracy": balanced_accuracy, "precision": precision,
            "recall": recall, "f1": f1, "mcc": mcc}[name]  # fmt: skip


def counts_of(matrix: np.ndarray) -> Counts:
    """Hits, true and predicted counts of a confusion matrix."""
    return np.diagonal(matrix, axis1=-2, axis2=-1), matrix.sum(axis=-1), matrix.sum(axis=-2)


def cell_counts(weights: np.ndarray, true: np.ndarray, predicted: np.ndarray, classes: int) -> Counts:
    """Counts of many confusion matrices that share their cells.

    Parameters
    ----------
    weights : ndarray, shape (b, m)
        Rows in each of m cells.
    true, predicted : ndarray of int, shape (m,)
        The class pair of each cell.
    """
    one = np.eye(classes)
    return weights @ (one[true] * (true == predicted)[:, None]), weights @ one[true], weights @ one[predicted]


def interval_of_counts(
    matrix: np.ndarray, statistic: CountStatistic, generator: np.random.Generator
) -> tuple[Interval, str]:
    """BCa bootstrap of a statistic of the confusion matrix.

    Drawing n rows again is one multinomial draw over the cells, so the cost does not depend on n. Where there
    is no error at all every resample is perfect: then the lower limit is the metric at Wilson's upper limit
    of the error rate, with the errors spread over the other classes by their size.
    """
    classes, n = len(matrix), int(matrix.sum())
    true, predicted = np.nonzero(matrix)
    cells = matrix[true, predicted].astype(np.float64)
    value = float(statistic(counts_of(matrix)))
    if matrix.trace() == n:
        return (float(statistic(counts_of(_with_errors(matrix, n)))), value), "wilson_error_rate"
    replicates = statistic(
        cell_counts(generator.multinomial(n, cells / n, BOOTSTRAP), true, predicted, classes)
    )
    left_out = statistic(cell_counts(cells - np.eye(len(cells)), true, predicted, classes))
    return bca(value, replicates, left_out, cells), "bootstrap_bca"


def _with_errors(matrix: np.ndarray, n: int) -> np.ndarray:
    rate = 1 - wilson(n, n)[0]
    sizes = matrix.sum(axis=1).astype(np.float64)
    others = n - sizes
    spread = np.outer(sizes * rate, sizes) / np.maximum(others, 1)[:, None]
    np.fill_diagonal(spread, sizes * (1 - rate))
    return spread
