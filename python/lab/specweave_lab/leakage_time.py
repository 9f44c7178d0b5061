"""Look-ahead: rows of later times that a model may learn from, and columns that hold what the target
becomes.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pyarrow as pa

from specweave_lab.drafting import Draft
from specweave_lab.leakage_columns import Finding
from specweave_lab.leakage_leading import EXPLAINED, SPAN, Leads
from specweave_lab.profile import profile_column
from specweave_lab.reading import Table, as_numbers, as_times
from specweave_lab.splitting import IN_NONE, TEST, TRAIN, VALIDATION

BIRTH = re.compile(r"(?i)birth|(^|[^a-z])dob([^a-z]|$)")
PROBED = 2_000
SHIFTS = 7
FEWEST = 50
"""Rows of a series, without which an exact agreement proves nothing."""
MOST_ROWS = 100_000


def search_order(draft: Draft, features: list[str], findings: list[Finding], searched: list[str]) -> None:
    """That train lies before validation and validation before test, with the gap; where rows were dealt at
    random, whether they have a time.
    """
    policy, table = draft.request.policy, draft.table
    if policy.method == "time" and policy.time_column:
        times = as_times(table, policy.time_column).to_numpy(np.int64)
        late = 0
        for before, after in ((TRAIN, VALIDATION), (TRAIN, TEST), (VALIDATION, TEST)):
            there = times[draft.assigned == after]
            if len(there):
                gap = policy.gap_us
                limit = there.min() - gap if gap else there.min()
                early = times[draft.assigned == before]
                late += int((early >= limit).sum())
        if late == 0:
            kept = f", with the gap of {policy.gap}" if policy.gap else ""
            searched.append(f"train lies before validation, and validation before test{kept}")
            return
        message = (
            f'{late:,} rows lie after the beginning of a later split by "{policy.time_column}": an earlier '
            "version sealed rows "
            "of an earlier time. Register the data under a new name."
        )
        findings.append({"kind": "time", "certain": False, "column": policy.time_column, "message": message})
        return
    if policy.method not in ("random", "stratified"):
        return
    probe = np.zeros(table.rows, bool)
    probe[:: max(1, table.rows // PROBED)] = True
    for name in features:
        if BIRTH.search(name) or not _may_be_time(table, name):
            continue
        column = profile_column(table, name, "feature", probe)
        if column["type"] != "datetime" or column["unique"] < min(20, table.rows / 10):
            continue
        message = (
            f'Rows have a time, "{name}", and were dealt to the splits at random: a model learns from rows '
            "that lie after those "
            f'it is tested on. Where the future is predicted, register with split: {{"method": "time", '
            f'"time_column": "{name}"}}.'
        )
        findings.append({"kind": "time", "certain": False, "column": name, "message": message})
    searched.append("columns with times beside a random split")


def search_future(draft: Draft, features: list[str], findings: list[Finding], searched: list[str]) -> None:
    """Columns that are the target of a later row, up to a factor and a number."""
    if draft.values is None:
        return
    rows = _in_time(draft)
    if rows is None:
        return
    order, starts = rows
    target = draft.values[order]
    seen = Table(draft.table.data.select(features).take(pa.array(order)).combine_chunks(), draft.table.format)
    leads = Leads(target, starts)
    for name in features:
        values = as_numbers(seen, name).to_numpy()
        for shift in range(1, SHIFTS + 1):
            found = _agreement(values, target, starts, shift)
            if found is None or found < 1 - 1e-6:
                continue
            # In a smooth series every neighbour agrees: only what agrees better than the target with
            # itself was copied.
            itself = _agreement(target, target, starts, shift)
            if itself is not None and (1 - found) > 0.01 * (1 - itself):
                continue
            steps = "in the next row" if shift == 1 else f"{shift} rows later"
            message = (
                f'Column "{name}" holds what the target is {steps} (correlation {found:.6f}): it looks '
                "into the future. "
                "Shift it the other way, or take it out."
            )
            findings.append(
                {
                    "kind": "future",
                    "certain": False,
                    "column": name,
                    "message": message,
                    "value": round(found, 6),
                }
            )
            break
        else:
            found = leads.explained(values)
            if found is not None and found[1] >= EXPLAINED:
                findings.append(_leading(name, *found))
    searched.append(f"columns that hold the target of one of the next {SHIFTS} rows")
    if len(leads.around):
        searched.append(
            f"columns that are made of the target of the next {SPAN} rows, such as centred averages"
        )


def _leading(name: str, left: float, explained: float) -> Finding:
    shares = f"{explained:.2%} of the {left:.2%} of its variance"
    message = (
        f'Column "{name}" looks into the future, as a centred moving average does: the target of the next '
        f"{SPAN} rows explains {shares} that the target until then leaves. Make it of earlier rows alone, or "
        "take it out."
    )
    return {
        "kind": "future",
        "certain": False,
        "column": name,
        "message": message,
        "value": round(explained, 6),
    }


def _in_time(draft: Draft) -> tuple[np.ndarray, np.ndarray] | None:
    """Places of the rows of train in the order of series and time, and for each the number of its
    series."""
    policy = draft.request.policy
    here = np.flatnonzero(
        (draft.assigned == TRAIN) | (draft.assigned == VALIDATION) | (draft.assigned == IN_NONE)
    )
    times = as_times(draft.table, str(policy.time_column)).to_numpy(np.int64)[here]
    series = np.zeros(len(here), np.int64)
    if policy.group_column:
        texts = np.asarray([str(text) for text in draft.table.texts(policy.group_column)], dtype=object)[here]
        series = np.unique(texts, return_inverse=True)[1].ravel()
    order = np.lexsort((times, series))[:MOST_ROWS]
    return (here[order], series[order]) if len(order) >= FEWEST else None


def _agreement(values: np.ndarray, target: np.ndarray, series: np.ndarray, shift: int) -> float | None:
    """|r| of a row's value and the target ``shift`` rows later in the same series."""
    both = (series[:-shift] == series[shift:]) & np.isfinite(values[:-shift])
    x, y = values[:-shift][both], target[shift:][both]
    if len(x) < FEWEST or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    return abs(float(np.corrcoef(x, y)[0, 1]))


def _may_be_time(table: Table, name: str) -> bool:
    kind = table.column(name).type
    if pa.types.is_temporal(kind):
        return True
    texts: list[Any] = table.data.column(name).slice(0, 20).to_pylist()
    return any(isinstance(text, str) and any(mark in text for mark in "-/.:") for text in texts)
