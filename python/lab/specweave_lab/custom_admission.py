"""Whether a user's evaluator is admitted: the controls that it has to pass before a gate may read it.

On the validation labels (up to 1,000 rows), never the sealed ones: each metric is finite, the same when asked
twice and in another process, the same for another order of the rows, better for the truth than for the same
answers dealt to the wrong rows, and, where losses are given, their mean.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from specweave_lab.controls import FEWEST_ROWS, SURE, control_truth, deal_anew
from specweave_lab.custom_evaluator import FILE, CustomEvaluator
from specweave_lab.custom_frames import predictions_frame, truth_frame
from specweave_lab.custom_measure import checked_losses
from specweave_lab.custom_process import EvaluatorFailed, Job, run_job
from specweave_lab.custom_units import FEWEST_RESAMPLES, MOST_RESAMPLES, resample_request
from specweave_lab.drafting import Draft
from specweave_lab.errors import Refusal, dataset_invalid
from specweave_lab.metrics.classification import ClassificationData
from specweave_lab.resampling import data_generator
from specweave_lab.splitting import VALIDATION
from specweave_lab.truth import Truth

SECONDS = 2.0
"""How long the resamples of a split may take, on an idle core."""
TIMED = 5
EQUAL = 1e-9


def admit_evaluator(draft: Draft, record: dict[str, Any], out: Path) -> dict[str, Any]:
    """The field ``evaluator`` of dataset.json; its text is written beside it.

    Raises
    ------
    Refusal
        ``DATASET_INVALID`` naming the control that failed.
    """
    evaluator = draft.request.evaluator
    if evaluator is None:
        raise TypeError("there is no evaluator to admit")
    truth = control_truth(draft, record, "validation", VALIDATION)
    if truth is None:
        raise _refused(
            evaluator, f"validation needs {FEWEST_ROWS} rows with more than one value to try it on"
        )
    losses, seconds = _controlled(evaluator, truth, out)
    (out / FILE).write_bytes(evaluator.text.encode("utf-8"))
    splits = record["splits"]
    return {
        "format": 1,
        "path": FILE,
        "source": evaluator.source,
        "sha256": evaluator.sha256,
        "metrics": evaluator.metrics,
        "losses": losses,
        "resamples": evaluator.resamples
        or {
            name: _count(seconds * max(1.0, splits[name]["rows"] / truth.table.rows))
            for name in ("validation", "test")
        },
    }


def _controlled(evaluator: CustomEvaluator, truth: Truth, folder: Path) -> tuple[list[str], float]:
    """The metrics that are means of losses, and the seconds that one resample takes."""
    names = list(evaluator.metrics)
    good, dealt = _good_and_dealt(truth)
    frame = truth_frame(truth, folder)
    order = data_generator(np.arange(len(frame))).permutation(len(frame)).tolist()
    job = Job(evaluator.text, frame, [predictions_frame(truth, one) for one in (good, dealt)])
    value = {"do": "value", "metrics": names, "of": [0]}
    losses = {"do": "losses", "metrics": names, "of": [0]}
    job.asked = [
        value, value, {**value, "order": order}, {**value, "of": [1]},
        resample_request(evaluator, truth, frame, [0], TIMED), losses,
    ]  # fmt: skip
    first, twice, turned, shuffled, timed, by_row = run_job(job)
    values = _values(evaluator, first)
    for name in names:
        _finite(evaluator, name, values)

    def require_same(answer: dict[str, Any] | EvaluatorFailed, said: str) -> None:
        again = _values(evaluator, answer)
        for name in names:
            if not _same(values[name], again[name]):
                raise _refused(evaluator, f"{name}: {said.format(_shown(values[name]), _shown(again[name]))}")

    require_same(twice, "it gave {0} and then {1} for the same rows: the same must come out each time")
    require_same(turned, "it gave {0}, and {1} for the same rows in another order: the order must not matter")
    bad = _values(evaluator, shuffled)
    for name in names:
        _finite(evaluator, name, bad)
        if (values[name] - bad[name]) * evaluator.sign(name) <= EQUAL * abs(values[name]):
            raise _refused(
                evaluator,
                f"{name}, to be {evaluator.metrics[name]}d, is {_shown(values[name])} for the truth itself and "
                f"{_shown(bad[name])} for the same answers dealt to the wrong rows: it must prefer the truth",
            )
    if isinstance(timed, EvaluatorFailed):
        raise _refused(evaluator, f"evaluate of rows drawn again {timed.text}")
    means = _means(evaluator, by_row, values)
    job.asked = [value]
    (elsewhere,) = run_job(job)
    require_same(elsewhere, "it gave {0}, and {1} in another process: the same must come out each time")
    return means, float(timed["seconds"])


def _good_and_dealt(truth: Truth) -> tuple[Any, Any]:
    """The truth handed in as predictions, and the same dealt to the wrong rows."""
    if truth.problem_type != "classification":
        true = truth.numbers()
        good = true + data_generator(true).normal(0, 0.01 * true.std(), len(true))
        return good, good[deal_anew(true)]
    true, size = truth.class_codes(), len(truth.classes)

    def sure(predicted: np.ndarray) -> ClassificationData:
        scores = np.full((len(true), size), (1 - SURE) / max(1, size - 1))
        scores[np.arange(len(true)), predicted] = SURE
        return ClassificationData(true, predicted, scores, truth.classes, truth.positive)

    return sure(true), sure(true[deal_anew(true)])


def _values(evaluator: CustomEvaluator, answer: dict[str, Any] | EvaluatorFailed) -> dict[str, Any]:
    if isinstance(answer, EvaluatorFailed):
        raise _refused(evaluator, f"evaluate {answer.text}")
    return answer["values"]


def _finite(evaluator: CustomEvaluator, name: str, values: dict[str, Any]) -> None:
    if values[name] is None:
        raise _refused(evaluator, f"{name} is no finite number")


def _same(a: float, b: float | None) -> bool:
    return b is not None and abs(a - b) <= EQUAL * max(1.0, abs(a))


def _means(
    evaluator: CustomEvaluator, answer: dict[str, Any] | EvaluatorFailed, values: dict[str, Any]
) -> list[str]:
    """The metrics that ``losses`` answers for, each checked to be their mean."""
    if isinstance(answer, EvaluatorFailed):
        raise _refused(evaluator, f"losses {answer.text}")
    found = [name for name in evaluator.metrics if name in answer["arrays"]]
    for name in found:
        problem = checked_losses(answer, name, values[name])
        if isinstance(problem, str):
            raise _refused(evaluator, f"{name}: {problem}")
    return found


def _count(seconds: float) -> int:
    """How many resamples there is time for; 0 where the interval would be too rough."""
    fitting = [n for n in (MOST_RESAMPLES, 500, FEWEST_RESAMPLES) if n * seconds <= SECONDS]
    return fitting[0] if fitting else 0


def _shown(value: float | None) -> str:
    return "no finite number" if value is None else f"{value:.6g}"


def _refused(evaluator: CustomEvaluator, why: str) -> Refusal:
    return dataset_invalid("evaluator", f"{evaluator.source} is not admitted as evaluator: {why}.", "")
