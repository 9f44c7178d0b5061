"""Holding a source against a schema (pandera's YAML form, read by the caller), with the rows that break it.

A CSV has no types, so a ``dtype`` asks whether every value can be one. Checks look at values that are there;
whether one may be missing is ``nullable``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from specweave_lab.errors import Refusal, first_few, nearest
from specweave_lab.reading import Table, as_numbers, as_times

SHOWN = 5
MOST_PROBLEMS = 10

BOUNDS: dict[str, Callable[[Any, Any], Any]] = {
    "greater_than": np.greater,
    "greater_than_or_equal_to": np.greater_equal,
    "less_than": np.less,
    "less_than_or_equal_to": np.less_equal,
}
PATTERNS = {"str_matches": "^(?:{})", "str_contains": "{}"}
NUMBERS = ("int", "uint", "float", "number")


def check_schema(table: Table, schema: dict[str, Any]) -> None:
    """Check every row.

    Parameters
    ----------
    schema : dict
        ``columns``: a list of ``{name, dtype, nullable, unique, required, checks: [{check, value}]}``, and
        ``strict``: whether other columns are refused.

    Raises
    ------
    Refusal
        ``DATASET_INVALID`` with each column and check that is broken, how many rows break it, and the first of
        them, counted from 1 below the header.
    """
    problems: list[tuple[str, str]] = []
    described = {column["name"]: column for column in schema["columns"]}
    for name, column in described.items():
        if name in table.names:
            problems += [(name, problem) for problem in _check_column(table, column)]
        elif column.get("required", True):
            problems.append((name, f"the column is not there. {nearest(name, table.names)}".strip()))
    if schema.get("strict"):
        problems += [(name, "the schema has no such column") for name in table.names if name not in described]
    if not problems:
        return
    shown = " ".join(f'"{name}": {problem}.' for name, problem in problems[:MOST_PROBLEMS])
    more = len(problems) - MOST_PROBLEMS
    raise Refusal(
        "DATASET_INVALID",
        f"The data breaks its schema. {shown}" + (f" And {more} more problems." if more > 0 else ""),
        invalid=[(f"schema.columns.{name}", problem) for name, problem in problems[:50]],
    )


def _check_column(table: Table, column: dict[str, Any]) -> list[str]:
    name, dtype = column["name"], column.get("dtype")
    missing = np.asarray(table.missing(name).to_pylist(), bool)
    found = []

    def broken(what: str, rows: np.ndarray) -> None:
        places = np.flatnonzero(rows)
        if len(places):
            values = table.column(name)
            shown = first_few(
                (f'row {place + 1} ("{str(values[int(place)].as_py())[:60]}")' for place in places[:SHOWN]),
                SHOWN,
            )
            more = f" and {len(places) - SHOWN:,} more" if len(places) > SHOWN else ""
            found.append(f"{len(places):,} rows break {what}: {shown}{more}")

    if not column.get("nullable", False):
        broken("nullable: false", missing)
    wrong = ~missing & ~_can_be(table, name, dtype)
    broken(f"dtype {dtype}", wrong)
    there = ~missing & ~wrong
    if column.get("unique", False):
        texts = pd.Series(table.texts(name), dtype=object)
        broken("unique: true", texts.duplicated(keep=False).to_numpy() & there)
    for check in column.get("checks") or []:
        holds = _holds(table, name, dtype, check["check"], check["value"])
        broken(f"{check['check']} {_said(check['value'])}", there & ~holds)
    return found


def _said(value: Any) -> str:
    if isinstance(value, list):
        return "[" + first_few((str(item) for item in value), SHOWN) + "]"
    return str(value)


def _can_be(table: Table, name: str, dtype: str | None) -> np.ndarray:
    kind = (dtype or "").lower()
    if kind.startswith(NUMBERS):
        numbers = as_numbers(table, name).to_numpy()
        if "int" not in kind:
            return ~np.isnan(numbers)
        return np.isfinite(numbers) & (np.floor(numbers) == numbers) & ~((numbers < 0) & ("uint" in kind))
    if kind.startswith("bool"):
        texts = pd.Series([str(text).strip().lower() for text in table.texts(name)])
        return texts.isin({"true", "false", "0", "1", "0.0", "1.0"}).to_numpy()
    if kind.startswith("datetime"):
        return as_times(table, name).notna().to_numpy()
    return np.ones(table.rows, bool)


def _holds(table: Table, name: str, dtype: str | None, check: str, value: Any) -> np.ndarray:
    if check in ("isin", "notin", "equal_to", "not_equal_to"):
        inside = _among(table, name, value if isinstance(value, list) else [value])
        return inside if check in ("isin", "equal_to") else ~inside
    if check in BOUNDS:
        values, bound = _comparable(table, name, dtype, [value])
        return BOUNDS[check](values, bound[0])
    if check == "in_range":
        values, (low, high) = _comparable(table, name, dtype, [value["min_value"], value["max_value"]])
        above = values >= low if value.get("include_min", True) else values > low
        return above & (values <= high if value.get("include_max", True) else values < high)
    texts = pa.array(["" if text is None else str(text) for text in table.texts(name)], pa.large_string())
    if check in PATTERNS:
        try:
            matched = pc.match_substring_regex(texts, PATTERNS[check].format(value))
        except pa.ArrowInvalid as problem:
            said = f'"{value}" is no regular expression that RE2 knows'
            raise _refused(name, check, said) from problem
        return np.asarray(matched.to_pylist(), bool)
    if check in ("str_startswith", "str_endswith"):
        function = pc.starts_with if check == "str_startswith" else pc.ends_with
        return np.asarray(function(texts, str(value)).to_pylist(), bool)
    length = pc.utf8_length(texts).to_numpy(zero_copy_only=False)
    exact = value.get("exact_value")
    low, high = (value.get("min_value"), value.get("max_value")) if exact is None else (exact, exact)
    return (length >= (0 if low is None else low)) & (length <= (np.inf if high is None else high))


def _among(table: Table, name: str, allowed: list[Any]) -> np.ndarray:
    """Numbers by their value where all that is allowed are numbers, truth values in any case, else as texts."""
    if all(isinstance(item, (int, float)) and not isinstance(item, bool) for item in allowed):
        return np.isin(as_numbers(table, name).to_numpy(), np.asarray(allowed, float))
    texts = pd.Series(["" if text is None else str(text) for text in table.texts(name)])
    if all(isinstance(item, bool) for item in allowed):
        return texts.str.strip().str.lower().isin([str(item).lower() for item in allowed]).to_numpy()
    return texts.isin([str(item) for item in allowed]).to_numpy()


def _comparable(
    table: Table, name: str, dtype: str | None, bounds: list[Any]
) -> tuple[np.ndarray, list[float]]:
    if all(isinstance(bound, (int, float)) and not isinstance(bound, bool) for bound in bounds):
        return as_numbers(table, name).to_numpy(), [float(bound) for bound in bounds]
    times = as_times(
        Table(pa.table({"at": pa.array([str(b) for b in bounds], pa.large_string())}), "csv"), "at"
    )
    if (dtype or "").lower().startswith("datetime") and times.notna().all():
        return as_times(table, name).astype("float64").to_numpy(), times.astype("float64").tolist()
    raise _refused(name, "a bound", f'"{bounds[0]}" is neither a number nor, with dtype datetime64, a time')


def _refused(name: str, check: str, problem: str) -> Refusal:
    return Refusal(
        "INPUT_INVALID",
        f'Schema, column "{name}", {check}: {problem}.',
        invalid=[(f"schema.columns.{name}", problem)],
    )
