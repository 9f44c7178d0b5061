"""A schema is held against every row of the source, and the rows that break it are named."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from specweave_lab.errors import Refusal


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "key": [f"k{i}" for i in range(100)],
            "n": range(100),
            "share": [i / 100 if i else None for i in range(100)],
            "day": ["2024-01-01", "2024-06-30"] * 50,
            "on": ["True", "false"] * 50,
            "word": ["red", "green", "blue", "red"] * 25,
            "target": ["no", "yes"] * 50,
        }
    )


def column(name: str, dtype: str | None = None, nullable: bool = False, **more: Any) -> dict[str, Any]:
    checks = [{"check": check, "value": value} for check, value in more.pop("checks", {}).items()]
    return {"name": name, "dtype": dtype, "nullable": nullable, "checks": checks, **more}


GOOD = [
    column(
        "key",
        "str",
        unique=True,
        checks={"str_matches": r"k\d+", "str_length": {"min_value": 2, "max_value": 3}},
    ),
    column("n", "int64", checks={"in_range": {"min_value": 0, "max_value": 99}, "not_equal_to": 100}),
    column("share", "float64", nullable=True, checks={"greater_than": 0, "less_than": 1}),
    column("day", "datetime64[ns]", checks={"less_than_or_equal_to": "2024-06-30"}),
    column("on", "bool", checks={"isin": [True, False]}),
    column(
        "word", "category", checks={"isin": ["red", "green", "blue"], "notin": ["black"], "str_endswith": ""}
    ),
    column("target", "str", checks={"isin": ["no", "yes"]}),
    column("maybe", "str", required=False),
]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_data_that_holds_is_registered_as_without(register, tmp_path, kind) -> None:
    source: Any = frame()
    if kind == "parquet":
        source = tmp_path / "s.parquet"
        frame().assign(on=[True, False] * 50, day=pd.to_datetime(frame()["day"])).to_parquet(
            source, index=False
        )
    record, _ = register(source, schema={"columns": GOOD, "strict": True}, name="d")
    assert register(source, name="d")[0]["hash"] == record["hash"]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ([column("share", "float64")], r'"share": 1 rows break nullable: false: row 1 \("'),
        ([column("word", "int64")], r'100 rows break dtype int64: row 1 \("red"\), .* and 95 more'),
        ([column("share", "int64", nullable=True)], r'99 rows break dtype int64: row 2 \("0.01"\)'),
        ([column("n", "bool")], r'98 rows break dtype bool: row 3 \("2"\)'),
        ([column("word", "datetime64[ns]")], "100 rows break dtype datetime64"),
        ([column("n", "int64", checks={"less_than": 98})], r'2 rows break less_than 98: row 99 \("98"\), row 100'),
        ([column("day", "datetime64[ns]", checks={"greater_than": "2024-01-01"})], "50 rows break greater_than 2024"),
        ([column("n", checks={"in_range": {"min_value": 0, "max_value": 99, "include_min": False}})],
         "1 rows break in_range"),
        ([column("word", checks={"isin": ["red", "green"]})], r'25 rows break isin \[red, green\]: row 3 \("blue"\)'),
        ([column("n", checks={"notin": [5.0]})], r'1 rows break notin \[5.0\]: row 6'),
        ([column("word", unique=True)], "100 rows break unique"),
        ([column("key", checks={"str_contains": "7"})], "rows break str_contains 7"),
        ([column("key", checks={"str_startswith": "k1"})], "rows break str_startswith k1"),
        ([column("key", checks={"str_length": {"max_value": 2}})], "90 rows break str_length"),
        ([column("words")], r'"words": the column is not there. .*"?word'),
        ([column("n", "int64", checks={"less_than": 5, "greater_than": 7})], "less_than.*greater_than"),
    ],
)  # fmt: skip
def test_rows_that_break_it_are_named(register, tmp_path, columns, message) -> None:
    with pytest.raises(Refusal, match=message) as caught:
        register(frame(), schema={"columns": columns})
    assert caught.value.code == "DATASET_INVALID" and caught.value.invalid
    assert not any((tmp_path / "v1").iterdir())


def test_strict_and_many_problems(register) -> None:
    with pytest.raises(Refusal, match='"key": the schema has no such column'):
        register(frame(), schema={"columns": GOOD[1:], "strict": True})
    with pytest.raises(Refusal, match="And 20 more problems"):
        register(frame(), schema={"columns": [column(f"c{i}") for i in range(30)]})


@pytest.mark.parametrize("checks", [{"str_matches": "("}, {"less_than": "high"}])
def test_a_check_that_cannot_be(register, checks) -> None:
    with pytest.raises(Refusal) as caught:
        register(frame(), schema={"columns": [column("word", checks=checks)]})
    assert caught.value.code == "INPUT_INVALID"
