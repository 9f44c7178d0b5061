"""``reproduce``: what counts as the same predictions, and what cannot hide in the tolerance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from conftest import quiet, split_rows

from specweave_lab.metrics.classification import ClassificationData
from specweave_lab.reproduction import compare_classes, compare_numbers, reproduce


def _data(true: np.ndarray, predicted: np.ndarray, positive: np.ndarray | None) -> ClassificationData:
    scores = None if positive is None else np.stack([1 - positive, positive], 1)
    return ClassificationData(true, predicted, scores, ["no", "yes"], 1)


@pytest.fixture
def model() -> tuple[np.ndarray, np.ndarray]:
    """Truth and a model's probabilities of yes, of 400 rows."""
    generator = np.random.default_rng(3)
    true = (generator.random(400) < 0.4).astype(np.int64)
    return true, np.clip(0.3 + 0.3 * true + 0.15 * generator.normal(size=400), 0.01, 0.99)


def test_single_precision_and_rounding_are_the_same(model) -> None:
    true, score = model
    label = (score > 0.5).astype(np.int64)
    made = _data(true, label, score)
    assert compare_classes(_data(true, label, score.astype(np.float32)), made, 0.0).what is None
    assert compare_classes(_data(true, label, score.round(2)), made, 0.005).what is None
    moved = compare_classes(_data(true, label, np.clip(score + 0.02, 0, 1)), made, 0.005)
    assert (moved.what, len(moved.differ)) == ("scores", 400)
    assert moved.largest == pytest.approx(0.02) and moved.tolerance == 0.005


def test_a_threshold_is_named_and_copied_labels_are_not_called_one(model) -> None:
    true, score = model
    made = _data(true, (score > 0.5).astype(np.int64), score)
    lower = (score > 0.4).astype(np.int64)
    found = compare_classes(_data(true, lower, score), made, 0.0)
    assert found.what == "threshold"
    assert len(found.differ) == (lower != made.predicted).sum()
    assert compare_classes(_data(true, lower, None), made, 0.0).what == "labels"
    assert compare_classes(_data(true, true, true * 0.9), made, 0.0).what == "labels"
    assert (
        compare_classes(_data(true, made.predicted, score), _data(true, made.predicted, None), 0.0).what
        == "no_scores"
    )


def test_answers_do_not_hide_in_the_decimals_of_a_model_that_knows_nothing(model) -> None:
    true, _ = model
    flat = np.full(400, 0.3)
    made = _data(true, np.zeros(400, np.int64), flat)
    found = compare_classes(_data(true, np.zeros(400, np.int64), flat + 4e-4 * true), made, 0.0)
    assert found.what == "metrics"
    assert "roc_auc is 1 by those handed in and 0.5 by the model" in found.shown[0]
    even = _data(true, np.zeros(400, np.int64), np.full(400, 0.5))
    assert compare_classes(_data(true, true, np.full(400, 0.5)), even, 0.0).what == "threshold"
    # A tie or two may break either way.
    one = np.zeros(400, np.int64)
    one[7] = 1
    assert compare_classes(_data(true, one, np.full(400, 0.5)), even, 0.0).what is None


def test_numbers() -> None:
    generator = np.random.default_rng(4)
    x = generator.normal(100, 10, size=300)
    assert compare_numbers(x.astype(np.float32).astype(float), x, 0.0).what is None
    assert compare_numbers(x.round(1), x, 0.05).what is None
    other = x.copy()
    other[[5, 9]] += 0.5
    found = compare_numbers(other, x, 0.05)
    assert (found.what, found.differ.tolist()) == ("numbers", [5, 9])
    assert found.largest == pytest.approx(0.5)
    # Rounding to whole numbers changes what is measured.
    assert compare_numbers(x.round(), x, 0.5).what == "numbers"
    constant = np.full(10, 7.0)
    assert compare_numbers(constant, constant + 1e-7, 0.0).what is None
    assert compare_numbers(constant, constant + 1e-2, 0.0).what == "numbers"


def _request(record: dict, out, tmp_path, **files: pd.DataFrame) -> dict:
    params = {
        "dataset": str(out),
        "split": "test",
        "labels": str(tmp_path / "vault" / record["hash"] / "test.csv"),
    }
    for name, frame in files.items():
        params[name] = str(tmp_path / f"{name}.csv")
        frame.to_csv(params[name], index=False)
    return params


def test_files_in_any_order_and_the_order_of_the_rows(register, cancer, tmp_path) -> None:
    record, out = register(cancer, positive="malignant")
    rows = split_rows(out)["test"]
    made = pd.DataFrame(
        {"row_id": rows["row_id"], "prediction": np.resize(["benign", "malignant"], len(rows))}
    )
    turned = made.assign(prediction=np.roll(made["prediction"], 1))
    request = _request(
        record, out, tmp_path, handed_in=made.sample(frac=1, random_state=1), predicted=made, shuffled=made
    )
    same = reproduce(request, quiet)
    assert (same["what"], same["rows"], same["rows_differ"], same["tolerance"]) == (None, len(rows), 0, None)
    moved = reproduce(_request(record, out, tmp_path, handed_in=made, predicted=made, shuffled=turned), quiet)
    assert (moved["what"], moved["rows_differ"]) == ("order", (turned != made)["prediction"].sum())
    wrong = made.copy()
    wrong.loc[2, "prediction"] = "malignant"
    found = reproduce(_request(record, out, tmp_path, handed_in=wrong, predicted=made), quiet)
    assert (found["what"], found["rows_differ"]) == ("labels", 1)
    assert found["examples"] == [f"{rows['row_id'][2]} (handed in malignant, the model says benign)"]


def test_lists_of_users_and_forecasts(register, tmp_path) -> None:
    generator = np.random.default_rng(5)
    bought = pd.DataFrame({
        "user": np.repeat([f"u{i}" for i in range(30)], 8),
        "item": [f"i{k}" for _ in range(30) for k in generator.permutation(20)[:8]],
        "at": np.tile(np.arange(8), 30),
    })  # fmt: skip
    record, out = register(
        bought, problem_type="recommendation", target="item",
        split={"method": "leave_last_out", "time_column": "at", "group_column": "user"},
    )  # fmt: skip
    users = split_rows(out)["test"]["user"]
    made = pd.DataFrame(
        [(u, f"i{k}", k + 1) for u in users for k in range(5)], columns=["user_id", "item_id", "rank"]
    )
    shorter = made[made["rank"] <= 3]
    assert (
        reproduce(_request(record, out, tmp_path, handed_in=shorter, predicted=made), quiet)["what"] is None
    )
    assert (
        reproduce(_request(record, out, tmp_path, handed_in=made, predicted=shorter), quiet)["what"]
        == "lists"
    )
    swapped = made.copy()
    swapped.loc[[0, 1], "item_id"] = ["i1", "i0"]
    found = reproduce(_request(record, out, tmp_path, handed_in=swapped, predicted=made), quiet)
    assert (found["what"], found["rows_differ"], found["rows"]) == ("lists", 1, users.nunique())
    series = pd.DataFrame(
        {"day": pd.date_range("2026-01-01", periods=200), "sold": generator.normal(50, 5, 200)}
    )
    record, out = register(
        series, problem_type="time_series", target="sold", split={"method": "time", "time_column": "day"}
    )
    days = split_rows(out)["test"]["day"]
    forecast = pd.DataFrame({"time": days, "prediction": np.linspace(48, 52, len(days))})
    assert (
        reproduce(_request(record, out, tmp_path, handed_in=forecast.round(3), predicted=forecast), quiet)[
            "what"
        ]
        is None
    )
    later = forecast.assign(prediction=forecast["prediction"] + 1)
    assert (
        reproduce(_request(record, out, tmp_path, handed_in=later, predicted=forecast), quiet)["what"]
        == "numbers"
    )
