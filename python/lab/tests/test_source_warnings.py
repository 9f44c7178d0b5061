"""Odd sources are named, and one that does not fit into memory is refused before it is read."""

from __future__ import annotations

import gzip

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from specweave_lab import memory
from specweave_lab.errors import Refusal
from specweave_lab.reading import Table
from specweave_lab.source_warnings import warn_of_classes, warn_of_zones
from specweave_lab.splitting import TEST, TRAIN, VALIDATION

ROWS = 300
LABELS = ["yes" if i % 3 else "no" for i in range(ROWS)]
CASES = {
    "a constant": ({"x": range(ROWS), "one": 7}, 'One value in all rows: column "one"'),
    "constants": ({"x": range(ROWS), "one": 7, "two": "b"}, 'One value in all rows: columns "one", "two"'),
    "an empty column": ({"x": range(ROWS), "none": None}, 'No value in any row: column "none"'),
    "two kinds": (
        {"x": ["n/k" if i % 4 == 0 else i for i in range(ROWS)]},
        '"x" holds numbers in 225 rows and something else in 75: "n/k"',
    ),
    "infinite numbers": ({"x": [np.inf if i < 3 else i for i in range(ROWS)]}, 'Column "x" is infinite in 3 rows'),
    "persons": (
        {"email": ["me@home.org" if i % 4 == 0 else i for i in range(ROWS)]},
        "something else in 75. Scripts",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_odd_columns_are_named(register, case) -> None:
    columns, message = CASES[case]
    record, _ = register(pd.DataFrame({**columns, "target": LABELS}))
    assert message in " ".join(record["warnings"])


@pytest.mark.parametrize(
    "columns",
    [
        {"x": range(ROWS), "sometimes": [1 if i % 2 else None for i in range(ROWS)]},
        {"x": range(ROWS), "seat": [f"A{i}" if i % 3 else i for i in range(ROWS)]},
        {"x": [i if i % 9 else None for i in range(ROWS)], "word": ["a", "b", "c"] * (ROWS // 3)},
    ],
    ids=["missing and one value", "codes", "missing numbers and words"],
)
def test_ordinary_columns_are_not(register, columns) -> None:
    record, _ = register(pd.DataFrame({**columns, "target": LABELS}))
    assert not [one for one in record["warnings"] if "in all rows" in one or "something else" in one]


@pytest.mark.parametrize(
    ("times", "said"),
    [
        (["2024-01-01", "2024-01-02"], None),
        (["2024-01-01T10:00Z", "2024-01-02 11:00:30+01:00"], None),
        (["2024-01-01T10:00:00.5+0100", "2024-01-02T10:00-05"], None),
        (["2024-01-01 10:00", "2024-01-02 11:00"], "in all rows"),
        (["2024-01-01 10:00", "2024-01-02T11:00:00Z"], "in 1 of 2 rows"),
        ([1.5, 2.5], None),
        (pd.to_datetime(["2024-01-01", "2024-01-02"]), None),
        (pd.to_datetime(["2024-01-01 08:00", "2024-01-02 00:00"]), "in 1 of 2 rows"),
        (pd.to_datetime(["2024-01-01 08:00", "2024-01-02 00:00"], utc=True), None),
    ],
)
def test_times_without_a_zone(times, said) -> None:
    table = Table(pa.table({"t": pa.array(times)}), "parquet")
    warnings = warn_of_zones(table, "t")
    assert (said in warnings[0]) if said else not warnings


def test_classes_that_train_has_not() -> None:
    codes = np.array([0, 0, 1, 2, 2])
    assigned = np.array([TRAIN, TRAIN, TRAIN, VALIDATION, TEST])
    (told,) = warn_of_classes(["a", "b", "c"], codes, assigned)
    assert told.startswith('In no row of train: class "c".')
    one = warn_of_classes(["a", "b"], np.array([0, 1, 1]), np.array([TRAIN, TEST, VALIDATION]))
    assert len(one) == 2 and "one class only" in one[1]
    assert warn_of_classes(["a", "b"], np.array([0, 1]), np.array([TRAIN, TRAIN])) == []


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "parquet"])
def test_a_source_that_does_not_fit_is_refused(register, tmp_path, monkeypatch, kind) -> None:
    frame = pd.DataFrame({"x": range(3_000), "target": ["yes", "no"] * 1_500})
    source = tmp_path / f"long.{kind}"
    if kind == "csv.gz":
        source.write_bytes(gzip.compress(frame.to_csv(index=False).encode()))
    elif kind == "csv":
        frame.to_csv(source, index=False)
    else:
        pq.write_table(pa.Table.from_pandas(frame), source)
    before = set(tmp_path.iterdir())
    monkeypatch.setattr(memory, "free_bytes", lambda: 5_000)
    with pytest.raises(Refusal, match="GiB of memory.*Register a sample") as caught:
        register(source)
    assert caught.value.code == "DATASET_INVALID"
    assert not any(one.is_file() for new in set(tmp_path.iterdir()) - before for one in new.rglob("*"))
    monkeypatch.setattr(memory, "free_bytes", lambda: None)
    assert register(source)[0]["rows"] == 3_000


def test_this_machine_says_what_is_free() -> None:
    free = memory.free_bytes()
    assert free is None or free > 2**24
