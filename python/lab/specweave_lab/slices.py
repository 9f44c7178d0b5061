"""How a metric differs between parts of the rows: by the categories of a column, or by its quartiles.

Each part has the metric with its own 95 % interval, and a test of its rows against all other rows: Fisher's exact
test of the share of right predictions, or Mann and Whitney's of the absolute errors, with Holm's adjustment over all
parts that are ranked, as the worst of many parts looks bad by chance alone. Rows of series and the lists of users are
not independent or not in columns: series have no test, recommendations no slices.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from specweave_lab.errors import Refusal, nearest
from specweave_lab.intervals import holm
from specweave_lab.metrics.measured import Measured
from specweave_lab.metrics.names import sign_of_better
from specweave_lab.reading import Table, as_numbers, as_times

FEW_ROWS = 30
"""A part with fewer rows is named, and is not ranked."""
MOST_CATEGORIES = 12
"""Of a column with more, the rest is one part."""
NUMERIC_CATEGORIES = 10
"""A column of numbers with more values is cut into quarters."""
MISSING = "(missing)"

Measure = Callable[[np.ndarray], Measured | None]
"""From the places of some rows to the metric there; None where it has no value."""


def sliceable(table: Table, target: str) -> list[str]:
    """The columns that rows can be divided by."""
    return [name for name in table.names if name not in ("row_id", target)]


def parts_of(table: Table, name: str, is_time: bool = False) -> tuple[list[str], np.ndarray]:
    """Names of the parts of a column, and the part of each row, int64, shape (n,)."""
    gone = np.array(table.missing(name).to_pylist(), dtype=bool)
    texts = [MISSING if away else str(text) for text, away in zip(table.texts(name), gone, strict=True)]
    numbers = as_numbers(table, name)
    if not gone.all() and bool(numbers[~gone].notna().all()):
        if numbers.nunique() > NUMERIC_CATEGORIES:
            return _quarters(numbers.to_numpy(np.float64), lambda value: f"{value:.6g}")
    elif is_time:
        times = _times(table, name, gone)
        if times is not None:
            return _quarters(times, lambda value: str(pd.Timestamp(int(value), unit="us").date()))
    counts = Counter(texts)
    ordered = sorted(counts, key=lambda text: (-counts[text], text))
    kept = ordered[:MOST_CATEGORIES] if len(ordered) > MOST_CATEGORIES + 1 else ordered
    index = {text: code for code, text in enumerate(kept)}
    names = list(kept)
    if len(kept) < len(ordered):
        names.append(f"({len(ordered) - len(kept):,} other values)")
    return names, np.array([index.get(text, len(kept)) for text in texts], np.int64)


def _quarters(values: np.ndarray, shown: Callable[[float], str]) -> tuple[list[str], np.ndarray]:
    """Parts between the quartiles, each without its upper end, the last with it; NaN is a part of its own."""
    edges = np.unique(np.nanquantile(values, [0, 0.25, 0.5, 0.75, 1]))
    codes = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
    names = [f"{shown(low)} to {shown(high)}" for low, high in zip(edges, edges[1:], strict=False)]
    gone = np.isnan(values)
    if gone.any():
        names.append(MISSING)
        codes[gone] = len(names) - 1
    return names, codes.astype(np.int64)


def _times(table: Table, name: str, gone: np.ndarray) -> np.ndarray | None:
    """Microseconds since 1970, NaN where missing; None where the column holds other things than many times."""
    times = as_times(table, name)
    if bool(times[~gone].isna().any()) or times.nunique() <= NUMERIC_CATEGORIES:
        return None
    return times.to_numpy(np.float64, na_value=np.nan)


def slice_by(
    table: Table,
    target: str,
    columns: list[str],
    metric: str,
    measure: Measure,
    loss: np.ndarray | None,
    times: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """Measure each part of each column.

    Parameters
    ----------
    measure : callable
        See :data:`Measure`.
    loss : ndarray, shape (n,), or None
        What each row lost: bool (wrong or not) or an absolute error; None for no tests.
    times : frozenset of str
        The columns that hold times, which are cut into quarters.

    Returns
    -------
    dict
        ``metric``, ``ranked`` (how many parts were), and ``slices``, the worst first, those that are not ranked last:
        ``column, part, rows, ranked``, and where there is a value ``value, ci``; where it was tested ``p_adjusted`` and
        ``differs`` (``worse``, ``better`` or ``not_shown``).

    Raises
    ------
    Refusal
        ``INPUT_INVALID`` for a column that is not there, the target or the row id.
    """
    known = sliceable(table, target)
    for name in columns:
        if name not in known:
            why = "is the target or the row id" if name in table.names else "is no column of the split"
            problem = f'"{name}" {why}. {nearest(name, known)}'.strip()
            raise Refusal("INPUT_INVALID", f"slices: {problem}", invalid=[("slices", problem)])
    found: list[dict[str, Any]] = []
    for column in dict.fromkeys(columns):
        names, codes = parts_of(table, column, column in times)
        for code, part in enumerate(names):
            rows = np.flatnonzero(codes == code)
            if len(rows) == 0:
                continue
            one = measure(rows)
            ranked = len(rows) >= FEW_ROWS and len(rows) < table.rows and one is not None
            entry: dict[str, Any] = {"column": column, "part": part, "rows": len(rows), "ranked": ranked}
            if one is not None:
                entry |= {"value": one["value"], "ci": one["ci"]}
            if ranked and loss is not None:
                entry["p"], entry["worse"] = _against_rest(loss, codes == code)
            found.append(entry)
    _adjust(found)
    sign = sign_of_better(metric)
    found.sort(key=lambda one: (not one["ranked"], sign * one.get("value", 0.0)))
    return {"metric": metric, "ranked": sum(one["ranked"] for one in found), "slices": found}


def _against_rest(loss: np.ndarray, inside: np.ndarray) -> tuple[float, bool]:
    """Two-sided p of the part's losses against those of all other rows, and whether they are larger."""
    here, there = loss[inside], loss[~inside]
    if loss.dtype == bool:
        cells = [[int(here.sum()), int((~here).sum())], [int(there.sum()), int((~there).sum())]]
        return float(stats.fisher_exact(cells).pvalue), bool(here.mean() > there.mean())
    test = stats.mannwhitneyu(here, there, alternative="two-sided")
    return float(test.pvalue), bool(test.statistic > len(here) * len(there) / 2)


def _adjust(found: list[dict[str, Any]]) -> None:
    tested = [one for one in found if "p" in one]
    for one, p in zip(tested, holm([one["p"] for one in tested]), strict=True):
        worse = one.pop("worse")
        one["p_adjusted"] = p
        one["differs"] = "not_shown" if p >= 0.05 else "worse" if worse else "better"
        del one["p"]
