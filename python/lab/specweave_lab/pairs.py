"""What runs handed in for a split, read side by side: the material of ``compare`` and of ``lift``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from specweave_lab.arguments import Arguments
from specweave_lab.errors import Refusal
from specweave_lab.evaluation import read_classification, read_regression
from specweave_lab.forecasts import SeriesFrame, read_forecasts, read_lists, read_series
from specweave_lab.metrics import regression, series
from specweave_lab.metrics.classification import ClassificationData
from specweave_lab.metrics.names import CLASSIFICATION_SCORES, DEFAULT_K, level_of, split_name
from specweave_lab.metrics.recommendation import user_values
from specweave_lab.metrics.sums import SumMetric, error_metric, mean_metric, probability_metric
from specweave_lab.paired_series import FEWEST_TIMES, SeriesLosses, series_losses
from specweave_lab.truth import Truth


@dataclass(frozen=True)
class Pairing:
    """A metric on a split, and what it is measured against."""

    metric: str
    truth: Truth
    series: SeriesFrame | None

    @property
    def problem_type(self) -> str:
        return self.truth.problem_type


def open_pairing(metric: str, truth: Truth, arguments: Arguments) -> Pairing:
    """Read what all runs are held against beside the truth: of series their times, names and scales."""
    if truth.problem_type != "time_series":
        return Pairing(metric, truth, None)
    season = max(1, arguments.integer("season", 1))
    return Pairing(metric, truth, read_series(truth, arguments.path("dataset"), season))


def read_run(pairing: Pairing, run: str, path: Path, threshold: float | None = None) -> Any:
    """What one run handed in: ``ClassificationData``; numbers of shape (n,) of a regression or of series; values a
    user, shape (users,), of recommendations. A refusal names the run. ``threshold``: see
    :func:`~specweave_lab.evaluation.read_classification`.
    """
    truth = pairing.truth
    try:
        if truth.problem_type == "classification":
            return read_classification(truth, path, threshold)[0]
        if truth.problem_type == "regression":
            return read_regression(truth, path)[1]
        if truth.problem_type == "time_series":
            return read_forecasts(truth, path)[0]
        lists, relevant = read_lists(truth, path)
        return _user_values(pairing.metric, lists, relevant)
    except Refusal as refusal:
        refusal.message = f"{run}: {refusal.message}"
        raise


def _user_values(metric: str, lists: pd.DataFrame, relevant: pd.DataFrame) -> np.ndarray:
    base, k = split_name(metric)
    if base == "coverage":
        problem = "coverage is one number of all lists together: it has no value a user to pair."
        raise Refusal("INPUT_INVALID", problem, invalid=[("metric", problem)])
    return user_values(lists, relevant, k or DEFAULT_K)[base].to_numpy(np.float64)


def require_measurable(pairing: Pairing, runs: dict[str, Any]) -> None:
    """Refuse (INPUT_INVALID, PREDICTIONS_INVALID) where the metric has no value on these rows."""
    metric, truth = pairing.metric, pairing.truth
    why = None
    if truth.problem_type == "regression":
        why = regression.undefined(metric, truth.numbers())
    elif pairing.series is not None:
        frame = pairing.series
        why = series.undefined(metric, frame.true, frame.series, frame.scale)
    if why:
        raise Refusal("INPUT_INVALID", f"{metric} cannot be compared: {why}", invalid=[("metric", why)])
    has_level = level_of(metric)[1] is not None
    if not (has_level or metric in CLASSIFICATION_SCORES) or truth.problem_type != "classification":
        return
    for name, data in runs.items():
        if data.scores is None:
            problem = f"{name} handed in no score columns, and {metric} needs them."
            raise Refusal("PREDICTIONS_INVALID", problem, invalid=[("predictions", problem)])
    if has_level and truth.positive is None:
        problem = f"{metric} is of the positive class, and there are {len(truth.classes)} classes."
        raise Refusal("INPUT_INVALID", problem, invalid=[("metric", problem)])
    if has_level or metric in CLASSIFICATION_SCORES[:2]:
        data = next(iter(runs.values()))
        if len(np.unique(data.true)) < data.size:
            problem = f"{metric} needs rows of every class in the split."
            raise Refusal("INPUT_INVALID", problem, invalid=[("metric", problem)])


def as_sums(pairing: Pairing, data: Any) -> SumMetric | None:
    """The metric of a run as a function of sums over rows or users; None where it is none."""
    metric = pairing.metric
    if pairing.problem_type == "recommendation":
        return mean_metric(data)
    if pairing.problem_type == "regression" and metric != "median_ae":
        return error_metric(metric, pairing.truth.numbers(), data)
    if (
        isinstance(data, ClassificationData)
        and metric in CLASSIFICATION_SCORES[2:]
        and data.scores is not None
    ):
        return probability_metric(metric, data.true, data.scores, data.positive)
    return None


def as_losses(pairing: Pairing, a: np.ndarray, b: np.ndarray) -> SeriesLosses | None:
    """Losses of two forecasts; None where there are too few times and series."""
    frame = pairing.series
    if frame is None:
        raise TypeError("only series have losses of times")
    return series_losses(pairing.metric, frame.true, a, b, frame.times, frame.series, frame.scale)


def too_short() -> Refusal:
    """Why two forecasts of a short split are not compared."""
    problem = f"Forecasts are compared over at least {FEWEST_TIMES} times, or {FEWEST_TIMES} series."
    return Refusal("INPUT_INVALID", problem, invalid=[("split", problem)])
