"""Which rows of a train split are in which fold, and which each fold trains on."""

from __future__ import annotations

from typing import Any

import numpy as np

from specweave_lab.folding import (
    FoldProblem,
    fold_policy,
    hash_folds,
    time_folds,
    trained_on,
    units_of,
)
from specweave_lab.reading import Table, as_times


class Folds:
    """The folds of a train split.

    Attributes
    ----------
    of : ndarray of int64, shape (rows,)
        The fold of each row of train; -1 for one that is only trained on.
    training : list of ndarray
        The places of the rows that each fold trains on.
    """

    def __init__(self, record: dict[str, Any], train: Table, count: int) -> None:
        """Divide.

        Raises
        ------
        FoldProblem
            Where these rows cannot be divided so.
        """
        policy = fold_policy(record)
        if policy is None:
            raise FoldProblem("a recommendation has no folds")
        times: list[int] | None = None
        starts: list[int] = []
        if policy["method"] == "time":
            found = as_times(train, policy["column"])
            if found.isna().any():
                raise FoldProblem(f'"{policy["column"]}" holds values that are no times')
            times = found.to_numpy(np.int64).tolist()
            folds, starts = time_folds(times, count, policy.get("horizon"))
        else:
            groups = [str(text) for text in train.texts(policy["column"])] if "column" in policy else None
            strata = [str(text) for text in train.texts(policy["stratify"])] if "stratify" in policy else None
            ids = [str(text) for text in train.texts("row_id")]
            folds = hash_folds(units_of(policy, ids, groups), strata, count, policy["key"])
        self.of = np.asarray(folds, np.int64)
        self.training = [
            np.asarray(trained_on(policy, folds, fold, times, starts), np.int64) for fold in range(count)
        ]

    def rows(self, fold: int) -> np.ndarray:
        """The places of the rows that a fold is measured on."""
        return np.flatnonzero(self.of == fold)
