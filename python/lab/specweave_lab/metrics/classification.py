"""Classification: values by scikit-learn, intervals by the method that fits each metric.

=================  ====================================================  =================================
metric             interval, binary                                      interval, multiclass
=================  ====================================================  =================================
accuracy           Wilson                                                the same
balanced_accuracy  MOVER over Wilson's of the recalls                    the same
precision, recall  Wilson over the rows predicted / truly positive       MOVER over Wilson's of the classes
f1                 Wilson on F*                                          MOVER over those of the classes
mcc                BCa bootstrap of the confusion matrix                 the same
roc_auc            DeLong on the logit scale                             the same, summed over the classes
pr_auc             jackknife on the logit scale                          the same
log_loss, brier    BCa bootstrap; jackknife above 20,000 rows            the same
ece                noise of the bins                                     the same
..._at_recall_0.9  percentile bootstrap                                  not measured
=================  ====================================================  =================================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn import metrics as sk

from specweave_lab.intervals import Interval, mover_mean, wilson, wilson_f1
from specweave_lab.metrics.counts import confusion, count_statistic, interval_of_counts
from specweave_lab.metrics.levels import measure_at_level
from specweave_lab.metrics.measured import Measured, measured
from specweave_lab.metrics.names import (
    CLASSIFICATION,
    CLASSIFICATION_LEVELS,
    CLASSIFICATION_SCORES,
    level_of,
)
from specweave_lab.metrics.scores import measure_scores
from specweave_lab.resampling import data_generator


@dataclass(frozen=True)
class ClassificationData:
    """Labels, predictions and scores of the same rows.

    Attributes
    ----------
    true, predicted : ndarray of int64, shape (n,)
        Index into ``classes``.
    scores : ndarray of float64, shape (n, K), or None
        Probabilities, each row summing to 1.
    positive : int or None
        The positive class; None where there are more than two.
    """

    true: np.ndarray
    predicted: np.ndarray
    scores: np.ndarray | None
    classes: list[str]
    positive: int | None

    @property
    def size(self) -> int:
        return len(self.classes)


def measure_classification(
    data: ClassificationData, names: list[str]
) -> tuple[list[Measured], list[dict[str, str]]]:
    """Measure the named metrics; what cannot be measured on these rows is left out, with a warning that says
    why.
    """
    warnings: list[dict[str, str]] = []
    matrix = confusion(data.true, data.predicted, data.size)
    absent = [data.classes[i] for i in np.flatnonzero(matrix.sum(axis=1) == 0)]
    defined = []
    for name in names:
        why = _undefined(name, data, absent)
        if why:
            warnings.append({"code": f"{name}_undefined", "message": f"{name} is not measured: {why}"})
        else:
            defined.append(name)
    of_counts = {name: _of_counts(name, data, matrix) for name in defined if name in CLASSIFICATION}
    of_scores: dict[str, Measured] = {}
    if data.scores is not None:
        asked = [name for name in defined if name in CLASSIFICATION_SCORES]
        of_scores = measure_scores(asked, data.true, data.scores, data.positive)
        of_scores |= {name: _at_level(name, data) for name in defined if level_of(name)[1] is not None}
    results = [(of_counts | of_scores)[name] for name in defined]
    if data.positive is not None and not matrix[:, data.positive].any() and {"precision", "f1"} & set(names):
        label = data.classes[data.positive]
        message = f'No row is predicted "{label}": precision is 0 / 0 and counts as 0.'
        warnings.append({"code": "positive_never_predicted", "message": message})
    return results, warnings


def _undefined(name: str, data: ClassificationData, absent: list[str]) -> str | None:
    has_level = level_of(name)[0] in CLASSIFICATION_LEVELS
    if name not in CLASSIFICATION_SCORES and not has_level:
        return None
    if data.scores is None:
        return f'the predictions have no columns score_<class>, such as "score_{data.classes[-1]}".'
    if has_level and data.positive is None:
        return f"it is of the positive class, and there are {data.size} classes."
    if (name in ("roc_auc", "pr_auc") or has_level) and absent:
        return f"no row of this split is of class {', '.join(absent[:5])}."
    return None


def _at_level(name: str, data: ClassificationData) -> Measured:
    if data.scores is None or data.positive is None:
        raise TypeError(f"{name} needs scores of a positive class")
    return measured(name, *measure_at_level(name, data.true == data.positive, data.scores[:, data.positive]))


def _of_counts(name: str, data: ClassificationData, matrix: np.ndarray) -> Measured:
    true, predicted, positive = data.true, data.predicted, data.positive
    average: dict[str, Any] = {"average": "macro", "zero_division": 0}
    if positive is not None:
        average = {"average": "binary", "pos_label": positive, "zero_division": 0}
    values = {
        "accuracy": lambda: sk.accuracy_score(true, predicted),
        "balanced_accuracy": lambda: count_statistic(name, positive)(_counts(matrix)),
        "precision": lambda: sk.precision_score(true, predicted, **average),
        "recall": lambda: sk.recall_score(true, predicted, **average),
        "f1": lambda: sk.f1_score(true, predicted, **average),
        "mcc": lambda: sk.matthews_corrcoef(true, predicted),
    }
    hits, rows, given = (c.astype(float) for c in _counts(matrix))
    if name == "mcc" and ((rows > 0).sum() < 2 or (given > 0).sum() < 2):
        return measured(name, 0.0, None, "none")  # 0 / 0: one class only, in truth or in predictions
    value = float(values[name]())
    if name == "accuracy":
        return measured(name, value, wilson(hits.sum(), rows.sum()), "wilson")
    if name == "mcc":
        ci, method = interval_of_counts(matrix, count_statistic(name, positive), data_generator(rows))
        return measured(name, value, ci, method)
    if positive is not None and name != "balanced_accuracy":
        trials = {"precision": given, "recall": rows, "f1": rows + given}[name][positive]
        limits = _class_limits(name, hits[positive], rows[positive], given[positive]) if trials else None
        return measured(name, value, limits, "wilson_f1" if name == "f1" else "wilson")
    kind = "recall" if name == "balanced_accuracy" else name
    seen = rows > 0 if name == "balanced_accuracy" else rows + given > 0
    estimates = np.array(
        [_class_value(kind, h, r, g) for h, r, g in zip(hits[seen], rows[seen], given[seen], strict=True)]
    )
    of_each = np.array(
        [_class_limits(kind, h, r, g) for h, r, g in zip(hits[seen], rows[seen], given[seen], strict=True)]
    )
    return measured(name, value, mover_mean(estimates, of_each[:, 0], of_each[:, 1]), "mover_wilson")


def _class_value(name: str, hits: float, rows: float, given: float) -> float:
    part, whole = {"precision": (hits, given), "recall": (hits, rows), "f1": (2 * hits, rows + given)}[name]
    return part / whole if whole else 0.0


def _class_limits(name: str, hits: float, rows: float, given: float) -> Interval:
    """Interval of one class; where nothing speaks for a value (a class never predicted has no precision), all
    of 0..1.
    """
    if name == "f1":
        return wilson_f1(hits, given - hits, rows - hits) if rows + given else (0.0, 1.0)
    trials = given if name == "precision" else rows
    return wilson(hits, trials) if trials else (0.0, 1.0)


def _counts(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return matrix.diagonal(), matrix.sum(axis=1), matrix.sum(axis=0)
