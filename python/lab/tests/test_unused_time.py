"""A time column without a split by time: refused with the call that makes one, where it would decide nothing."""

from __future__ import annotations

import pandas as pd
import pytest

from specweave_lab.errors import Refusal

ROWS = pd.DataFrame(
    {
        "month": pd.date_range("2020-01-01", periods=150, freq="D").strftime("%Y-%m-%d"),
        "customer": [f"c{row % 40}" for row in range(150)],
        "x": range(150),
        "target": ["yes", "no", "no"] * 50,
    }
)
NUMBERS = ROWS.assign(target=[row * 1.5 for row in range(150)])


@pytest.mark.parametrize(
    ("frame", "problem_type", "split", "method"),
    [
        (ROWS, "classification", {}, "stratified"),
        (NUMBERS, "regression", {}, "random"),
        (ROWS, "classification", {"method": "group", "group_column": "customer"}, "group"),
    ],
)
def test_the_refusal_names_the_split_by_time(register, frame, problem_type, split, method) -> None:
    asked = {"problem_type": problem_type, "known": []}
    with pytest.raises(Refusal) as caught:
        register(frame, **asked, split={**split, "time_column": "month"})
    said = caught.value.to_json()
    assert said["code"] == "DATASET_INVALID" and said["invalid"][0]["field"] == "split.time_column"
    assert f'"month", but the split of this {problem_type} is {method}' in said["message"]
    (step,) = said["next"]
    assert step["tool"] == "register_dataset" and step["arguments"]["split"]["method"] == "time"
    _, out = register(frame, **asked, split={**split, **step["arguments"]["split"]})
    train, test = pd.read_csv(out / "train.csv"), pd.read_csv(out / "test.csv")
    assert train["month"].max() < test["month"].min()


def test_a_time_that_is_of_use_is_taken(register) -> None:
    series = NUMBERS.drop(columns="customer")
    record, _ = register(series, problem_type="time_series", known=[], split={"time_column": "month"})
    assert record["split"]["method"] == "time"
    record, _ = register(
        ROWS, problem_type="recommendation", known=[], target="x",
        split={"time_column": "month", "group_column": "customer"},
    )  # fmt: skip
    assert record["split"]["method"] == "time"


def test_a_version_that_is_there_stays_as_it_is(register) -> None:
    split = {"time_column": "month"}
    record, _ = register(ROWS, split=split)
    answer, _ = register(ROWS, split=split, known=[record["hash"]])
    assert answer == {"known": record["hash"]}
