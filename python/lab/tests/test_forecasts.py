"""Forecasts and recommendations: the formulas by hand on small examples, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from conftest import quiet
from sklearn.metrics import ndcg_score

from specweave_lab.errors import Refusal
from specweave_lab.evaluation import evaluate
from specweave_lab.metrics.recommendation import user_values
from specweave_lab.metrics.series import measure_series, scales
from specweave_lab.resampling import block_bootstrap_sums


def test_series_by_hand() -> None:
    past = np.array([1.0, 3, 2, 5, 10, 10, 40, 40])
    names = np.array(list("aaaabbbb"))
    scale = scales(names, past, 1)
    assert scale["a"] == pytest.approx((2.0, np.sqrt(14 / 3)))
    true, predicted = np.array([4.0, 5, 20, 30]), np.array([5.0, 5, 10, 33])
    results, warnings = measure_series(
        true,
        predicted,
        np.array([1, 2, 1, 2]),
        np.array(list("aabb")),
        scale,
        ["mape", "smape", "mase", "rmse", "mae", "rmsse"],
    )
    got = {one["name"]: one["value"] for one in results}
    assert warnings == [] and all(one["ci"] is None for one in results)
    assert got["mae"] == 3.5 and got["rmse"] == pytest.approx(np.sqrt(110 / 4))
    assert got["mape"] == pytest.approx((0.25 + 0 + 0.5 + 0.1) / 4)
    assert got["smape"] == pytest.approx((2 / 9 + 0 + 20 / 30 + 6 / 63) / 4)
    assert got["mase"] == pytest.approx((0.5 + 0 + 1.0 + 0.3) / 4)
    assert got["rmsse"] == pytest.approx(np.sqrt((3 / 14 + 0 + 1 / 3 + 0.03) / 4))


def test_block_bootstrap_allows_for_autocorrelation() -> None:
    generator = np.random.default_rng(0)
    noise = generator.normal(size=2_000)
    series = np.convolve(noise, np.ones(8) / 8, "same")
    spread = block_bootstrap_sums(series[:, None], generator)[:, 0].std()
    assert spread > 2 * series.std() * np.sqrt(len(series))


def test_lists_by_hand() -> None:
    truth = pd.DataFrame({"user": list("aaab"), "item": list("xyzx")})
    lists = pd.DataFrame({"user": list("aaaabb"), "item": list("pxqyrs"), "rank": [1.0, 2, 3, 4, 1, 2]})
    got = user_values(lists, truth, 3).loc["a"]
    assert got["precision"] == pytest.approx(1 / 3) and got["recall"] == pytest.approx(1 / 3)
    assert got["mrr"] == 0.5 and got["map"] == pytest.approx(0.5 / 3) and got["hit_rate"] == 1
    items = list("pxqyz")
    scores = [[4, 3, 2, 1, 0]]
    assert user_values(lists, truth, 5).loc["a", "ndcg"] == pytest.approx(
        ndcg_score([[c in "xyz" for c in items]], scores, k=4)
    )
    assert (user_values(lists, truth, 3).loc["b"] == 0).all()


def test_series_end_to_end(register, tmp_path) -> None:
    days = pd.date_range("2026-01-01", periods=150)
    frame = pd.concat(
        [pd.DataFrame({"shop": s, "day": days, "sales": 10.0 + np.arange(150) % 7}) for s in "ab"]
    )
    frame["day"] = frame["day"].dt.strftime("%Y-%m-%d")
    split = {"time_column": "day", "group_column": "shop"}
    _, out = register(frame, target="sales", problem_type="time_series", split=split)
    rows, path = pd.read_csv(out / "validation.csv"), tmp_path / "p.csv"
    good = pd.DataFrame(
        {"series_id": rows["shop"], "time": rows["day"] + "T00:00:00Z", "prediction": rows["sales"] + 1}
    )
    params = {"dataset": str(out), "split": "validation", "predictions": str(path)}

    def ask(given: pd.DataFrame) -> dict:
        given.to_csv(path, index=False)
        return evaluate(params, quiet)

    answer = ask(good.sample(frac=1, random_state=0))
    got = {one["name"]: one for one in answer["metrics"]}
    assert got["mae"]["value"] == 1.0 and got["mape"]["ci_method"] == "block_bootstrap"
    by_row = ask(pd.DataFrame({"row_id": rows["row_id"], "prediction": rows["sales"] + 1}))
    assert by_row["metrics"] == answer["metrics"]
    for bad, said in (
        (good.iloc[1:], "a at 2026"),
        (good.drop(columns="series_id"), "series_id,time,prediction"),
        (good.assign(time="soon"), "no time"),
        (good.assign(prediction=np.nan), "no finite number"),
        (pd.concat([good, good.iloc[:1]]), "more than once"),
    ):
        with pytest.raises(Refusal, match=said) as caught:
            ask(bad)
        assert caught.value.code == "PREDICTIONS_INVALID"


def test_recommendation_end_to_end(register, tmp_path) -> None:
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"user": generator.integers(0, 50, 2_000), "item": generator.integers(0, 40, 2_000)}
    ).drop_duplicates()
    record, out = register(
        frame, target="item", problem_type="recommendation", split={"group_column": "user"}
    )
    vault, path = tmp_path / "vault" / record["hash"] / "test.csv", tmp_path / "p.csv"
    sealed = pd.read_csv(vault)
    best = pd.DataFrame(
        {"user_id": sealed["user"], "item_id": sealed["item"], "rank": sealed.groupby("user").cumcount() + 1}
    )
    params = {
        "dataset": str(out),
        "split": "test",
        "labels": str(vault),
        "predictions": str(path),
        "metrics": ["ndcg@50", "recall@50", "hit_rate", "coverage@5"],
    }

    def ask(given: pd.DataFrame) -> dict:
        given.to_csv(path, index=False)
        return evaluate(params, quiet)

    values = {one["name"]: one["value"] for one in ask(best)["metrics"]}
    assert values["ndcg@50"] == values["recall@50"] == values["hit_rate@10"] == pytest.approx(1.0)
    for bad, said in (
        (best[best["user_id"] != best["user_id"][0]], "have no list"),
        (best.assign(user_id=best["user_id"] + 1_000), "not in the split"),
        (pd.concat([best, best.iloc[:1].assign(rank=99)]), "same item twice"),
        (best.assign(rank=1), "same rank twice"),
        (best.assign(rank=best["rank"] - 1), "from 1"),
        (best.assign(rank="first"), "no finite number"),
        (best.drop(columns="rank"), "user_id,item_id,rank"),
    ):
        with pytest.raises(Refusal, match=said) as caught:
            ask(bad)
        assert caught.value.code == "PREDICTIONS_INVALID"
