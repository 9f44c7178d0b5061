"""What is asked of the bytes of a column is what pandas and Python say cell by cell."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from specweave_lab.column_text import holds, numbers_of, plain_numbers, text_bytes, trimmed
from specweave_lab.identity import _sorted_by

RNG = np.random.default_rng(11)
DECIMALS = [
    f"{RNG.normal() * 10.0 ** int(RNG.integers(-6, 8)):.{int(RNG.integers(0, 7))}f}"[:15]
    for _ in range(20_000)
]
DECIMALS = [text for text in DECIMALS if text != "-0"]
CELLS = {
    "decimals": DECIMALS,
    "integers": [str(number) for number in RNG.integers(-(10**6), 10**6, 500)],
    "empty ones": ["", "1.5", "", "-2"],
    "all empty": ["", ""],
    "negative zeros": ["-0.0", "1.25", "0"],
    "a whole negative zero": ["-0", "3"],
    "negative zeros of both kinds": ["-0", "-0.0", "3.5"],
    "words": ["1", "two", "3.0", "two"] * 9,
    "exponents": ["1e3", "2E-4", "0.1"],
    "long ones": ["123456789012345678", "0.12345678901234567", "9007199254740993"],
    "long whole ones": ["123456789012345678", "9007199254740993"] * 3,
    "infinite ones": ["inf", "-inf", "nan", "1"],
    "points at the ends": ["5.", ".5", "1."],
    "leading zeros and blanks": ["007", " 12 ", "1 2", "\t3"],
    "signs and marks": ["+5", "--5", "1_000", "1,5", "0x10", "True"],
    "other digits": ["٣", "12"],
    "nulls": [None, "1", "2.5", None, "3"],
    "nulls and whole ones": [None, "9007199254740993", None, "1"],
    "none": [],
}


@pytest.mark.parametrize("cells", CELLS.values(), ids=CELLS)
@pytest.mark.parametrize("kind", [pa.large_string(), pa.string()])
def test_numbers_are_those_of_pandas(cells, kind) -> None:
    column = pa.array(["x", *cells, "y"], kind).slice(1, len(cells))
    expected = pd.to_numeric(pd.Series(cells, dtype=object), errors="coerce").astype("float64").to_numpy()
    found = numbers_of(column)
    assert found.view(np.int64).tolist() == expected.view(np.int64).tolist() or (
        np.array_equal(found, expected, equal_nan=True)
        and np.signbit(found).tolist() == np.signbit(expected).tolist()
    )


def test_short_decimals_take_the_quick_way() -> None:
    assert plain_numbers(pa.array(DECIMALS)) is not None
    assert plain_numbers(pa.array(["red"])) is None


def test_bytes_and_blanks_of_a_slice_alone() -> None:
    column = pa.array(["a,b", "c", " d\x1f", "é "], pa.large_string())
    assert bytes(text_bytes(column.slice(1, 1))) == b"c"
    assert holds(column, b",") and not holds(column.slice(1), b",")
    assert bytes(text_bytes(column.slice(2, 0))) == b""
    plain = column.slice(1, 1)
    assert trimmed(plain) is plain
    assert trimmed(column.slice(3)).to_pylist() == ["é"]


def test_rows_are_sorted_as_by_lexsort() -> None:
    for values in (3, 10**6):
        keys = [RNG.integers(0, values, 2_000).astype(np.uint64) for _ in range(3)]
        assert _sorted_by(*keys).tolist() == np.lexsort(keys[::-1]).tolist()
    assert _sorted_by(np.zeros(0, np.uint64), np.zeros(0, np.uint64)).tolist() == []
