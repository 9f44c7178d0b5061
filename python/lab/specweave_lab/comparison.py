"""``compare``: which differences between runs are real, on the same rows and allowing for the number of
comparisons.

A difference comes with a 95 % interval and a two-sided p; the p values of one call are a family, adjusted by
Holm. The verdict reads the adjusted p alone: ``better`` or ``worse`` (in the metric's direction) below 0.05,
else ``no_difference_shown``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from specweave_lab.arguments import Arguments
from specweave_lab.drafting import Progress
from specweave_lab.errors import Refusal, nearest
from specweave_lab.evaluation import read_classification, read_regression
from specweave_lab.intervals import holm
from specweave_lab.metrics.classification import ClassificationData
from specweave_lab.metrics.counts import count_statistic
from specweave_lab.metrics.names import CLASSIFICATION, CLASSIFICATION_SCORES, chosen_metrics, sign_of_better
from specweave_lab.metrics.ranking import (
    auc_parts,
    average_precision_parts,
    macro_auc_parts,
    macro_average_precision_parts,
)
from specweave_lab.metrics.regression import undefined
from specweave_lab.metrics.sums import error_metric, probability_metric
from specweave_lab.paired import Difference, compare_counts, compare_influence, compare_medians, compare_sums
from specweave_lab.resampling import jackknife_error
from specweave_lab.truth import Truth, read_truth

ALPHA = 0.05


def compare(params: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Compare runs with a reference run, paired on the rows of a split.

    Parameters
    ----------
    params : dict
        ``dataset, split, labels?, problem_type?, positive?, metric``, ``predictions: {run: file}`` and
        ``reference`` (one of the runs).

    Returns
    -------
    dict
        ``metric``, ``rows`` and ``differences``: for each other run ``a`` (``b`` is the reference)
        ``difference`` (a - b), ``ci``, ``p``, ``p_adjusted``, ``verdict`` of a, and ``method``.
    """
    arguments = Arguments(params)
    truth = read_truth(arguments)
    if truth.problem_type not in ("classification", "regression"):
        problem = f"Runs of a {truth.problem_type} are compared by a later version of the lab."
        raise Refusal("PREDICTIONS_INVALID", problem, invalid=[("problem_type", problem)])
    (metric,) = chosen_metrics(truth.problem_type, [arguments.text("metric")])
    files = arguments.inner("predictions").values
    reference = arguments.text("reference")
    if reference not in files:
        raise arguments.invalid(
            "reference", f'"{reference}" is not among the predictions. {nearest(reference, files)}'
        )
    others = [run for run in files if run != reference]
    if not others:
        raise arguments.invalid("predictions", "holds the reference alone: at least two runs are compared")

    paths = {run: Arguments(files, "predictions.").path(run) for run in files}
    base = _read(truth, reference, paths[reference])
    found: list[Difference] = []
    for done, run in enumerate(others):
        progress(f"comparing {run}", done / len(others))
        found.append(_difference(metric, truth, _read(truth, run, paths[run]), base, run, reference))
    sign = sign_of_better(metric)
    return {
        "metric": metric,
        "rows": truth.table.rows,
        "differences": [
            {
                "a": run,
                "b": reference,
                "difference": one.value,
                "ci": list(one.ci),
                "p": one.p,
                "p_adjusted": adjusted,
                "verdict": _verdict(sign * one.value, adjusted),
                "method": one.method,
            }
            for run, one, adjusted in zip(others, found, holm([one.p for one in found]), strict=True)
        ],
    }


def _verdict(gain: float, p_adjusted: float) -> str:
    if p_adjusted >= ALPHA or gain == 0:
        return "no_difference_shown"
    return "better" if gain > 0 else "worse"


def _read(truth: Truth, run: str, path: Path) -> Any:
    try:
        if truth.problem_type == "classification":
            return read_classification(truth, path)[0]
        return read_regression(truth, path)[:2]
    except Refusal as refusal:
        refusal.message = f"{run}: {refusal.message}"
        raise


def _difference(metric: str, truth: Truth, a: Any, b: Any, run: str, reference: str) -> Difference:
    if truth.problem_type == "regression":
        true = b[0]
        why = undefined(metric, true)
        if why:
            raise Refusal("INPUT_INVALID", f"{metric} cannot be compared: {why}", invalid=[("metric", why)])
        if metric == "median_ae":
            return compare_medians(np.abs(a[1] - true), np.abs(b[1] - true))
        return compare_sums(error_metric(metric, true, a[1]), error_metric(metric, true, b[1]))
    if metric in CLASSIFICATION:
        return compare_counts(b.true, a.predicted, b.predicted, b.size, count_statistic(metric, b.positive))
    for name, data in ((run, a), (reference, b)):
        if data.scores is None:
            problem = f"{name} handed in no score columns, and {metric} needs them."
            raise Refusal("PREDICTIONS_INVALID", problem, invalid=[("predictions", problem)])
    if metric in CLASSIFICATION_SCORES[:2]:
        if len(np.unique(b.true)) < b.size:
            problem = f"{metric} needs rows of every class in the split."
            raise Refusal("INPUT_INVALID", problem, invalid=[("metric", problem)])
        return _difference_of_areas(metric, a, b)
    return compare_sums(
        probability_metric(metric, b.true, a.scores, b.positive),
        probability_metric(metric, b.true, b.scores, b.positive),
    )


def _difference_of_areas(metric: str, a: ClassificationData, b: ClassificationData) -> Difference:
    true, positive = b.true, b.positive
    scores = [data.scores if data.scores is not None else np.empty((0, 0)) for data in (a, b)]
    if metric == "roc_auc":
        if positive is not None:
            parts = [auc_parts(true == positive, s[:, positive]) for s in scores]
        else:
            parts = [macro_auc_parts(true, s) for s in scores]
        error = float(np.sqrt(np.sum((parts[0][1] - parts[1][1]) ** 2)))
        return compare_influence(parts[0][0] - parts[1][0], error, "delong")
    if positive is not None:
        parts = [average_precision_parts(true == positive, s[:, positive]) for s in scores]
    else:
        parts = [macro_average_precision_parts(true, s) for s in scores]
    return compare_influence(
        parts[0][0] - parts[1][0], jackknife_error(parts[0][1] - parts[1][1]), "jackknife"
    )
