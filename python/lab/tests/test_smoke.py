"""The cut splits of a smoke run, and what is said about predictions for them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import quiet, split_rows

from specweave_lab.errors import Refusal
from specweave_lab.smoke import cut_splits
from specweave_lab.smoke_check import check_smoke

Register = Callable[..., tuple[dict[str, Any], Path]]


def cut(out: Path, tmp_path: Path) -> tuple[Path, dict[str, pd.DataFrame]]:
    small = tmp_path / "small"
    done = cut_splits({"dataset": str(out), "out": str(small)}, quiet)
    rows = split_rows(small)
    assert done["rows"] == {name: len(frame) for name, frame in rows.items()}
    return small, rows


def hand_in(tmp_path: Path, split: str, frame: pd.DataFrame) -> None:
    (tmp_path / "given").mkdir(exist_ok=True)
    frame.to_csv(tmp_path / "given" / f"{split}.csv", index=False)


def problems(small: Path, tmp_path: Path) -> dict[str, str]:
    found = check_smoke({"dataset": str(small), "predictions": str(tmp_path / "given")}, quiet)
    return {one["split"]: one["problem"] for one in found["problems"]}


def test_each_class_twice_in_file_order_and_within_the_split(register: Register, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=1500), "target": ["a"] * 1400 + ["b"] * 70 + ["c"] * 30})
    _, out = register(frame)
    _, rows = cut(out, tmp_path)
    whole = split_rows(out)
    assert 200 <= len(rows["train"]) <= 206
    for split in ("train", "validation"):
        assert rows[split]["target"].value_counts().reindex(["a", "b", "c"]).min() >= 2
    for split, small in rows.items():
        kept = whole[split][whole[split]["row_id"].isin(small["row_id"])].reset_index(drop=True)
        pd.testing.assert_frame_equal(kept, small)
    assert "target" not in rows["test"]


def test_groups_stay_whole(register: Register, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"who": np.repeat(np.arange(300), 6), "x": rng.normal(size=1800)})
    frame["target"] = rng.normal(size=1800)
    _, out = register(frame, problem_type="regression", split={"method": "group", "group_column": "who"})
    _, rows = cut(out, tmp_path)
    assert 200 <= len(rows["train"]) < 210
    for small in rows.values():
        assert set(small["who"].value_counts()) == {6}
        assert small["who"].nunique() >= 9


def test_series_keep_their_names_and_times_go_on(register: Register, tmp_path: Path) -> None:
    days = pd.date_range("2024-01-01", periods=200).strftime("%Y-%m-%d")
    frame = pd.DataFrame({"day": np.tile(days, 8), "shop": np.repeat([f"s{i}" for i in range(8)], 200)})
    frame["target"] = np.arange(len(frame)) % 7
    _, out = register(
        frame,
        problem_type="time_series",
        split={"method": "time", "time_column": "day", "group_column": "shop"},
    )
    small, rows = cut(out, tmp_path)
    assert [set(frame["shop"]) for frame in rows.values()] == [set(rows["train"]["shop"])] * 3
    assert rows["train"]["shop"].nunique() == 5
    assert rows["train"]["day"].max() < rows["validation"]["day"].min() < rows["test"]["day"].min()
    assert rows["train"]["day"].max() == split_rows(out)["train"]["day"].max()
    forecasts = rows["validation"].rename(columns={"day": "time", "shop": "series_id"})
    hand_in(tmp_path, "validation", forecasts.assign(prediction=1.0)[["series_id", "time", "prediction"]])
    assert problems(small, tmp_path) == {}
    hand_in(tmp_path, "validation", forecasts.assign(prediction=np.nan)[["series_id", "time", "prediction"]])
    assert "no finite number" in problems(small, tmp_path)["validation"]


def test_recommendation_keeps_users_that_all_splits_have(register: Register, tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"user": np.repeat(np.arange(60), 10), "t": np.tile(np.arange(10), 60)})
    frame["item"] = [f"i{i}" for i in rng.integers(0, 40, len(frame))]
    _, out = register(
        frame.drop_duplicates(["user", "item"]),
        target="item",
        problem_type="recommendation",
        split={"method": "leave_last_out", "group_column": "user", "time_column": "t"},
    )
    small, rows = cut(out, tmp_path)
    users = set(rows["train"]["user"])
    assert len(users) == 20
    assert set(rows["validation"]["user"]) == set(rows["test"]["user"]) == users
    lists = pd.DataFrame({"user_id": sorted(users), "item_id": "i1", "rank": 1})
    for split in ("validation", "test"):
        hand_in(tmp_path, split, lists)
    assert problems(small, tmp_path) == {}
    hand_in(tmp_path, "test", lists[1:])
    assert "1 of 20 users have no list" in problems(small, tmp_path)["test"]


def test_forms_are_told_for_each_split(register: Register, cancer: pd.DataFrame, tmp_path: Path) -> None:
    _, out = register(cancer)
    small, rows = cut(out, tmp_path)
    good = {name: frame[["row_id"]].assign(prediction="benign") for name, frame in rows.items()}
    for split, frame in good.items():
        hand_in(tmp_path, split, frame)
    found = check_smoke({"dataset": str(small), "predictions": str(tmp_path / "given")}, quiet)
    assert found == {"handed_in": ["train", "validation", "test"], "problems": []}
    hand_in(tmp_path, "train", good["train"].assign(prediction="good"))
    hand_in(tmp_path, "validation", good["validation"].assign(score_malignant=1.2))
    hand_in(tmp_path, "test", good["test"].rename(columns={"prediction": "y"}))
    told = problems(small, tmp_path)
    assert "no class of the target" in told["train"]
    assert "outside 0..1" in told["validation"]
    assert 'no column "prediction"' in told["test"]


def test_a_split_that_was_changed_is_refused(
    register: Register, cancer: pd.DataFrame, tmp_path: Path
) -> None:
    _, out = register(cancer)
    (out / "validation.csv").write_text((out / "validation.csv").read_text() + "\n")
    with pytest.raises(Refusal, match="validation.csv of data@1 is not what was registered"):
        cut(out, tmp_path)
    (out / "validation.csv").unlink()
    with pytest.raises(Refusal, match="is missing"):
        cut(out, tmp_path)
    assert not (tmp_path / "small").exists()


def test_the_record_of_the_cut_splits_is_their_own(
    register: Register, cancer: pd.DataFrame, tmp_path: Path
) -> None:
    record, out = register(cancer)
    small, rows = cut(out, tmp_path)
    mine = json.loads((small / "dataset.json").read_text())
    assert mine["splits"]["train"]["rows"] == len(rows["train"]) < record["splits"]["train"]["rows"]
    assert mine["splits"]["train"]["sha256"] != record["splits"]["train"]["sha256"]
