"""``evaluate`` on cross-validation folds: each is measured by itself; what is told is their mean.

The folds share training rows, so that their values are not independent, and the usual standard error of a mean is
too small. The interval takes the corrected variance of Nadeau and Bengio (2003), Machine Learning 52:239-281,
eq. (9) and sec. 4: (1/k + n_test/n_train) s^2, with Student's t of k - 1 degrees of freedom. For growing windows in
time n_test/n_train is the mean over the folds, and the interval is a rough one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from specweave_lab.custom_folds import measure_own_folds
from specweave_lab.errors import predictions_invalid
from specweave_lab.fold_column import check_folds, fold_count
from specweave_lab.folding import FoldProblem
from specweave_lab.intervals import CONFIDENCE, Interval
from specweave_lab.metrics.classification import ClassificationData, measure_classification
from specweave_lab.metrics.counts import confusion
from specweave_lab.metrics.measured import Measured, measured
from specweave_lab.metrics.names import CLASSIFICATION_LEVELS, level_of
from specweave_lab.metrics.regression import measure_regression
from specweave_lab.metrics.series import measure_series, scales
from specweave_lab.predictions import (
    Warning_,
    align,
    predicted_classes,
    predicted_numbers,
    predicted_scores,
    read_predictions,
)
from specweave_lab.reading import Table, as_times, content_sha256
from specweave_lab.thresholds import labels_at
from specweave_lab.train_folds import Folds
from specweave_lab.truth import Truth

FEW_ROWS = 30
METHOD = "nadeau_bengio_t"

LIMITS = {
    **dict.fromkeys(
        (
            "accuracy",
            "balanced_accuracy",
            "precision",
            "recall",
            "f1",
            "roc_auc",
            "pr_auc",
            "ece",
            *CLASSIFICATION_LEVELS,
        ),
        (0.0, 1.0),
    ),
    "mcc": (-1.0, 1.0),
    "r2": (-np.inf, 1.0),
}
"""Where a metric ends. Those not named are errors, which are never below 0."""

Measure = Any
"""From the places of a fold's rows and of its training rows to its metrics and warnings."""

Part = Callable[[np.ndarray], Any]
"""From places of rows to what was predicted of them."""

OwnOfFolds = tuple[Path, list[str]]
"""The data set's folder, and which metrics of its own evaluator are asked for."""


def evaluate_folds(
    truth: Truth,
    path: Any,
    names: list[str],
    season: int,
    threshold: float | None = None,
    own: OwnOfFolds | None = None,
) -> dict[str, Any]:
    """Measure ``row_id,prediction,fold[,score_<class>...]``.

    Returns
    -------
    dict
        As :func:`specweave_lab.evaluation.evaluate`, with ``folds`` (their number), and for each metric ``by_fold``,
        the value of each. The confusion matrix is the sum over the folds.

    Raises
    ------
    Refusal
        ``PREDICTIONS_INVALID``, also where a row's fold is another than the dataset's.
    """
    scores = score_folds(truth, path, names, season, threshold, own)
    warnings = scores.warnings
    of_own = own[1] if own else []
    results = []
    for name in [*names, *of_own]:
        values = scores.values(name)
        if values is not None:
            ends = (-np.inf, np.inf) if name in of_own else LIMITS.get(level_of(name)[0], (0.0, np.inf))
            results.append({**_mean(name, values, scores.sizes, ends), "by_fold": values.tolist()})
    fewest = min(rows for rows, _ in scores.sizes)
    if fewest < FEW_ROWS:
        warnings.append(
            {"code": "few_rows", "message": f"A fold has only {fewest} rows: the interval is a rough one."}
        )
    return {
        "rows": sum(rows for rows, _ in scores.sizes),
        "folds": len(scores.sizes),
        "metrics": results,
        "warnings": warnings,
        "predictions_sha256": content_sha256(path),
        "labels_sha256": truth.sha256,
        **scores.extra,
    }


@dataclass(frozen=True)
class FoldScores:
    """What a run has on each fold.

    Attributes
    ----------
    by_fold : list of list of Measured
    sizes : list of (int, int)
        Rows that each fold is measured on, and trained on.
    extra : dict
        The confusion matrix of a classification, summed over the folds.
    """

    by_fold: list[list[Measured]]
    sizes: list[tuple[int, int]]
    warnings: list[Warning_]
    extra: dict[str, Any]

    def values(self, name: str) -> np.ndarray | None:
        """A metric's value on each fold, shape (k,); None where it has none on some fold."""
        values = [one["value"] for found in self.by_fold for one in found if one["name"] == name]
        return np.asarray(values, np.float64) if len(values) == len(self.by_fold) else None


def score_folds(
    truth: Truth,
    path: Any,
    names: list[str],
    season: int,
    threshold: float | None = None,
    own: OwnOfFolds | None = None,
) -> FoldScores:
    """Measure each fold by itself; see :func:`evaluate_folds`."""
    given = read_predictions(path, ("row_id", "prediction", "fold"))
    count = fold_count(given)
    try:
        folds = Folds(truth.record, truth.table, count)
    except FoldProblem as problem:
        raise predictions_invalid(
            f"{truth.record['dataset']} has no {count} folds: {problem}.", "Take folds from ds.folds(5)."
        ) from problem
    places = np.flatnonzero(folds.of >= 0)
    lines, warnings = align(truth.rows(places).row_ids, given)
    check_folds(given, lines, folds.of[places])
    if truth.problem_type == "classification":
        measure, part, more, extra = _classification(truth, given, lines, places, names, threshold)
    else:
        measure, part, more, extra = _numbers(truth, given, lines, places, names, season)
    by_fold = [measure(folds.rows(fold), folds.training[fold]) for fold in range(count)]
    if own and own[1]:
        among = [np.flatnonzero(folds.of[places] == fold) for fold in range(count)]
        of_own = measure_own_folds(own[0], truth.rows(places), part(places), among, own[1])
        by_fold = [([*a, *b], [*c, *d]) for (a, c), (b, d) in zip(by_fold, of_own, strict=True)]
    return FoldScores(
        [found for found, _ in by_fold],
        [(len(folds.rows(fold)), len(folds.training[fold])) for fold in range(count)],
        [*warnings, *more, *_told([told for _, told in by_fold])],
        extra,
    )


def corrected_interval(values: np.ndarray, sizes: list[tuple[int, int]]) -> Interval | None:
    """95 % interval of the mean over folds; see the top of this file.

    Parameters
    ----------
    values : ndarray, shape (k,)
    sizes : list of (int, int)
        Rows that each fold was measured on, and trained on.

    Returns
    -------
    (float, float) or None
        None where all folds have one value: their spread then says nothing.
    """
    error = corrected_error(values, sizes)
    if error is None:
        return None
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(values) - 1)) * error
    middle = float(np.mean(values))
    return middle - half, middle + half


def corrected_error(values: np.ndarray, sizes: list[tuple[int, int]]) -> float | None:
    """Standard error of the mean over folds; see the top of this file. None where all folds have one value."""
    k = len(values)
    spread = float(np.var(values, ddof=1))
    # Values that differ in their last bits alone are one value.
    if not spread > (1e-12 * max(1.0, float(np.max(np.abs(values))))) ** 2:
        return None
    ratio = float(np.mean([tested / trained for tested, trained in sizes]))
    return float(np.sqrt((1 / k + ratio) * spread))


def _mean(name: str, values: np.ndarray, sizes: list[tuple[int, int]], ends: Interval) -> Measured:
    interval = corrected_interval(values, sizes)
    if interval is not None:
        interval = max(ends[0], interval[0]), min(ends[1], interval[1])
    return measured(name, float(np.mean(values)), interval, METHOD)


def _classification(
    truth: Truth,
    given: Table,
    lines: np.ndarray,
    places: np.ndarray,
    names: list[str],
    threshold: float | None,
) -> tuple[Measure, Part, list[Warning_], dict[str, Any]]:
    true = truth.class_codes()
    predicted = np.full(len(true), -1, np.int64)
    predicted[places] = predicted_classes(given, lines, truth.classes)
    shares, warnings = predicted_scores(given, lines, truth.classes)
    if threshold is not None:
        predicted[places] = labels_at(truth, shares, threshold)
    scores = None
    if shares is not None:
        scores = np.full((len(true), len(truth.classes)), np.nan)
        scores[places] = shares

    def part(rows: np.ndarray) -> ClassificationData:
        of_rows = None if scores is None else scores[rows]
        return ClassificationData(true[rows], predicted[rows], of_rows, truth.classes, truth.positive)

    def measure(rows: np.ndarray, _training: np.ndarray) -> tuple[list[Measured], list[Warning_]]:
        return measure_classification(part(rows), names)

    matrix = confusion(true[places], predicted[places], len(truth.classes))
    return measure, part, warnings, {"confusion": {"classes": truth.classes, "matrix": matrix}}


def _numbers(
    truth: Truth, given: Table, lines: np.ndarray, places: np.ndarray, names: list[str], season: int
) -> tuple[Measure, Part, list[Warning_], dict[str, Any]]:
    true = truth.numbers()
    predicted = np.full(len(true), np.nan)
    predicted[places] = predicted_numbers(given, lines)

    def part(rows: np.ndarray) -> np.ndarray:
        return predicted[rows]

    if truth.problem_type == "regression":
        return (lambda rows, _training: measure_regression(true[rows], part(rows), names)), part, [], {}
    table, group = truth.table, truth.record.get("group_column")
    times = as_times(table, truth.record["time_column"]).to_numpy(np.int64)
    series = np.array(table.texts(group) if group else [""] * table.rows, dtype=str)

    def measure(rows: np.ndarray, training: np.ndarray) -> tuple[list[Measured], list[Warning_]]:
        past = training[np.argsort(times[training], kind="stable")]
        scale = scales(series[past], true[past], season)
        return measure_series(true[rows], predicted[rows], times[rows], series[rows], scale, names)

    return measure, part, [], {}


def _told(warnings: list[list[Warning_]]) -> list[Warning_]:
    """Each warning once, with the folds that it is about where it is not about all."""
    where: dict[tuple[str, str], list[int]] = {}
    for fold, of_fold in enumerate(warnings):
        for one in of_fold:
            where.setdefault((one["code"], one["message"]), []).append(fold)
    return [
        {
            "code": code,
            "message": message
            if len(folds) == len(warnings)
            else f"fold {', '.join(map(str, folds))}: {message}",
        }
        for (code, message), folds in where.items()
    ]
