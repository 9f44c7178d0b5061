"""What is drawn when a user's metric is resampled: rows, groups where the split is by group, stretches of time of a
series.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from specweave_lab.custom_evaluator import CustomEvaluator
from specweave_lab.reading import as_times
from specweave_lab.resampling import data_generator
from specweave_lab.truth import Truth

MOST_RESAMPLES, FEWEST_RESAMPLES = 1_000, 200


def is_by_row(truth: Truth) -> bool:
    """Whether each row is drawn for itself."""
    return truth.problem_type != "time_series" and truth.record["split"]["method"] != "group"


def resample_request(
    evaluator: CustomEvaluator, truth: Truth, frame: pd.DataFrame, of: list[int], count: int
) -> dict[str, Any]:
    """What :class:`~specweave_lab.custom_process.Job` is asked: ``count`` resamples of the predictions ``of``, all
    on the same rows. The seed follows from the truth alone, so all runs on a split are resampled alike.

    Series are drawn in circular blocks of n^(1/3) times: Politis and Romano (1992), in Exploring the Limits
    of Bootstrap, 263-270.
    """
    rows, block = np.arange(len(frame)), 1
    if truth.problem_type == "time_series":
        times = as_times(truth.table, truth.record["time_column"]).to_numpy(np.int64)
        _, units = np.unique(times, return_inverse=True)
        block = max(1, round((int(units.max()) + 1) ** (1 / 3)))
    elif is_by_row(truth):
        units = rows
    else:
        units = pd.factorize(frame[truth.record["group_column"]], sort=True, use_na_sentinel=False)[0]
    labels = pd.factorize(frame[truth.record["target"]], sort=True)[0] if truth.classes else truth.numbers()
    seed = int(data_generator(np.asarray(labels, np.float64)).integers(2**63))
    return {
        "do": "resample", "metrics": list(evaluator.metrics), "of": of, "count": count, "seed": seed,
        "units": np.asarray(units, np.int64), "block": block,
    }  # fmt: skip
