"""The column profile of a dataset: ``columns`` of dataset.json, in the shape of
``src/core/dataset-record.ts``.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from specweave_lab.reading import Table, as_numbers, as_times, is_text

TOP = 10
BOOLEANS = {"true", "false"}
DATE_LIKE = re.compile(r"\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\s*\d{4}-\d{2}\b")
PERSONAL = re.compile(
    r"(?i)(^|[^a-z])(e[-_ ]?mail|phone|mobile|ssn|iban|passport|address|surname|(first|last|full)[_ ]?name)|^mail$"
)
"""Names of columns whose values dataset.json, which is committed, never shows."""


def profile_column(table: Table, name: str, role: str, rows: np.ndarray) -> dict[str, Any]:
    """Describe a column over some of its rows.

    Parameters
    ----------
    rows : ndarray of bool, shape (table.rows,)
        The rows looked at. For a column that is sealed in test these are train and validation, or the counts
        of the whole would give away the test labels.

    Returns
    -------
    dict
        ``name, role, type, missing, unique`` and, by type, ``min, max, mean, std`` (sample standard
        deviation, in the column's unit) and ``top`` (most frequent values, at most 10). Values of id and
        personal-looking columns are left out.
    """
    seen = Table(table.data.select([name]), table.format)
    if not rows.all():
        seen.data = seen.data.filter(pa.array(rows)).combine_chunks()
    missing = seen.missing(name)
    here = seen
    if pc.any(missing).as_py():
        here = Table(seen.data.filter(pc.invert(missing)).combine_chunks(), table.format)
    counts = pc.value_counts(here.column(name)) if _countable(here.column(name).type) else None
    kind = _type(here, name, counts)
    unique = len(counts) if counts is not None else len({repr(v) for v in here.column(name).to_pylist()})
    column: dict[str, Any] = {
        "name": name,
        "role": role,
        "type": kind,
        "missing": int(pc.sum(missing).as_py() or 0),
        "unique": unique,
    }
    if role == "id" or PERSONAL.search(name) or here.rows == 0:
        return column
    if kind == "numeric":
        column.update(_numbers(as_numbers(here, name).to_numpy()))
    elif kind == "datetime":
        times = as_times(here, name).dropna()
        if len(times):
            column["min"], column["max"] = _iso(times.min()), _iso(times.max())
    if counts is not None and kind != "text" and not (kind in ("numeric", "datetime") and unique > 20):
        column["top"] = _top(counts)
    return column


def _countable(kind: pa.DataType) -> bool:
    return not pa.types.is_nested(kind)


def _type(here: Table, name: str, counts: pa.StructArray | None) -> str:
    kind = here.column(name).type
    if pa.types.is_boolean(kind):
        return "boolean"
    if pa.types.is_temporal(kind):
        return "datetime"
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "numeric"
    if counts is None or not is_text(kind):
        return "text"
    values = Table(pa.table({name: counts.field("values")}), here.format)
    if not values.rows:
        return "categorical"
    if values.rows <= 3 and {text.strip().lower() for text in values.column(name).to_pylist()} <= BOOLEANS:
        return "boolean"
    if bool(as_numbers(values, name).notna().all()):
        return "numeric"
    texts = values.column(name).to_pylist()
    if all(DATE_LIKE.match(text) for text in texts[:50]) and bool(as_times(values, name).notna().all()):
        return "datetime"
    length = sum(map(len, texts)) / len(texts)
    few = len(texts) <= 20 or (len(texts) <= 10_000 and len(texts) <= here.rows / 2)
    return "categorical" if few and length <= 60 else "text"


def _numbers(values: np.ndarray) -> dict[str, float]:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return {}
    stats = {"min": finite.min(), "max": finite.max(), "mean": finite.mean()}
    if len(finite) > 1:
        stats["std"] = finite.std(ddof=1)
    return {key: number(value) for key, value in stats.items() if np.isfinite(value)}


def number(value: float) -> float | int:
    """A number for JSON: 12 significant digits, so that summation order never shows; whole numbers without a
    point.
    """
    rounded = float(f"{float(value):.12g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < 2**53 else rounded


def _top(counts: pa.StructArray) -> list[dict[str, Any]]:
    values = counts.field("values").to_pylist()
    pairs = [
        (str(value), count) for value, count in zip(values, counts.field("counts").to_pylist(), strict=True)
    ]
    pairs.sort(key=lambda pair: (-pair[1], pair[0]))
    return [{"value": value[:100], "count": count} for value, count in pairs[:TOP]]


def _iso(micros: int) -> str:
    return pd.Timestamp(int(micros), unit="us", tz="UTC").isoformat().replace("+00:00", "Z")
