"""Files that a script read, as tables, whatever they are called: CSV, JSON, Parquet, Arrow and Feather, SQLite,
NumPy. What cannot be read is named with the reason; a pickle is never loaded, since loading it runs what it
says.
"""

from __future__ import annotations

import csv
import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather

from specweave_lab.errors import Refusal
from specweave_lab.json_lines import cell_text, decode_json
from specweave_lab.reading import READERS, Table, plain_columns, read_table

MOST_BYTES = 64 * 1024 * 1024
"""Of all files together, and of what a compressed one holds."""
MOST_COLUMNS = 200
MOST_TABLES = 20
LONGEST_QUERY_S = 5.0

PICKLE = "pickle is never loaded"
UNKNOWN = "no table that the search reads"
TOO_LARGE = f"too large: {MOST_BYTES // 1024**2} MiB are looked through"
TOO_WIDE = f"more than {MOST_COLUMNS} columns"
PICKLES = (".pkl", ".pickle", ".joblib", ".pt", ".pth")


class NotSearched(Exception):
    """Why a file is not looked through, in words."""


def read_tables(path: Path) -> list[Table]:
    """The tables that a file holds; of a JSON document without one, or an empty database, none.

    Raises
    ------
    NotSearched
        With the reason.
    """
    try:
        tables = _read(path)
    except MemoryError as problem:
        raise NotSearched(TOO_LARGE) from problem
    except (
        Refusal, pa.ArrowException, OSError, EOFError, ValueError, KeyError, TypeError, RecursionError,
        csv.Error, sqlite3.Error, zipfile.BadZipFile, NotImplementedError,
    ) as problem:  # fmt: skip
        raise NotSearched(PICKLE if path.name.lower().endswith(PICKLES) else UNKNOWN) from problem
    narrow = [table for table in tables if 0 < len(table.names) <= MOST_COLUMNS]
    if tables and not narrow:
        raise NotSearched(TOO_WIDE)
    return narrow


def _read(path: Path) -> list[Table]:
    with path.open("rb") as file:
        begin = file.read(4096)
    if begin.startswith(b"PAR1"):
        return [READERS["parquet"](path)]
    if begin.startswith((b"ARROW1", b"FEA1")):
        return [_plain(feather.read_table(path, memory_map=False))]
    if begin.startswith(b"\xff\xff\xff\xff"):
        with pa.OSFile(str(path)) as file:
            return [_plain(pa.ipc.open_stream(file).read_all())]
    if begin.startswith(b"SQLite format 3\0"):
        return _sqlite(path)
    if begin.startswith(b"\x93NUMPY"):
        if b"|O'" in begin:
            raise NotSearched(PICKLE)
        return _arrays({"a": np.load(path, allow_pickle=False)})
    if begin.startswith(b"PK"):
        return _zipped(path)
    if begin[:2] in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05") or _is_text_pickle(path):
        raise NotSearched(PICKLE)
    if path.name.lower().endswith((".gz", ".tsv", ".csv")):
        return [read_table(path)]
    if b"\0" in begin:
        raise ValueError("no text")
    first = begin.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if first in (b"{", b"["):
        return _json(path, first == b"{")
    return [READERS["csv"](path)]


def _is_text_pickle(path: Path) -> bool:
    """Of the oldest protocols, which look like a text of one column."""
    return path.name.lower().endswith(PICKLES) and path.read_bytes()[-1:] == b"."


def _plain(data: pa.Table) -> Table:
    """As a Parquet file is read; columns whose names come twice are told apart."""
    names = [
        f"{name}.{at}" if name in data.column_names[:at] else name
        for at, name in enumerate(data.column_names)
    ]
    return Table(
        plain_columns(data.replace_schema_metadata(None).rename_columns(names)).combine_chunks(), "parquet"
    )


def _sqlite(path: Path) -> list[Table]:
    """Its plain tables, read-only: a view or a virtual table would run what the file says."""
    found = []
    address = f"file:{quote(str(path))}?mode=ro&immutable=1"
    with closing(sqlite3.connect(address, uri=True)) as connection:
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.text_factory = lambda text: text.decode("utf-8", "replace")
        until = monotonic() + LONGEST_QUERY_S
        connection.set_progress_handler(lambda: monotonic() > until, 10_000)
        names = connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
            " AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name LIMIT ?",
            (MOST_TABLES,),
        ).fetchall()
        for (name,) in names:
            quoted = name.replace('"', '""')
            cursor = connection.execute(f'SELECT * FROM "{quoted}"')
            columns = [one[0] for one in cursor.description]
            if len(columns) > MOST_COLUMNS:
                continue
            rows = cursor.fetchall()
            found.append(_texts({column: [row[at] for row in rows] for at, column in enumerate(columns)}))
    return found


def _zipped(path: Path) -> list[Table]:
    with zipfile.ZipFile(path) as archive:
        if not archive.namelist() or not all(name.endswith(".npy") for name in archive.namelist()):
            raise ValueError("no arrays")
        if sum(one.file_size for one in archive.infolist()) > MOST_BYTES:
            raise NotSearched(TOO_LARGE)
    with np.load(path, allow_pickle=False) as arrays:
        # One that holds Python objects is a pickle.
        loaded = {name: array for name in arrays.files if (array := _loaded(arrays, name)) is not None}
    if not loaded:
        raise NotSearched(PICKLE)
    return _arrays(loaded)


def _loaded(arrays: Any, name: str) -> np.ndarray | None:
    try:
        return arrays[name]
    except ValueError:
        return None


def _arrays(arrays: dict[str, np.ndarray]) -> list[Table]:
    """Arrays of as many rows side by side: features and answers are mostly saved apart."""
    by_rows: dict[int, dict[str, np.ndarray]] = {}
    for name, array in arrays.items():
        if array.ndim not in (1, 2):
            continue
        columns = by_rows.setdefault(len(array), {})
        if array.dtype.names:
            columns.update({field: array[field].ravel() for field in array.dtype.names})
        elif array.ndim == 1:
            columns[name] = array
        else:
            columns.update(
                {f"{name}.{at}": array[:, at] for at in range(min(array.shape[1], MOST_COLUMNS + 1))}
            )
    if not by_rows:
        raise ValueError("no table")
    return [
        _plain(pa.table({name: _column(values) for name, values in columns.items()}))
        for columns in by_rows.values()
    ]


def _column(values: np.ndarray) -> pa.Array:
    if values.dtype.kind in "biuf":
        return pa.array(np.ascontiguousarray(values))
    return pa.array(
        [one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in values.tolist()]
    )


def _json(path: Path, may_be_lines: bool) -> list[Table]:
    """One document: rows of objects or of lists, or columns, as pandas writes them in each of its forms. Else lines."""
    text = path.read_text(encoding="utf-8-sig")
    try:
        value = decode_json(text)
    except json.JSONDecodeError:
        if may_be_lines:
            return [READERS["jsonl"](path)]
        raise
    return [_texts(columns) for part in _parts(value) if (columns := _columns(part))]


def _parts(value: Any) -> list[Any]:
    """The document itself, and what stands in it by one key: ``{"data": [...]}``."""
    if not isinstance(value, dict):
        return [value]
    if isinstance(value.get("columns"), list) and isinstance(value.get("data"), list):
        return [[dict(zip(map(str, value["columns"]), row, strict=False)) for row in value["data"]]]
    return [value, *list(value.values())[:MOST_TABLES]]


def _columns(value: Any) -> dict[str, list[Any]]:
    if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
        return {name: [row.get(name) for row in value] for name in _keys(value)}
    if isinstance(value, list) and value and all(isinstance(row, list) for row in value):
        width = min(max(map(len, value)), MOST_COLUMNS + 1)
        return {f"c{at}": [row[at] if at < len(row) else None for row in value] for at in range(width)}
    if not isinstance(value, dict) or not value:
        return {}
    inner = list(value.values())
    if all(isinstance(one, list) and len(one) == len(inner[0]) for one in inner):
        return value
    if all(isinstance(one, dict) for one in inner):
        # By columns, each {row: value}, or by rows, each {column: value}: whichever has fewer names is the columns.
        keys = _keys(inner)
        if len(keys) <= len(inner):
            return {name: [one.get(name) for one in inner] for name in keys}
        return {name: [one.get(key) for key in keys] for name, one in value.items()}
    return {}


def _keys(rows: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _texts(columns: dict[str, list[Any]]) -> Table:
    """As JSON Lines are read: texts, of which some mean that nothing is there."""
    return Table(
        pa.table(
            {
                name: pa.array([cell_text(value) for value in values], pa.large_string())
                for name, values in columns.items()
            }
        ),
        "csv",
    )
