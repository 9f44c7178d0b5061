"""A gap before the later splits, and leave-last-out for recommendation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from conftest import split_rows

from specweave_lab.errors import Refusal


def daily(rows: int = 300) -> pd.DataFrame:
    days = pd.date_range("2024-01-01", periods=rows).strftime("%Y-%m-%d")
    step = np.arange(rows)
    return pd.DataFrame({"day": days, "step": step, "x": step % 7, "target": np.sin(step)})


def series(register, frame: pd.DataFrame, **split):
    return register(frame, problem_type="time_series", split={"time_column": "day", **split})


@pytest.mark.parametrize(("gap", "days"), [("7d", 7), ("1w", 7), ("48h", 2), ("1.5d", 1), ("1440 min", 1)])
def test_a_gap_of_days_is_in_no_split(register, gap, days) -> None:
    frame = daily().sample(frac=1, random_state=0)
    record, out = series(register, frame, gap=gap)
    parts = {name: pd.to_datetime(part["day"]) for name, part in split_rows(out).items()}
    for before, after in (("train", "validation"), ("validation", "test")):
        assert (parts[after].min() - parts[before].max()).days == days + 1
    split = record["split"]
    assert split["gap"] == gap and split["left_out"] == 2 * days == 300 - sum(map(len, parts.values()))
    assert any(f"{2 * days} rows lie in the gap of {gap}" in warning for warning in record["warnings"])
    assert record["folds"]["gap_us"] == split["gap_us"]
    without, _ = series(register, frame)
    assert without["hash"] != record["hash"] and "gap" not in without["split"]


def test_a_gap_of_numbers_is_in_the_units_of_the_column(register) -> None:
    record, out = register(daily(), problem_type="time_series", split={"time_column": "step", "gap": 3})
    parts = {name: part["step"].astype(int) for name, part in split_rows(out).items()}
    assert (
        parts["validation"].min() - parts["train"].max()
        == 4
        == parts["test"].min() - parts["validation"].max()
    )
    assert record["split"]["left_out"] == 6


@pytest.mark.parametrize(
    ("split", "message"),
    [
        ({"gap": "soon"}, "no length of time such as 7d"),
        ({"gap": "-1d"}, "no length of time"),
        ({"gap": "0d"}, "above 0"),
        ({"gap": True}, "no length of time"),
        ({"gap": 3}, 'holds dates, and the gap is "3"'),
        ({"gap": "3d", "time_column": "step"}, "holds numbers"),
        ({"gap": "3d", "method": "random"}, "a gap is for a split by time"),
        ({"gap": "100d"}, "validation would be empty: .* with a gap of 100d"),
        ({"gap": "99999999999999w"}, "above 0, and no longer"),
        ({"method": "leave_last_out"}, "is for recommendation"),
    ],
)
def test_gaps_that_cannot_be(register, split, message) -> None:
    with pytest.raises(Refusal, match=message):
        series(register, daily(), **split)


def visits(users: int = 80) -> pd.DataFrame:
    """Ten items a user, in another order for each; equal times within some users."""
    random = np.random.default_rng(5)
    rows = [
        {
            "user": f"u{u}",
            "item": f"i{item}",
            "at": 100 * u + step - step % 2,
            "stars": int(random.integers(1, 6)),
        }
        for u in range(users)
        for step, item in enumerate(random.permutation(40)[: 2 if u < 10 else 10])
    ]
    return pd.DataFrame(rows).sample(frac=1, random_state=2)


def last_out(register, frame: pd.DataFrame, **params):
    split = {"method": "leave_last_out", "group_column": "user", "time_column": "at"}
    return register(frame, problem_type="recommendation", target="item", split=split, **params)


def test_the_last_item_of_each_user_is_sealed(register, tmp_path) -> None:
    frame = visits()
    record, out = last_out(register, frame)
    parts = split_rows(out)
    sealed = pd.read_csv(tmp_path / "vault" / record["hash"] / "test.csv", dtype=str)
    assert len(sealed) == len(parts["validation"]) == len(parts["test"]) == 70
    assert "item" not in parts["test"] and "at" not in parts["test"]
    early = {f"u{u}" for u in range(10)}
    assert not early & set(sealed["user"]) and early < set(parts["train"]["user"])
    for user, own in frame[~frame["user"].isin(early)].groupby("user"):
        times = own.set_index("item")["at"]
        test = times[sealed.loc[sealed["user"] == user, "item"].item()]
        validation = times[parts["validation"].loc[parts["validation"]["user"] == user, "item"].item()]
        train = parts["train"].loc[parts["train"]["user"] == user, "at"].astype(int)
        assert test == times.max() and test >= validation >= train.max() and len(train) == 8
    again, _ = last_out(register, frame.sample(frac=1, random_state=9), name="data")
    assert again["hash"] == record["hash"]
    assert again["splits"]["test"]["labels_sha256"] == record["splits"]["test"]["labels_sha256"]
    assert "folds" not in record


def test_an_item_chosen_twice_counts_at_its_last_time(register, tmp_path) -> None:
    frame = pd.DataFrame(
        [
            {"user": f"u{u}", "item": item, "at": at, "n": at}
            for u in range(40)
            for at, item in enumerate("abcda")
        ]
    )
    record, out = last_out(register, frame)
    sealed = pd.read_csv(tmp_path / "vault" / record["hash"] / "test.csv", dtype=str)
    assert set(sealed["item"]) == {"a"} and len(sealed) == 80, "both rows of it share the split"
    parts = split_rows(out)
    assert set(parts["validation"]["item"]) == {"d"} and set(parts["train"]["item"]) == {"b", "c"}


def test_what_leave_last_out_needs(register) -> None:
    with pytest.raises(Refusal, match="time column is not named"):
        register(
            visits(), problem_type="recommendation", target="item",
            split={"method": "leave_last_out", "group_column": "user"},
        )  # fmt: skip
    with pytest.raises(Refusal, match="too few users with three items"):
        last_out(register, visits(8))
