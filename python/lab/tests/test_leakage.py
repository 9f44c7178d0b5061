"""Each search with a case that it must find, and one that it must leave alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_wine

Register = Callable[..., tuple[dict[str, Any], Any]]


def kinds(record: dict[str, Any]) -> list[tuple[str, str | None, bool]]:
    return [(f["kind"], f.get("column"), f["certain"]) for f in record["leakage"]["findings"]]


@pytest.fixture
def series() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    n = 400
    values = 10 + np.cumsum(rng.normal(size=n)) * 0.3 + np.sin(np.arange(n) / 7 * 2 * np.pi)
    return pd.DataFrame(
        {
            "day": pd.date_range("2024-01-01", periods=n).strftime("%Y-%m-%d"),
            "temperature": rng.normal(size=n).round(3),
            "target": values.round(6),
        }
    )


def test_honest_data_has_no_findings(
    register: Register, cancer: pd.DataFrame, diabetes: pd.DataFrame, iris: pd.DataFrame
) -> None:
    assert kinds(register(cancer)[0]) == []
    assert kinds(register(iris)[0]) == []
    assert kinds(register(diabetes, problem_type="regression")[0]) == []
    assert kinds(register(load_wine(as_frame=True).frame)[0]) == []


def test_equal_rows_in_test_and_train_are_certain(register: Register, cancer: pd.DataFrame) -> None:
    copied = pd.concat([cancer, cancer.iloc[:200]], ignore_index=True)
    copied.insert(0, "number", np.arange(len(copied)))
    record, _ = register(copied, id_column="number")
    assert ("duplicates", None, True) in kinds(record)
    assert record["leakage"]["repeats"]["test"]["equal"] > 10
    later, first = record["leakage"]["repeats"]["test"]["examples"][0]
    assert abs(int(later) - int(first)) == len(cancer)
    # Without ids, equal rows share a split.
    assert kinds(register(copied.drop(columns="number"))[0]) == []


def test_copies_with_another_rounding_are_named(register: Register, cancer: pd.DataFrame) -> None:
    jittered = cancer.iloc[:300].copy()
    numbers = jittered.columns[:-1]
    jittered[numbers] = jittered[numbers] * (1 + 1e-8)
    record, _ = register(pd.concat([cancer, jittered], ignore_index=True))
    assert {kind for kind, _, _ in kinds(record)} == {"duplicates"}
    assert record["leakage"]["repeats"]["test"]["near"] > 10
    assert record["leakage"]["repeats"]["test"]["equal"] == 0


def test_rows_of_few_values_are_equal_by_chance(register: Register) -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.integers(0, 3, size=(600, 4)), columns=list("abcd"))
    frame["target"] = rng.integers(0, 2, 600)
    frame.insert(0, "number", np.arange(600))
    record, _ = register(frame, id_column="number")
    assert record["leakage"]["repeats"]["test"]["equal"] > 50
    assert kinds(record) == []


def test_a_renamed_target_is_certain(
    register: Register, cancer: pd.DataFrame, diabetes: pd.DataFrame
) -> None:
    coded = cancer.assign(result=cancer["target"].map({"malignant": "M", "benign": "B"}))
    assert kinds(register(coded)[0]) == [("target", "result", True)]
    scaled = diabetes.assign(doubled=diabetes["target"] * 2 + 7)
    assert kinds(register(scaled, problem_type="regression")[0]) == [("target", "doubled", True)]
    logged = diabetes.assign(logged=np.log(diabetes["target"]))
    assert kinds(register(logged, problem_type="regression")[0]) == [("target", "logged", True)]


def test_a_column_that_nearly_predicts_is_named_with_its_number(
    register: Register, cancer: pd.DataFrame, diabetes: pd.DataFrame
) -> None:
    rng = np.random.default_rng(3)
    score = (cancer["target"] == "benign") + rng.normal(0, 0.15, len(cancer))
    record, _ = register(cancer.assign(score=score.round(4)))
    assert kinds(record) == [("target", "score", False)]
    [finding] = record["leakage"]["findings"]
    assert finding["metric"] == "roc_auc"
    assert finding["value"] > 0.99
    assert finding["message"] in record["warnings"]
    near = diabetes.assign(near=diabetes["target"] + rng.normal(0, 2, len(diabetes)))
    assert kinds(register(near, problem_type="regression")[0]) == [("target", "near", False)]


def test_what_is_missing_may_tell_the_target(register: Register, cancer: pd.DataFrame) -> None:
    rng = np.random.default_rng(4)
    closed = pd.Series(rng.integers(1, 99, len(cancer)), dtype=object).where(
        cancer["target"] == "malignant", None
    )
    assert kinds(register(cancer.assign(closed=closed))[0]) == [("missingness", "closed", True)]
    holes = pd.Series(rng.integers(1, 99, len(cancer)), dtype=object).where(
        rng.random(len(cancer)) > 0.3, None
    )
    assert kinds(register(cancer.assign(holes=holes))[0]) == []


def test_an_entity_in_train_and_test_is_named(register: Register, cancer: pd.DataFrame) -> None:
    patients = cancer.assign(patient_id=np.arange(len(cancer)) % 90)
    assert kinds(register(patients)[0]) == [("groups", "patient_id", False)]
    record, _ = register(patients, split={"method": "group", "group_column": "patient_id"})
    assert kinds(record) == []
    assert 'no group of "patient_id" is in two splits' in record["leakage"]["searched"]


def test_a_time_beside_a_random_split_is_named(register: Register, series: pd.DataFrame) -> None:
    asked = {"problem_type": "regression"}
    assert kinds(register(series, split={"method": "random"}, **asked)[0]) == [("time", "day", False)]
    record, _ = register(series, split={"method": "time", "time_column": "day", "gap": "3d"}, **asked)
    assert kinds(record) == []
    assert (
        "train lies before validation, and validation before test, with the gap of 3d"
        in record["leakage"]["searched"]
    )


def test_a_column_from_the_future_is_named(register: Register, series: pd.DataFrame) -> None:
    asked = {"problem_type": "time_series", "split": {"method": "time", "time_column": "day"}}
    ahead = series.assign(tomorrow=series["target"].shift(-1)).iloc[:-1]
    assert kinds(register(ahead, **asked)[0]) == [("future", "tomorrow", False)]
    behind = series.assign(yesterday=series["target"].shift(1)).iloc[1:]
    assert kinds(register(behind, **asked)[0]) == []


def test_the_order_of_the_source_changes_nothing(register: Register, cancer: pd.DataFrame) -> None:
    rng = np.random.default_rng(3)
    frame = cancer.assign(score=((cancer["target"] == "benign") + rng.normal(0, 0.15, len(cancer))).round(4))
    one, _ = register(frame)
    other, _ = register(frame.sample(frac=1, random_state=1))
    assert one["leakage"] == other["leakage"]
