"""``compare``: which differences between runs are real, on the same rows and allowing for the number of
comparisons.

A difference comes with a 95 % interval and a two-sided p, adjusted by Holm over a family: the tests of one
call, or more where more were tried. A test that was not made counts as one with p = 1, which costs the others
most. The verdict reads the adjusted p alone: ``better`` or ``worse`` (in the metric's direction) below 0.05, else
``no_difference_shown``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from specweave_lab.arguments import Arguments
from specweave_lab.custom_paired import own_difference, own_runs, own_sign
from specweave_lab.drafting import Progress
from specweave_lab.errors import nearest
from specweave_lab.intervals import holm
from specweave_lab.metrics.classification import ClassificationData
from specweave_lab.metrics.counts import count_statistic
from specweave_lab.metrics.names import CLASSIFICATION, chosen_metrics, level_of, sign_of_better
from specweave_lab.metrics.ranking import (
    auc_parts,
    average_precision_parts,
    macro_auc_parts,
    macro_average_precision_parts,
)
from specweave_lab.paired import (
    Difference,
    compare_at_level,
    compare_counts,
    compare_influence,
    compare_medians,
    compare_sums,
)
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
from specweave_lab.resampling import jackknife_error
from specweave_lab.thresholds import given_thresholds
from specweave_lab.truth import read_truth

ALPHA = 0.05


def compare(params: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Compare runs with a reference run, paired on the rows of a split, on its times or on its users.

    Classification and regression: permutation of the two models' answers row by row and a paired bootstrap
    (DeLong for areas). Series: Diebold and Mariano's test on the losses of each time. Recommendation:
    permutation and bootstrap over users.

    Parameters
    ----------
    params : dict
        ``dataset, split, labels?, problem_type?, positive?, season?, metric``, ``predictions: {run: file}``,
        ``reference`` (one of the runs), ``thresholds?: {run: number}`` (chosen ones, by which labels are made), and
        ``family?``, how many tests to allow for at least.

    Returns
    -------
    dict
        ``metric``, ``rows``, ``family`` and ``differences``: for each other run ``a`` (``b`` is the reference)
        ``difference`` (a - b), ``ci``, ``p``, ``p_adjusted``, ``verdict`` of a, and ``method``.
    """
    arguments = Arguments(params)
    truth = read_truth(arguments)
    own = own_sign(truth, arguments.text("metric"))
    named = [arguments.text("metric")]
    (metric,) = named if own else chosen_metrics(truth.problem_type, named)
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
    pairing = open_pairing(metric, truth, arguments)
    thresholds = given_thresholds(arguments)
    base = read_run(pairing, reference, paths[reference], thresholds.get(reference))
    found: list[Difference] = []
    if own:
        given = {run: read_run(pairing, run, paths[run], thresholds.get(run)) for run in others}
        runs = own_runs(arguments.path("dataset"), truth, metric, {**given, reference: base})
        found = [own_difference(runs, run, reference) for run in others]
    for done, run in enumerate([] if own else others):
        progress(f"comparing {run}", done / len(others))
        one = read_run(pairing, run, paths[run], thresholds.get(run))
        require_measurable(pairing, {run: one, reference: base})
        found.append(difference_of(pairing, one, base))
    return {
        "metric": metric,
        "rows": truth.table.rows,
        **judged(
            dict(zip(others, found, strict=True)),
            reference,
            own or sign_of_better(metric),
            arguments.integer("family", 0),
        ),
    }


def judged(found: dict[str, Difference], reference: str, sign: int, family: int) -> dict[str, Any]:
    """``family`` and ``differences`` of an answer: adjusted by Holm over as many tests as are allowed for at least.

    Parameters
    ----------
    found : dict
        Of each run, its value minus the reference's.
    sign : int
        1 where a higher value is better, else -1.
    """
    family = max(len(found), family)
    p_adjusted = holm([one.p for one in found.values()] + [1.0] * (family - len(found)))
    return {
        "family": family,
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
            for (run, one), adjusted in zip(found.items(), p_adjusted, strict=False)
        ],
    }


def _verdict(gain: float, p_adjusted: float) -> str:
    if p_adjusted >= ALPHA or gain == 0:
        return "no_difference_shown"
    return "better" if gain > 0 else "worse"


def difference_of(pairing: Pairing, a: Any, b: Any) -> Difference:
    """The difference of two runs, a - b; both as :func:`~specweave_lab.pairs.read_run` gives them."""
    metric = pairing.metric
    if pairing.problem_type == "time_series":
        losses = as_losses(pairing, a, b)
        if losses is None:
            raise too_short()
        value = losses.value(0) - losses.value(1)
        limits, p, method = mean_limits(value, losses.influence(0) - losses.influence(1), losses.ordered)
        return Difference(value, limits, p, method)
    if metric == "median_ae":
        true = pairing.truth.numbers()
        return compare_medians(np.abs(a - true), np.abs(b - true))
    if metric in CLASSIFICATION and isinstance(a, ClassificationData):
        return compare_counts(b.true, a.predicted, b.predicted, b.size, count_statistic(metric, b.positive))
    sums = as_sums(pairing, a), as_sums(pairing, b)
    if sums[0] and sums[1]:
        return compare_sums(sums[0], sums[1])
    return _difference_of_areas(metric, a, b)


def _difference_of_areas(metric: str, a: ClassificationData, b: ClassificationData) -> Difference:
    true, positive = b.true, b.positive
    scores = [data.scores if data.scores is not None else np.empty((0, 0)) for data in (a, b)]
    if level_of(metric)[1] is not None and positive is not None:
        return compare_at_level(metric, true == positive, *(one[:, positive] for one in scores))
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
