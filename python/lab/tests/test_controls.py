"""The evaluator's control on real data of each problem type, and on evaluators that are broken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from specweave_lab import controls
from specweave_lab.metrics.names import BY_PROBLEM

Register = Callable[..., tuple[dict[str, Any], Any]]


def test_every_metric_tells_good_from_shuffled(
    register: Register, cancer: pd.DataFrame, iris: pd.DataFrame, diabetes: pd.DataFrame
) -> None:
    for record in (
        register(cancer)[0],
        register(iris)[0],
        register(diabetes, problem_type="regression")[0],
    ):
        assert record["controls"]["failed"] == []
        assert record["controls"]["not_asked"] == []
        assert set(record["controls"]["passed"]) == set(BY_PROBLEM[record["problem_type"]])


def test_series_and_recommendations(register: Register) -> None:
    rng = np.random.default_rng(2)
    days = pd.DataFrame(
        {
            "day": pd.date_range("2024-01-01", periods=200).strftime("%Y-%m-%d"),
            "target": 50 + rng.normal(size=200).cumsum().round(4),
        }
    )
    record, _ = register(days, problem_type="time_series", split={"time_column": "day"})
    assert set(record["controls"]["passed"]) == set(BY_PROBLEM["time_series"])
    choices = pd.DataFrame(
        {
            "user": np.repeat(np.arange(60), 20),
            "target": np.r_[[rng.permutation(200)[:20] for _ in range(60)]].ravel(),
        }
    )
    record, _ = register(choices, problem_type="recommendation", split={"group_column": "user"})
    assert record["controls"]["failed"] == []
    assert "ndcg@10" in record["controls"]["passed"]
    assert "coverage@10" not in record["controls"]["passed"]


def test_an_evaluator_that_is_turned_around_fails(
    register: Register, diabetes: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure = controls.measure_regression

    def turned(true: Any, predicted: Any, names: list[str]) -> Any:
        results, warnings = measure(true, predicted, names)
        return [{**one, "value": -one["value"]} if one["name"] == "mae" else one for one in results], warnings

    monkeypatch.setattr(controls, "measure_regression", turned)
    record, _ = register(diabetes, problem_type="regression")
    assert record["controls"]["failed"] == [
        {"metric": "mae", "split": "validation"}, {"metric": "mae", "split": "test"},
    ]  # fmt: skip
    assert "mae" not in record["controls"]["passed"]


def test_few_rows_are_not_asked(register: Register, iris: pd.DataFrame) -> None:
    record, _ = register(iris.iloc[::5])
    assert {one["split"] for one in record["controls"]["not_asked"]} == {"validation", "test"}
    assert record["controls"]["failed"] == []
