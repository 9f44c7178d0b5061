"""Differences of runs, and lifts over a baseline, by a metric of a user's evaluator: paired on the same rows.

A metric that is the mean of losses of rows is compared as any other mean: permutation and paired bootstrap. Any
other is asked of the same resamples for every run: percentile limits, and p by inverting them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from specweave_lab.custom_evaluator import CustomEvaluator, frozen_evaluator
from specweave_lab.custom_frames import predictions_frame, truth_frame
from specweave_lab.custom_measure import checked_losses
from specweave_lab.custom_process import EvaluatorFailed, Job, run_job
from specweave_lab.custom_units import FEWEST_RESAMPLES, is_by_row, resample_request
from specweave_lab.errors import Refusal
from specweave_lab.hurdle import Hurdle
from specweave_lab.intervals import Interval
from specweave_lab.metrics.sums import SumMetric, mean_metric
from specweave_lab.paired import (
    Difference,
    Joint,
    bootstrap_p,
    compare_sums,
    joint_sums,
)
from specweave_lab.resampling import percentile
from specweave_lab.truth import Truth

AT_ONCE = 2
"""So many runs are resampled as often as one is; more of them share the time."""
MOST_SLOW = 10
"""So many runs of an evaluator for which there is hardly time."""
MOST_OF_A_LIFT = 500


@dataclass(frozen=True)
class OwnRuns:
    """What an own metric is for some runs.

    Attributes
    ----------
    values : dict
        By run.
    sums : dict
        By run, of a metric that is a mean of losses; else empty.
    drawn : dict
        By run the values on resamples, shape (r,), the same ones for all; empty where there are ``sums``.
    """

    values: dict[str, float]
    sums: dict[str, SumMetric]
    drawn: dict[str, np.ndarray]


def own_runs(
    folder: Path, truth: Truth, metric: str, given: Mapping[str, Any], most: int | None = None
) -> OwnRuns:
    """Ask the evaluator about runs, side by side.

    Parameters
    ----------
    given : mapping
        By run what :func:`~specweave_lab.pairs.read_run` gave.
    most : int, optional
        At most so many resamples.

    Raises
    ------
    Refusal
        ``INPUT_INVALID`` where the metric has no value for a run, or resampling takes too long.
    """
    evaluator = frozen_evaluator(folder, truth.record)
    if evaluator is None:
        raise TypeError("the data set has no evaluator of its own")
    frame, runs = truth_frame(truth, folder), list(given)
    job = Job(evaluator.text, frame, [predictions_frame(truth, given[run]) for run in runs])
    every = list(evaluator.metrics)
    job.asked = [{"do": "value", "metrics": every, "of": [place]} for place in range(len(runs))]
    mean = metric in evaluator.losses and is_by_row(truth)
    if mean:
        job.asked += [{"do": "losses", "metrics": [metric], "of": [place]} for place in range(len(runs))]
    else:
        count = _count(evaluator, truth, metric, len(runs), most)
        job.asked.append(resample_request(evaluator, truth, frame, list(range(len(runs))), count))
    answers = run_job(job)
    values = {run: _value(metric, run, answer) for run, answer in zip(runs, answers, strict=False)}
    rest = answers[len(runs) :]
    if mean:
        return OwnRuns(values, {
            run: mean_metric(_losses(metric, run, values[run], answer))
            for run, answer in zip(runs, rest, strict=True)
        }, {})  # fmt: skip
    (drawn,) = rest
    if isinstance(drawn, EvaluatorFailed):
        raise _refused(f"{metric} cannot be compared: evaluate of resampled rows {drawn.place}.")
    found = drawn["drawn"][:, :, every.index(metric)]
    whole = np.isfinite(found).all(axis=1)
    if whole.sum() < 0.95 * len(found):
        raise _refused(f"{metric} cannot be compared: it is not defined on many resamples of these rows.")
    return OwnRuns(values, {}, {run: found[whole, place] for place, run in enumerate(runs)})


def own_difference(runs: OwnRuns, a: str, b: str) -> Difference:
    """a - b of two of the runs."""
    if runs.sums:
        return compare_sums(runs.sums[a], runs.sums[b])
    gap = runs.drawn[a] - runs.drawn[b]
    value = runs.values[a] - runs.values[b]
    # Equal answers have no difference on any resample.
    return Difference(value, percentile(gap), bootstrap_p(gap), "paired_bootstrap")


def own_limits(
    folder: Path, truth: Truth, metric: str, given: Mapping[str, Any], hurdle: Hurdle, confidence: float
) -> tuple[float, float, Interval, str]:
    """The values of ``candidate`` and ``baseline``, the interval of candidate - target, and its method."""
    from specweave_lab.lift import limits_of_joint

    runs = own_runs(folder, truth, metric, given, MOST_OF_A_LIFT)
    a, b = runs.values["candidate"], runs.values["baseline"]
    if runs.sums:
        joint: Joint = joint_sums(runs.sums["candidate"], runs.sums["baseline"])
        return a, b, *limits_of_joint(joint, hurdle, confidence)
    over = runs.drawn["candidate"] - hurdle.target(runs.drawn["baseline"])
    return a, b, percentile(over, confidence), "paired_bootstrap"


def own_sign(truth: Truth, metric: str) -> int | None:
    """1 or -1 of a metric of the data set's own evaluator; None of any other."""
    direction = (truth.record.get("evaluator") or {}).get("metrics", {}).get(metric)
    return None if direction is None else (1 if direction == "maximize" else -1)


def _count(evaluator: CustomEvaluator, truth: Truth, metric: str, runs: int, most: int | None) -> int:
    allowed = (evaluator.resamples or {}).get(truth.split, 0)
    count = max(FEWEST_RESAMPLES, min(allowed, most or allowed, allowed * AT_ONCE // runs))
    if allowed < FEWEST_RESAMPLES or (allowed == FEWEST_RESAMPLES and runs > MOST_SLOW):
        raise _refused(
            f"{metric} cannot be compared: evaluate takes too long to be asked {FEWEST_RESAMPLES} times of "
            f"{runs} runs. Give losses of rows, or compare fewer runs."
        )
    return count


def _value(metric: str, run: str, answer: dict[str, Any] | EvaluatorFailed) -> float:
    if isinstance(answer, EvaluatorFailed):
        raise _refused(f"{metric} of {run} was not measured: evaluate {answer.place}.")
    value = answer["values"][metric]
    if value is None:
        raise _refused(f"{metric} of {run} is no finite number.")
    return float(value)


def _losses(metric: str, run: str, value: float, answer: dict[str, Any] | EvaluatorFailed) -> np.ndarray:
    found = checked_losses(answer, metric, value)
    if isinstance(found, str):
        raise _refused(f"{metric} of {run}: {found}.")
    return found


def _refused(problem: str) -> Refusal:
    return Refusal("INPUT_INVALID", problem, invalid=[("metric", problem)])
