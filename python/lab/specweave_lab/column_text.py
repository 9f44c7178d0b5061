"""What a text column holds, asked of its bytes as a whole: a million cells in milliseconds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

LONGEST_PLAIN = 15
"""So many digits are exact in a float64, and so is the power of ten that they are divided by."""
NOT_PLAIN = b"eEnNxX_+"
BLANKS = b" \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f"


def text_bytes(column: pa.Array) -> memoryview:
    """The bytes of all texts of a string or large_string column, one behind the other."""
    _, offsets, data = column.buffers()
    if data is None or not len(column):
        return memoryview(b"")
    kind = np.int64 if pa.types.is_large_string(column.type) else np.int32
    ends = np.frombuffer(offsets, kind)[column.offset : column.offset + len(column) + 1]
    return memoryview(data)[int(ends[0]) : int(ends[-1])]


def holds(column: pa.Array, marks: bytes) -> bool:
    """Whether one of these ASCII characters stands in any text."""
    data = bytes(text_bytes(column))
    return any(data.find(mark) >= 0 for mark in marks)


def plain_numbers(column: pa.Array) -> np.ndarray | None:
    """The numbers of a text column of short decimals, float64, NaN for an empty text.

    Returns
    -------
    ndarray or None
        None where something else stands there: then pandas has to say what is a number. Where this answers, it says
        what ``pandas.to_numeric`` says, since up to 15 digits without an exponent are one exact division.
    """
    longest = pc.max(pc.binary_length(column)).as_py()
    if not longest or longest > LONGEST_PLAIN or holds(column, NOT_PLAIN):
        return None
    try:
        filled = pc.if_else(
            pc.equal(column, pa.scalar("", column.type)), pa.scalar(None, column.type), column
        )
        numbers = filled.cast(pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        return None
    # "-0" is a whole number to pandas, and so has no sign where all are whole.
    zeros = np.flatnonzero(np.signbit(numbers) & (numbers == 0))
    if len(zeros) and pc.any(pc.invert(pc.match_substring(column.take(pa.array(zeros)), "."))).as_py():
        return None
    return numbers


def numbers_of(column: pa.Array) -> np.ndarray:
    """The numbers of a text column as ``pandas.to_numeric`` reads them, float64, NaN for what is none."""
    plain = plain_numbers(column)
    if plain is not None:
        return plain
    codes = pc.dictionary_encode(column, null_encoding="encode")
    few = len(codes.dictionary) <= len(column) / 2
    texts = pd.Series((codes.dictionary if few else column).to_pylist(), dtype=object)
    numbers = pd.to_numeric(texts, errors="coerce").astype("float64").to_numpy()
    return numbers[codes.indices.to_numpy(zero_copy_only=False)] if few else numbers


def trimmed(column: pa.Array) -> pa.Array:
    """The texts without blanks around them; the column itself where there are none in it."""
    data = bytes(text_bytes(column))
    if data.isascii() and not any(data.find(mark) >= 0 for mark in BLANKS):
        return column
    return pc.utf8_trim_whitespace(column)
