"""Reading what was handed in for a series or as recommendations, and holding it against the truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from specweave_lab.errors import first_few, predictions_invalid
from specweave_lab.metrics.measured import Measured
from specweave_lab.metrics.recommendation import measure_recommendation
from specweave_lab.metrics.series import measure_series, scales
from specweave_lab.predictions import Warning_, align, predicted_numbers, read_predictions
from specweave_lab.reading import Table, as_numbers, as_times, read_table
from specweave_lab.truth import Truth

Results = tuple[list[Measured], list[Warning_]]


@dataclass(frozen=True)
class SeriesFrame:
    """What forecasts are held against, in the order of the truth's rows: the target, the time in whole
    microseconds (or steps, times 10^6), the name of the series, each of shape (n,); and each series' scale on train.
    """

    true: np.ndarray
    times: np.ndarray
    series: np.ndarray
    scale: dict[str, tuple[float, float]]


def evaluate_series(truth: Truth, folder: Path, path: Path, names: list[str], season: int) -> Results:
    """Measure forecasts: ``[series_id,]time,prediction``, or ``row_id,prediction`` as for a regression."""
    predicted, warnings = read_forecasts(truth, path)
    frame = read_series(truth, folder, season)
    results, more = measure_series(frame.true, predicted, frame.times, frame.series, frame.scale, names)
    return results, warnings + more


def read_forecasts(truth: Truth, path: Path) -> tuple[np.ndarray, list[Warning_]]:
    """Forecasts in the order of the truth's rows, float64 of shape (n,), and warnings."""
    group, time = truth.record.get("group_column"), truth.record["time_column"]
    given = read_predictions(path, ("prediction",))
    if "row_id" in given.names:
        lines, warnings = align(truth.row_ids, given)
    else:
        for name in ("series_id",) * bool(group) + ("time",):
            if name not in given.names:
                header = ("series_id," if group else "") + "time,prediction"
                raise predictions_invalid(
                    f'"{path.name}" has no column "{name}".', f"The header is {header}."
                )
        keys = _series_keys(given, "series_id" if group else None, "time")
        keyed = Table(given.data.append_column("row_id", [keys]), given.format)
        lines, warnings = align(_series_keys(truth.table, group, time), keyed)
        given = keyed
    return predicted_numbers(given, lines), warnings


def read_series(truth: Truth, folder: Path, season: int) -> SeriesFrame:
    """The truth of a split of series, and the scale of each from the file of train in ``folder``."""
    group, time = truth.record.get("group_column"), truth.record["time_column"]
    train = read_table(folder / truth.record["splits"]["train"]["path"])
    order = np.argsort(as_times(train, time).to_numpy(np.int64), kind="stable")
    past = as_numbers(train, truth.record["target"]).to_numpy()[order]
    return SeriesFrame(
        truth.numbers(),
        as_times(truth.table, time).to_numpy(np.int64),
        _names(truth.table, group),
        scales(_names(train, group)[order], past, season),
    )


def _names(table: Table, group: str | None) -> np.ndarray:
    return np.array(table.texts(group) if group else [""] * table.rows, dtype=str)


def _series_keys(table: Table, group: str | None, time: str) -> list[str]:
    """``series at time`` of each row, times in one form."""
    times = as_times(table, time)
    bad = np.flatnonzero(times.isna().to_numpy())
    if len(bad):
        raise predictions_invalid(
            f"time is no time in {len(bad):,} rows.", "Write times as they stand in the data."
        )
    series = _names(table, group)
    numeric = not as_numbers(table, time).isna().any()
    said = [str(t / 10**6) if numeric else pd.Timestamp(t, unit="us").isoformat() for t in times.tolist()]
    return [f"{name} at {when}" if group else when for name, when in zip(series.tolist(), said, strict=True)]


def evaluate_recommendation(truth: Truth, folder: Path, path: Path, names: list[str]) -> Results:
    """Measure lists: ``user_id,item_id,rank``; every user of the split has one, items and ranks once each."""
    lists, relevant = read_lists(truth, path)
    item = truth.record["target"]
    catalogue: set[Any] = set()
    for split in ("train", "validation"):
        table = (
            truth.table
            if split == truth.split
            else read_table(folder / truth.record["splits"][split]["path"])
        )
        catalogue |= set(table.texts(item))
    return measure_recommendation(lists, relevant, catalogue, names)


def read_lists(truth: Truth, path: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Lists as ``user, item, rank`` and what the users chose as ``user, item``; see
    :func:`~specweave_lab.metrics.recommendation.user_values`.
    """
    user, item = truth.record["group_column"], truth.record["target"]
    given = read_predictions(path, ("user_id", "item_id", "rank"))
    everyone = np.arange(given.rows)
    keyed = Table(given.data.append_column("row_id", given.data.column("user_id")), given.format)
    ranks = predicted_numbers(keyed, everyone, "rank")
    lists = pd.DataFrame({"user": given.texts("user_id"), "item": given.texts("item_id"), "rank": ranks})
    relevant = pd.DataFrame(
        {"user": truth.table.texts(user), "item": truth.table.texts(item)}
    ).drop_duplicates()
    _check_lists(lists, set(relevant["user"]))
    return lists, relevant


def _check_lists(lists: pd.DataFrame, users: set[str]) -> None:
    problems = []
    foreign, absent = sorted(set(lists["user"]) - users), sorted(users - set(lists["user"]))
    if foreign:
        problems.append(f"{len(foreign):,} users are not in the split: {first_few(foreign)}.")
    if absent:
        problems.append(f"{len(absent):,} of {len(users):,} users have no list: {first_few(absent)}.")
    for column in ("item", "rank"):
        twice = lists[lists.duplicated(["user", column])]
        if len(twice):
            shown = first_few(
                f"user {u}, {column} {v}" for u, v in zip(twice["user"], twice[column], strict=True)
            )
            problems.append(f"{len(twice):,} lines name the same {column} twice for a user: {shown}.")
    wrong = lists[(lists["rank"] < 1) | (lists["rank"] % 1 != 0)]
    if len(wrong):
        problems.append(f"{len(wrong):,} ranks are no whole number from 1: {first_few(wrong['rank'])}.")
    if problems:
        refusal = predictions_invalid(" ".join(problems), "Hand in one list a user: user_id,item_id,rank.")
        refusal.invalid = [{"field": "predictions", "problem": problem} for problem in problems]
        raise refusal
