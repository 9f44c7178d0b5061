"""The split files of a registered data set are held against a schema before a run takes them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from conftest import quiet

from specweave_lab.data_check import check_data
from specweave_lab.errors import Refusal


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "key": [f"k{i}" for i in range(300)],
            "n": range(300),
            "target": ["no", "yes"] * 150,
        }
    )


def column(name: str, dtype: str = "str", **more: Any) -> dict[str, Any]:
    checks = [{"check": check, "value": value} for check, value in more.pop("checks", {}).items()]
    return {"name": name, "dtype": dtype, "checks": checks, **more}


GOOD = [
    column("key", unique=True, checks={"str_startswith": "k"}),
    column("n", "int64", checks={"less_than": 300}),
    column("target", checks={"isin": ["no", "yes"]}),
]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("id_column", [None, "key"])
def test_data_that_keeps_to_it_has_no_problems(register, tmp_path, kind, id_column) -> None:
    source: Any = frame()
    if kind == "parquet":
        source = tmp_path / "s.parquet"
        frame().to_parquet(source, index=False)
    _, out = register(source, name="d", **({"id_column": id_column} if id_column else {}))
    schema = {"columns": GOOD, "strict": True}
    assert check_data({"dataset": str(out), "schema": schema}, quiet) == {"rows": 300, "problems": []}


def test_what_breaks_it_is_named_by_file_and_column(register) -> None:
    record, out = register(frame(), name="d", id_column="key")
    broken = [
        {**GOOD[0], "checks": [{"check": "str_startswith", "value": "x"}]},
        column("n", "int64", checks={"less_than": 150}),
        column("target", checks={"isin": ["no"]}),
        column("more"),
    ]
    problems = check_data({"dataset": str(out), "schema": {"columns": broken}}, quiet)["problems"]
    found = {(one["file"], one["column"]): one["problem"] for one in problems}
    for split in ("train", "validation", "test"):
        rows = record["splits"][split]["rows"]
        assert found[(f"{split}.csv", "key")].startswith(f"{rows:,} rows break str_startswith x: row 1")
        below = pd.read_csv(out / f"{split}.csv")["n"] >= 150
        assert found[(f"{split}.csv", "n")].startswith(
            f"{below.sum():,} rows break less_than 150: row {below.argmax() + 1} ("
        )
        assert "not there" in found[(f"{split}.csv", "more")]
    assert ("train.csv", "target") in found
    # Sealed: what is not there is not asked for.
    assert ("test.csv", "target") not in found


def test_a_rule_that_means_nothing_is_the_callers_fault(register) -> None:
    _, out = register(frame(), name="d")
    wrong = [column("key", checks={"str_matches": "("})]
    with pytest.raises(Refusal, match="no regular expression") as refused:
        check_data({"dataset": str(out), "schema": {"columns": wrong}}, quiet)
    assert refused.value.code == "INPUT_INVALID"
