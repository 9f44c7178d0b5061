"""The points of ROC and precision-recall curves, and forecast errors by horizon."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import metrics as sk

from specweave_lab.forecasts import SeriesFrame
from specweave_lab.metrics.classification import ClassificationData
from specweave_lab.metrics.series import row_losses, undefined

MOST_CLASSES = 6
MOST_HORIZONS = 12
BY_HORIZON = ("mae", "mape", "smape", "mase", "rmsse")


def class_curves(data: ClassificationData) -> list[dict[str, Any]]:
    """ROC and precision-recall curves by scikit-learn: of the positive class, or of each class against the
    rest (the six with the most rows).

    Returns
    -------
    list of dict
        ``name``; ``false_positive_rate, true_positive_rate``; ``recall, precision``; ``share`` of the class. A class
        that has no rows, or all of them, has no curve.
    """
    if data.scores is None:
        return []
    rows = np.bincount(data.true, minlength=data.size)
    codes = [data.positive] if data.positive is not None else np.argsort(-rows, kind="stable")[:MOST_CLASSES]
    found = []
    for code in codes:
        hits = data.true == code
        if not hits.any() or hits.all():
            continue
        fpr, tpr, _ = sk.roc_curve(hits, data.scores[:, code])
        precision, recall, _ = sk.precision_recall_curve(hits, data.scores[:, code])
        found.append(
            {
                "name": data.classes[code],
                "false_positive_rate": fpr,
                "true_positive_rate": tpr,
                "recall": recall,
                "precision": precision,
                "share": float(hits.mean()),
            }
        )
    return found


def horizons_of(times: np.ndarray, series: np.ndarray) -> np.ndarray:
    """How many steps of its series after the end of training each row lies, from 1; shape (n,)."""
    found = np.empty(len(times), np.int64)
    for name in np.unique(series):
        rows = np.flatnonzero(series == name)
        found[rows] = np.unique(times[rows], return_inverse=True)[1].ravel() + 1
    return found


def errors_by_horizon(frame: SeriesFrame, predicted: np.ndarray) -> list[dict[str, Any]]:
    """Forecast errors by how far ahead they are, in at most 12 ranges of the horizon.

    Returns
    -------
    list of dict
        ``first, last`` (steps ahead), ``rows`` and those of ``mae, mape, smape, mase, rmsse`` that have a value.
    """
    horizons = horizons_of(frame.times, frame.series)
    ranges = [
        (int(part[0]), int(part[-1]))
        for part in np.array_split(np.arange(1, horizons.max() + 1), min(MOST_HORIZONS, horizons.max()))
    ]
    losses = {
        name: row_losses(name, frame.true, predicted, frame.series, frame.scale)
        for name in BY_HORIZON
        if undefined(name, frame.true, frame.series, frame.scale) is None
    }
    found = []
    for first, last in ranges:
        rows = (horizons >= first) & (horizons <= last)
        values = {name: float(each[rows].mean()) for name, each in losses.items()}
        if "rmsse" in values:
            values["rmsse"] = float(np.sqrt(values["rmsse"]))
        found.append({"first": first, "last": last, "rows": int(rows.sum()), **values})
    return found
