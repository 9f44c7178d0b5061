"""What cannot be registered is refused with the field, the problem and what to do; and nothing is left behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import quiet

from specweave_lab.errors import Refusal
from specweave_lab.registration import register_dataset

GOOD = pd.DataFrame(
    {"id": np.arange(120), "x": np.arange(120) / 7, "day": pd.date_range("2026-01-01", periods=120).astype(str),
     "group": np.arange(120) % 40, "label": ["yes", "no", "no"] * 40, "value": np.arange(120) * 1.5}
)  # fmt: skip


def refused(tmp_path: Path, source: Path | pd.DataFrame | bytes, /, **params: Any) -> Refusal:
    """Register and return the refusal; checks that ``out`` and the vault are as before."""
    path = source if isinstance(source, Path) else tmp_path / "source.csv"
    if isinstance(source, pd.DataFrame):
        source.to_csv(path, index=False)
    elif isinstance(source, bytes):
        path.write_bytes(source)
    out, vault = tmp_path / "out", tmp_path / "vault"
    out.mkdir()
    defaults = {"name": "n", "version": 1, "target": "label", "problem_type": "classification", "split": {}}
    with pytest.raises(Refusal) as caught:
        register_dataset(
            {**defaults, "source": str(path), "out": str(out), "vault": str(vault), **params}, quiet
        )
    assert list(out.iterdir()) == []
    assert not vault.exists()
    assert caught.value.message.count(".") >= 1
    return caught.value


def holes(column: str, *rows: int) -> pd.DataFrame:
    frame = GOOD.astype({column: object})
    frame.loc[list(rows), column] = None
    return frame


CASES: list[tuple[Any, dict[str, Any], str, str]] = [
    (GOOD, {"target": "lable"}, "target", 'Did you mean "label"'),
    (GOOD.iloc[:0], {}, "source", "no rows"),
    (b"", {}, "source", "is empty"),
    (b"\xff\xfe\x00\x01,\n", {}, "source", "not UTF-8"),
    (b"x,label\n1,yes\n2,no,3\n", {}, "source", "Expected 2 columns, got 3"),
    (b"x,label,x\n1,yes,2\n", {}, "source", "x"),
    (b"label\nyes\nno\n", {}, "source", "no column beside"),
    (b"row_id,x,label\n1,2,yes\n", {}, "source", "row_id"),
    (GOOD.assign(label="yes"), {}, "target", 'one class only, "yes"'),
    (holes("label", 3, 16), {}, "target", "2 of 120 rows: row 4, 17"),
    (GOOD.assign(label=["None", "a", "b"] * 40), {}, "target", "read as missing: None"),
    (GOOD, {"positive": "Yes!"}, "positive", 'Did you mean "yes"'),
    (GOOD.assign(id=[0, 0, *range(118)]), {"id_column": "id"}, "id_column", 'more than once: "0"'),
    (holes("id", 5), {"id_column": "id"}, "id_column", "no value in 1 of 120"),
    (GOOD, {"id_column": "idd"}, "id_column", 'Did you mean "id"'),
    (GOOD, {"id_column": "label"}, "id_column", "named as target already"),
    (GOOD, {"split": {"method": "time"}}, "split.time_column", "not named"),
    (GOOD, {"split": {"method": "time", "time_column": "date"}}, "split.time_column", "no column"),
    (
        GOOD.assign(day="soon"),
        {"split": {"method": "time", "time_column": "day"}},
        "split.time_column",
        "is no time",
    ),
    (
        GOOD.assign(day="2026-01-01"),
        {"split": {"method": "time", "time_column": "day"}},
        "source",
        "would be empty",
    ),
    (
        # Of few different rows the cause is named: with more of the same it would be no better.
        pd.concat([GOOD.head(2)] * 200, ignore_index=True),
        {},
        "source",
        "too few different rows (2 of 400: rows that are equal in all features share a split)",
    ),
    (GOOD, {"split": {"method": "group"}}, "split.group_column", "not named"),
    (
        GOOD,
        {"split": {"method": "group", "group_column": "gruop"}},
        "split.group_column",
        'Did you mean "group"',
    ),
    (
        holes("group", 1),
        {"split": {"method": "group", "group_column": "group"}},
        "split.group_column",
        "no value",
    ),
    (GOOD, {"problem_type": "regression"}, "target", '"yes" in row 1'),
    (GOOD.assign(value=np.inf), {"problem_type": "regression", "target": "value"}, "target", "no number"),
    (GOOD.assign(value=2), {"problem_type": "regression", "target": "value"}, "target", "same value"),
    (GOOD, {"problem_type": "time_series", "target": "value"}, "split.time_column", "not named"),
    (GOOD, {"problem_type": "recommendation", "target": "x"}, "split.group_column", "user column"),
    (GOOD.iloc[:4], {}, "source", "too few rows"),
]


@pytest.mark.parametrize(("source", "params", "field", "said"), CASES)
def test_refused_with_field_and_advice(
    tmp_path: Path, source: Any, params: dict, field: str, said: str
) -> None:
    refusal = refused(tmp_path, source, **params)
    assert refusal.code == "DATASET_INVALID"
    assert [entry["field"] for entry in refusal.invalid] == [field]
    assert said in refusal.message


INPUT_CASES = [
    ({"problem_type": "clasification"}, "problem_type", "classification"),
    ({"split": {"method": "kfold"}}, "split.method", "stratified"),
    ({"split": {"method": "stratified"}, "problem_type": "regression"}, "split.method", "random"),
    ({"split": {"test": 0}}, "split.test", "between 0 and 1"),
    ({"split": {"test": 0.6, "validation": 0.5}}, "split.test", "train"),
    ({"split": {"test": "much"}}, "split.test", "number"),
    ({"split": {"seed": 1.5}}, "split.seed", "whole"),
    ({"split": []}, "split", "object"),
    ({"source": "relative.csv"}, "source", "absolute"),
    ({"target": ""}, "target", "text"),
    ({"problem_type": "regression", "target": "value", "positive": "yes"}, "positive", "classification"),
]


@pytest.mark.parametrize(("params", "field", "said"), INPUT_CASES)
def test_a_wrong_argument_is_named(tmp_path: Path, params: dict, field: str, said: str) -> None:
    refusal = refused(tmp_path, GOOD, **params)
    assert refusal.code == "INPUT_INVALID"
    assert refusal.invalid[0]["field"] == field
    assert said in refusal.message


def test_a_source_that_is_no_table(tmp_path: Path) -> None:
    for name, content, said in (
        ("missing.csv", None, "does not exist"),
        ("data.xlsx", b"PK", "neither CSV, JSON Lines nor Parquet"),
        ("broken.parquet", b"PAR1 nothing", "cannot be read"),
        ("broken.csv.gz", b"\x1f\x8b nothing", "cannot be read"),
    ):
        folder = tmp_path / name
        folder.mkdir()
        if content is not None:
            (folder / name).write_bytes(content)
        assert said in refused(folder, folder / name).message
    folder = tmp_path / "folder.csv"
    folder.mkdir()
    (tmp_path / "case").mkdir()
    assert "is a folder" in refused(tmp_path / "case", folder).message


def test_many_classes_and_two_values_are_warnings(register) -> None:
    frame = pd.DataFrame({"x": np.arange(400), "target": np.arange(400) % 100})
    record, _ = register(frame)
    assert any("100 classes. Is it a regression?" in text for text in record["warnings"])
    record, _ = register(frame.assign(target=frame["x"] % 2), problem_type="regression")
    assert any("Is it a classification?" in text for text in record["warnings"])
