"""Whether files that a script read hold rows of the test set: by their content, with ids or without, under
any name, converted or cut.

A row of test is known by the values of its features, numbers by their first four digits, and only where no
row of train or validation has the same. Whether a file holds the answers too is one bit, given where nearly
all of them stand there: of a guess nobody learns how good it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.stats import rankdata

from specweave_lab.arguments import Arguments
from specweave_lab.drafting import Progress
from specweave_lab.leakage_duplicates import combined_digests, rounded_cells
from specweave_lab.reading import Table, as_numbers
from specweave_lab.searched_files import MOST_BYTES, TOO_LARGE, NotSearched, read_tables
from specweave_lab.truth import read_record, read_registered, read_truth

MOST_LOOKED_UP = 2_000
MOST_FILES = 50
"""And of what they hold 64 MiB, the small ones first: a look at the test set waits for this."""
TOO_MANY = f"{MOST_FILES} smaller ones were looked through"
GONE = "gone since"
LATE = "no time was left"
LONGEST_S = 10.0
"""After these the rest waits for the next call: what was found by then is worth more than nothing."""
LISTS = "of recommendations no rows are looked up"
FEWEST = 20
"""Rows of test that no other split holds, without which nothing is said."""
FEWEST_FOUND = 10
SHARE_FOUND = 0.01
SHARE_COLUMNS = 0.8
"""Of the features: a file with fewer of them, and without the answers, is not told of."""
KNOWN = 0.98
"""Of the errors that the most frequent class makes: gone where a column holds the answers. And the rows of a
regression that agree."""
FEWEST_ERRORS = 5
ALIKE = 0.95
"""Of a feature's values in test: those that a column of another name must hold to be taken for it."""
FEWEST_VALUES = 20
MIDNIGHT = re.compile(r"[t ]00:00:00(\.0+)?(z|\+00:00)?$")


@dataclass(frozen=True)
class Splits:
    """The rows that are looked up, those that may be known, and the answers."""

    test: Table
    open: Sequence[Table]
    features: list[str]
    id_column: str
    answers: np.ndarray
    classes: bool


def find_test_rows(params: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Look the rows of test up in files.

    Parameters
    ----------
    params : dict
        ``dataset`` (folder), ``labels`` (the vault's file) and ``files`` (absolute paths).

    Returns
    -------
    dict
        ``files``: of each that was read, in the order given, ``path, looked_up`` (rows of test), ``found``
        and ``answers`` (whether it holds their targets too). A file that holds none has ``found`` 0.
        ``left_out``: of each that was not read, ``path`` and ``why``, in words.
    """
    arguments = Arguments(params)
    folder, paths = arguments.path("dataset"), [Path(text) for text in arguments.texts("files") or []]
    record = read_record(folder)
    if record["problem_type"] == "recommendation":
        return {"files": [], "left_out": [{"path": str(path), "why": LISTS} for path in paths]}
    splits = _splits(folder, record, arguments)
    done: dict[Path, dict[str, Any]] = {}
    why: dict[Path, str] = {}
    left, until = MOST_BYTES, monotonic() + LONGEST_S
    for number, path in enumerate(sorted(paths, key=_size)):
        if not path.is_file():
            why[path] = GONE
            continue
        left -= _size(path)
        if left < 0 or number >= MOST_FILES:
            why[path] = TOO_LARGE if left < 0 else TOO_MANY
            continue
        if monotonic() > until:
            why[path] = LATE
            continue
        # The small ones come first, so that all others are too large as well once one is.
        progress("looking for test rows in what the run read", 1 - left / MOST_BYTES)
        try:
            found = [look_up(splits, table) for table in read_tables(path)]
        except NotSearched as reason:
            why[path] = str(reason)
            continue
        done[path] = {"path": str(path), **max([*found, _nothing(splits)], key=_worst)}
    return {
        "files": [done[path] for path in paths if path in done],
        "left_out": [{"path": str(path), "why": why[path]} for path in paths if path in why],
    }


def _splits(folder: Path, record: dict[str, Any], arguments: Arguments) -> Splits:
    truth = read_truth(Arguments({**arguments.values, "split": "test"}))
    test = read_registered(folder, record, "test")
    answers = dict(zip(truth.row_ids, range(truth.table.rows), strict=True))
    ids = [str(text) for text in test.texts("row_id")]
    classes = record["problem_type"] == "classification"
    values = truth.class_codes().astype(np.float64) if classes else truth.numbers()
    chosen = np.unique(np.linspace(0, len(ids) - 1, min(len(ids), MOST_LOOKED_UP)).astype(np.int64))
    return Splits(
        Table(test.data.take(pa.array(chosen)).combine_chunks(), test.format),
        [read_registered(folder, record, split) for split in ("train", "validation")],
        [name for name in test.names if name not in ("row_id", record["target"])],
        str(record.get("id_column") or "row_id"),
        np.asarray([values[answers[ids[row]]] for row in chosen.tolist()]),
        classes,
    )


def _nothing(splits: Splits) -> dict[str, Any]:
    return {"looked_up": splits.test.rows, "found": 0, "answers": False}


def _worst(found: dict[str, Any]) -> tuple[bool, int]:
    return found["answers"], found["found"]


def look_up(splits: Splits, table: Table) -> dict[str, Any]:
    """How many of the test rows a table holds, and whether with their answers."""
    named = {name.strip().lower(): name for name in reversed(table.names)}
    keys = [_columns(splits, table, named)]
    # A list of ids and answers has no features.
    keys += [
        {"row_id": named[name.lower()]} for name in ("row_id", splits.id_column) if name.lower() in named
    ]
    best = _nothing(splits)
    for names in keys if table.rows else []:
        if not names:
            continue
        places = _places(splits, table, names)
        found, looked_up = places >= 0, int((places >= -1).sum())
        count = int(found.sum())
        if looked_up < FEWEST or count < max(FEWEST_FOUND, SHARE_FOUND * looked_up):
            continue
        held = Table(table.data.take(pa.array(places[found])).combine_chunks(), table.format)
        others = [name for name in table.names if name not in names.values()]
        if any(_holds(held, name, splits.answers[found], splits.classes) for name in others):
            return {"looked_up": looked_up, "found": count, "answers": True}
        if len(names) >= SHARE_COLUMNS * len(splits.features):
            best = {"looked_up": looked_up, "found": count, "answers": False}
    return best


def _places(splits: Splits, table: Table, names: dict[str, str]) -> np.ndarray:
    """For each looked up row its place in the table, -1 where it is not there, and -2 where train or
    validation has one like it.
    """
    given = [(one, {name: name for name in names}) for one in (splits.test, *splits.open)] + [(table, names)]
    richest = max(names, key=lambda name: (len(set(_cells(splits.test, name).tolist())), name))
    # The other columns only of rows that may be equal: a file may have a million.
    values = [rounded_cells(one, called[richest]) for one, called in given]
    if any(part.dtype == object for part in values):
        values = [_cells(one, called[richest]) for one, called in given]
    wanted = pd.Index(values[0]).unique()
    kept, parts = [], []
    for (one, called), part in zip(given, values, strict=True):
        rows = np.flatnonzero(pd.Series(part).isin(wanted).to_numpy())
        part = Table(one.data.select(list(called.values())).take(pa.array(rows)).combine_chunks(), one.format)
        kept.append(rows)
        parts.append([_cells(part, called[name]) for name in names])
    digests = combined_digests([np.concatenate(cells) for cells in zip(*parts, strict=True)])
    ends = np.cumsum([len(rows) for rows in kept])
    later, known = digests[: ends[0]], set(digests[ends[0] : ends[-2]].tolist())
    first: dict[int, int] = {}
    for digest, row in zip(digests[ends[-2] :].tolist(), kept[-1].tolist(), strict=True):
        first.setdefault(digest, row)
    return np.asarray([-2 if one in known else first.get(one, -1) for one in later.tolist()], np.int64)


def _cells(table: Table, name: str) -> np.ndarray:
    """Texts that are the same for equal values, whatever file they come from."""
    values = rounded_cells(table, name)
    if values.dtype != object:
        return np.asarray([f"{value:.4g}" if np.isfinite(value) else "" for value in values], dtype=object)
    missing = np.asarray(table.missing(name).to_pylist(), bool)
    return np.asarray(
        ["" if gone else MIDNIGHT.sub("", text) for text, gone in zip(values, missing, strict=True)],
        dtype=object,
    )


def _columns(splits: Splits, table: Table, named: dict[str, str]) -> dict[str, str]:
    """Which column of the table is which feature: by their names, else by their values."""
    found = {name: named[name.strip().lower()] for name in splits.features if name.strip().lower() in named}
    if found:
        return found
    there = {name: set(_cells(table, name).tolist()) for name in table.names}
    for feature in splits.features:
        values = set(_cells(splits.test, feature).tolist())
        if len(values) < FEWEST_VALUES:
            continue
        share, name = max((len(values & held) / len(values), name) for name, held in there.items())
        if share >= ALIKE and name not in found.values():
            found[feature] = name
    return found


def _holds(held: Table, name: str, answers: np.ndarray, classes: bool) -> bool:
    """Whether a column is the target of these rows, perhaps in other words."""
    if classes:
        codes = pd.factorize(pd.Series(_cells(held, name)), use_na_sentinel=False)[0]
        counts = pd.crosstab(codes, answers).to_numpy()
        most = int(counts.sum() - counts.sum(axis=0).max())
        left = int(counts.sum() - counts.max(axis=1).sum())
        return len(counts) <= counts.shape[1] + 1 and most >= FEWEST_ERRORS and left <= (1 - KNOWN) * most
    values = as_numbers(held, name).to_numpy()
    there = np.isfinite(values) & np.isfinite(answers)
    if there.sum() < FEWEST_FOUND or np.ptp(answers[there]) == 0 or np.ptp(values[there]) == 0:
        return False
    ranks = np.corrcoef(rankdata(values[there]), rankdata(answers[there]))[0, 1]
    return bool(there.mean() > KNOWN and abs(ranks) > 0.9999)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return MOST_BYTES + 1
