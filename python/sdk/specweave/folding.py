"""Cross-validation folds of a train split, from its rows and the policy in the dataset's record alone.

This file stands in the SDK (``specweave/folding.py``) and in the lab (``specweave_lab/folding.py``), letter by
letter: one makes the folds, the other checks them. A test holds the two against each other. It needs the standard
library only, and gives the same folds on every machine, in any order of the rows, for any number of folds.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

MOST_FOLDS = 100


class FoldProblem(ValueError):
    """These rows cannot be divided so; the text says why."""


def fold_policy(record: dict[str, Any]) -> dict[str, Any] | None:
    """How a dataset's train split is divided: what its record says, or what follows from its split.

    Returns
    -------
    dict or None
        ``{method: "time", column, gap_us, horizon?}``: rolling origins, windows that grow in time, for a series and
        for a split by time; with ``horizon`` each forecasts that many times. Else
        ``{method: "hash", key, unit, column?, stratify?}``: whole units are dealt out. The unit is a ``group`` (of
        ``column``), a row's ``id``, or the row's ``features`` (rows of equal features are never parted); with
        ``stratify`` each class of that column is dealt out by itself. None for a recommendation: it has no folds.
    """
    if record.get("folds"):
        return dict(record["folds"])
    split = record["split"]
    if record["problem_type"] == "recommendation":
        return None
    if record["problem_type"] == "time_series" or split["method"] == "time":
        windows = {"method": "time", "column": record["time_column"], "gap_us": split.get("gap_us", 0)}
        return {**windows, "horizon": split["horizon"]} if split.get("horizon") else windows
    policy = {"method": "hash", "key": f"{split['key']}:folds"}
    if split["method"] == "group":
        return {**policy, "unit": "group", "column": record["group_column"]}
    policy["unit"] = "id" if record.get("id_column") else "features"
    return {**policy, "stratify": record["target"]} if split["method"] == "stratified" else policy


def units_of(policy: dict[str, Any], row_ids: Sequence[str], groups: Sequence[str] | None) -> list[str]:
    """The unit of each row. A made row id is a digest of the features, ``-``, and a number among equal rows."""
    if policy["unit"] == "group":
        return list(groups or [])
    if policy["unit"] == "id":
        return list(row_ids)
    return [row_id.rpartition("-")[0] for row_id in row_ids]


def hash_folds(units: Sequence[str], strata: Sequence[str] | None, count: int, key: str) -> list[int]:
    """Deals units out, in the order of their keyed hashes, so that folds differ by at most one unit.

    Parameters
    ----------
    units
        The unit of each row.
    strata
        The class of each row: classes are dealt out one after the other, so each is spread evenly. A unit that has
        rows of several goes with the first by name.
    count
        Number of folds.
    key
        Another key, other folds.

    Returns
    -------
    list of int
        The fold of each row, 0 to count - 1.

    Raises
    ------
    FoldProblem
        Where there are fewer units than folds.
    """
    import hashlib

    _check_count(count)
    stratum: dict[str, str] = {}
    for index, unit in enumerate(units):
        own = strata[index] if strata is not None else ""
        known = stratum.get(unit)
        if known is None or own < known:
            stratum[unit] = own
    if len(stratum) < count:
        raise FoldProblem(f"there are {len(stratum)} different rows or groups, too few for {count} folds")
    keyed = hashlib.blake2b(digest_size=8, key=hashlib.sha256(key.encode()).digest())

    def draw(unit: str) -> bytes:
        one = keyed.copy()  # the key is absorbed once
        one.update(unit.encode())
        return one.digest()

    order = sorted((own, draw(unit), unit) for unit, own in stratum.items())
    fold = {unit: place % count for place, (_, _, unit) in enumerate(order)}
    return [fold[unit] for unit in units]


def time_folds(times: Sequence[int], count: int, horizon: int | None = None) -> tuple[list[int], list[int]]:
    """Rolling origins (Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., sec. 5.10): fold i
    is the stretch after all that comes before it. All series are cut at the same times.

    Parameters
    ----------
    times
        Of each row, as a whole number. Equal times stay together.
    count
        Number of folds.
    horizon
        How many different times a fold holds; the folds are then the last ``count * horizon`` times, next to each
        other (``test_size`` of scikit-learn's ``TimeSeriesSplit``). Else the time is cut into one stretch more than
        there are folds, of about as many rows each. The first stretch is only ever trained on.

    Returns
    -------
    (list of int, list of int)
        The fold of each row, -1 in the first stretch, and the first time of each fold, its origin. Fold i trains on
        the rows that lie before its origin by more than the gap.

    Raises
    ------
    FoldProblem
        Where there are too few different times.
    """
    _check_count(count)
    ordered = sorted(times)
    rows = len(ordered)
    if horizon:
        different = sorted(set(ordered))
        first = len(different) - count * horizon
        if first < 1:
            raise FoldProblem(
                f"there are {len(different)} different times, too few for {count} folds of {horizon} each and one "
                "before"
            )
        starts = different[first::horizon]
    else:
        starts = [ordered[rows * place // (count + 1)] for place in range(1, count + 1)] if rows else []
    if len({*ordered[:1], *starts}) <= count:
        raise FoldProblem(f"there are {len(set(ordered))} different times, too few for {count} folds in time")
    fold_of = {}
    fold = -1
    for time in ordered:
        while fold + 1 < count and time >= starts[fold + 1]:
            fold += 1
        fold_of[time] = fold
    return [fold_of[time] for time in times], starts


def trained_on(
    policy: dict[str, Any],
    folds: Sequence[int],
    fold: int,
    times: Sequence[int] | None,
    starts: Sequence[int],
) -> list[int]:
    """The places of the rows that a fold trains on; ``times`` and ``starts`` as of :func:`time_folds`.

    Raises
    ------
    FoldProblem
        Where the gap leaves none.
    """
    if policy["method"] != "time":
        return [place for place, own in enumerate(folds) if own != fold]
    until = starts[fold] - policy.get("gap_us", 0)
    rows = [place for place, time in enumerate(times or []) if time < until]
    if not rows:
        raise FoldProblem(f"the gap leaves fold {fold} no rows to train on")
    return rows


def _check_count(count: int) -> None:
    if not 2 <= count <= MOST_FOLDS:
        raise FoldProblem(f"{count} is no number of folds between 2 and {MOST_FOLDS}")
