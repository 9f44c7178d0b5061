"""The splits of a smoke run: cut to a few rows, with what a script may rely on still true of them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from specweave_lab.arguments import Arguments
from specweave_lab.drafting import Progress
from specweave_lab.labels import label_keys
from specweave_lab.reading import Table, as_times, file_sha256
from specweave_lab.truth import read_record, read_registered
from specweave_lab.writing import write_split

WANTED = {"train": 200, "validation": 50, "test": 50}
"""Rows of each split; whole groups, and classes that would be missing, may make them a few more."""
FEWEST_GROUPS = 10
SHARED_USERS = 20
SHARED_SERIES = 5
MOST_TIMES_WANTED = 10


def cut_splits(params: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Write a few rows of each split under the names of the split files, and the ``dataset.json`` of these.

    Parameters
    ----------
    params : dict
        ``dataset`` (folder) and ``out`` (folder, made where it is missing).

    Returns
    -------
    dict
        ``rows`` of each split. The same version gives the same rows.

    Raises
    ------
    Refusal
        ``DATASET_INVALID`` where a split is missing, cannot be read or is not what was registered.
    """
    arguments = Arguments(params)
    folder, out = arguments.path("dataset"), arguments.path("out")
    record = read_record(folder)
    progress("reading the splits", 0.1)
    tables = {split: read_registered(folder, record, split) for split in WANTED}
    out.mkdir(parents=True, exist_ok=True)
    chosen = chosen_rows(record, tables)
    described = dict(record["splits"])
    for split, places in chosen.items():
        path = out / record["splits"][split]["path"]
        write_split(path, tables[split].data.take(pa.array(places)).combine_chunks())
        described[split] = {"path": path.name, "rows": len(places), "sha256": file_sha256(path)}
    (out / "dataset.json").write_text(json.dumps({**record, "splits": described}), "utf-8")
    return {"rows": {split: len(places) for split, places in chosen.items()}}


def chosen_rows(record: dict[str, Any], tables: dict[str, Table]) -> dict[str, np.ndarray]:
    """The places of the rows of each split, int64, in the file's order.

    A series and a recommendation keep the same series or users in all splits. Of times train keeps the last
    and the other splits the first, so that the one goes on where the other ends. Where the split is by group,
    whole groups are kept. Of train and validation each class is there at least twice, where it has two rows.
    """
    kind, method, group = record["problem_type"], record["split"]["method"], record.get("group_column")
    shared = None
    if group and kind in ("time_series", "recommendation"):
        shared = _shared(tables, group, SHARED_SERIES if kind == "time_series" else SHARED_USERS)
    chosen = {}
    for split, table in tables.items():
        wanted = WANTED[split]
        places = np.arange(table.rows)
        if shared:
            places = places[np.isin(np.asarray(table.texts(group), dtype=str), shared)]
        if kind == "time_series" or (method == "time" and record.get("time_column")):
            kept = _in_time(table, record["time_column"], places, wanted, last=split == "train")
        elif method == "group" and kind != "recommendation":
            kept = _whole_groups(np.asarray(table.texts(group), dtype=object), wanted)
        else:
            kept = places[: wanted * (MOST_TIMES_WANTED if shared else 1)]
        if kind == "classification" and split != "test":
            kept = np.union1d(kept, _twice(table, record, kept))
        chosen[split] = np.sort(kept).astype(np.int64)
    return chosen


def _shared(tables: dict[str, Table], group: str, most: int) -> list[str]:
    """Series or users that all splits have, those first that train names first; none where there are none."""
    others = [set(tables[split].texts(group)) for split in ("validation", "test")]
    units = dict.fromkeys(str(text) for text in tables["train"].texts(group))
    return [unit for unit in units if all(unit in other for other in others)][:most]


def _in_time(table: Table, time: str, places: np.ndarray, wanted: int, last: bool) -> np.ndarray:
    """The first or the last rows in time, whole times."""
    times = as_times(table, time).fillna(0).to_numpy(np.int64)[places]
    if len(times) <= wanted:
        return places
    ordered = np.sort(times)
    kept = times >= ordered[-wanted] if last else times <= ordered[wanted - 1]
    return places[kept][: wanted * MOST_TIMES_WANTED]


def _whole_groups(units: np.ndarray, wanted: int) -> np.ndarray:
    """Rows of the first groups that are no larger than what is wanted; of the first one, where all are larger."""
    codes, _ = pd.factorize(units)
    sizes = np.bincount(codes)
    fitting = np.flatnonzero(sizes <= wanted)
    kept, rows = [], 0
    for code in fitting if len(fitting) else [0]:
        if rows >= wanted and len(kept) >= FEWEST_GROUPS:
            break
        kept.append(code)
        rows += int(sizes[code])
    return np.flatnonzero(np.isin(codes, kept))[: wanted * MOST_TIMES_WANTED]


def _twice(table: Table, record: dict[str, Any], kept: np.ndarray) -> np.ndarray:
    """Rows of classes that stand fewer than two times among those kept."""
    labels = np.asarray(label_keys(str(text) for text in table.texts(record["target"])), dtype=object)
    codes, classes = pd.factorize(labels)
    there = np.bincount(codes[kept], minlength=len(classes))
    more = [np.flatnonzero(codes == code)[:2] for code in np.flatnonzero(there < 2)]
    return np.concatenate(more) if more else np.array([], np.int64)
