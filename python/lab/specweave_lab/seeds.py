"""``compare_seeds``: which experiments differ, over their seeds and not by the luck of one.

An experiment is a script with its parameters; its runs differ in the seed alone. What such a run scores moves with
the seed and with the rows that it is scored on: Bouthillier et al. (2021), Accounting for Variance in Machine
Learning Benchmarks, MLSys, who show that a comparison of single runs takes the first for progress. So experiments
are compared by their means over seeds, with both in the error:

    SE^2 = SE_rows^2 + s_a^2 / k_a + s_b^2 / k_b

SE_rows is the paired error of the difference of the means on these rows (jackknife, DeLong, long-run variance:
:mod:`specweave_lab.unit_errors`), s the standard deviation of an experiment's k values over its seeds. What seeds
and rows do together is in both terms, so the error is rather too large than too small. Limits and p are Student's
with the degrees of freedom of Welch (1947), Biometrika 34:28-35, and Satterthwaite (1946), Biometrics Bull.
2:110-114, over the three terms. A bootstrap over two to ten seeds would be too narrow: it has too few values to draw
from.

Beside it stands what that paper recommends: P(a > b), how often a run of a beats a run of b, over all pairs of
seeds; its interval is Newcombe's (2006), Stat. Med. 25:559-573, method 5, as P is a Mann-Whitney statistic. A change
is worth it where the interval lies above 0.5 and reaches over 0.75 (sec. 4 there). It is about seeds on these very
rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from specweave_lab.arguments import Arguments
from specweave_lab.comparison import judged
from specweave_lab.custom_paired import own_runs, own_sign
from specweave_lab.drafting import Progress
from specweave_lab.errors import Refusal
from specweave_lab.intervals import CONFIDENCE, Interval, newcombe_auc
from specweave_lab.metrics.names import chosen_metrics, sign_of_better
from specweave_lab.paired import Difference
from specweave_lab.pairs import open_pairing, read_run, require_measurable
from specweave_lab.thresholds import given_thresholds
from specweave_lab.truth import read_truth
from specweave_lab.unit_errors import UnitErrors, of_own, unit_errors

METHOD = "welch_seeds_and_rows"
FEWEST_SEEDS = 2
"""With one there is no spread."""
WORTH = 0.75
"""Bouthillier et al. (2021): how often the better one should win for a change to be worth it."""


@dataclass(frozen=True)
class SeedDifference:
    """Two experiments, a - b.

    Attributes
    ----------
    difference : Difference
    error_rows, error_seeds : float
        The two parts of the standard error.
    seed_noise : float
        Two single runs of experiments that are equally good differ by less than this in 95 % of cases, by their seeds
        alone.
    wins : float
        P(a > b) over pairs of seeds, in the metric's direction; ties are half a win.
    wins_ci : (float, float)
    """

    difference: Difference
    error_rows: float
    error_seeds: float
    seed_noise: float
    wins: float
    wins_ci: Interval


def compare_seeds(params: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Compare experiments by the means of their seeds.

    Parameters
    ----------
    params : dict
        As of :func:`specweave_lab.comparison.compare` without ``reference``; and ``experiments``
        (``{name: [run, ...]}``), each of at least two runs that differ in their seeds.

    Returns
    -------
    dict
        ``metric``, ``rows``, ``reference`` (the experiment of the best mean), ``experiments`` (``experiment, seeds,
        mean, spread``; the spread is the standard deviation over seeds), ``family`` and ``differences`` as there, with
        ``error_rows, error_seeds, seed_noise, by_luck, wins, wins_ci, worth``.
    """
    arguments = Arguments(params)
    truth = read_truth(arguments)
    own = own_sign(truth, arguments.text("metric"))
    named = [arguments.text("metric")]
    (metric,) = named if own else chosen_metrics(truth.problem_type, named)
    experiments = _experiments(arguments)
    files = arguments.inner("predictions").values
    thresholds = given_thresholds(arguments)
    pairing = open_pairing(metric, truth, arguments)
    runs = {}
    for runs_of in experiments.values():
        for run in runs_of:
            progress(f"reading {run}", 0.1)
            path = Arguments(files, "predictions.").path(run)
            runs[run] = read_run(pairing, run, path, thresholds.get(run))
    progress("comparing", 0.5)
    if own:
        found = of_own(own_runs(arguments.path("dataset"), truth, metric, runs))
    else:
        require_measurable(pairing, runs)
        found = unit_errors(pairing, runs)
    sign = own or sign_of_better(metric)
    means = {name: float(np.mean(_values(found, of))) for name, of in experiments.items()}
    reference = max(means, key=lambda name: sign * means[name])
    differences = {
        name: difference_over_seeds(found, of, experiments[reference], sign)
        for name, of in experiments.items()
        if name != reference
    }
    told = judged(
        {name: one.difference for name, one in differences.items()},
        reference,
        sign,
        arguments.integer("family", 0),
    )
    return {
        "metric": metric,
        "rows": truth.table.rows,
        "reference": reference,
        "experiments": [
            {
                "experiment": name,
                "seeds": len(of),
                "mean": means[name],
                "spread": float(np.std(_values(found, of), ddof=1)),
            }
            for name, of in experiments.items()
        ],
        "family": told["family"],
        "differences": [
            {**line, **_more(one)}
            for line, one in zip(told["differences"], differences.values(), strict=True)
        ],
    }


def _experiments(arguments: Arguments) -> dict[str, list[str]]:
    given = arguments.inner("experiments")
    found = {name: given.texts(name) or [] for name in given.values}
    few = [name for name, of in found.items() if len(set(of)) < FEWEST_SEEDS]
    if few or len(found) < 2:
        problem = f"{few[0]} has under {FEWEST_SEEDS} seeds." if few else "At least two are compared."
        raise Refusal("INPUT_INVALID", problem, invalid=[("experiments", problem)])
    return found


def _more(one: SeedDifference) -> dict[str, Any]:
    low, high = one.wins_ci
    return {
        "error_rows": one.error_rows,
        "error_seeds": one.error_seeds,
        "seed_noise": one.seed_noise,
        "by_luck": abs(one.difference.value) <= one.seed_noise,
        "wins": one.wins,
        "wins_ci": [low, high],
        "worth": low > 0.5 and high > WORTH,
    }


def difference_over_seeds(found: UnitErrors, a: Sequence[str], b: Sequence[str], sign: int) -> SeedDifference:
    """The mean of runs a minus the mean of runs b; see the top of this file.

    Parameters
    ----------
    sign : int
        1 where a higher value is better, else -1.
    """
    of_a, of_b = _values(found, a), _values(found, b)
    value = float(of_a.mean() - of_b.mean())
    error_rows, degrees_rows = found.error(a, b)
    variances = [float(np.var(one, ddof=1)) for one in (of_a, of_b)]
    terms = [
        (error_rows**2, degrees_rows),
        (variances[0] / len(a), len(a) - 1),
        (variances[1] / len(b), len(b) - 1),
    ]
    error, degrees = _welch(terms)
    single, of_single = _welch([(variances[0], len(a) - 1), (variances[1], len(b) - 1)])
    noise = single * float(stats.t.ppf(0.5 + CONFIDENCE / 2, of_single)) if single > 0 else 0.0
    above = sign * (of_a[:, None] - of_b[None, :])
    wins = float(np.mean(above > 0) + 0.5 * np.mean(above == 0))
    return SeedDifference(
        _student(value, error, degrees),
        error_rows,
        float(np.sqrt(terms[1][0] + terms[2][0])),
        noise,
        wins,
        newcombe_auc(wins, len(a), len(b)),
    )


def _values(found: UnitErrors, runs: Sequence[str]) -> np.ndarray:
    return np.array([found.values[run] for run in runs])


def _welch(terms: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Root of a sum of variances, and its degrees of freedom by Satterthwaite (1946)."""
    total = sum(variance for variance, _ in terms)
    under = sum(variance**2 / degrees for variance, degrees in terms)
    return float(np.sqrt(total)), total**2 / under if under > 0 else 1.0


def _student(value: float, error: float, degrees: float) -> Difference:
    if error <= 0 or not np.isfinite(error):
        # Runs that say the same in every row: there is nothing that could be otherwise.
        return Difference(value, (value, value), 1.0 if value == 0 else 0.0, METHOD)
    half = float(stats.t.ppf(0.5 + CONFIDENCE / 2, degrees)) * error
    p = 2 * float(stats.t.sf(abs(value) / error, degrees))
    return Difference(value, (value - half, value + half), p, METHOD)
