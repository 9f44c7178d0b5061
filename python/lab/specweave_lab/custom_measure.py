"""The metrics of a user's evaluator, with 95 % intervals, beside the lab's own."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from specweave_lab.custom_evaluator import CustomEvaluator, frozen_evaluator
from specweave_lab.custom_frames import predictions_frame, truth_frame
from specweave_lab.custom_process import EvaluatorFailed, Job, run_job
from specweave_lab.custom_units import FEWEST_RESAMPLES, is_by_row, resample_request
from specweave_lab.metrics.classification import ClassificationData
from specweave_lab.metrics.sums import mean_metric
from specweave_lab.predictions import Warning_
from specweave_lab.resampling import data_generator, intervals_of_sums, percentile
from specweave_lab.truth import Truth

ROUNDING = 1e-9

Measured = tuple[list[dict[str, Any]], list[Warning_]]


def measure_custom(
    folder: Path, truth: Truth, given: ClassificationData | np.ndarray, asked: Iterable[str] | None = None
) -> Measured:
    """Values and intervals of the metrics of the data set's own evaluator.

    A metric that is the mean of losses of rows has the interval of a mean (BCa bootstrap, or the
    jackknife's above 20,000 rows); any other the percentile bootstrap of the whole function.
    What it does not give is a warning ``<metric>_undefined``, without a word that the user's code chose: it saw
    the labels.

    Parameters
    ----------
    asked : names, optional
        Of these only those that are the evaluator's; all of them where not given.
    """
    evaluator = frozen_evaluator(folder, truth.record)
    names = [] if evaluator is None else [n for n in evaluator.metrics if asked is None or n in asked]
    if evaluator is None or not names:
        return [], []
    frame = truth_frame(truth, folder)
    every, count = list(evaluator.metrics), (evaluator.resamples or {}).get(truth.split, 0)
    # Losses are of rows that are drawn for themselves; groups and times are drawn through the whole function.
    means = [name for name in evaluator.losses if is_by_row(truth)]
    job = Job(evaluator.text, frame, [predictions_frame(truth, given)])
    job.asked = [{"do": "value", "metrics": every, "of": [0]}, {"do": "losses", "metrics": means, "of": [0]}]
    if count >= FEWEST_RESAMPLES and set(names) - set(means):
        job.asked.append(resample_request(evaluator, truth, frame, [0], count))
    value, losses, *drawn = run_job(job) if means else _without_losses(job)
    return _results(evaluator, truth, names, means, value, losses, drawn[0] if drawn else None)


def _without_losses(job: Job) -> list[dict[str, Any] | EvaluatorFailed]:
    job.asked = [one for one in job.asked if one["do"] != "losses"]
    value, *rest = run_job(job)
    return [value, {"arrays": {}}, *rest]


def _results(
    evaluator: CustomEvaluator,
    truth: Truth,
    names: list[str],
    means: list[str],
    value: dict[str, Any] | EvaluatorFailed,
    losses: dict[str, Any] | EvaluatorFailed,
    drawn: dict[str, Any] | EvaluatorFailed | None,
) -> Measured:
    results: list[dict[str, Any]] = []
    warnings: list[Warning_] = []
    for name in names:
        if isinstance(value, EvaluatorFailed):
            warnings.append(undefined(name, f"evaluate {value.place}"))
            continue
        number = value["values"][name]
        if number is None:
            warnings.append(undefined(name, "evaluate gave no finite number"))
            continue
        limits, method = None, "none"
        if name in means:
            of_rows = checked_losses(losses, name, number)
            if isinstance(of_rows, str):
                warnings.append(undefined(name, of_rows))
                continue
            metric = mean_metric(of_rows)
            ((limits, method),) = intervals_of_sums(
                [(metric.columns, metric.statistic)], data_generator(of_rows)
            )
        elif drawn is None and truth.split == "train":
            pass  # Nothing is chosen by it.
        elif drawn is None:
            warnings.append(_no_interval(name, "evaluate takes too long to be asked 200 times"))
        elif isinstance(drawn, EvaluatorFailed):
            warnings.append(_no_interval(name, f"evaluate of resampled rows {drawn.place}"))
        else:
            replicates = drawn["drawn"][:, 0, list(evaluator.metrics).index(name)]
            if np.isfinite(replicates).sum() < 0.95 * len(replicates):
                warnings.append(_no_interval(name, "it is not defined on many resamples of these rows"))
            else:
                limits, method = percentile(replicates), "bootstrap_percentile"
        ci = None if limits is None else [float(limits[0]), float(limits[1])]
        results.append({"name": name, "value": number, "ci": ci, "ci_method": method})
    return results, warnings


def checked_losses(losses: dict[str, Any] | EvaluatorFailed, name: str, value: float) -> np.ndarray | str:
    """Losses of rows whose mean is the value, float64, shape (n,); else why they are not."""
    if isinstance(losses, EvaluatorFailed):
        return f"losses {losses.place}"
    of_rows = losses["arrays"].get(name)
    if of_rows is None:
        return "losses gave none for it"
    if not np.isfinite(of_rows).all():
        return "a loss is no finite number"
    mean = float(of_rows.mean())
    if abs(mean - value) > ROUNDING * max(1.0, float(np.abs(of_rows).max())):
        return f"evaluate gave {value:.10g}, and the mean of its losses is {mean:.10g}"
    return of_rows


def undefined(name: str, why: str) -> Warning_:
    """A metric that could not be measured."""
    return {"code": f"{name}_undefined", "message": f"{name} was not measured: {why}."}


def _no_interval(name: str, why: str) -> Warning_:
    return {"code": f"{name}_no_interval", "message": f"{name} has no interval: {why}."}
