"""Writing split files and sealed labels. A CSV cell is written as it was read, quoted only where it must be."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from specweave_lab.column_text import holds, text_bytes
from specweave_lab.reading import is_text

ROWS_AT_ONCE = 1 << 16
TEXT = pa.large_string()


def write_split(path: Path, table: pa.Table) -> None:
    """Write a split as CSV or Parquet, by the path's end, and flush it to the disk."""
    if path.suffix == ".parquet":
        pq.write_table(table, path)
        _flush(path)
    else:
        write_csv(path, table)


def write_csv(path: Path, table: pa.Table, mode: int = 0o666) -> None:
    """RFC 4180 with ``\\n`` ends: header and rows, minimal quoting. Vectorised: a row is one joined text."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write((",".join(_quoted(table.column_names).to_pylist()) + "\n").encode())
        for batch in table.to_batches(ROWS_AT_ONCE):
            cells = [_quoted(_as_text(column)) for column in batch.columns]
            lines = pc.binary_join_element_wise(*cells, pa.scalar(",", TEXT)) if len(cells) > 1 else cells[0]
            whole = pc.binary_join_element_wise(lines, pa.scalar("\n", TEXT), pa.scalar("", TEXT))
            file.write(text_bytes(whole))
        file.flush()
        os.fsync(file.fileno())


def _as_text(column: pa.Array) -> pa.Array:
    """Text of the cells: null is empty, a float its shortest exact form, a boolean ``True``/``False``."""
    if is_text(column.type):
        text = column.cast(TEXT)
    else:
        text = pa.array([None if value is None else str(value) for value in column.to_pylist()], TEXT)
    return pc.fill_null(text, "")


def _quoted(cells: pa.Array | Sequence[str]) -> pa.Array:
    column = cells if isinstance(cells, pa.Array) else pa.array(cells, TEXT)
    if not holds(column, b'",\r\n'):
        return column
    must = pc.match_substring_regex(column, '[",\r\n]')
    quote, nothing = pa.scalar('"', TEXT), pa.scalar("", TEXT)
    inner = pc.replace_substring(column, '"', '""')
    return pc.if_else(must, pc.binary_join_element_wise(quote, inner, quote, nothing), column)


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
