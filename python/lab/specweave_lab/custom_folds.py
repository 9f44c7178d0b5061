"""The metrics of a user's evaluator on cross-validation folds: each fold by itself, as the lab's own are measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from specweave_lab.custom_evaluator import frozen_evaluator
from specweave_lab.custom_frames import predictions_frame, truth_frame
from specweave_lab.custom_measure import undefined
from specweave_lab.custom_process import EvaluatorFailed, Job, run_job
from specweave_lab.metrics.measured import Measured, measured
from specweave_lab.predictions import Warning_
from specweave_lab.truth import Truth

OfFolds = list[tuple[list[Measured], list[Warning_]]]


def measure_own_folds(
    folder: Path, truth: Truth, given: Any, folds: Sequence[np.ndarray], names: Sequence[str]
) -> OfFolds:
    """Ask the evaluator about each fold, in one process of its own; it is given the rows of that fold alone.

    Parameters
    ----------
    truth : Truth
        Of the rows that are in a fold.
    given : ClassificationData or ndarray
        What was predicted of them, in their order.
    folds : sequence of ndarray
        The places of each fold's rows among them.

    Returns
    -------
    list of (metrics, warnings)
        One for each fold. A fold without a value says why, without a word that the user's code chose.
    """
    evaluator = frozen_evaluator(folder, truth.record)
    if evaluator is None:
        return [([], []) for _ in folds]
    every = list(evaluator.metrics)
    job = Job(evaluator.text, truth_frame(truth, folder), [predictions_frame(truth, given)])
    job.asked = [{"do": "value", "metrics": every, "of": [0], "rows": rows.tolist()} for rows in folds]
    return [_of_fold(answer, names) for answer in run_job(job)]


def _of_fold(
    answer: dict[str, Any] | EvaluatorFailed, names: Sequence[str]
) -> tuple[list[Measured], list[Warning_]]:
    if isinstance(answer, EvaluatorFailed):
        return [], [undefined(name, f"evaluate {answer.place}") for name in names]
    values = {name: answer["values"][name] for name in names}
    return (
        [measured(name, value, None, "none") for name, value in values.items() if value is not None],
        [
            undefined(name, "evaluate gave no finite number")
            for name, value in values.items()
            if value is None
        ],
    )
