"""Files that a script read are looked through for rows of test: what must be found, and what must not."""

from __future__ import annotations

import json
import pickle
import sqlite3
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from conftest import quiet

from specweave_lab.held_rows import find_test_rows

Register = Callable[..., tuple[dict[str, Any], Path]]
Find = Callable[..., dict[str, Any]]


@pytest.fixture
def find(tmp_path: Path) -> Find:
    def call(record: dict[str, Any], folder: Path, *files: Path) -> dict[str, Any]:
        labels = tmp_path / "vault" / record["hash"] / "test.csv"
        given = {"dataset": str(folder), "labels": str(labels), "files": [str(file) for file in files]}
        return find_test_rows(given, quiet)

    return call


def said(answer: dict[str, Any]) -> list[tuple[int, bool]]:
    return [(one["found"], one["answers"]) for one in answer["files"]]


def test_a_copy_is_found_whatever_it_is_called_and_however_it_is_written(
    register: Register, find: Find, cancer: pd.DataFrame, tmp_path: Path
) -> None:
    record, folder = register(cancer)
    rows = record["splits"]["test"]["rows"]
    files = [
        tmp_path / name for name in ("a.csv", "b.parquet", "c.jsonl", "notes", "e.csv", "f.csv.gz", "g.csv")
    ]
    mixed = cancer.sample(frac=1, random_state=1)
    mixed.to_csv(files[0], index=False)
    mixed.astype(dict.fromkeys(cancer.columns[:-1], "float32")).to_parquet(files[1])
    mixed.to_json(files[2], orient="records", lines=True)
    # Without a header, and with the answers in other words.
    mixed.to_csv(files[3], index=False, header=False, sep=";")
    coded = mixed.assign(target=mixed["target"].map({"malignant": 1, "benign": 0}))
    coded.iloc[:, -8:].rename(columns={"target": "y"}).to_csv(files[4])
    mixed.round(6).to_csv(files[5], index=False)
    mixed.iloc[:200].to_csv(files[6], index=False)
    answer = find(record, folder, *files)
    assert [one["path"] for one in answer["files"]] == [str(file) for file in files]
    assert [answers for _, answers in said(answer)] == [True] * 7
    assert all(found >= rows - 2 for found, _ in said(answer)[:6])
    assert 10 <= answer["files"][6]["found"] < rows / 2


def test_without_answers_the_rows_are_counted_and_no_more(
    register: Register, find: Find, cancer: pd.DataFrame, tmp_path: Path
) -> None:
    record, folder = register(cancer)
    files = [tmp_path / f"{number}.csv" for number in range(3)]
    cancer.drop(columns="target").to_csv(files[0], index=False)
    # The guesses of a good model are no answers.
    wrong = np.random.default_rng(1).random(len(cancer)) < 0.04
    guessed = cancer["target"].where(
        ~wrong, cancer["target"].map({"malignant": "benign", "benign": "malignant"})
    )
    cancer.assign(target=guessed).to_csv(files[1], index=False)
    # A part of the features is in many tables.
    cancer.iloc[:, :5].to_csv(files[2], index=False)
    [whole, guesses, part] = said(find(record, folder, *files))
    assert whole == guesses
    assert whole[0] >= record["splits"]["test"]["rows"] - 2
    assert not whole[1]
    assert part == (0, False)


def test_rows_that_are_no_rows_of_test_are_not_found(
    register: Register, find: Find, cancer: pd.DataFrame, tmp_path: Path
) -> None:
    copied = pd.concat([cancer, cancer.iloc[:300]], ignore_index=True)
    copied.insert(0, "number", np.arange(len(copied)))
    record, folder = register(copied, id_column="number")
    train = pd.read_csv(folder / "train.csv")
    train.to_parquet(tmp_path / "cache.parquet")
    # Last year's: of the same columns, and of like values.
    noise = np.random.default_rng(2).normal(1, 0.05, cancer.iloc[:, :-1].shape)
    (cancer.iloc[:, :-1] * noise).assign(target=cancer["target"]).to_csv(tmp_path / "last.csv", index=False)
    files = [tmp_path / "cache.parquet", tmp_path / "last.csv", folder / "validation.csv"]
    assert said(find(record, folder, *files)) == [(0, False)] * 3


def test_few_valued_rows_are_known_by_nobody(register: Register, find: Find, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.integers(0, 3, size=(600, 4)), columns=list("abcd"))
    frame["target"] = rng.integers(0, 2, 600)
    frame.insert(0, "number", [f"n{i}" for i in range(600)])
    record, folder = register(frame, id_column="number")
    frame.drop(columns="number").to_csv(tmp_path / "x.csv", index=False)
    assert said(find(record, folder, tmp_path / "x.csv")) == [(0, False)]
    # But by their ids they are.
    frame[["number", "target"]].to_csv(tmp_path / "ids.csv", index=False)
    [(found, answers)] = said(find(record, folder, tmp_path / "ids.csv"))
    assert found == record["splits"]["test"]["rows"]
    assert answers


def test_a_regression_is_known_by_its_numbers(
    register: Register, find: Find, diabetes: pd.DataFrame, tmp_path: Path
) -> None:
    record, folder = register(diabetes, problem_type="regression")
    files = [tmp_path / f"{number}.csv" for number in range(2)]
    diabetes.assign(target=np.log(diabetes["target"])).to_csv(files[0], index=False)
    near = diabetes["target"] + np.random.default_rng(3).normal(0, 5, len(diabetes))
    diabetes.assign(target=near).to_csv(files[1], index=False)
    assert [answers for _, answers in said(find(record, folder, *files))] == [True, False]


def test_what_is_no_table_is_left_out(
    register: Register, find: Find, cancer: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, folder = register(cancer)
    (tmp_path / "x.bin").write_bytes(b"\0\1\2")
    (tmp_path / "x.csv").write_text("a,a\n1,2\n")
    (tmp_path / "x.json").write_text('{"a": [1, 2')
    (tmp_path / "x.parquet").write_bytes(b"PAR1 nothing")
    files = [tmp_path / name for name in ("x.bin", "x.csv", "x.json", "x.parquet", "gone.csv")]
    why = "no table that the search reads"
    assert find(record, folder, *files) == {
        "files": [],
        "left_out": [
            *({"path": str(file), "why": why} for file in files[:-1]),
            {"path": str(files[-1]), "why": "gone since"},
        ],
    }
    cancer.to_csv(tmp_path / "all.csv", index=False)
    monkeypatch.setattr("specweave_lab.held_rows.MOST_BYTES", 1000)
    monkeypatch.setattr("specweave_lab.held_rows.LONGEST_S", -1.0)
    [late] = find(record, folder, files[0])["left_out"]
    assert late["why"] == "no time was left"
    [left_out] = find(record, folder, tmp_path / "all.csv")["left_out"]
    assert left_out == {"path": str(tmp_path / "all.csv"), "why": "too large: 64 MiB are looked through"}


def test_a_copy_is_found_in_arrow_sqlite_numpy_and_json(
    register: Register, find: Find, cancer: pd.DataFrame, tmp_path: Path
) -> None:
    record, folder = register(cancer)
    rows = record["splits"]["test"]["rows"]
    mixed = cancer.sample(frac=1, random_state=1).reset_index(drop=True)
    features, coded = mixed.drop(columns="target"), (mixed["target"] == "malignant").astype(int)
    files = [
        tmp_path / name for name in ("a.feather", "b", "c.arrows", "d.sqlite", "e.npy", "f.npz", "g.dat")
    ]
    mixed.to_feather(files[0])
    mixed.assign(target=mixed["target"].astype("category")).to_feather(files[1], compression="zstd")
    table = pa.Table.from_pandas(mixed)
    with pa.ipc.new_stream(files[2], table.schema) as stream:
        stream.write_table(table)
    with sqlite3.connect(files[3]) as connection:
        pd.DataFrame({"a": [1]}).to_sql("about", connection, index=False)
        mixed.to_sql("the rows", connection, index=False)
    np.save(files[4], features.assign(y=coded).to_numpy())
    np.savez_compressed(
        files[5], X=features.to_numpy("float32"), y=mixed["target"].to_numpy("U"), n=np.arange(3)
    )
    with files[6].open("wb") as out:
        np.save(
            out,
            mixed.to_records(index=False).astype(
                [(name, "U10" if name == "target" else "f8") for name in mixed]
            ),
        )
    for orient in ("records", "columns", "index", "split", "table", "values"):
        files.append(tmp_path / f"{orient}.json")
        mixed.to_json(files[-1], orient=orient)
    files.append(tmp_path / "lists.json")
    files[-1].write_text(
        json.dumps({"rows": {name: mixed[name].tolist() for name in mixed}, "made": "today"})
    )
    answer = find(record, folder, *files)
    assert answer["left_out"] == []
    assert [Path(one["path"]).name for one in answer["files"] if not one["answers"]] == []
    assert all(found >= rows - 2 for found, _ in said(answer))


def test_other_rows_in_these_forms_are_none_of_test(
    register: Register, find: Find, cancer: pd.DataFrame, tmp_path: Path
) -> None:
    record, folder = register(cancer)
    train = pd.read_csv(folder / "train.csv").drop(columns="row_id")
    files = [tmp_path / name for name in ("a.feather", "b.sqlite", "c.npy", "d.json", "e.json", "f.json")]
    train.to_feather(files[0])
    with sqlite3.connect(files[1]) as connection:
        train.to_sql("train", connection)
    np.save(files[2], train.drop(columns="target").to_numpy())
    train.to_json(files[3])
    files[4].write_text('{"learning_rate": 0.1, "layers": [1, 2], "by": {"a": {"b": null}}}')
    files[5].write_text('{"learning_rate": 0.1}')
    answer = find(record, folder, *files)
    assert said(answer) == [(0, False)] * 6


def test_no_pickle_is_loaded(register: Register, find: Find, cancer: pd.DataFrame, tmp_path: Path) -> None:
    record, folder = register(cancer)
    ran = tmp_path / "ran"

    class Runs:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (ran,)

    files = [tmp_path / name for name in ("a.pkl", "b", "c.joblib", "d.npy", "e.npz", "f.pt")]
    files[0].write_bytes(pickle.dumps(Runs(), protocol=0))
    files[1].write_bytes(pickle.dumps(Runs()))
    files[2].write_bytes(zlib.compress(pickle.dumps(Runs())))
    objects = np.array([Runs()], dtype=object)
    np.save(files[3], objects, allow_pickle=True)
    np.savez(files[4], a=objects, allow_pickle=True)
    with zipfile.ZipFile(files[5], "w") as archive:
        archive.writestr("model/data.pkl", pickle.dumps(Runs()))
    answer = find(record, folder, *files)
    assert not ran.exists()
    assert [one["why"] for one in answer["left_out"]] == ["pickle is never loaded"] * 6
    assert answer["files"] == []


def test_a_database_and_an_archive_cost_no_more_than_the_search_allows(
    register: Register, find: Find, cancer: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, folder = register(cancer)
    bomb, views = tmp_path / "a.npz", tmp_path / "b.db"
    np.savez_compressed(bomb, a=np.zeros((9_000_000,)))
    with sqlite3.connect(views) as connection:
        connection.execute("CREATE TABLE empty (a)")
        connection.execute(
            "CREATE VIEW endless AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
        )
    before = sorted(tmp_path.iterdir())
    answer = find(record, folder, bomb, views)
    assert [one["why"] for one in answer["left_out"]] == ["too large: 64 MiB are looked through"]
    assert said(answer) == [(0, False)]
    assert sorted(tmp_path.iterdir()) == before
