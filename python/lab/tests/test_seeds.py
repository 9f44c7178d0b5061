"""Experiments over their seeds: the formula, every sort of metric, and how often equal learners are told apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import quiet
from scipy import stats
from sklearn.metrics import accuracy_score, f1_score

from specweave_lab.comparison import compare
from specweave_lab.errors import Refusal
from specweave_lab.metrics.classification import ClassificationData
from specweave_lab.metrics.counts import count_statistic
from specweave_lab.metrics.sums import mean_metric
from specweave_lab.paired import compare_counts
from specweave_lab.seeds import compare_seeds, difference_over_seeds
from specweave_lab.unit_errors import UnitErrors, _of_counts, of_sums

CLASSIFICATION = [
    "accuracy",
    "f1",
    "mcc",
    "roc_auc",
    "pr_auc",
    "brier",
    "log_loss",
    "precision_at_recall_0.5",
]
REGRESSION = ["rmse", "mae", "r2", "median_ae"]


@pytest.fixture
def seeded(register, tmp_path):
    """Two experiments of four seeds each, ``good`` and ``bad``, on the validation rows of some data."""

    def make(kind: str) -> dict[str, Any]:
        random = np.random.default_rng(3)
        x = random.normal(size=1200)
        true = (
            np.where(x + random.normal(size=1200) > 0, "yes", "no")
            if kind == "classification"
            else x * 3 + 20
        )
        _, out = register(
            pd.DataFrame({"x": x, "target": true}), problem_type=kind, split={"validation": 0.4}
        )
        rows = pd.read_csv(out / "validation.csv")
        files: dict[str, str] = {}
        experiments: dict[str, list[str]] = {"good": [], "bad": []}
        for name, noise in (("good", 0.3), ("bad", 3.0)):
            for seed in range(4):
                run = f"{name}/s{seed}"
                given = rows["x"] + random.normal(scale=noise, size=len(rows)) + random.normal(scale=0.05)
                frame = pd.DataFrame({"row_id": rows["row_id"]})
                if kind == "classification":
                    score = 1 / (1 + np.exp(-2 * given))
                    frame["prediction"] = np.where(score > 0.5, "yes", "no")
                    frame["score_yes"], frame["score_no"] = score, 1 - score
                else:
                    frame["prediction"] = given * 3 + 20
                files[run] = str(tmp_path / f"{name}-{seed}.csv")
                frame.to_csv(files[run], index=False)
                experiments[name].append(run)
        return {"dataset": str(out), "split": "validation", "predictions": files, "experiments": experiments}

    return make


@pytest.mark.parametrize(
    ("kind", "metric"),
    [*(("classification", name) for name in CLASSIFICATION), *(("regression", name) for name in REGRESSION)],
)
def test_every_metric_has_a_difference_of_means(seeded, kind: str, metric: str) -> None:
    given = {**seeded(kind), "metric": metric}
    answer = compare_seeds(given, quiet)
    assert answer["reference"] == "good"
    (one,) = answer["differences"]
    assert (one["a"], one["b"], one["verdict"], one["wins"]) == ("bad", "good", "worse", 0.0)
    means = {told["experiment"]: told["mean"] for told in answer["experiments"]}
    assert one["difference"] == pytest.approx(means["bad"] - means["good"])
    assert one["ci"][0] < one["difference"] < one["ci"][1]
    # The error of rows is that of the pairwise comparison, but for what several seeds average out.
    runs = {run: file for run, file in given["predictions"].items() if run in ("good/s0", "bad/s0")}
    single = compare({**given, "predictions": runs, "reference": "good/s0"}, quiet)["differences"][0]
    half = (single["ci"][1] - single["ci"][0]) / 2 / 1.96
    assert 0.3 * half < one["error_rows"] < 1.5 * half


def test_is_the_formula(seeded) -> None:
    given = {**seeded("classification"), "metric": "accuracy"}
    answer = compare_seeds(given, quiet)
    (one,) = answer["differences"]
    truth = pd.read_csv(f"{given['dataset']}/validation.csv").set_index("row_id")["target"]
    right = {
        run: (pd.read_csv(file).set_index("row_id")["prediction"].reindex(truth.index) == truth).to_numpy(
            float
        )
        for run, file in given["predictions"].items()
    }
    a, b = (np.array([right[run] for run in given["experiments"][name]]) for name in ("bad", "good"))
    gap = a.mean(axis=0) - b.mean(axis=0)
    terms = [(gap.var(ddof=1) / len(gap), len(gap) - 1)]
    terms += [(each.mean(axis=1).var(ddof=1) / 4, 3) for each in (a, b)]
    error = np.sqrt(sum(variance for variance, _ in terms))
    degrees = error**4 / sum(variance**2 / free for variance, free in terms)
    half = stats.t.ppf(0.975, degrees) * error
    assert one["ci"] == pytest.approx([gap.mean() - half, gap.mean() + half], abs=1e-9)
    assert one["p"] == pytest.approx(2 * stats.t.sf(abs(gap.mean()) / error, degrees))
    assert one["error_seeds"] == pytest.approx(np.sqrt(terms[1][0] + terms[2][0]))


def test_counts_are_left_out_row_by_row() -> None:
    random = np.random.default_rng(1)
    true, predicted = random.integers(0, 2, 60), random.integers(0, 2, 60)
    for name, score in (("accuracy", accuracy_score), ("f1", f1_score)):
        value, moved = _of_counts(name, ClassificationData(true, predicted, None, ["a", "b"], 1))
        left = np.array([score(np.delete(true, row), np.delete(predicted, row)) for row in range(60)])
        assert value == pytest.approx(score(true, predicted))
        assert moved == pytest.approx(np.sqrt(59 / 60) * (left.mean() - left))


def test_what_repeats_itself_has_no_spread(seeded) -> None:
    given = {**seeded("classification"), "metric": "accuracy"}
    files = given["predictions"]
    for name, runs in given["experiments"].items():
        files.update(dict.fromkeys(runs, files[f"{name}/s0"]))
    answer = compare_seeds(given, quiet)
    assert [one["spread"] for one in answer["experiments"]] == [0, 0]
    (one,) = answer["differences"]
    assert (one["seed_noise"], one["by_luck"], one["error_seeds"]) == (0, False, 0)
    files.update(dict.fromkeys(files, files["good/s0"]))
    (one,) = compare_seeds(given, quiet)["differences"]
    assert (one["difference"], one["p"], one["verdict"]) == (0, 1, "no_difference_shown")


def test_asks_for_two_seeds_and_two_experiments(seeded) -> None:
    given = {**seeded("classification"), "metric": "accuracy"}
    for experiments in (
        {"good": ["good/s0", "good/s1"], "bad": ["bad/s0"]},
        {"good": ["good/s0", "good/s1"]},
    ):
        with pytest.raises(Refusal) as refused:
            compare_seeds({**given, "experiments": experiments}, quiet)
        assert refused.value.code == "INPUT_INVALID"


ROWS, SEEDS, TIMES = 600, 5, 400


def simulated(random: np.random.Generator, lead: float = 0.0) -> tuple[UnitErrors, list[str], list[str], Any]:
    """Runs of two learners whose seeds move the share of right rows by 0.02; the rows differ in how hard they are."""
    hard = random.normal(size=ROWS)

    def run(middle: float) -> np.ndarray:
        moved = middle + random.normal(scale=0.08)
        return stats.norm.ppf(random.uniform(size=ROWS)) * 0.5 + hard < moved

    right = {f"{name}{seed}": run(1.0 + lead * (name == "a")) for name in "ab" for seed in range(SEEDS)}
    found = of_sums({name: mean_metric(one.astype(float)) for name, one in right.items()})
    return found, [f"a{seed}" for seed in range(SEEDS)], [f"b{seed}" for seed in range(SEEDS)], right


def test_equal_learners_are_rarely_told_apart_and_single_seeds_often() -> None:
    random = np.random.default_rng(11)
    by_means = by_single = worth = 0
    for _ in range(TIMES):
        found, a, b, right = simulated(random)
        one = difference_over_seeds(found, a, b, 1)
        by_means += one.difference.p < 0.05
        worth += one.wins_ci[0] > 0.5
        true = np.ones(ROWS, np.int64)
        single = compare_counts(
            true,
            right["a0"].astype(np.int64),
            right["b0"].astype(np.int64),
            2,
            count_statistic("accuracy", 1),
        )
        by_single += single.p < 0.05
    assert by_means / TIMES <= 0.07
    assert worth / TIMES <= 0.10
    # One seed against one takes what the seed did for what the learner does.
    assert by_single / TIMES > 0.15


def test_a_lead_of_a_learner_is_found() -> None:
    random = np.random.default_rng(12)
    found = [difference_over_seeds(*simulated(random, 0.4)[:3], 1) for _ in range(100)]
    assert np.mean([one.difference.p < 0.05 and one.difference.value > 0 for one in found]) > 0.9
    assert np.mean([one.wins for one in found]) > 0.9


def test_the_limit_for_single_runs_is_kept_to() -> None:
    random = np.random.default_rng(13)
    within = []
    for _ in range(300):
        found, a, b, _ = simulated(random)
        fresh = simulated(random)[0]
        limit = difference_over_seeds(found, a, b, 1).seed_noise
        within.append(abs(fresh.values["a0"] - fresh.values["b0"]) <= limit)
    assert 0.9 < np.mean(within) <= 0.99
