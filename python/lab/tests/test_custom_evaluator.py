"""Metrics of a user's evaluator are measured as any other: with intervals, compared, and as a lift."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import quiet
from own_evaluator import asked, handed_in, measured

from specweave_lab.comparison import compare
from specweave_lab.evaluation import evaluate
from specweave_lab.lift import lift


def test_values_and_intervals_beside_the_labs_own(registered: tuple) -> None:
    _, out, _ = registered
    params = handed_in(out, "test", 0.2)
    result = evaluate(params, quiet)
    found = measured(result)
    frame = pd.read_csv(params["predictions"], dtype={"row_id": str}).merge(
        pd.read_csv(params["labels"], dtype={"row_id": str}), on="row_id"
    )
    said, ill = frame["prediction"] == "malignant", frame["target"] == "malignant"
    assert found["profit"]["value"] == (said & ill).sum() * 100 - said.sum() * 10
    assert found["missed"]["value"] == pytest.approx((ill & ~said).mean())
    for name, method in (("profit", "bootstrap_percentile"), ("missed", "bootstrap_bca")):
        low, high = found[name]["ci"]
        assert low < found[name]["value"] < high
        assert found[name]["ci_method"] == method
    # The standard error of a sum of rows: the interval is near the normal one.
    gain = (said & ill) * 100.0 - said * 10.0
    half = 1.96 * gain.std() * len(gain) ** 0.5
    assert (found["profit"]["ci"][1] - found["profit"]["ci"][0]) / 2 == pytest.approx(half, rel=0.15)
    assert "accuracy" in found
    assert evaluate(params, quiet)["metrics"] == result["metrics"]
    assert [one["name"] for one in evaluate({**params, "metrics": ["f1"]}, quiet)["metrics"]] == ["f1"]
    assert [one["name"] for one in evaluate({**params, "metrics": ["profit"]}, quiet)["metrics"]] == [
        "profit"
    ]


@pytest.mark.parametrize("metric", ["profit", "missed"])
def test_runs_are_compared_on_the_same_rows(registered: tuple, metric: str) -> None:
    _, out, _ = registered
    good, bad = handed_in(out, "validation", 0.02), handed_in(out, "validation", 0.4)
    result = compare(
        {
            "dataset": str(out), "split": "validation", "metric": metric, "reference": "bad",
            "predictions": {"bad": bad["predictions"], "good": good["predictions"], "same": bad["predictions"]},
        },
        quiet,
    )  # fmt: skip
    first, same = result["differences"]
    values = [measured(evaluate(one, quiet))[metric]["value"] for one in (good, bad)]
    assert first["difference"] == pytest.approx(values[0] - values[1])
    assert first["verdict"] == "better"
    assert first["ci"][0] <= first["difference"] <= first["ci"][1]
    assert same["difference"] == 0
    assert same["verdict"] == "no_difference_shown"


@pytest.mark.parametrize("metric", ["profit", "missed"])
def test_the_lift_has_an_interval(registered: tuple, metric: str) -> None:
    _, out, _ = registered
    good, bad = handed_in(out, "test", 0.02), handed_in(out, "test", 0.4)
    found = lift(
        {
            **good, "metric": metric, "lift": 0.2, "bounded": False,
            "candidate": good["predictions"], "baseline": bad["predictions"],
        },
        quiet,
    )  # fmt: skip
    sign = 1 if metric == "profit" else -1
    assert found["target"] == pytest.approx(found["baseline"] * (1 + 0.2 * sign))
    assert min(sign * end for end in found["ci"]) > 0
    assert found["ci"][0] <= found["difference"] <= found["ci"][1]


def test_a_metric_that_fails_on_a_split_is_said_and_the_others_are_measured(
    cancer: pd.DataFrame, register: Any, tmp_path: Path
) -> None:
    text = (
        "def evaluate(truth, predictions):\n    if len(truth) < 100:\n"
        "        raise KeyError(str(truth['target'].tolist()))\n"
        "    return {'m': float((truth['target'] == predictions['prediction']).mean())}\n"
    )
    record, out = register(
        cancer, split={"test": 0.1, "validation": 0.3}, evaluator=asked(text, {"m": "maximize"})
    )
    assert record["splits"]["test"]["rows"] < 100 < record["splits"]["validation"]["rows"]
    labels = tmp_path / "vault" / record["hash"] / "test.csv"
    frame = pd.read_csv(labels, dtype={"row_id": str})
    frame.rename(columns={"target": "prediction"}).to_csv(tmp_path / "p.csv", index=False)
    result = evaluate(
        {"dataset": str(out), "split": "test", "predictions": str(tmp_path / "p.csv"), "labels": str(labels)},
        quiet,
    )
    assert "m" not in measured(result)
    assert measured(result)["accuracy"]["value"] == 1
    (warning,) = [one for one in result["warnings"] if one["code"] == "m_undefined"]
    assert warning["message"] == "m was not measured: evaluate raised KeyError (evaluator.py, line 3)."


def test_groups_and_numbers(diabetes: pd.DataFrame, register: Any, tmp_path: Path) -> None:
    rows = diabetes.assign(ward=[f"w{n % 30}" for n in range(len(diabetes))])
    text = (
        "import numpy as np\ndef evaluate(truth, predictions):\n"
        "    assert truth['bmi'].dtype == 'float64'\n"
        "    return {'cost': float(np.abs(truth['target'] - predictions['prediction']).mean())}\n"
        "def losses(truth, predictions):\n    return {'cost': np.abs(truth['target'] - predictions['prediction'])}\n"
    )
    record, out = register(
        rows, problem_type="regression", split={"method": "group", "group_column": "ward"},
        evaluator=asked(text, {"cost": "minimize"}),
    )  # fmt: skip
    frame = pd.read_csv(out / "validation.csv", dtype={"row_id": str})
    # Errors that a whole ward shares: drawn row by row, the interval would be far too narrow.
    shift = frame["ward"].str[1:].astype(int) * 10.0
    frame.assign(prediction=frame["target"] + shift)[["row_id", "prediction"]].to_csv(
        tmp_path / "p.csv", index=False
    )
    result = evaluate(
        {"dataset": str(out), "split": "validation", "predictions": str(tmp_path / "p.csv")}, quiet
    )
    found = measured(result)["cost"]
    assert found["value"] == pytest.approx(shift.mean())
    assert found["ci_method"] == "bootstrap_percentile"
    by_row = 2 * 1.96 * shift.std() / len(shift) ** 0.5
    assert found["ci"][1] - found["ci"][0] > 2 * by_row


def test_series_are_drawn_in_blocks_of_time(register: Any, tmp_path: Path) -> None:
    generator = np.random.default_rng(3)
    days = pd.date_range("2024-01-01", periods=400).strftime("%Y-%m-%d")
    rows = pd.DataFrame({"day": days, "weekday": np.arange(400) % 7, "target": generator.normal(10, 1, 400)})
    text = (
        "def evaluate(truth, predictions):\n"
        "    return {'cost': float(abs(truth['target'] - predictions['prediction']).mean())}\n"
    )
    _, out = register(
        rows,
        problem_type="time_series",
        split={"time_column": "day", "validation": 0.3},
        evaluator=asked(text, {"cost": "minimize"}),
    )
    frame = pd.read_csv(out / "validation.csv", dtype={"row_id": str})
    # Errors that stay for ten days: rows drawn one by one would make the interval far too narrow.
    errors = np.repeat(generator.gamma(1, 5, len(frame) // 10 + 1), 10)[: len(frame)]
    path = tmp_path / "p.csv"
    frame.assign(prediction=frame["target"] + errors, time=frame["day"]).sample(frac=1, random_state=1)[
        ["time", "prediction"]
    ].to_csv(path, index=False)
    result = evaluate({"dataset": str(out), "split": "validation", "predictions": str(path)}, quiet)
    found = measured(result)["cost"]
    assert found["value"] == pytest.approx(errors.mean())
    by_row = 2 * 1.96 * errors.std() / len(errors) ** 0.5
    assert found["ci"][1] - found["ci"][0] > 1.4 * by_row
