"""Metrics of a user's evaluator on folds: measured each by itself, and compared on the same ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import quiet
from own_evaluator import asked, measured

from specweave_lab.evaluation import evaluate
from specweave_lab.paired_folds import compare_folds
from specweave_lab.reading import read_table
from specweave_lab.train_folds import Folds


def folded(out: Path, wrong: float) -> tuple[str, pd.DataFrame]:
    """Predictions of five folds with a share of wrong answers, as a file and beside the truth."""
    record = json.loads((out / "dataset.json").read_text("utf-8"))
    train = read_table(out / record["splits"]["train"]["path"])
    true, fold = np.array(train.texts("target")), Folds(record, train, 5).of
    turned = np.random.default_rng(5).random(len(true)) < wrong
    said = np.where(turned, np.where(true == "malignant", "benign", "malignant"), true)
    frame = pd.DataFrame({"row_id": train.texts("row_id"), "prediction": said, "fold": fold})
    path = out.parent / f"folds-{wrong}.csv"
    frame.sample(frac=1, random_state=1).to_csv(path, index=False)
    return str(path), frame.assign(true=true)


def test_folds_are_measured_each_by_itself(registered: tuple) -> None:
    _, out, _ = registered
    path, frame = folded(out, 0.2)
    asked_for = {"dataset": str(out), "split": "folds", "predictions": path}
    result = evaluate(asked_for, quiet)
    found = measured(result)
    said, ill = frame["prediction"] == "malignant", frame["true"] == "malignant"
    by_fold = ((said & ill) * 100 - said * 10).groupby(frame["fold"]).sum()
    assert found["profit"]["by_fold"] == by_fold.tolist()
    assert found["profit"]["value"] == pytest.approx(by_fold.mean())
    assert found["profit"]["ci_method"] == "nadeau_bengio_t"
    assert found["profit"]["ci"][0] < found["profit"]["value"] < found["profit"]["ci"][1]
    assert {"accuracy", "missed"} <= set(found)
    assert not [one for one in result["warnings"] if one["code"].startswith(("profit", "missed"))]
    assert [one["name"] for one in evaluate({**asked_for, "metrics": ["missed"]}, quiet)["metrics"]] == [
        "missed"
    ]


def test_a_loss_may_lie_below_0_on_folds(registered: tuple) -> None:
    _, out, _ = registered
    path, _ = folded(out, 1.0)
    found = measured(evaluate({"dataset": str(out), "split": "folds", "predictions": path}, quiet))
    assert found["profit"]["value"] < found["profit"]["ci"][1] < 0


@pytest.mark.parametrize(("metric", "verdict"), [("profit", "worse"), ("missed", "worse")])
def test_runs_are_compared_on_the_same_folds(registered: tuple, metric: str, verdict: str) -> None:
    _, out, _ = registered
    files = {str(wrong): folded(out, wrong)[0] for wrong in (0.05, 0.06, 0.4)}
    answer = compare_folds(
        {"dataset": str(out), "metric": metric, "reference": "0.05", "predictions": files}, quiet
    )
    near, far = answer["differences"]
    assert (near["verdict"], far["verdict"], far["method"]) == (
        "no_difference_shown",
        verdict,
        "nadeau_bengio_t",
    )
    values = [
        measured(evaluate({"dataset": str(out), "split": "folds", "predictions": files[run]}, quiet))[metric][
            "value"
        ]
        for run in ("0.4", "0.05")
    ]
    assert far["difference"] == pytest.approx(values[0] - values[1])


def test_a_fold_without_a_value_says_where(register: Any, cancer: pd.DataFrame) -> None:
    _, plain = register(cancer, split={})
    path, frame = folded(plain, 0.1)
    row, fold = frame["row_id"].iloc[0], frame["fold"].iloc[0]
    text = f"""
def evaluate(truth, predictions):
    if {row!r} in set(truth["row_id"]):
        raise ValueError("said " + truth["target"].iloc[0])
    return {{"profit": float((truth["target"] == predictions["prediction"]).mean())}}
"""
    _, out = register(cancer, split={}, evaluator=asked(text, {"profit": "maximize"}))
    result = evaluate({"dataset": str(out), "split": "folds", "predictions": path}, quiet)
    (told,) = [one for one in result["warnings"] if one["code"] == "profit_undefined"]
    assert told["message"].startswith(f"fold {fold}: ") and "ValueError" in told["message"]
    assert "said" not in told["message"]
    assert "profit" not in measured(result) and "accuracy" in measured(result)
    answer = compare_folds(
        {"dataset": str(out), "metric": "profit", "reference": "a", "predictions": {"a": path, "b": path}},
        quiet,
    )
    assert answer["differences"] == [] and "has no value on some fold" in answer["left_out"][0]["reason"]
