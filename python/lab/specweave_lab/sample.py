"""``sample.csv``: a few rows of train for people to look at, without what looks personal."""

from __future__ import annotations

import heapq
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from specweave_lab.profile import PERSONAL
from specweave_lab.reading import is_text
from specweave_lab.writing import write_csv

MOST_ROWS = 20
LONGEST = 200
NAMED_PERSONAL = re.compile(
    r"(?i)(^|[^a-z])(name|nickname|birth|dob|street|zip|postal|postcode|ip|card|account|tax|user)([^a-z]|$)"
    r"|birth_?da(y|te)|(first|last|full|sur|user)name|credit_?card"
)
MAIL_OR_PHONE = r"[^@\s]+@[^@\s]+\.[a-zA-Z]{2,}|^\+?[0-9][0-9 ()/.-]{8,}[0-9]$"
HAS_BORDERS = r"[ ()/+]"


def write_sample(path: Path, train: pa.Table, row_ids: list[str], blank: set[str]) -> None:
    """Write at most 20 rows, those whose ids come first: the same rows whatever the order in the source.

    Parameters
    ----------
    train : Table
        The rows of train; ``row_ids`` are theirs.
    blank : set of str
        Columns that are blanked beside those that look personal by their name or by what stands in them.
    """
    first = heapq.nsmallest(MOST_ROWS, range(len(row_ids)), key=row_ids.__getitem__)
    rows = train.take(pa.array(first, pa.int64()))
    shown = []
    for name, column in zip(rows.column_names, rows.columns, strict=True):
        if name in blank or looks_personal(name, column):
            column = pa.array([""] * rows.num_rows, pa.large_string())
        elif is_text(column.type):
            column = pc.utf8_slice_codeunits(column, 0, LONGEST)
        shown.append(column)
    write_csv(path, pa.table(shown, names=rows.column_names))


def looks_personal(name: str, column: pa.ChunkedArray) -> bool:
    """Whether a column seems to be about persons, by its name or by what stands in it."""
    return bool(PERSONAL.search(name) or NAMED_PERSONAL.search(name)) or _is_personal(column)


def _is_personal(column: pa.ChunkedArray) -> bool:
    """Whether a value is a mail address, or a number written as telephones are."""
    if not is_text(column.type):
        return False
    found = column.filter(pc.fill_null(pc.match_substring_regex(column, MAIL_OR_PHONE), False))
    return any("@" in text or re.search(HAS_BORDERS, text) for text in found.to_pylist())
