"""A metric of the user's own in the control with shuffled labels: of predictions as they are, and dealt anew."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from specweave_lab.custom_evaluator import frozen_evaluator
from specweave_lab.custom_frames import predictions_frame, truth_frame
from specweave_lab.custom_process import EvaluatorFailed, Job, run_job
from specweave_lab.evaluation import read_classification, read_regression
from specweave_lab.truth import Truth


def own_control_values(
    folder: Path, truth: Truth, paths: list[Path], metric: str, chosen: np.ndarray, orders: list[np.ndarray]
) -> tuple[list[float], np.ndarray, float] | None:
    """A metric of the data set's own evaluator on some rows.

    Parameters
    ----------
    paths : list of Path
        Files of predictions; the first is dealt anew as well.
    chosen : ndarray of int64, shape (k,)
        The rows that are scored.
    orders : list of ndarray of int64, each of shape (k,)
        How the answers of the first file are dealt to these rows.

    Returns
    -------
    tuple or None
        The value of each file, those of the dealings (float64, shape ``(len(orders),)``), and 1.0 where more is
        better, else -1.0. None where the metric is not the evaluator's, or it does not give them all in its time.
    """
    evaluator = frozen_evaluator(folder, truth.record)
    if evaluator is None or metric not in evaluator.metrics:
        return None
    frames = [_answers(truth, path).iloc[chosen].reset_index(drop=True) for path in paths]
    dealt = [_dealt(frames[0], order) for order in orders]
    job = Job(
        evaluator.text, truth_frame(truth, folder).iloc[chosen].reset_index(drop=True), [*frames, *dealt]
    )
    every = list(evaluator.metrics)
    job.asked = [{"do": "value", "metrics": every, "of": [place]} for place in range(len(job.predictions))]
    values: list[float] = []
    for answer in run_job(job):
        if isinstance(answer, EvaluatorFailed) or answer["values"][metric] is None:
            return None
        values.append(float(answer["values"][metric]))
    return values[: len(frames)], np.asarray(values[len(frames) :]), evaluator.sign(metric)


def _answers(truth: Truth, path: Path) -> pd.DataFrame:
    if truth.problem_type == "classification":
        return predictions_frame(truth, read_classification(truth, path)[0])
    return predictions_frame(truth, read_regression(truth, path)[1])


def _dealt(frame: pd.DataFrame, order: np.ndarray) -> pd.DataFrame:
    """The same answers on other rows: ``row_id`` stays with its row."""
    answers = frame.drop(columns="row_id").iloc[order].reset_index(drop=True)
    answers.insert(0, "row_id", frame["row_id"])
    return answers
