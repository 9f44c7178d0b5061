"""Splits by keyed hash thresholds, and by time.

A unit (a row, a group, a user with an item) is in test where hash(key, unit) < test share, in validation
where it is >= 1 - validation share, else in train. No generator and no rank: new rows, another order, another
machine or library move no row. Test and validation lie at opposite ends, so that another test share in a
later version moves no row out of or into validation. Sizes are approximate: a share p of n units has a
standard deviation of sqrt(p (1 - p) / n).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

TRAIN, VALIDATION, TEST = 0, 1, 2
IN_NONE = 3
"""A row in the gap before a later split: written nowhere."""
SPLITS = ("train", "validation", "test")
METHODS = ("stratified", "random", "time", "group", "leave_last_out")

DEFAULT_METHOD = {
    "classification": "stratified",
    "regression": "random",
    "time_series": "time",
    "recommendation": "random",
}


@dataclass(frozen=True)
class SplitPolicy:
    """How rows are divided. Shares are of rows (of units for ``group``); the key is the dataset's name and
    seed.

    ``stratified`` is the hash threshold as well: each row is drawn on its own, so each class has the same
    expected share in each split, and rows that are equal but for their label still share a split. What is
    added is a check of the classes in each split (a warning below 10 rows).

    ``gap`` is as it was asked for, ``gap_us`` the same in microseconds (of a time that is a number: in millionths).

    ``horizon`` moves no row: it is how many times a fold in time holds (see :mod:`specweave_lab.folding`).
    """

    method: str
    validation: float
    test: float
    seed: int
    key: str
    time_column: str | None = None
    group_column: str | None = None
    gap: str | None = None
    gap_us: int = 0
    horizon: int | None = None


def split_by_hash(units: np.ndarray, key: str, validation: float, test: float) -> np.ndarray:
    """Assign units to splits.

    Parameters
    ----------
    units : ndarray of uint64, shape (n, 2)
        Digests; equal units share a split.
    key : str
        ``name:seed`` of the dataset.
    validation, test : float
        Shares, each in (0, 1).

    Returns
    -------
    ndarray of int8, shape (n,)
        :data:`TRAIN`, :data:`VALIDATION` or :data:`TEST`.
    """
    secret = hashlib.sha256(key.encode()).digest()
    keyed = hashlib.blake2b(digest_size=8, key=secret)

    hashes = []
    raw = units.astype(">u8").tobytes()
    for start in range(0, len(raw), 16):
        one = keyed.copy()  # the key is absorbed once
        one.update(raw[start : start + 16])
        hashes.append(one.digest())
    place = np.frombuffer(b"".join(hashes), dtype=">u8").astype(np.float64) / 2.0**64
    return np.where(place < test, TEST, np.where(place >= 1.0 - validation, VALIDATION, TRAIN)).astype(
        np.int8
    )


def split_by_time(
    times: np.ndarray, validation: float, test: float, gap: int = 0
) -> tuple[np.ndarray, dict[str, int]]:
    """Cut the time in three: train is the past, then validation, test is the end.

    Parameters
    ----------
    times : ndarray of int64, shape (n,)
        Any monotone number of the time. Equal times stay together, so each cut lies at the border between two
        times that is nearest to the share asked for.
    gap : int
        Rows of train and validation that lie less than this before the first time of the next split, or just this,
        are in no split: what they tell may reach into it.

    Returns
    -------
    (ndarray of int8, dict)
        The split of each row, and for ``validation`` and ``test`` the index of a row that has the first time
        of it (absent where the split is empty).
    """
    ordered = np.sort(times)
    n = len(ordered)

    def border(share: float, end: int) -> int:
        wanted = min(end - 1, round(n * (1.0 - share)))
        low = int(np.searchsorted(ordered, ordered[wanted], "left"))
        high = int(np.searchsorted(ordered, ordered[wanted], "right"))
        return high if high < end and (low == 0 or high - wanted < wanted - low) else low

    at_test = border(test, n)
    at_validation = border(test + validation, at_test) if at_test else 0
    assigned = np.full(n, TRAIN, np.int8)
    cuts: dict[str, int] = {}
    for name, code, at in (("validation", VALIDATION, at_validation), ("test", TEST, at_test)):
        assigned[times >= ordered[at]] = code
        cuts[name] = int(np.argmax(times == ordered[at]))
    if gap:
        for code, at in ((TRAIN, at_validation), (VALIDATION, at_test)):
            assigned[(assigned == code) & (times >= ordered[at] - gap)] = IN_NONE
    return assigned, cuts


def split_last_out(
    users: np.ndarray, units: np.ndarray, times: np.ndarray, content: np.ndarray
) -> np.ndarray:
    """Leave the last out: the last item of each user in test, the one before in validation, the others in train.

    Parameters
    ----------
    users : ndarray of uint64, shape (n, 2)
        Digests of the user.
    units : ndarray of uint64, shape (n, 2)
        Digests of user and item. An item that a user chose more than once counts at its last time, and all its rows
        share a split.
    times : ndarray of int64, shape (n,)
    content : ndarray of uint64, shape (n, 2)
        Digests of the whole rows, which decide between equal times whatever the order in the file.

    Returns
    -------
    ndarray of int8, shape (n,)
        Users of fewer than three items are in train as a whole.
    """
    latest = np.lexsort((content[:, 1], content[:, 0], times))[::-1]
    _, first, unit_of = np.unique(units[latest], axis=0, return_index=True, return_inverse=True)
    last_rows = latest[first]  # of each unit its last row
    place = np.empty(len(times), np.int64)
    place[latest] = np.arange(len(times))
    _, user_of = np.unique(users[last_rows], axis=0, return_inverse=True)
    user_of = user_of.ravel()
    order = np.lexsort((place[last_rows], user_of))
    starts = np.searchsorted(user_of[order], user_of[order], "left")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order)) - starts
    enough = np.bincount(user_of)[user_of] >= 3
    of_unit = np.where(enough & (rank == 0), TEST, np.where(enough & (rank == 1), VALIDATION, TRAIN))
    assigned = np.empty(len(times), np.int8)
    assigned[latest] = of_unit[unit_of.ravel()]
    return assigned
