"""``compare_folds``: which differences between runs are real, by their values on the same cross-validation folds.

The corrected resampled t-test of Nadeau and Bengio (2003), Machine Learning 52:239-281, sec. 4 and eq. (9), on the
differences fold by fold: t = mean(d) / sqrt((1/k + n_test/n_train) var(d)), with Student's t of k - 1 degrees of
freedom. Without the second term the test takes the folds for independent, which they are not, as they share training
rows: it then finds far more than 5 % of differences where there are none. The correction is a rule of thumb: simulated
with learners of equal worth the test is wrong in 2 to 8 %, the plain one in 9 to 24 %.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from specweave_lab.arguments import Arguments
from specweave_lab.comparison import judged
from specweave_lab.custom_paired import own_sign
from specweave_lab.drafting import Progress
from specweave_lab.errors import Refusal, nearest
from specweave_lab.folds import FoldScores, corrected_error, corrected_interval, score_folds
from specweave_lab.metrics.names import chosen_metrics, sign_of_better
from specweave_lab.paired import Difference
from specweave_lab.thresholds import given_thresholds
from specweave_lab.truth import read_truth

METHOD = "nadeau_bengio_t"


def compare_folds(params: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Compare runs with a reference run on the folds that both were measured on.

    Parameters
    ----------
    params : dict
        As of :func:`specweave_lab.comparison.compare`, with the runs' ``folds.csv`` as ``predictions``.

    Returns
    -------
    dict
        As there, with ``left_out``: ``{run, reason}`` of those that cannot be paired: another number of folds,
        or no spread. With the dataset, the number of folds is all that a division depends on.
    """
    arguments = Arguments({**params, "split": "folds"})
    truth = read_truth(arguments, folds=True)
    own, named = own_sign(truth, arguments.text("metric")), [arguments.text("metric")]
    (metric,) = named if own else chosen_metrics(truth.problem_type, named)
    names = [] if own else [metric]
    of_own = (arguments.path("dataset"), named) if own else None
    files = arguments.inner("predictions").values
    reference = arguments.text("reference")
    if reference not in files:
        raise arguments.invalid(
            "reference", f'"{reference}" is not among the predictions. {nearest(reference, files)}'
        )
    season = max(1, arguments.integer("season", 1))
    thresholds = given_thresholds(arguments)

    def scores(run: str) -> FoldScores:
        path = Arguments(files, "predictions.").path(run)
        try:
            return score_folds(truth, path, names, season, thresholds.get(run), of_own)
        except Refusal as refusal:
            refusal.message = f"{run}: {refusal.message}"
            raise

    base = scores(reference)
    found: dict[str, Difference] = {}
    left_out: list[dict[str, str]] = []
    others = [run for run in files if run != reference]
    for done, run in enumerate(others):
        progress(f"comparing {run}", done / len(others))
        try:
            one = _difference(metric, scores(run), base)
        except Refusal as refusal:
            one = refusal.message
        if isinstance(one, str):
            left_out.append({"run": run, "reason": one})
        else:
            found[run] = one
    told = judged(found, reference, own or sign_of_better(metric), arguments.integer("family", 0))
    return {"metric": metric, "rows": truth.table.rows, **told, "left_out": left_out}


def _difference(metric: str, run: FoldScores, base: FoldScores) -> Difference | str:
    """The difference of two runs, or why there is none."""
    if len(run.sizes) != len(base.sizes):
        return f"was measured on {len(run.sizes)} folds, and the best on {len(base.sizes)}"
    values = run.values(metric), base.values(metric)
    if values[0] is None or values[1] is None:
        return f"cannot be compared: {metric} has no value on some fold"
    return fold_difference(values[0] - values[1], run.sizes)


def fold_difference(differences: np.ndarray, sizes: list[tuple[int, int]]) -> Difference | str:
    """The corrected resampled t-test; see the top of this file.

    Parameters
    ----------
    differences : ndarray, shape (k,)
        Of two models, fold by fold.
    sizes : list of (int, int)
        Rows that each fold is measured on, and trained on.

    Returns
    -------
    Difference or str
        Why not, where all folds differ by the same amount, which is not 0.
    """
    mean = float(np.mean(differences))
    error, interval = corrected_error(differences, sizes), corrected_interval(differences, sizes)
    if error is None or interval is None:
        if abs(mean) < 1e-12:
            return Difference(0.0, (0.0, 0.0), 1.0, METHOD)
        return f"differs by {mean:.6g} in every fold: without a spread there is nothing to test by"
    p = 2 * float(stats.t.sf(abs(mean) / error, len(differences) - 1))
    return Difference(mean, interval, p, METHOD)
