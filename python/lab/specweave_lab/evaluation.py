"""``evaluate``: score predictions of a split against the labels that the lab holds."""

from __future__ import annotations

from typing import Any

from specweave_lab.arguments import Arguments
from specweave_lab.custom_evaluation import evaluate_own, not_own, own_metrics
from specweave_lab.drafting import Progress
from specweave_lab.folds import evaluate_folds
from specweave_lab.forecasts import evaluate_recommendation, evaluate_series
from specweave_lab.metrics.classification import ClassificationData, measure_classification
from specweave_lab.metrics.counts import confusion
from specweave_lab.metrics.names import chosen_metrics, has_level
from specweave_lab.metrics.regression import measure_regression
from specweave_lab.predictions import (
    Warning_,
    align,
    predicted_classes,
    predicted_numbers,
    predicted_scores,
    read_predictions,
)
from specweave_lab.reading import content_sha256
from specweave_lab.thresholds import given_threshold, labels_at
from specweave_lab.truth import Truth, read_truth

FEW_ROWS = 30


def evaluate(params: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Measure predictions.

    Parameters
    ----------
    params : dict
        ``dataset`` (folder), ``split`` (``folds`` too), ``predictions`` (file), ``labels`` (the vault's
        file, for test), and optionally ``problem_type, positive, classes`` (default: the dataset's), ``metrics``
        (default: all), ``also`` (more metrics, such as ``pinball_0.9``), ``threshold`` (of the positive class's
        score: labels are then made by it) and, for a series, ``season`` (steps of mase's and rmsse's naive
        forecast, default 1).

    Returns
    -------
    dict
        ``rows``, ``metrics`` (``name, value, ci, ci_method``; 95 % intervals), ``warnings``,
        ``predictions_sha256``, ``labels_sha256``, and for a classification ``confusion {classes, matrix}``
        (lines are true classes). Of folds see :func:`specweave_lab.folds.evaluate_folds`.

    Raises
    ------
    Refusal
        ``PREDICTIONS_INVALID``, ``PREDICTIONS_MISSING``, ``VAULT_MISSING``, ``DATASET_INVALID`` or
        ``INPUT_INVALID``.
    """
    arguments = Arguments(params)
    progress("reading the labels", 0.05)
    truth = read_truth(arguments, folds=True)
    asked = arguments.texts("metrics")
    names = chosen_metrics(truth.problem_type, not_own(truth.record, asked))
    also = [name for name in arguments.texts("also") or [] if has_level(name, truth.problem_type)]
    names += chosen_metrics(truth.problem_type, [name for name in also if name not in names])
    path, threshold = arguments.path("predictions"), given_threshold(arguments)
    progress("measuring", 0.3)
    if truth.split == "folds":
        own_names = [name for name in own_metrics(truth.record) if asked is None or name in asked]
        of_folds = arguments.path("dataset"), own_names
        return evaluate_folds(truth, path, names, max(1, arguments.integer("season", 1)), threshold, of_folds)
    given: Any = None
    if truth.problem_type == "classification":
        data, warnings = read_classification(truth, path, threshold)
        given = data
        results, more = measure_classification(data, names)
        extra = {
            "confusion": {"classes": data.classes, "matrix": confusion(data.true, data.predicted, data.size)}
        }
    elif truth.problem_type == "regression":
        true, given, warnings = read_regression(truth, path)
        results, more = measure_regression(true, given, names)
        extra = {}
    elif truth.problem_type == "time_series":
        warnings, extra, season = [], {}, arguments.integer("season", 1)
        results, more = evaluate_series(truth, arguments.path("dataset"), path, names, max(1, season))
    else:
        warnings, extra = [], {}
        results, more = evaluate_recommendation(truth, arguments.path("dataset"), path, names)
    own, own_warnings = evaluate_own(arguments.path("dataset"), truth, path, given, asked)
    results, more = [*results, *own], [*more, *own_warnings]
    rows = truth.table.rows
    if rows < FEW_ROWS:
        more.append(
            {"code": "few_rows", "message": f"There are only {rows} rows: the intervals are wide and rough."}
        )
    return {
        "rows": rows,
        "metrics": results,
        "warnings": warnings + more,
        "predictions_sha256": content_sha256(path),
        "labels_sha256": truth.sha256,
        **extra,
    }


def read_classification(
    truth: Truth, path: Any, threshold: float | None = None
) -> tuple[ClassificationData, list[Warning_]]:
    """Predictions of a classification beside the truth, checked, in the truth's order.

    Parameters
    ----------
    threshold : float or None
        What was chosen for the run: its labels are those of the scores, and those handed in are not used.
    """
    given = read_predictions(path, ("row_id", "prediction"))
    lines, warnings = align(truth.row_ids, given)
    predicted = predicted_classes(given, lines, truth.classes)
    scores, more = predicted_scores(given, lines, truth.classes)
    if threshold is not None:
        predicted = labels_at(truth, scores, threshold)
    data = ClassificationData(truth.class_codes(), predicted, scores, truth.classes, truth.positive)
    return data, warnings + more


def read_regression(truth: Truth, path: Any) -> tuple[Any, Any, list[Warning_]]:
    """Truth and predictions of a regression, float64 of shape (n,), and warnings."""
    given = read_predictions(path, ("row_id", "prediction"))
    lines, warnings = align(truth.row_ids, given)
    return truth.numbers(), predicted_numbers(given, lines), warnings
