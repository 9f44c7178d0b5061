"""A row keeps its split: in another order, among new rows, in later versions; equal rows are never divided."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from conftest import quiet, split_rows

from specweave_lab.drafting import draft_dataset
from specweave_lab.registration_request import read_request
from specweave_lab.splitting import TEST, VALIDATION, split_by_hash, split_by_time


def places(out) -> dict[str, str]:
    return {row: name for name, part in split_rows(out).items() for row in part["row_id"]}


def test_order_of_rows_and_of_columns_changes_nothing(register, cancer) -> None:
    record, out = register(cancer)
    shuffled, other = register(cancer.sample(frac=1, random_state=1)[list(cancer.columns[::-1])])
    assert shuffled["hash"] == record["hash"]
    assert places(other) == places(out)


def test_new_rows_move_no_row(register, cancer) -> None:
    few, first = register(cancer.iloc[:400])
    more, second = register(cancer)
    before, after = places(first), places(second)
    assert all(after[row] == split for row, split in before.items())
    assert few["hash"] != more["hash"]


def test_ids_decide_alone_where_there_are_ids(register, diabetes) -> None:
    frame = diabetes.assign(key=[f"p{i}" for i in range(len(diabetes))])
    _, first = register(frame, problem_type="regression", id_column="key")
    _, second = register(frame.assign(age=0.0, extra=1), problem_type="regression", id_column="key")
    assert places(first) == places(second)


def test_name_and_seed_are_the_key(register, cancer) -> None:
    _, one = register(cancer, name="a", split={"seed": 1})
    _, two = register(cancer, name="a", split={"seed": 2})
    _, three = register(cancer, name="b", split={"seed": 1})
    assert places(one) != places(two) and places(one) != places(three)


def test_equal_rows_share_a_split_whatever_their_label(register) -> None:
    base = pd.DataFrame({"x": np.arange(300), "target": "no"})
    frame = pd.concat([base, base.assign(target="yes"), base], ignore_index=True)
    record, out = register(frame)
    found: dict[str, set[str]] = {}
    for name, part in split_rows(out).items():
        for x in part["x"]:
            found.setdefault(x, set()).add(name)
    assert all(len(splits) == 1 for splits in found.values())
    assert {row.split("-")[1] for row in places(out)} == {"1", "2", "3"}
    assert any("600 rows are equal to another" in text for text in record["warnings"])
    twice = pd.concat([base, base.head(1)], ignore_index=True)
    one, _ = register(twice.assign(target=["no", "yes"] * 150 + ["no"]))
    assert any("1 row is equal to another" in text for text in one["warnings"])
    shuffled, other = register(frame.sample(frac=1, random_state=3))
    assert shuffled["splits"]["test"]["labels_sha256"] == record["splits"]["test"]["labels_sha256"]
    assert places(other) == places(out)


def test_groups_are_never_divided(register, cancer) -> None:
    frame = cancer.assign(ward=np.arange(len(cancer)) % 60)
    _, out = register(frame, split={"method": "group", "group_column": "ward"})
    wards = [set(part["ward"]) for part in split_rows(out).values()]
    assert sum(map(len, wards)) == len(set.union(*wards)) == 60


def test_a_row_once_sealed_stays_sealed(register, cancer) -> None:
    first, v1 = register(cancer, split={"test": 0.3})
    second, v2 = register(cancer, split={"test": 0.1}, previous=[str(v1)])
    assert set(split_rows(v1)["test"]["row_id"]) == set(split_rows(v2)["test"]["row_id"])
    assert second["split"]["carried"] > 0 and second["hash"] != first["hash"]

    wider = cancer.assign(extra=np.arange(len(cancer)))
    _, v3 = register(wider, split={"test": 0.1}, previous=[str(v1), str(v2)])
    features = list(cancer.columns[:30])
    old = set(split_rows(v1)["test"][features].itertuples(index=False))
    assert old <= set(split_rows(v3)["test"][features].itertuples(index=False))


def test_the_hash_of_a_repeat_does_not_depend_on_what_came_between(register, cancer, tmp_path) -> None:
    first, v1 = register(cancer.iloc[:400])
    _, v2 = register(cancer, previous=[str(v1)])
    params = {"source": str(tmp_path / "source-1.csv"), "name": "data", "target": "target",
              "problem_type": "classification", "split": {}, "previous": [str(v1), str(v2)]}  # fmt: skip
    assert draft_dataset(read_request(params), quiet).hash == first["hash"]


def test_sealed_interactions_stay_sealed(register, tmp_path) -> None:
    generator = np.random.default_rng(2)
    frame = pd.DataFrame({"user": generator.integers(0, 40, 800), "item": generator.integers(0, 60, 800)})
    params = {"target": "item", "problem_type": "recommendation"}
    first, v1 = register(frame, split={"group_column": "user", "test": 0.3}, **params)
    second, _ = register(frame, split={"group_column": "user", "test": 0.1}, previous=[str(v1)], **params)
    pairs = [
        set(
            pd.read_csv(tmp_path / "vault" / record["hash"] / "test.csv")[["user", "item"]].itertuples(
                index=False
            )
        )
        for record in (first, second)
    ]
    assert pairs[0] <= pairs[1]


def test_parquet_integers_that_became_floats_move_no_other_row(register, tmp_path, cancer) -> None:
    frame = cancer.assign(n=np.arange(len(cancer)))
    frame.to_parquet(tmp_path / "a.parquet")
    holed = frame.assign(n=frame["n"].astype(float).where(frame["n"] != 5))
    holed.to_parquet(tmp_path / "b.parquet")
    out = [register(tmp_path / f"{name}.parquet")[1] for name in "ab"]
    rows = [
        {
            row: split
            for split in ("train", "validation", "test")
            for row in pd.read_parquet(o / f"{split}.parquet")["row_id"]
        }
        for o in out
    ]
    same = set(rows[0]) & set(rows[1])
    assert len(same) == len(cancer) - 1
    assert all(rows[0][row] == rows[1][row] for row in same)


def test_shares_are_those_asked_for() -> None:
    units = np.random.default_rng(0).integers(0, 2**63, size=(100_000, 2)).astype(np.uint64)
    assigned = split_by_hash(units, "name:0", 0.15, 0.25)
    for code, share in ((TEST, 0.25), (VALIDATION, 0.15)):
        error = np.sqrt(share * (1 - share) / len(units))
        assert abs((assigned == code).mean() - share) < 4 * error


def test_splits_are_the_same_for_ever() -> None:
    """Pinned: a change of these would move the rows of every registered dataset."""
    units = np.arange(40, dtype=np.uint64).reshape(20, 2)
    assert "".join(map(str, split_by_hash(units, "churn:7", 0.2, 0.2))) == PINNED


PINNED = "22011022111021001000"


def test_equal_times_stay_together() -> None:
    times = np.repeat([1, 2, 3, 4], [10, 10, 70, 10])
    assigned, cuts = split_by_time(times, 0.1, 0.2)
    assert (assigned[times == 4] == TEST).all() and (assigned[times == 3] == VALIDATION).all()
    assert times[cuts["test"]] == 4 and times[cuts["validation"]] == 3
    constant, _ = split_by_time(np.ones(9, np.int64), 0.2, 0.2)
    assert len(set(constant.tolist())) == 1


@pytest.mark.parametrize("kind", ["iso", "epoch", "date"])
def test_times_are_read_in_the_usual_forms(register, kind: str) -> None:
    days = pd.date_range("2026-01-01", periods=100, tz="UTC")
    times = {
        "iso": days.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "epoch": days.astype("int64") // 10**9,
        "date": days.date,
    }[kind]
    frame = pd.DataFrame({"t": times, "x": 1.0, "target": np.arange(100.0)}).sample(frac=1, random_state=0)
    _, out = register(frame, problem_type="time_series", split={"time_column": "t"})
    assert sorted(split_rows(out)["train"]["target"].astype(float)) == list(map(float, range(60)))
