"""What one column alone tells about the target: by its values, by what is missing in it, and by being a
renamed target.

A column's model is the mean of the target in each of its values, or in each of at most 256 quantile bins
of a number: the fully grown one-column tree. Nothing is drawn at random.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import r2_score, roc_auc_score

from specweave_lab.reading import Table, as_numbers

MOST_BINS = 256
FOLDS = 3
NEARLY_PERFECT = {"roc_auc": 0.99, "accuracy": 0.98, "r2": 0.99}
"""From here on a column alone is named. Of accuracy: the share of the majority's errors that it takes
away.
"""
FEWEST_ROWS = 20
FEWEST_OF_CLASS = 5

Finding = dict[str, Any]


@dataclass(frozen=True)
class Open:
    """Sampled rows of train and validation with the target, which scripts may see.

    Attributes
    ----------
    target : ndarray, shape (n,)
        Index of the class (int64), or the value (float64).
    classes : int
        0 for a number.
    folds : list of (ndarray of bool, ndarray of bool)
        Rows to learn from, and rows to be scored.
    ordered : bool
        Whether the split follows time.
    """

    table: Table
    target: np.ndarray
    classes: int
    folds: list[tuple[np.ndarray, np.ndarray]]
    ordered: bool


def search_column(rows: Open, name: str) -> list[Finding]:
    """The findings about one column, most severe first; at most one."""
    missing = np.asarray(rows.table.missing(name).to_pylist(), bool)
    share = float(missing.mean())
    if not _enough(rows):
        return []
    same = one_to_one(rows, name, missing)
    if same is not None:
        certain, how = same
        return [_finding("target", name, f'Column "{name}" {how}. Take it out of the data.', certain)]
    if 0 < share < 1 and _separates(missing.astype(np.int64), rows):
        message = (
            f'Whether column "{name}" is missing is the target itself, row by row. It was filled in after '
            "the outcome was known: take it out."
        )
        return [_finding("missingness", name, message, True)]
    metric, value = alone(rows, _codes(rows.table, name, missing))
    if not rows.classes:
        value = max(value, _on_a_line(rows, name))
    if value >= NEARLY_PERFECT[metric]:
        message = (
            f'Column "{name}" alone predicts the target nearly perfectly ({_shown(metric, value)}): check '
            "that it is known when a prediction is made, and was not made from the target."
        )
        return [_finding("target", name, message, False, metric, value)]
    if 0.01 <= share <= 0.99:
        metric, value = alone(rows, missing.astype(np.int64))
        if value >= NEARLY_PERFECT[metric] - 0.04:
            message = (
                f'Whether column "{name}" is missing predicts the target nearly perfectly '
                f"({_shown(metric, value)}): it may be filled in after the outcome is known."
            )
            return [_finding("missingness", name, message, False, metric, value)]
    return []


def alone(rows: Open, codes: np.ndarray) -> tuple[str, float]:
    """The cross-validated worth of a column of codes: ROC AUC of two classes, of more the share of the
    majority's errors that is taken away, R2 of a number. A fold that cannot be scored counts as 0.
    """
    values = []
    for fit, held in rows.folds:
        known, true = rows.target[fit], rows.target[held]
        if rows.classes:
            if len(np.unique(true)) < 2:
                values.append(0.0)
                continue
            tables = [_means(codes, fit, held, known == k) for k in range(rows.classes)]
            if rows.classes == 2:
                values.append(float(roc_auc_score(true == 1, tables[1])))
            else:
                accuracy = float((np.argmax(tables, axis=0) == true).mean())
                majority = float(np.bincount(true, minlength=rows.classes).max() / len(true))
                values.append((accuracy - majority) / max(1 - majority, 1e-12))
        elif len(true) > 1 and np.ptp(true) > 0:
            values.append(float(r2_score(true, _means(codes, fit, held, known))))
        else:
            values.append(0.0)
    metric = "roc_auc" if rows.classes == 2 else "accuracy" if rows.classes else "r2"
    return metric, float(np.mean(values)) if values else 0.0


def _on_a_line(rows: Open, name: str) -> float:
    """R2 of a line through a column of numbers, which few rows tell better than bins do; missing ones at
    the mean.
    """
    numbers, values = as_numbers(rows.table, name).to_numpy(), []
    for fit, held in rows.folds:
        known = fit & np.isfinite(numbers)
        if known.sum() < FEWEST_ROWS or np.ptp(numbers[known]) == 0 or np.ptp(rows.target[held]) == 0:
            return 0.0
        x, y = numbers[known], rows.target[known]
        slope = float(np.cov(x, y)[0, 1] / np.var(x, ddof=1))
        given = np.where(np.isfinite(numbers[held]), numbers[held], x.mean())
        values.append(float(r2_score(rows.target[held], y.mean() + slope * (given - x.mean()))))
    return float(np.mean(values))


def one_to_one(rows: Open, name: str, missing: np.ndarray) -> tuple[bool, str] | None:
    """Whether the column is the target in other words: (certain, how), or None.

    A number that only rises with the target is certain where rows follow no time; a count that grows with
    the time and a target that does too are no proof.
    """
    there = ~missing
    if there.mean() < 0.95:
        return None
    target = rows.target[there]
    cells = pd.Series(rows.table.texts(name), dtype=object)[there].astype(str).str.strip().str.lower()
    values = pd.factorize(cells)[0].astype(np.int64)
    if rows.classes:
        pairs = len(np.unique(values * rows.classes + target))
        distinct = len(np.unique(target))
        return (True, "is the target in other words: each class has one value there, and each value one class") if (
            pairs == distinct == int(values.max()) + 1
        ) else None  # fmt: skip
    numbers = as_numbers(rows.table, name).to_numpy()[there]
    if len(np.unique(target)) < 10:
        return None
    if np.isfinite(numbers).all() and np.ptp(numbers) > 0:
        if abs(float(np.corrcoef(numbers, target)[0, 1])) > 1 - 1e-10:
            return True, "is the target times a number plus a number"
        rise = target[np.argsort(numbers, kind="stable")]
        steps = np.diff(rise)
        distinct = (
            len(np.unique(numbers))
            == len(np.unique(target))
            == len(np.unique(np.c_[numbers, target], axis=0))
        )
        if distinct and ((steps >= 0).all() or (steps <= 0).all()):
            return (
                not rows.ordered,
                "is a one-to-one function of the target: it rises or falls with it without exception",
            )
        values = pd.factorize(numbers)[0].astype(np.int64)
    outcomes = pd.factorize(target)[0].astype(np.int64)
    size, kinds = int(outcomes.max()) + 1, int(values.max()) + 1
    if kinds == size <= len(target) / 2 and len(np.unique(values * size + outcomes)) == size:
        return (
            True,
            "is a one-to-one function of the target: equal values there have equal targets, and the reverse",
        )
    return None


def _separates(marked: np.ndarray, rows: Open) -> bool:
    return rows.classes == 2 and len(np.unique(marked * 2 + rows.target)) == 2 == len(np.unique(rows.target))


def _enough(rows: Open) -> bool:
    if len(rows.target) < FEWEST_ROWS:
        return False
    if not rows.classes:
        return True
    counts = np.bincount(rows.target, minlength=rows.classes)
    return bool(np.sort(counts)[::-1][1] >= FEWEST_OF_CLASS)


def _means(codes: np.ndarray, fit: np.ndarray, held: np.ndarray, target: np.ndarray) -> np.ndarray:
    size = int(codes.max()) + 1 if len(codes) else 1
    counts = np.bincount(codes[fit], minlength=size)
    sums = np.bincount(codes[fit], weights=target.astype(np.float64), minlength=size)
    whole = float(np.mean(target)) if len(target) else 0.0
    means = np.divide(sums, counts, out=np.full(size, whole), where=counts > 0)
    return means[codes[held]]


def _codes(table: Table, name: str, missing: np.ndarray) -> np.ndarray:
    numbers = as_numbers(table, name).to_numpy()
    there = ~missing
    if there.any() and np.isfinite(numbers[there]).all():
        distinct = np.unique(numbers[there])
        if len(distinct) > MOST_BINS:
            bins = min(MOST_BINS, max(8, int(there.sum()) // 5))
            distinct = np.unique(np.quantile(numbers[there], np.linspace(0, 1, bins + 1)))
        codes = np.searchsorted(distinct, np.where(there, numbers, distinct[0]))
        return np.where(there, codes + 1, 0).astype(np.int64)
    texts = pd.Series(table.texts(name), dtype=object).astype(str).str.strip()
    return np.where(there, pd.factorize(texts)[0] + 1, 0).astype(np.int64)


def _shown(metric: str, value: float) -> str:
    if metric == "roc_auc":
        return f"ROC AUC {value:.3f} on rows that it was not fitted on"
    if metric == "r2":
        return f"R2 {value:.3f} on rows that it was not fitted on"
    return f"{value:.1%} of the majority class's errors are gone, on rows that it was not fitted on"


def _finding(
    kind: str, name: str, message: str, certain: bool, metric: str | None = None, value: float | None = None
) -> Finding:
    finding: Finding = {"kind": kind, "column": name, "certain": certain, "message": message}
    if metric is not None and value is not None:
        finding |= {"metric": metric, "value": round(value, 4)}
    return finding
