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
SPLITS = ("train", "validation", "test")
METHODS = ("stratified", "random", "time", "group")

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
    """

    method: str
    validation: float
    test: float
    seed: int
    key: str
    time_column: str | None = None
    group_column: str | None = None


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

    def draw(unit: bytes) -> bytes:
        one = keyed.copy()  # the key is absorbed once
        one.update(unit)
        return one.digest()

    raw = units.astype(">u8").tobytes()
    hashes = b"".join(draw(raw[start : start + 16]) for start in range(0, len(raw), 16))
    place = np.frombuffer(hashes, dtype=">u8").astype(np.float64) / 2.0**64
    return np.where(place < test, TEST, np.where(place >= 1.0 - validation, VALIDATION, TRAIN)).astype(
        np.int8
    )


def split_by_time(times: np.ndarray, validation: float, test: float) -> tuple[np.ndarray, dict[str, int]]:
    """Cut the time in three: train is the past, then validation, test is the end.

    Parameters
    ----------
    times : ndarray of int64, shape (n,)
        Any monotone number of the time. Equal times stay together, so each cut lies at the border between two
        times that is nearest to the share asked for.

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
    return assigned, cuts
