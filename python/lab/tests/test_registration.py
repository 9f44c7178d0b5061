"""What registering leaves behind: the splits, the sealed labels, the record; and nothing where it is refused."""

from __future__ import annotations

import gzip
import hashlib
import json
import stat
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import quiet, split_rows

from specweave_lab.drafting import draft_dataset
from specweave_lab.errors import Refusal
from specweave_lab.registration import register_dataset
from specweave_lab.registration_request import read_request


def test_splits_hold_every_row_once_and_the_test_labels_are_sealed(register, cancer, tmp_path) -> None:
    record, out = register(cancer, name="cancer", positive="malignant")
    parts = split_rows(out)
    assert sum(len(part) for part in parts.values()) == record["rows"] == 569
    assert sum(split["rows"] for split in record["splits"].values()) == 569
    for name, part in parts.items():
        assert part.columns[0] == "row_id"
        assert part["row_id"].is_unique
        assert ("target" in part.columns) == (name != "test")
        assert (
            hashlib.sha256((out / f"{name}.csv").read_bytes()).hexdigest() == record["splits"][name]["sha256"]
        )
    assert list(parts["train"].columns) == ["row_id", *cancer.columns]
    sealed = tmp_path / "vault" / record["hash"] / "test.csv"
    assert stat.S_IMODE(sealed.stat().st_mode) == 0o600
    assert stat.S_IMODE(sealed.parent.stat().st_mode) == 0o700
    labels = pd.read_csv(sealed, dtype=str)
    assert list(labels.columns) == ["row_id", "target"]
    assert set(labels["row_id"]) == set(parts["test"]["row_id"])
    assert hashlib.sha256(sealed.read_bytes()).hexdigest() == record["splits"]["test"]["labels_sha256"]
    assert "classes" not in record["splits"]["test"]


def test_the_target_of_test_stands_nowhere_in_the_folder(register, cancer) -> None:
    record, out = register(cancer)
    told = {"benign": 0, "malignant": 0}
    for split in ("train", "validation"):
        for name, count in record["splits"][split]["classes"].items():
            told[name] += count
    (profile,) = [column for column in record["columns"] if column["role"] == "target"]
    assert {top["value"]: top["count"] for top in profile["top"]} == told
    assert "benign" not in (out / "test.csv").read_text()


def test_a_csv_cell_is_written_as_it_was_read(register, tmp_path) -> None:
    lines = ["id,text,n,target"] + [
        f'{i:03d},"a ""quoted"", {i}\nsecond line",{i}.500,{"yes" if i % 2 else "no"}' for i in range(200)
    ]
    source = tmp_path / "raw.csv"
    source.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    record, out = register(source, id_column="id")
    rows = pd.concat(split_rows(out).values())
    assert set(rows["row_id"]) == {f"{i:03d}" for i in range(200)}
    assert "id" not in rows.columns
    line = rows[rows["row_id"] == "007"].iloc[0]
    assert line["text"] == 'a "quoted", 7\nsecond line'
    assert line["n"] == "7.500"
    assert record["id_column"] == "id"


def test_gzip_semicolons_and_a_nameless_column(register, cancer, tmp_path) -> None:
    zipped = tmp_path / "c.csv.gz"
    with gzip.open(zipped, "wt") as file:
        cancer.to_csv(file, index=False, sep=";")
    record, out = register(zipped)
    assert (record["rows"], record["source"]["format"]) == (569, "csv")
    assert len(split_rows(out)["train"].columns) == 32
    nameless = tmp_path / "n.csv"
    cancer.to_csv(nameless)
    record, _ = register(nameless)
    assert record["columns"][0]["name"] == "column_1"
    assert "Column 1 has no name" in record["warnings"][0]


def test_parquet_stays_parquet_and_labels_are_csv(register, iris, tmp_path) -> None:
    source = tmp_path / "iris.parquet"
    iris.assign(kind=iris["target"].astype("category"), when=pd.Timestamp("2026-01-01")).to_parquet(source)
    record, out = register(source)
    parts = {name: pd.read_parquet(out / f"{name}.parquet") for name in ("train", "validation", "test")}
    assert sum(map(len, parts.values())) == 150
    assert record["splits"]["train"]["path"] == "train.parquet"
    assert {c["name"]: c["type"] for c in record["columns"]}["when"] == "datetime"
    labels = pd.read_csv(tmp_path / "vault" / record["hash"] / "test.csv")
    assert set(labels["target"]) <= {"setosa", "versicolor", "virginica"}


def test_positive_is_the_rarer_class_and_said(register, cancer) -> None:
    record, _ = register(cancer)
    assert record["positive"] == "malignant"
    assert any('The positive class is "malignant"' in text for text in record["warnings"])
    named, _ = register(cancer, positive="benign")
    assert named["positive"] == "benign"
    assert not any("positive" in text for text in named["warnings"])


def test_classes_sort_by_number_and_few_rows_are_a_warning(register) -> None:
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "x": generator.normal(size=300),
            "target": generator.choice(["10", "2", "1"], 300, p=[0.02, 0.49, 0.49]),
        }
    )
    record, _ = register(frame)
    assert record["classes"] == ["1", "2", "10"]
    assert "positive" not in record
    few = [text for text in record["warnings"] if 'Class "10"' in text]
    assert any("test" in text and "fewer than 10 rows in test" in text for text in few)


def test_regression_describes_the_open_targets(register, diabetes) -> None:
    record, out = register(diabetes, problem_type="regression")
    assert record["split"]["method"] == "random"
    train = pd.read_csv(out / "train.csv")
    described = record["splits"]["train"]["target"]
    assert described["mean"] == pytest.approx(train["target"].mean())
    assert described["std"] == pytest.approx(train["target"].std())
    assert "target" not in record["splits"]["test"]


def test_profile_of_columns(register) -> None:
    n = 400
    frame = pd.DataFrame(
        {
            "key": [f"k{i}" for i in range(n)], "n": np.arange(n) / 4, "flag": ["True", "False"] * (n // 2),
            "colour": ["red", "green", "blue", "NA"] * (n // 4),
            "day": pd.date_range("2026-01-01", periods=n).astype(str),
            "story": [f"a long story number {i} of many words" for i in range(n)],
            "email": ["a@b.c", "d@e.f"] * (n // 2),
            "target": ["yes", "no", "no", "no"] * (n // 4),
        }
    )  # fmt: skip
    record, _ = register(frame, id_column="key")
    columns = {column["name"]: column for column in record["columns"]}
    assert {name: column["type"] for name, column in columns.items()} == {
        "key": "text", "n": "numeric", "flag": "boolean", "colour": "categorical", "day": "datetime", "story": "text",
        "email": "categorical", "target": "categorical",
    }  # fmt: skip
    assert columns["key"]["role"] == "id" and "top" not in columns["key"]
    assert columns["n"]["min"] == 0 and columns["n"]["max"] == 99.75 and columns["n"]["mean"] == 49.875
    assert columns["n"]["std"] == pytest.approx(frame["n"].std())
    assert columns["colour"]["missing"] == 100 and columns["colour"]["unique"] == 3
    assert columns["colour"]["top"] == [{"value": v, "count": 100} for v in ("blue", "green", "red")]
    assert columns["day"]["min"] == "2026-01-01T00:00:00Z"
    assert "top" not in columns["email"] and "a@b.c" not in json.dumps(record["columns"])


def test_time_series_and_recommendation_layouts(register, tmp_path) -> None:
    days = pd.date_range("2026-01-01", periods=60).strftime("%Y-%m-%d")
    series = pd.DataFrame(
        [(s, d, i + 1.5) for s in "ab" for i, d in enumerate(days)], columns=["shop", "day", "sales"]
    )
    record, out = register(
        series,
        target="sales",
        problem_type="time_series",
        split={"time_column": "day", "group_column": "shop"},
    )
    parts = split_rows(out)
    assert list(parts["test"].columns) == ["row_id", "shop", "day"]
    assert parts["train"]["day"].max() < parts["validation"]["day"].min()
    assert parts["validation"]["day"].max() < parts["test"]["day"].min()
    assert record["split"]["cuts"]["test"] == parts["test"]["day"].min()
    sealed = pd.read_csv(tmp_path / "vault" / record["hash"] / "test.csv")
    assert list(sealed.columns) == ["row_id", "shop", "day", "sales"]

    generator = np.random.default_rng(1)
    ratings = pd.DataFrame(
        {
            "user": generator.integers(0, 30, 900),
            "item": generator.integers(0, 50, 900),
            "stars": generator.integers(1, 6, 900),
        }
    )
    record, out = register(
        ratings, target="item", problem_type="recommendation", split={"group_column": "user"}
    )
    parts = split_rows(out)
    assert list(parts["test"].columns) == ["row_id", "user"] and parts["test"]["user"].is_unique
    sealed = pd.read_csv(tmp_path / "vault" / record["hash"] / "test.csv", dtype=str)
    assert list(sealed.columns) == ["row_id", "user", "item", "stars"]
    assert set(sealed["user"]) == set(parts["test"]["user"])
    seen = set(zip(parts["train"]["user"], parts["train"]["item"], strict=True))
    assert not seen & set(zip(sealed["user"], sealed["item"], strict=True))


def test_nothing_is_left_where_writing_fails(tmp_path: Path, cancer, monkeypatch) -> None:
    source, out, vault = tmp_path / "c.csv", tmp_path / "out", tmp_path / "vault"
    cancer.to_csv(source, index=False)
    out.mkdir()

    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("specweave_lab.registration.os.replace", full)
    params = {"source": str(source), "name": "c", "version": 1, "target": "target", "problem_type": "classification",
              "split": {}, "out": str(out), "vault": str(vault)}  # fmt: skip
    with pytest.raises(OSError, match="No space"):
        register_dataset(params, quiet)
    assert list(out.iterdir()) == []
    assert list(vault.iterdir()) == []


def test_a_draft_writes_nothing_and_the_out_folder_must_be_empty(tmp_path: Path, cancer) -> None:
    source = tmp_path / "c.csv"
    cancer.to_csv(source, index=False)
    params = {
        "source": str(source),
        "name": "c",
        "target": "target",
        "problem_type": "classification",
        "split": {},
    }
    draft = draft_dataset(read_request(params), quiet)
    assert draft.source_sha256 == hashlib.sha256(source.read_bytes()).hexdigest()
    assert [path.name for path in tmp_path.iterdir()] == ["c.csv"]
    with pytest.raises(Refusal, match="empty"):
        register_dataset(
            {**params, "version": 1, "out": str(tmp_path), "vault": str(tmp_path / "vault")}, quiet
        )
