"""What is odd in a source and no reason to refuse it: columns that tell nothing or hold two kinds of values, times
without a zone, classes that cannot be learned."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from specweave_lab.errors import first_few
from specweave_lab.reading import Table, as_numbers, is_text
from specweave_lab.sample import looks_personal
from specweave_lab.splitting import TRAIN

HAS_CLOCK = r"\d[T ]\d{1,2}:\d{2}"
HAS_ZONE = r"\d{1,2}:\d{2}.*(?:Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)\s*$"
MOSTLY_NUMBERS = 0.5


def warn_of_columns(table: Table, columns: list[dict[str, Any]]) -> list[str]:
    """Warnings about features that are constant, empty or mixed, from their profiles and cells."""
    features = [column for column in columns if column["role"] == "feature"]
    empty = [f'"{column["name"]}"' for column in features if not column["unique"]]
    constant = [
        f'"{column["name"]}"' for column in features if column["unique"] == 1 and not column["missing"]
    ]
    warnings = []
    if empty:
        warnings.append(
            f"No value in any row: {'column' if len(empty) == 1 else 'columns'} {first_few(empty)}. Many models refuse "
            "such a column: take it out."
        )
    if constant:
        warnings.append(
            f"One value in all rows: {'column' if len(constant) == 1 else 'columns'} {first_few(constant)}. That tells "
            "nothing."
        )
    for column in features:
        if column["type"] in ("categorical", "text") and column["unique"] > 1:
            warnings += _mixed(table, column["name"])
        elif column["type"] == "numeric":
            warnings += _infinite(table, column["name"])
    return warnings


def _infinite(table: Table, name: str) -> list[str]:
    count = int(np.isinf(as_numbers(table, name).to_numpy()).sum())
    if count == 0:
        return []
    rows = f"{count:,} row{'' if count == 1 else 's'}"
    return [
        f'Column "{name}" is infinite in {rows}. Most models, those of scikit-learn among them, refuse infinite values: '
        "leave those cells empty, or put a bound in their place."
    ]


def _mixed(table: Table, name: str) -> list[str]:
    column = table.column(name)
    if not is_text(column.type):
        return []
    counted = pc.value_counts(column)
    values = Table(pa.table({name: counted.field("values")}), table.format)
    rows = counted.field("counts").to_numpy(zero_copy_only=False)
    there = ~values.missing(name).to_numpy(zero_copy_only=False)
    words = there & np.isnan(as_numbers(values, name).to_numpy())
    count, of = int(rows[words].sum()), int(rows[there].sum())
    if not 0 < count < of * (1 - MOSTLY_NUMBERS):
        return []
    odd = values.column(name).filter(pa.array(words))
    # dataset.json is committed: nothing of persons stands in it.
    seen = [] if looks_personal(name, pa.chunked_array([odd])) else sorted(odd.to_pylist())
    examples = (
        f": {first_few((json.dumps(text[:40], ensure_ascii=False) for text in seen), 3)}" if seen else ""
    )
    return [
        f'Column "{name}" holds numbers in {of - count:,} rows and something else in {count:,}{examples}. Scripts will '
        "read it as text: clean it, or leave those cells empty."
    ]


def warn_of_zones(table: Table, name: str) -> list[str]:
    """A warning where times of day in the time column have no zone; a day alone needs none."""
    column = table.column(name)
    if pa.types.is_timestamp(column.type):
        day = pc.floor_temporal(column, unit="day")
        bare = 0 if column.type.tz else int(pc.sum(pc.not_equal(column, day)).as_py() or 0)
    elif is_text(column.type):
        clock = pc.match_substring_regex(column, HAS_CLOCK)
        zone = pc.match_substring_regex(column, HAS_ZONE)
        bare = int(pc.sum(pc.and_(clock, pc.invert(zone))).as_py() or 0)
    else:
        return []
    if not bare:
        return []
    rows = "all rows" if bare == table.rows else f"{bare:,} of {table.rows:,} rows"
    return [
        f'Times of "{name}" have no zone in {rows} and are read as UTC: write 2026-11-21T08:00:00Z or +01:00, where '
        "they are local."
    ]


def warn_of_classes(classes: list[str], codes: np.ndarray, assigned: np.ndarray) -> list[str]:
    """A warning of classes that no row of train has."""
    counts = np.bincount(codes[assigned == TRAIN], minlength=len(classes))
    never = [f'"{classes[code]}"' for code in np.flatnonzero(counts == 0)]
    warnings = []
    if never:
        warnings.append(
            f"In no row of train: {'class' if len(never) == 1 else 'classes'} {first_few(never)}. No model can learn "
            "that, and each such row counts as wrong: split otherwise, or leave it out."
        )
    if int((counts > 0).sum()) == 1:
        warnings.append(
            "Train has rows of one class only: a classifier cannot be trained on it. Split otherwise."
        )
    return warnings
