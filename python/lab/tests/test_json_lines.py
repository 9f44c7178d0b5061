"""JSON Lines as a source: what is registered is what the same rows in CSV give."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from conftest import split_rows

from specweave_lab.errors import Refusal
from specweave_lab.reading import read_table

ROWS = [
    {"id": f"c{i:03}", "x": i * 0.1, "n": i, "word": "a, \"b\"\n\u00e9" if i % 7 else None, "on": i % 2 == 0,
     "target": "yes" if i % 3 else "no"}
    for i in range(200)
]  # fmt: skip


def write(path: Path, lines: list[str]) -> Path:
    data = "\n".join(lines).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def test_rows_are_split_as_those_of_a_csv(register, tmp_path) -> None:
    source = write(tmp_path / "s.jsonl", [json.dumps(row) for row in ROWS])
    record, out = register(source, id_column="id", name="d")
    assert record["source"]["format"] == "jsonl" and record["splits"]["train"]["path"] == "train.csv"
    text = ",".join(ROWS[0]) + "\n" + "".join(
        f'{r["id"]},{r["x"]},{r["n"]},"{(r["word"] or "").replace(chr(34), chr(34) * 2)}",'
        f'{str(r["on"]).lower()},{r["target"]}\n' for r in ROWS
    )  # fmt: skip
    (tmp_path / "s.csv").write_text(text)
    csv, beside = register(tmp_path / "s.csv", id_column="id", name="d")
    assert csv["hash"] == record["hash"] and csv["columns"] == record["columns"]
    for name, part in split_rows(out).items():
        assert part.equals(split_rows(beside)[name])
    zipped = write(tmp_path / "s.ndjson.gz", [json.dumps(row) for row in reversed(ROWS)])
    assert register(zipped, id_column="id", name="d")[0]["hash"] == record["hash"]


def test_cells_are_the_texts_that_stand_there(tmp_path) -> None:
    table = read_table(write(tmp_path / "s.jsonl", [
        '\ufeff{"a": 1.50, "b": "007", "c": 12345678901234567890}', "", '{"a": NaN, "d": true}',
        '{"c": null, "e": {"k": [1.0, "\u00e9"]}}'
    ]))  # fmt: skip
    assert {name: table.texts(name) for name in table.names} == {
        "a": ["1.50", "NaN", ""],
        "b": ["007", "", ""],
        "c": ["12345678901234567890", "", ""],
        "d": ["", "true", ""],
        "e": ["", "", '{"k": [1.0, "\u00e9"]}'],
    }
    assert table.missing("a").to_pylist() == [False, True, True]


def test_more_rows_than_one_part_with_a_key_that_comes_late(tmp_path) -> None:
    lines = ['{"a": 1}'] * 40_000 + ['{"a": 2, "late": "x"}']
    table = read_table(write(tmp_path / "s.jsonl", lines))
    assert table.rows == 40_001 and table.texts("late")[-2:] == ["", "x"]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (['{"a": 1}', '{"a": '], "Line 2 of .* is no JSON"),
        (['{"a": 1}', "[1, 2]"], "Line 2 of .* is no object"),
        (["7"], "Line 1"),
        (['{"": 1}'], "key of the objects is empty"),
        ([json.dumps({f"k{i}": 1 for i in range(10_001)})], "more than 10,000"),
        (["[" * 100_000], "Line 1 of .* is no JSON"),
        (["\n"], "no rows"),
    ],
)
def test_what_is_no_table_is_refused(register, tmp_path, lines, message) -> None:
    with pytest.raises(Refusal, match=message) as caught:
        register(write(tmp_path / "s.jsonl", lines))
    assert caught.value.code == "DATASET_INVALID"


def test_what_is_not_utf8_is_refused(register, tmp_path) -> None:
    (tmp_path / "s.jsonl").write_bytes('{"a": "é"}'.encode("latin-1"))
    with pytest.raises(Refusal, match="not UTF-8"):
        register(tmp_path / "s.jsonl")
