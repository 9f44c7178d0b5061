"""``split.horizon``: how many times each rolling origin forecasts, read and checked."""

from __future__ import annotations

import numpy as np

from specweave_lab.arguments import Arguments
from specweave_lab.errors import dataset_invalid
from specweave_lab.reading import Table, as_times

FEWEST_FOLDS = 2


def read_horizon(split: Arguments, problem_type: str, method: str) -> int | None:
    """The number of times that a fold in time holds; None where it was not asked for."""
    if split.values.get("horizon") is None:
        return None
    if problem_type == "recommendation" or (problem_type != "time_series" and method != "time"):
        raise split.invalid(
            "horizon",
            f"a horizon is for folds in time, of a time series or a split by time; this is a {problem_type} "
            f"split by {method}",
        )
    horizon = split.integer("horizon")
    if horizon < 1:
        raise split.invalid("horizon", f"{horizon} is no number of times above 0, such as 12")
    return horizon


def check_horizon(table: Table, column: str, train: np.ndarray, horizon: int) -> None:
    """Refuse a horizon of which not even two windows, and a time before them, fit in train.

    Parameters
    ----------
    train : ndarray of bool, shape (table.rows,)
    """
    times = as_times(table, column)[train].dropna()
    different = len(np.unique(times.to_numpy(np.int64)))
    most = (different - 1) // FEWEST_FOLDS
    if horizon > most:
        raise dataset_invalid(
            "split.horizon",
            f"train has {different:,} different times, too few for {FEWEST_FOLDS} folds of {horizon:,} and one "
            "time before them.",
            f"Give a horizon of at most {most:,}, or leave it out." if most else "Leave it out.",
        )
