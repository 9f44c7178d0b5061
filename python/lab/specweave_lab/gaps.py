"""``split.gap``: how much time is left out before validation and before test, read and checked."""

from __future__ import annotations

import re

from specweave_lab.arguments import Arguments
from specweave_lab.errors import dataset_invalid
from specweave_lab.reading import Table, as_numbers

UNITS_US = {
    "s": 1_000_000, "min": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000, "w": 7 * 86_400_000_000,
}  # fmt: skip
_FORM = re.compile(r"(\d+(?:\.\d+)?)\s*(s|min|h|d|w)?", re.ASCII)
MOST_US = 2**60


def read_gap(split: Arguments) -> tuple[str | None, int]:
    """The gap as it was asked for, and in microseconds (of a number in millionths). Text such as ``7d``, ``36h``,
    or a number in the units of a time column of numbers.
    """
    value = split.values.get("gap")
    if value is None:
        return None, 0
    text = f"{value:g}" if isinstance(value, float) else str(value).strip()
    match = None if isinstance(value, bool) else _FORM.fullmatch(text)
    if not match:
        raise split.invalid(
            "gap", f'"{text}" is no length of time such as 7d, 36h, 30min, or a number above 0'
        )
    micros = round(float(match[1]) * UNITS_US[match[2] or "s"])
    if not 0 < micros < MOST_US:
        raise split.invalid("gap", f'"{text}" must be above 0, and no longer than the data')
    return text, micros


def check_gap(table: Table, column: str, gap: str) -> None:
    """Refuse a gap that is not in the units of the time column."""
    numbers = bool(as_numbers(table, column).notna().all())
    if numbers == gap[-1].isdigit():
        return
    raise dataset_invalid(
        "split.gap",
        f'"{column}" holds {"numbers" if numbers else "dates"}, and the gap is "{gap}".',
        "Give the gap as a number in the column's units." if numbers else "Give it as 7d, 36h or 30min.",
    )
