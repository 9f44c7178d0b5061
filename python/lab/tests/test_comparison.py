"""``compare``: differences, verdicts, and the false-positive rate that the tests claim."""

from __future__ import annotations

from math import comb

import numpy as np
import pandas as pd
import pytest
from conftest import quiet
from scipy import stats

from specweave_lab.comparison import compare
from specweave_lab.errors import Refusal
from specweave_lab.metrics.counts import count_statistic
from specweave_lab.metrics.ranking import auc_parts
from specweave_lab.metrics.sums import error_metric
from specweave_lab.paired import compare_counts, compare_influence, compare_medians, compare_sums
from specweave_lab.resampling import EXACT_ROWS


@pytest.fixture
def runs(register, cancer, tmp_path):
    _, out = register(cancer, split={"validation": 0.5}, positive="malignant")
    rows = pd.read_csv(out / "validation.csv")
    generator = np.random.default_rng(0)
    files = {}
    for run, noise in (("good", 0.5), ("same", 0.5), ("bad", 8.0)):
        x = rows["worst radius"] + generator.normal(scale=noise, size=len(rows))
        score = 1 / (1 + np.exp(-(x - 16.8)))
        files[run] = str(tmp_path / f"{run}.csv")
        frame = pd.DataFrame({"row_id": rows["row_id"], "prediction": np.where(score > 0.5, "malignant", "benign"),
                              "score_malignant": score})  # fmt: skip
        frame.sample(frac=1, random_state=len(files)).to_csv(files[run], index=False)
    return {"dataset": str(out), "split": "validation", "predictions": files, "reference": "good"}


@pytest.mark.parametrize(
    "metric", ["accuracy", "f1", "mcc", "balanced_accuracy", "roc_auc", "pr_auc", "log_loss", "brier"]
)
def test_verdicts_follow_the_direction_of_the_metric(runs, metric: str) -> None:
    answer = compare({**runs, "metric": metric}, quiet)
    same, bad = answer["differences"]
    assert (same["a"], same["b"], bad["a"]) == ("same", "good", "bad")
    assert same["verdict"] == "no_difference_shown"
    assert bad["verdict"] == "worse"
    assert bad["ci"][0] < bad["difference"] < bad["ci"][1]
    assert bad["p"] <= bad["p_adjusted"] < 0.05 < same["p_adjusted"]
    back = compare({**runs, "metric": metric, "reference": "bad"}, quiet)["differences"][0]
    assert back["verdict"] == "better" and back["difference"] == pytest.approx(-bad["difference"])


def test_what_was_tried_and_is_not_compared_counts(runs) -> None:
    two = compare({**runs, "metric": "accuracy"}, quiet)
    many = compare({**runs, "metric": "accuracy", "family": 50}, quiet)
    assert (two["family"], many["family"]) == (2, 50)
    assert compare({**runs, "metric": "accuracy", "family": 1}, quiet) == two
    by_run = {one["a"]: one for one in many["differences"]}
    for one in two["differences"]:
        other = by_run[one["a"]]
        assert other["p"] == one["p"] and other["p_adjusted"] >= one["p_adjusted"]
    assert by_run["bad"]["p_adjusted"] == pytest.approx(min(1.0, 50 * by_run["bad"]["p"]))


def test_what_cannot_be_compared(runs, tmp_path) -> None:
    for changes, said in (
        ({"reference": "goood"}, 'Did you mean "good"'),
        ({"predictions": {"good": runs["predictions"]["good"]}}, "at least two"),
        ({"metric": "rmse"}, "no metric of a classification"),
        ({"predictions": {**runs["predictions"], "gone": str(tmp_path / "gone.csv")}}, "gone: "),
    ):
        with pytest.raises(Refusal, match=said):
            compare({"metric": "accuracy", **runs, **changes}, quiet)


def test_accuracy_is_mcnemar() -> None:
    """The permutation p of accuracy is McNemar's exact test: binomial over the rows where one model alone is right."""
    true = np.ones(100, np.int64)
    a, b = true.copy(), true.copy()
    a[:14], b[14:20] = 0, 0
    found = compare_counts(true, a, b, 2, count_statistic("accuracy", 1))
    assert found.value == pytest.approx(-0.08)
    exact = min(1.0, 2 * sum(comb(20, k) for k in range(7)) / 2**20)
    assert found.p == pytest.approx(exact, abs=0.01)


def test_rmse_against_scipy_s_permutation_test() -> None:
    generator = np.random.default_rng(3)
    y = generator.normal(size=60)
    a, b = y + generator.normal(size=60), y + generator.normal(scale=1.25, size=60)
    found = compare_sums(error_metric("mae", y, a), error_metric("mae", y, b))
    theirs = stats.permutation_test(
        (np.abs(a - y), np.abs(b - y)),
        lambda u, v: u.mean() - v.mean(),
        permutation_type="samples",
        n_resamples=20_000,
        rng=0,
    )
    assert found.value == pytest.approx(theirs.statistic)
    assert found.p == pytest.approx(theirs.pvalue, abs=0.02)


def test_many_rows_take_the_normal_limit() -> None:
    generator = np.random.default_rng(4)
    y = generator.normal(size=EXACT_ROWS + 1)
    a, b = y + generator.normal(size=len(y)), y + generator.normal(scale=1.02, size=len(y))
    found = compare_sums(error_metric("mae", y, a), error_metric("mae", y, b))
    t = stats.ttest_rel(np.abs(a - y), np.abs(b - y))
    assert found.method == "jackknife_normal" and found.p == pytest.approx(t.pvalue, rel=0.01)


def test_false_positives_stay_below_five_percent() -> None:
    """Two equally good models, 160 times: p < 0.05 in at most 5 % (four standard errors allowed)."""
    generator = np.random.default_rng(5)
    low = dict.fromkeys(("accuracy", "f1", "mae", "median_ae", "roc_auc"), 0)
    trials, n = 160, 100
    for _ in range(trials):
        y = (generator.random(n) < 0.4).astype(np.int64)
        base = generator.normal(size=n) + y
        a, b = base + generator.normal(size=n), base + generator.normal(size=n)
        for name in ("accuracy", "f1"):
            low[name] += compare_counts(y, (a > 0.5) * 1, (b > 0.5) * 1, 2, count_statistic(name, 1)).p < 0.05
        if _ % 4 == 0:  # the slower ones on a quarter
            low["mae"] += 4 * (
                compare_sums(error_metric("mae", base, a), error_metric("mae", base, b)).p < 0.05
            )
            low["median_ae"] += 4 * (compare_medians(np.abs(a - base), np.abs(b - base)).p < 0.05)
        (auc_a, of_a), (auc_b, of_b) = auc_parts(y == 1, a), auc_parts(y == 1, b)
        low["roc_auc"] += (
            compare_influence(auc_a - auc_b, float(np.sqrt(np.sum((of_a - of_b) ** 2))), "delong").p < 0.05
        )
    assert {
        name: count / trials
        for name, count in low.items()
        if count / trials > 0.05 + 4 * np.sqrt(0.0475 / 40)
    } == {}
    assert {n: c / trials for n, c in low.items() if n in ("accuracy", "roc_auc") and c / trials > 0.12} == {}
