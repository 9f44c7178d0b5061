"""JSON Lines (also gzip) as a table of texts: one object a line, each key a column.

A number is the text that stands there, as in CSV, so that no parser can change it. ``null`` and a key that is
missing are the empty text; a list or an object inside is its JSON text.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from specweave_lab.errors import dataset_invalid

ENDS = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")
ROWS_AT_ONCE = 1 << 15
MOST_COLUMNS = 10_000
MOST_LINE = 1 << 24
TEXT = pa.large_string()


class _Number(str):
    """A number's own text."""

    __slots__ = ()


_DECODER = json.JSONDecoder(parse_float=_Number, parse_int=_Number, parse_constant=_Number)


def decode_json(text: str) -> Any:
    """One document; its numbers as the texts that stand there.

    Raises
    ------
    json.JSONDecodeError, RecursionError
    """
    return _DECODER.decode(text)


def read_json_lines(path: Path) -> pa.Table:
    """Read the file; columns in the order in which their keys come first.

    Raises
    ------
    Refusal
        ``DATASET_INVALID`` with the line that is no object.
    UnicodeDecodeError, OSError, EOFError
        Where the file is not UTF-8 or cannot be read.
    """
    names: dict[str, None] = {}
    parts: list[pa.Table] = []
    rows: list[dict[str, Any]] = []
    for row in _objects(path):
        rows.append(row)
        if row.keys() - names.keys():
            names.update(dict.fromkeys(row))
            _check_names(names)
        if len(rows) == ROWS_AT_ONCE:
            parts.append(_table(rows, list(names)))
            rows = []
    parts.append(_table(rows, list(names)))
    return pa.concat_tables([_widened(part, list(names)) for part in parts])


def _objects(path: Path) -> Iterator[dict[str, Any]]:
    opener = gzip.open if path.name.lower().endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8-sig", newline="\n") as file:
        for number, line in enumerate(iter(lambda: file.readline(MOST_LINE), ""), 1):
            if len(line) == MOST_LINE:
                raise _no_object(path, number, line, f"is longer than {MOST_LINE:,} characters")
            if not line.strip():
                continue
            try:
                row = _DECODER.decode(line)
            except (ValueError, RecursionError) as problem:
                said = getattr(problem, "msg", "it is nested too deeply")
                raise _no_object(path, number, line, f"is no JSON ({said})") from problem
            if not isinstance(row, dict):
                raise _no_object(path, number, line, "is no object")
            yield row


def _no_object(path: Path, number: int, line: str, what: str) -> Exception:
    start = line.strip()[:60]
    return dataset_invalid(
        "source",
        f'Line {number:,} of "{path.name}" {what}: {start}',
        'Each line is one object, {"column": value}.',
    )


def _check_names(names: dict[str, None]) -> None:
    if any(not name.strip() for name in names):
        raise dataset_invalid("source", "A key of the objects is empty.", "Give each column a name.")
    if len(names) > MOST_COLUMNS:
        raise dataset_invalid(
            "source",
            f"The objects have more than {MOST_COLUMNS:,} different keys.",
            "Give each row the same keys.",
        )


def _table(rows: list[dict[str, Any]], names: list[str]) -> pa.Table:
    return pa.table({name: pa.array([cell_text(row.get(name)) for row in rows], TEXT) for name in names})


def _widened(part: pa.Table, names: list[str]) -> pa.Table:
    for name in names[part.num_columns :]:
        part = part.append_column(name, pa.array([""] * part.num_rows, TEXT))
    return part


def cell_text(value: Any) -> str:
    """A value as the text that stands there."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return _nested(value)


def _nested(value: Any) -> str:
    """JSON of a value inside; its numbers as they stand."""
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(f"{json.dumps(k, ensure_ascii=False)}: {_nested(v)}" for k, v in value.items())
            + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(_nested, value)) + "]"
    return str(value) if isinstance(value, _Number) else json.dumps(value, ensure_ascii=False)
