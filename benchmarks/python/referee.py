"""Simulations of the rules of the referee, a line of JSON a figure.

``referee.py <python/lab> [--quick] [--only=rules.rmse]``.

Everything is drawn from one seed. The settings stand in README.md, "The referee".
"""

from __future__ import annotations

import json
import math
import sys

sys.path.insert(0, sys.argv[1])

import numpy as np
import pandas as pd
from scipy import stats
from specweave_lab.hurdle import Hurdle
from specweave_lab.lift import limits_of_areas, limits_of_counts, limits_of_joint
from specweave_lab.metrics.classification import ClassificationData, measure_classification
from specweave_lab.metrics.counts import count_statistic
from specweave_lab.metrics.ranking import auc_parts
from specweave_lab.metrics.recommendation import measure_recommendation, user_values
from specweave_lab.metrics.regression import measure_regression
from specweave_lab.metrics.scores import measure_scores
from specweave_lab.metrics.sums import error_metric, mean_metric
from specweave_lab.paired import compare_counts, compare_influence, compare_sums, joint_sums

SEED = 20_261_121
QUICK = "--quick" in sys.argv
ONLY = next((word.removeprefix("--only=") for word in sys.argv if word.startswith("--only=")), "")
TRIES, LOOKS, ROWS = 20, 3, 500
CONFIDENCE = max(0.95, 1 - 0.1 / LOOKS)
NOTHING = Hurdle(0.0, False, True)  # no lift at all: the lowest hurdle that the baseline rule can set


def say(name: str, value: float, n: int, **more: object) -> None:
    print(json.dumps({"name": name, "value": float(value), "n": n, **more}), flush=True)


def of_classes(
    true: np.ndarray, predicted: np.ndarray, scores: np.ndarray | None = None
) -> ClassificationData:
    both = None if scores is None else np.stack([1 - scores, scores], axis=1)
    return ClassificationData(true, predicted, both, ["no", "yes"], 1)


# What is tried: (truth and values of all runs, the baseline first) of a split; the effect is of the last run.


def accuracies(rng: np.random.Generator, effect: float) -> list[ClassificationData]:
    true = rng.integers(0, 2, ROWS)
    chance = 0.7
    shares = [chance] * TRIES + [solve_accuracy(chance, effect)]
    return [of_classes(true, np.where(rng.random(ROWS) < share, true, 1 - true)) for share in shares]


def solve_accuracy(chance: float, effect: float) -> float:
    """The share p with p - chance = effect x its standard error, for independent answers."""
    p = chance
    for _ in range(50):
        p = chance + effect * math.sqrt((chance * (1 - chance) + p * (1 - p)) / ROWS)
    return p


def areas(rng: np.random.Generator, effect: float) -> list[ClassificationData]:
    """Scores of the runs are independent, given the class; 0.5 for noise, else binormal."""
    true = (rng.random(ROWS) < 0.5).astype(np.int64)
    # near 0.5 the standard error of an area is about sqrt((m + n + 1) / (12 m n)), of a difference root two more
    error = math.sqrt(2 * (ROWS + 1) / (12 * (ROWS / 2) ** 2))
    shift = math.sqrt(2) * float(stats.norm.ppf(0.5 + effect * error))
    return [
        of_classes(true, true, stats.norm.cdf(rng.normal(size=ROWS) + true * (shift if last else 0)))
        for last in [False] * TRIES + [True]
    ]


def errors(rng: np.random.Generator, effect: float) -> list[tuple[np.ndarray, np.ndarray]]:
    """Predictions of noise of one size; the last run's is smaller."""
    true = rng.normal(size=ROWS)
    # squared errors of sum 1 + s^2 (s = 0.6): the common part is large, so the spread of the gap is simulated once
    spreads = [0.6] * TRIES + [SMALLER if effect else 0.6]
    return [(true, true * 0 + rng.normal(scale=spread, size=ROWS)) for spread in spreads]


def solve_error(effect: float) -> float:
    """The spread of predictions whose rmse lies `effect` standard errors of the paired gap below that of 0.6."""
    rng, n = np.random.default_rng(SEED), 1_000_000
    true, base = rng.normal(size=n), rng.normal(size=n)
    low, high = 0.0, 0.6
    for _ in range(30):
        spread = (low + high) / 2
        gap = (0.6 * base - true) ** 2 - (spread * rng.normal(size=n) - true) ** 2
        if gap.mean() / (gap.std() / math.sqrt(ROWS)) > effect:
            low = spread
        else:
            high = spread
    return (low + high) / 2


SMALLER = 0.0


def value_of(metric: str, run) -> float:
    if metric == "accuracy":
        return float(np.mean(run.true == run.predicted))
    if metric == "roc_auc":
        return auc_parts(run.true == 1, run.scores[:, 1])[0]
    return -error_metric("rmse", *run).value()


def p_of(metric: str, a, b) -> float:
    if metric == "accuracy":
        return compare_counts(b.true, a.predicted, b.predicted, 2, count_statistic("accuracy", 1)).p
    if metric == "roc_auc":
        (auc_a, of_a), (auc_b, of_b) = (auc_parts(one.true == 1, one.scores[:, 1]) for one in (a, b))
        return compare_influence(auc_a - auc_b, float(np.sqrt(np.sum((of_a - of_b) ** 2))), "delong").p
    return compare_sums(error_metric("rmse", *a), error_metric("rmse", *b)).p


def passes(metric: str, a, b) -> bool:
    """The baseline rule with a lift of 0, by the interval."""
    if metric == "accuracy":
        return limits_of_counts("accuracy", a, b, NOTHING, CONFIDENCE)[2][0] >= 0
    if metric == "roc_auc":
        return limits_of_areas("roc_auc", a, b, NOTHING, CONFIDENCE)[2][0] >= 0
    joint = joint_sums(error_metric("rmse", *a), error_metric("rmse", *b))
    return limits_of_joint(joint, Hurdle(0.0, True, False), CONFIDENCE)[0][1] <= 0


def increments(metric: str, draw, n: int, effect: float, tested: int) -> dict[str, float]:
    """Shares of increments of 20 tries in which one is called better than the baseline.

    By the baseline rule on the sealed test set after three looks at the best of validation; by Holm's p on
    validation (in the first ``tested`` increments); and by the number alone. With an effect the good run is among the
    tries, and it alone counts as found.

    Nothing is computed that cannot count: a value that is no better is never called better, and a run is called better
    among 20 by Holm's first step, p x 20 < 0.05, which is asked of the best three (with an effect, of the good run, so
    that its share is at least what is said).
    """
    rng = np.random.default_rng(SEED)
    gate = holms = best = best_test = 0
    for i in range(n):
        validation, test = draw(rng, effect), draw(rng, effect)
        values = [value_of(metric, run) for run in validation]
        ordered = sorted(range(1, TRIES + 1), key=values.__getitem__, reverse=True)
        counted = [run for run in ordered[:LOOKS] if run == TRIES or not effect]
        base = value_of(metric, test[0])
        reached = [run for run in counted if value_of(metric, test[run]) > base]
        gate += any(passes(metric, test[run], test[0]) for run in reached)
        best += values[ordered[0]] > values[0] and (ordered[0] == TRIES or not effect)
        best_test += len(reached) > 0
        if i < tested:
            asked = [TRIES] if effect else ordered[:LOOKS]
            holms += any(
                p_of(metric, validation[run], validation[0]) * TRIES < 0.05
                for run in asked
                if values[run] > values[0]
            )
    return {"gate": gate / n, "holm": holms / max(tested, 1), "best": best / n, "best_test": best_test / n}


def rules() -> None:
    global SMALLER
    n = 200 if QUICK else 1_000
    for metric, draw in (("accuracy", accuracies), ("roc_auc", areas), ("rmse", errors)):
        if ONLY not in f"rules.{metric}":
            continue
        if metric == "rmse":
            SMALLER = solve_error(4.0)
        tested = (50 if QUICK else 250) if metric == "rmse" else n
        for what, effect in (("noise", 0.0), ("effect", 4.0)):
            found = increments(metric, draw, n, effect, tested)
            for rule in ("gate", "holm", "best", "best_test"):
                say(f"{what}.{rule}.{metric}", 100 * found[rule], tested if rule == "holm" else n)


# Coverage of the 95 % intervals that `evaluate` prints.


def cover_accuracy(rng: np.random.Generator, n: int) -> tuple[float, list]:
    true = rng.integers(0, 2, n)
    data = of_classes(true, np.where(rng.random(n) < 0.9, true, 1 - true))
    return 0.9, measure_classification(data, ["accuracy"])[0][0]["ci"]


def cover_auc(rng: np.random.Generator, n: int) -> tuple[float, list]:
    true = (rng.random(n) < 0.3).astype(np.int64)
    scores = stats.norm.cdf(rng.normal(size=n) + true)
    found = measure_scores(["roc_auc"], true, np.stack([1 - scores, scores], axis=1), 1)
    return float(stats.norm.cdf(1 / math.sqrt(2))), found["roc_auc"]["ci"]


def cover_rmse(rng: np.random.Generator, n: int) -> tuple[float, list]:
    true = rng.normal(scale=3, size=n)
    return 1.0, measure_regression(true, true + rng.normal(size=n), ["rmse"])[0][0]["ci"]


def cover_rmse_heavy(rng: np.random.Generator, n: int) -> tuple[float, list]:
    true = rng.normal(scale=3, size=n)
    return math.sqrt(5 / 3), measure_regression(true, true + rng.standard_t(5, size=n), ["rmse"])[0][0]["ci"]


def lists_of(rng: np.random.Generator, n: int, hit: float) -> pd.DataFrame:
    users, ranks = np.arange(n), rng.integers(1, 11, n)
    item = np.where(rng.random(n) < hit, "x", "other")
    return pd.DataFrame({"user": users, "item": item, "rank": ranks.astype(float)})


NDCG_OF_HIT = float(np.mean(1 / np.log2(np.arange(1, 11) + 1)))


def cover_ndcg(rng: np.random.Generator, n: int) -> tuple[float, list]:
    relevant = pd.DataFrame({"user": np.arange(n), "item": "x"})
    found = measure_recommendation(lists_of(rng, n, 0.3), relevant, {"x", "other"}, ["ndcg@10"])
    return 0.3 * NDCG_OF_HIT, found[0][0]["ci"]


# Coverage of the interval of m - target, with a lift of 0.2.


def lift_accuracy(rng: np.random.Generator, n: int) -> tuple[float, tuple]:
    true, hard = rng.integers(0, 2, n), rng.random(n)
    runs = [
        of_classes(true, np.where(0.8 * hard + 0.2 * rng.random(n) < cut, true, 1 - true))
        for cut in (0.85, 0.7)
    ]
    return TRUE["accuracy"], limits_of_counts("accuracy", *runs, Hurdle(0.2, False, True), 0.95)[2]


def lift_auc(rng: np.random.Generator, n: int) -> tuple[float, tuple]:
    true, shared = (rng.random(n) < 0.3).astype(np.int64), rng.normal(size=n)
    runs = [
        of_classes(true, true, stats.norm.cdf(true * shift + 0.8 * shared + 0.6 * rng.normal(size=n)))
        for shift in (1.5, 0.7)
    ]
    return TRUE["roc_auc"], limits_of_areas("roc_auc", *runs, Hurdle(0.2, False, True), 0.95)[2]


def lift_rmse(rng: np.random.Generator, n: int) -> tuple[float, tuple]:
    true, shared = rng.normal(scale=3, size=n), rng.normal(size=n)
    a, b = (true + scale * (0.7 * shared + math.sqrt(0.51) * rng.normal(size=n)) for scale in (0.7, 1.0))
    joint = joint_sums(error_metric("rmse", true, a), error_metric("rmse", true, b))
    return 0.7 - 0.8, limits_of_joint(joint, Hurdle(0.2, True, False), 0.95)[0]


def lift_ndcg(rng: np.random.Generator, n: int) -> tuple[float, tuple]:
    relevant = pd.DataFrame({"user": np.arange(n), "item": "x"})
    a, b = (user_values(lists_of(rng, n, hit), relevant, 10)["ndcg"].to_numpy() for hit in (0.4, 0.25))
    joint = joint_sums(mean_metric(a), mean_metric(b))
    return (0.4 - 1.2 * 0.25) * NDCG_OF_HIT, limits_of_joint(joint, Hurdle(0.2, False, True), 0.95)[0]


def middle(simulate, n: int = 2_000_000) -> float:
    """The true m - target, from one sample that is large (the intervals are narrow there: their middle)."""
    low, high = simulate(np.random.default_rng(SEED + 1), n)[1]
    return (low + high) / 2


TRUE = {"accuracy": 0.0, "roc_auc": 0.0}


def coverage() -> None:
    if not ONLY.startswith(("rules", "coverage")):
        TRUE.update(accuracy=middle(lift_accuracy), roc_auc=middle(lift_auc))
    values = {"accuracy": cover_accuracy, "roc_auc": cover_auc, "rmse": cover_rmse,
              "rmse, heavy tails": cover_rmse_heavy, "ndcg@10": cover_ndcg}  # fmt: skip
    lifts = {"accuracy": lift_accuracy, "roc_auc": lift_auc, "rmse": lift_rmse, "ndcg@10": lift_ndcg}
    for what, methods in (("coverage", values), ("lift_coverage", lifts)):
        for metric, simulate in methods.items():
            for rows in (200, 2_000):
                if ONLY not in f"{what}.{metric}.{rows}":
                    continue
                whole = 1_000 if what == "lift_coverage" and rows == 2_000 else 2_000
                times = (200 if rows == 200 else 100) if QUICK else whole
                rng, inside = np.random.default_rng(SEED), 0
                for _ in range(times):
                    true, (low, high) = simulate(rng, rows)
                    inside += low <= true <= high
                say(f"{what}.{metric}.{rows}", 100 * inside / times, times, rows=rows)


if __name__ == "__main__":
    rules()
    coverage()
