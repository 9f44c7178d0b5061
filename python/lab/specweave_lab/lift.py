"""``lift``: whether a candidate is better than a baseline by a lift, with a paired interval of what it has over
the target.

The target moves with the baseline, and the baseline's value is as uncertain as the candidate's: so both are
resampled together, on the same rows, times or users, and the target is computed again in each resample.

==================  =====================================================================================
metric              interval of m - target(b)
==================  =====================================================================================
accuracy            Agresti and Min's, with the slope of the target
f1, mcc, ...        BCa bootstrap of the kinds of row
sums (rmse, brier)  BCa bootstrap of rows; above 20,000 rows the jackknife's normal limits
roc_auc             DeLong's variance of the difference, with the slope of the target
pr_auc              jackknife's normal limits
median_ae           percentile bootstrap of rows
..._at_recall_0.9   percentile bootstrap of rows
series              long-run variance of the losses of times, see :mod:`specweave_lab.paired_series`
recommendation      BCa bootstrap of users; coverage has none
==================  =====================================================================================
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from specweave_lab.arguments import Arguments
from specweave_lab.custom_paired import own_limits, own_sign
from specweave_lab.drafting import Progress
from specweave_lab.errors import Refusal
from specweave_lab.hurdle import Hurdle
from specweave_lab.intervals import CONFIDENCE, Interval, Z, agresti_min, newcombe_auc
from specweave_lab.metrics.classification import ClassificationData
from specweave_lab.metrics.counts import confusion, count_statistic, interval_of_counts
from specweave_lab.metrics.levels import replicates_at_level, value_at_level
from specweave_lab.metrics.names import CLASSIFICATION, chosen_metrics, level_of, sign_of_better
from specweave_lab.metrics.ranking import (
    auc_parts,
    average_precision_parts,
    macro_auc_parts,
    macro_average_precision_parts,
)
from specweave_lab.paired import Joint, joint_counts, joint_medians, joint_sums
from specweave_lab.paired_series import mean_limits
from specweave_lab.pairs import (
    Pairing,
    as_losses,
    as_sums,
    open_pairing,
    read_run,
    require_measurable,
    too_short,
)
from specweave_lab.reading import file_sha256
from specweave_lab.resampling import bca, data_generator, jackknife_error, percentile
from specweave_lab.thresholds import given_thresholds
from specweave_lab.truth import read_truth

FEWEST_ROWS = 3

Limits = tuple[float, float, Interval, str]
"""The candidate's value, the baseline's, the interval of m - target, and its method."""


def lift(params: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """What a candidate has over the target that a lift over a baseline sets.

    Parameters
    ----------
    params : dict
        ``dataset, split, labels?, problem_type?, positive?, season?, metric``; ``candidate`` and ``baseline``
        (files), ``thresholds?`` (``{candidate?: number, baseline?: number}``); ``lift`` (0.2 asks for 20 %);
        ``bounded`` (whether 1 is the best value, of a metric where
        higher is better; default true) and ``looks`` (how many candidates may be held against the baseline
        on this split, default 1).

    Returns
    -------
    dict
        ``metric, lift, value`` (of the candidate), ``baseline``, ``target``, ``difference`` (value - target,
        in the metric's unit), ``ci`` of it, ``confidence`` of the interval, ``method``, ``rows`` (or users),
        ``predictions_sha256`` and ``baseline_sha256``.

    Notes
    -----
    The rule reads one end of the interval. With L looks that end errs in at most 5 % of all increments in
    which nothing is better, if its own rate is at most 0.05 / L (Bonferroni): so the confidence is
    max(0.95, 1 - 0.1 / L), which is 0.95 up to two looks.

    Raises
    ------
    Refusal
        As ``compare``; ``INPUT_INVALID`` also for fewer than three rows.
    """
    arguments = Arguments(params)
    truth = read_truth(arguments)
    own = own_sign(truth, arguments.text("metric"))
    named = [arguments.text("metric")]
    (metric,) = named if own else chosen_metrics(truth.problem_type, named)
    asked, looks = arguments.number("lift", 0.0), max(1, arguments.integer("looks", 1))
    if asked < 0:
        raise arguments.invalid("lift", "must not be negative")
    minimize = (own or sign_of_better(metric)) < 0
    hurdle = Hurdle(asked, minimize, not minimize and params.get("bounded", True) is not False)
    confidence = max(CONFIDENCE, 1 - 0.1 / looks)
    pairing = open_pairing(metric, truth, arguments)
    paths = {name: arguments.path(name) for name in ("candidate", "baseline")}
    progress("reading the predictions", 0.1)
    thresholds = given_thresholds(arguments)
    runs = {name: read_run(pairing, name, path, thresholds.get(name)) for name, path in paths.items()}
    if not own:
        require_measurable(pairing, runs)
    rows = len(runs["candidate"]) if truth.problem_type == "recommendation" else truth.table.rows
    if rows < FEWEST_ROWS:
        problem = f"An interval needs at least {FEWEST_ROWS} rows."
        raise Refusal("INPUT_INVALID", problem, invalid=[("split", problem)])
    progress("resampling both", 0.4)
    if own:
        m, b, ci, method = own_limits(arguments.path("dataset"), truth, metric, runs, hurdle, confidence)
    else:
        m, b, ci, method = limits_of(pairing, runs["candidate"], runs["baseline"], hurdle, confidence)
    target = float(hurdle.target(np.array(b)))
    if not np.isfinite(ci).all():
        problem = f"{metric} has no interval on these rows."
        raise Refusal("INPUT_INVALID", problem, invalid=[("metric", problem)])
    return {
        "metric": metric,
        "lift": asked,
        "value": m,
        "baseline": b,
        "target": target,
        "difference": m - target,
        "ci": [float(ci[0]), float(ci[1])],
        "confidence": confidence,
        "method": method,
        "rows": rows,
        "predictions_sha256": file_sha256(paths["candidate"]),
        "baseline_sha256": file_sha256(paths["baseline"]),
    }


def limits_of(pairing: Pairing, a: Any, b: Any, hurdle: Hurdle, confidence: float = CONFIDENCE) -> Limits:
    """The interval of a candidate's value minus its target; a and b as
    :func:`~specweave_lab.pairs.read_run` gives them.
    """
    metric = pairing.metric
    if pairing.problem_type == "time_series":
        losses = as_losses(pairing, a, b)
        if losses is None:
            raise too_short()
        m, base = losses.value(0), losses.value(1)
        slope, _ = hurdle.line(base)
        moved = losses.influence(0) - slope * losses.influence(1)
        ci, _, method = mean_limits(_over(m, base, hurdle), moved, losses.ordered, confidence)
        return m, base, ci, method
    if metric == "median_ae":
        errors = [np.abs(given - pairing.truth.numbers()) for given in (a, b)]
        drawn_a, drawn_b = joint_medians(*errors)
        ci = percentile(drawn_a - hurdle.target(drawn_b), confidence)
        return float(np.median(errors[0])), float(np.median(errors[1])), ci, "paired_bootstrap"
    if metric in CLASSIFICATION and isinstance(a, ClassificationData):
        return limits_of_counts(metric, a, b, hurdle, confidence)
    sums = as_sums(pairing, a), as_sums(pairing, b)
    if sums[0] and sums[1]:
        joint = joint_sums(sums[0], sums[1])
        return joint.a, joint.b, *limits_of_joint(joint, hurdle, confidence)
    return limits_of_areas(metric, a, b, hurdle, confidence)


def _over(m: float, b: float, hurdle: Hurdle) -> float:
    return m - float(hurdle.target(np.array(b)))


def limits_of_joint(joint: Joint, hurdle: Hurdle, confidence: float) -> tuple[Interval, str]:
    """BCa limits where there are replicates, else the jackknife's normal limits."""
    value = _over(joint.a, joint.b, hurdle)
    left = joint.left_a - hurdle.target(joint.left_b)
    if len(joint.replicates_a) == 0:
        return _normal(value, jackknife_error(left), confidence), "jackknife_normal"
    replicates = joint.replicates_a - hurdle.target(joint.replicates_b)
    return bca(value, replicates, left, joint.weights, confidence), "paired_bootstrap_bca"


def limits_of_counts(
    metric: str, a: ClassificationData, b: ClassificationData, hurdle: Hurdle, confidence: float
) -> Limits:
    """Of a metric of the confusion matrix. Where the candidate has no error at all its resamples have none
    either, and the interval is widened by what its own would be.
    """
    statistic = count_statistic(metric, b.positive)
    joint = joint_counts(b.true, a.predicted, b.predicted, b.size, statistic)
    if metric == "accuracy":
        slope, constant = hurdle.line(joint.b)
        hits = a.predicted == a.true, b.predicted == b.true
        return joint.a, joint.b, agresti_min(*hits, slope, constant, confidence), "agresti_min"
    ci, method = limits_of_joint(joint, hurdle, confidence)
    matrix = confusion(a.true, a.predicted, a.size)
    if matrix.trace() == len(a.true):
        own, _ = interval_of_counts(matrix, statistic, data_generator(matrix))
        ci = _widened(_over(joint.a, joint.b, hurdle), ci, joint.a, own, confidence)
    return joint.a, joint.b, ci, method


def limits_of_areas(
    metric: str, a: ClassificationData, b: ClassificationData, hurdle: Hurdle, confidence: float
) -> Limits:
    """Of the area under the ROC or the precision-recall curve."""
    true, positive = b.true, b.positive
    scores = [data.scores if data.scores is not None else np.empty((0, 0)) for data in (a, b)]
    if level_of(metric)[1] is not None and positive is not None:
        columns = [one[:, positive] for one in scores]
        m, base = (value_at_level(metric, true == positive, one) for one in columns)
        drawn_m, drawn_b = replicates_at_level(metric, true == positive, columns)
        return m, base, percentile(drawn_m - hurdle.target(drawn_b), confidence), "paired_bootstrap"
    if metric == "pr_auc":
        if positive is not None:
            parts = [average_precision_parts(true == positive, one[:, positive]) for one in scores]
        else:
            parts = [macro_average_precision_parts(true, one) for one in scores]
        (m, left_a), (base, left_b) = parts
        error = jackknife_error(left_a - hurdle.target(left_b))
        return m, base, _normal(_over(m, base, hurdle), error, confidence), "jackknife"
    if positive is not None:
        parts = [auc_parts(true == positive, one[:, positive]) for one in scores]
    else:
        parts = [macro_auc_parts(true, one) for one in scores]
    (m, of_a), (base, of_b) = parts
    slope, _ = hurdle.line(base)
    value = _over(m, base, hurdle)
    ci = _normal(value, float(np.sqrt(np.sum((of_a - slope * of_b) ** 2))), confidence)
    if not of_a.any():
        smallest = int(np.bincount(true).min())
        own = newcombe_auc(m, smallest, len(true) - smallest)
        ci = _widened(value, ci, m, own, confidence)
    return m, base, ci, "delong"


def _normal(value: float, error: float, confidence: float) -> Interval:
    half = float(stats.norm.ppf(0.5 + confidence / 2)) * error
    return value - half, value + half


def _widened(value: float, ci: Interval, m: float, own: Interval, confidence: float) -> Interval:
    """An interval that left out the candidate's own uncertainty, with it: the squares of both distances added, as
    :func:`~specweave_lab.intervals.mover_mean` does.
    """
    more = float(stats.norm.ppf(0.5 + confidence / 2)) / Z
    low = value - float(np.hypot(value - ci[0], more * (m - own[0])))
    return low, value + float(np.hypot(ci[1] - value, more * (own[1] - m)))
