"""Several series in one file, and no column named that tells them apart.

Forecasts of a panel (a row for each store and day) are keyed by series and time. Where the series are not named,
every time stands once for each of them: a naive forecast takes another series' value, and nothing that is handed
in by time can be told apart. What tells rows of one time apart is looked for here, so that it can be named.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pyarrow.compute as pc

from specweave_lab.errors import Refusal
from specweave_lab.reading import Table, as_numbers, as_times
from specweave_lab.registration_request import Request

MOSTLY = 0.5
"""Of the rows: more of them with another row's time are a panel, fewer may be entries that came in twice."""
MOST_COLUMNS = 200
MOST_IN_PAIRS = 15


def check_panel(request: Request, table: Table) -> list[str]:
    """Refuse a panel whose series are not named; warn where times are repeated otherwise.

    Parameters
    ----------
    request : Request
        Of a time series; of any other problem nothing is looked at.
    table : Table
        All rows of the source.

    Returns
    -------
    list of str
        Warnings.

    Raises
    ------
    Refusal
        ``DATASET_INVALID`` where most rows have the time of another, no series is named, and one column or a
        pair tells them apart. Its ``next`` names it.
    """
    time = request.policy.time_column
    if request.problem_type != "time_series" or not time:
        return []
    moments = as_times(table, time)
    if moments.isna().any():
        return []
    group = request.policy.group_column
    _, keys = np.unique(moments.to_numpy(np.int64), return_inverse=True)
    if group:
        keys = _joined(keys, _codes(table, group)[0])
    counts = np.bincount(keys)
    repeated = int(counts[counts > 1].sum())
    if repeated == 0:
        return []
    taken = {request.target, time, request.id_column, group}
    found = _telling_apart(table, [name for name in table.names if name not in taken], keys, group is None)
    share = f"{repeated:,} of {table.rows:,} rows"
    if group:
        advice = (
            f'"{group}" and {_quoted(found)} together name a series: join them into one column and name that.'
            if found
            else "Take out what stands twice."
        )
        return [
            f'{share} have the "{time}" of another row of the same "{group}": forecasts by series and time cannot be '
            f"told apart, so that baselines are not scored. {advice}"
        ]
    said = f'{share} have the "{time}" of another row: these are several series.'
    if found and repeated > MOSTLY * table.rows:
        raise _unnamed(said, found, table.names)
    advice = (
        f"Name {_quoted(found)} as split.group_column"
        if len(found) == 1
        else "Name a column that tells them apart as split.group_column"
    )
    return [
        f'{share} have the "{time}" of another row: forecasts by time cannot be told apart, so that baselines are '
        f"not scored. {advice}, or take out what stands twice."
    ]


def _unnamed(said: str, found: tuple[str, ...], names: list[str]) -> Refusal:
    """The refusal of a panel, with the call that names its series."""
    together = "" if len(found) == 1 else " together"
    column = "_".join(found)
    while len(found) > 1 and column in names:
        column += "_series"
    first = "" if len(found) == 1 else f'Join them into one column, such as "{column}", and '
    verb = "tells" if len(found) == 1 else "tell"
    return Refusal(
        "DATASET_INVALID",
        f"{said} {_quoted(found)}{together} {verb} them apart. {first}{'name' if first else 'Name'} it as "
        "split.group_column: without, baselines and forecasts cannot be scored.",
        invalid=[("split.group_column", f"{_quoted(found)}{together} {verb} rows of one time apart")],
        next_steps=[
            {
                "tool": "register_dataset",
                "arguments": {"split": {"group_column": column}},
                "why": f'once the source has the column "{column}", which joins {_quoted(found)}'
                if first
                else f'each "{column}" is a series of its own',
            }
        ],
    )


def _telling_apart(table: Table, names: list[str], keys: np.ndarray, pairs: bool) -> tuple[str, ...]:
    """The column that makes rows of one key unique, or the pair; of several the one with the fewest values, which
    names the longest series.

    A column with a fraction is a measurement, and so is one with more values than half the rows: a series has
    several times.
    """
    counts = np.bincount(keys)
    most, of_one_key = int(counts.max()), np.flatnonzero(keys == counts.argmax())
    columns: list[tuple[int, str, np.ndarray]] = []
    for name in names[:MOST_COLUMNS]:
        if table.missing(name).to_numpy(zero_copy_only=False).any():
            continue
        codes, distinct = _codes(table, name)
        if 1 < distinct <= table.rows / 2 and not _has_fractions(table, name):
            columns.append((distinct, name, codes))
    columns.sort(key=lambda column: column[0])
    ways = [(distinct, (name,), codes) for distinct, name, codes in columns]
    if pairs:
        for (few, one, codes), (more, other, others) in combinations(columns[:MOST_IN_PAIRS], 2):
            ways.append((few * more, (one, other), codes * more + others))
    for distinct, said, codes in sorted(ways, key=lambda way: (way[0], len(way[1]))):
        # Most that do not tell rows apart fail at the first key: it is quick to ask.
        told = distinct >= most and len(np.unique(codes[of_one_key])) == most
        if told and _is_unique(_joined(keys, codes)):
            return tuple(name for name in table.names if name in said)
    return ()


def _has_fractions(table: Table, name: str) -> bool:
    numbers = as_numbers(table, name).to_numpy()
    return bool((np.isfinite(numbers) & (numbers != np.trunc(numbers))).any())


def _codes(table: Table, name: str) -> tuple[np.ndarray, int]:
    encoded = pc.dictionary_encode(table.column(name))
    indices = encoded.indices.fill_null(len(encoded.dictionary)).to_numpy(zero_copy_only=False)
    return indices.astype(np.int64), len(encoded.dictionary)


def _joined(keys: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """One number for each pair of a key and a code, counted from 0."""
    _, joined = np.unique(keys.astype(np.int64) * (int(codes.max()) + 1) + codes, return_inverse=True)
    return joined


def _is_unique(keys: np.ndarray) -> bool:
    return int(keys.max()) + 1 == len(keys)


def _quoted(names: tuple[str, ...]) -> str:
    return " and ".join(f'"{name}"' for name in names)
