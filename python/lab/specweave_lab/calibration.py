"""How well predicted probabilities agree with what happened: the bins of the reliability diagram."""

from __future__ import annotations

from typing import Any

import numpy as np

from specweave_lab.intervals import wilson
from specweave_lab.metrics.classification import ClassificationData
from specweave_lab.metrics.sums import ECE_BINS


def confidence_and_hits(data: ClassificationData) -> tuple[np.ndarray, np.ndarray]:
    """The probability that is held against the truth, and whether it came true; both of shape (n,).

    Of a binary problem that of the positive class, else the highest of each row, as ``ece`` does.
    """
    if data.scores is None:
        raise TypeError("probabilities are needed")
    if data.positive is not None:
        return data.scores[:, data.positive], data.true == data.positive
    return data.scores.max(axis=1), data.scores.argmax(axis=1) == data.true


def reliability(data: ClassificationData) -> list[dict[str, Any]]:
    """Bins of equal count by probability, the same as those of ``ece``.

    Returns
    -------
    list of dict
        From low to high: ``rows``, ``predicted`` (mean probability), ``observed`` (share that came true) and
        ``ci`` of the share (Wilson). Their mean gap, weighted by rows, is ``ece``.
    """
    confidence, hits = confidence_and_hits(data)
    order = np.argsort(confidence, kind="stable")
    bins = np.arange(len(order)) * ECE_BINS // len(order)
    found = []
    for one in range(ECE_BINS):
        rows = order[bins == one]
        if len(rows):
            found.append(
                {
                    "rows": len(rows),
                    "predicted": float(confidence[rows].mean()),
                    "observed": float(hits[rows].mean()),
                    "ci": list(wilson(float(hits[rows].sum()), len(rows))),
                }
            )
    return found
