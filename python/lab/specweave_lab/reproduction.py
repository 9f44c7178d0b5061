"""``reproduce``: whether predictions that a run handed in are what its saved model says of the same rows.

What counts as the same:

labels
    Equal, for every row. A row where the model's own scores of two classes lie within the tolerance of each other is a
    tie that rounding may break either way; up to one row in a hundred may be such a tie.
scores (probabilities)
    Within 0.001. Single precision, another number of threads and another batch size move a probability by 1e-7 to
    1e-4; one that was handed in rounded to two decimals is wrong by 0.005, so half a unit of the last decimal that the
    file shows is allowed, up to that. So small a change can still turn the order of rows that nearly tie. The
    metrics of scores are therefore computed from both, and must agree within 0.01 (log loss: 1 %).
    Where a threshold was chosen for the run, its labels are those of the scores: then the scores alone are compared,
    and up to one row in a hundred may fall on the other side of the threshold.
numbers (regression, forecasts)
    Within a thousandth of their own standard deviation, or the rounding that the file shows, up to a hundredth of it:
    that moves no root mean squared error by more than a hundredth of the spread. At least a millionth of the number.
lists (recommendation)
    Each user's items in the same order. A list that the model makes longer is the same as far as it was handed in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from specweave_lab.arguments import Arguments
from specweave_lab.drafting import Progress
from specweave_lab.evaluation import read_classification, read_regression
from specweave_lab.forecasts import read_forecasts, read_lists
from specweave_lab.metrics.classification import ClassificationData, measure_classification
from specweave_lab.predictions import read_predictions
from specweave_lab.reading import Table, content_sha256
from specweave_lab.thresholds import given_threshold, labels_at
from specweave_lab.truth import Truth, read_truth

SCORES = 1e-3
"""Of a probability."""
ROUNDED_SCORES = 5e-3
NUMBERS = 1e-3
"""Of the standard deviation of what was handed in."""
ROUNDED_NUMBERS = 1e-2
SMALLEST = 1e-6
"""Of a number itself."""
TIES = 1e-2
"""The share of rows whose label may be decided by a tie; at least one row."""
METRICS = 1e-2
GUARDED = ("roc_auc", "pr_auc", "log_loss", "brier")
SHOWN = 5


@dataclass
class Outcome:
    """How two files of predictions compare.

    Attributes
    ----------
    what : str or None
        What differs: ``labels`` (and the scores, where there are any), ``threshold`` (labels alone, while the
        scores are the same), ``scores``, ``no_scores`` (scores were handed in, the model gives none), ``metrics``
        (each score is near, and together they are not), ``numbers``, ``lists``; None where nothing does.
    differ : ndarray of int64
        Places of the rows (or users) that differ.
    largest, tolerance : float or None
        Of scores or of numbers, in their unit.
    """

    what: str | None
    differ: np.ndarray
    largest: float | None = None
    tolerance: float | None = None
    shown: list[str] = field(default_factory=list)


def reproduce(params: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Hold predictions that were handed in against those that the saved model made.

    Parameters
    ----------
    params : dict
        ``dataset, split, labels?, problem_type?, positive?, classes?`` as for ``evaluate``; ``handed_in`` and
        ``predicted`` (files); ``threshold?`` as for ``evaluate``; optionally ``shuffled``: what the model made
        of the same rows in another order,
        which must be what it made of them in the split's order.

    Returns
    -------
    dict
        ``rows`` (or users), ``what`` (see :class:`Outcome`; ``order`` where it is the rows' order that the predictions
        depend on; None), ``rows_differ``, ``examples`` (up to five, in words), ``largest_difference``, ``tolerance``,
        ``handed_in_sha256``.

    Raises
    ------
    Refusal
        As ``evaluate``.
    """
    arguments = Arguments(params)
    truth = read_truth(arguments)
    handed_in, predicted = arguments.path("handed_in"), arguments.path("predicted")
    progress("comparing with what the saved model says", 0.5)
    threshold = given_threshold(arguments)
    rows, names, outcome = _compare(truth, handed_in, predicted, threshold)
    shuffled = arguments.optional_path("shuffled")
    if outcome.what is None and shuffled is not None:
        _, _, moved = _compare(truth, predicted, shuffled, threshold)
        if moved.what is not None:
            moved.what, outcome = "order", moved
    examples = [
        f"{names[row]} ({said})"
        for row, said in zip(outcome.differ[:SHOWN].tolist(), outcome.shown, strict=False)
    ]
    return {
        "rows": rows,
        "what": outcome.what,
        "rows_differ": len(outcome.differ),
        "examples": examples,
        "largest_difference": outcome.largest,
        "tolerance": outcome.tolerance,
        "handed_in_sha256": content_sha256(handed_in),
    }


def _compare(
    truth: Truth, handed_in: Path, predicted: Path, threshold: float | None
) -> tuple[int, list[str], Outcome]:
    if truth.problem_type == "recommendation":
        users, outcome = _lists(truth, handed_in, predicted)
        return len(users), users, outcome
    if truth.problem_type == "classification":
        a, b = (read_classification(truth, path)[0] for path in (handed_in, predicted))
        if threshold is not None:
            a, b = at_threshold(truth, a, threshold), at_threshold(truth, b, threshold)
        outcome = compare_classes(a, b, _rounding(handed_in, "score_"), threshold)
    elif truth.problem_type == "regression":
        x, y = (read_regression(truth, path)[1] for path in (handed_in, predicted))
        outcome = compare_numbers(x, y, _rounding(handed_in, "prediction"))
    else:
        x, y = (read_forecasts(truth, path)[0] for path in (handed_in, predicted))
        outcome = compare_numbers(x, y, _rounding(handed_in, "prediction"))
    return truth.table.rows, truth.row_ids, outcome


def at_threshold(truth: Truth, data: ClassificationData, threshold: float) -> ClassificationData:
    """The labels that a threshold makes of the scores; as they were where there are none."""
    if data.scores is None:
        return data
    return replace(data, predicted=labels_at(truth, data.scores, threshold))


def compare_classes(
    a: ClassificationData, b: ClassificationData, rounding: float, threshold: float | None = None
) -> Outcome:
    """Labels and scores that were handed in (``a``) against the model's (``b``).

    Parameters
    ----------
    rounding : float
        Half a unit of the last decimal of the scores that were handed in.
    threshold : float or None
        By which the labels of both were made.
    """
    wrong = a.predicted != b.predicted
    names = a.classes

    def labels_of(rows: np.ndarray) -> list[str]:
        return [
            f"handed in {names[a.predicted[i]]}, the model says {names[b.predicted[i]]}" for i in rows[:SHOWN]
        ]

    if threshold is not None and b.scores is None:
        said = ["handed in with scores, the model gives none"] * SHOWN
        return Outcome("no_scores", np.arange(len(wrong)), shown=said)
    if a.scores is None or b.scores is None:
        ties = _ties(a, b, SMALLEST) if b.scores is not None else np.zeros(len(wrong), bool)
        differ = np.flatnonzero(wrong & ~_few(ties & wrong))
        if len(differ):
            return Outcome("labels", differ, shown=labels_of(differ))
        if a.scores is not None:
            said = ["handed in with scores, the model gives none"] * SHOWN
            return Outcome("no_scores", np.arange(len(wrong)), shown=said)
        return Outcome(None, differ)
    tolerance = max(SCORES, min(rounding, ROUNDED_SCORES))
    distance = np.abs(a.scores - b.scores).max(axis=1)
    largest = float(distance.max(initial=0.0))
    far = distance > tolerance
    near = wrong & ~far
    forgiven = _few(near if threshold is not None else near & _ties(a, b, tolerance))
    labels = np.flatnonzero(wrong & ~forgiven)
    if far.any():
        differ = np.flatnonzero(far | (wrong & ~forgiven))
        worst = np.argmax(np.abs(a.scores - b.scores), axis=1)
        said = [
            f"score of {names[k]}: handed in {a.scores[i, k]:.4g}, the model says {b.scores[i, k]:.4g}"
            for i, k in ((int(i), int(worst[i])) for i in differ[:SHOWN])
        ]
        return Outcome("labels" if len(labels) else "scores", differ, largest, tolerance, said)
    if len(labels):
        if threshold is None:
            return Outcome("threshold", labels, largest, tolerance, labels_of(labels))
        many = f"each score is near, yet {len(labels):,} rows lie on the other side of the threshold {threshold:g}"
        return Outcome("metrics", labels, largest, tolerance, [many] * SHOWN)
    moved = _metrics_moved(a, b) if largest > SMALLEST else None
    if moved:
        every = np.flatnonzero(distance > SMALLEST)
        return Outcome("metrics", every, largest, tolerance, [moved])
    return Outcome(None, labels, largest, tolerance)


def _ties(a: ClassificationData, b: ClassificationData, tolerance: float) -> np.ndarray:
    """Where the label that was handed in has, by the model's scores, as good as the best score; bool, shape (n,)."""
    rows = np.arange(len(a.predicted))
    return b.scores[rows, a.predicted] >= b.scores.max(axis=1) - 2 * tolerance


def _few(ties: np.ndarray) -> np.ndarray:
    """The ties, where they are few enough to be ties: else a model that knows nothing would agree with everything."""
    return ties if ties.sum() <= max(1, int(TIES * len(ties))) else np.zeros(len(ties), bool)


def _metrics_moved(a: ClassificationData, b: ClassificationData) -> str | None:
    one, other = (
        {measured["name"]: measured["value"] for measured in measure_classification(data, list(GUARDED))[0]}
        for data in (a, b)
    )
    for name in GUARDED:
        x, y = one.get(name), other.get(name)
        if x is None or y is None or x == y or not (np.isfinite(x) or np.isfinite(y)):
            continue
        allowed = METRICS * max(1.0, abs(y)) if name == "log_loss" else METRICS
        if not abs(x - y) <= allowed:
            return f"each score is near, yet {name} is {x:.4g} by those handed in and {y:.4g} by the model's"
    return None


def compare_numbers(x: np.ndarray, y: np.ndarray, rounding: float) -> Outcome:
    """Numbers that were handed in, float64 of shape (n,), against the model's."""
    spread = float(np.std(x))
    tolerance = max(NUMBERS * spread, min(rounding, ROUNDED_NUMBERS * spread))
    distance = np.abs(x - y)
    differ = np.flatnonzero(distance > np.maximum(tolerance, SMALLEST * np.abs(x)))
    said = [f"handed in {x[i]:.6g}, the model says {y[i]:.6g}" for i in differ[:SHOWN]]
    return Outcome(
        "numbers" if len(differ) else None, differ, float(distance.max(initial=0.0)), tolerance, said
    )


def _lists(truth: Truth, handed_in: Path, predicted: Path) -> tuple[list[str], Outcome]:
    given, made = (
        {
            str(user): list(items)
            for user, items in read_lists(truth, path)[0].sort_values("rank").groupby("user")["item"]
        }
        for path in (handed_in, predicted)
    )
    users = list(given)
    differ = [i for i, user in enumerate(users) if made.get(user, [])[: len(given[user])] != given[user]]

    def top(items: list[Any]) -> str:
        return ", ".join(map(str, items[:3])) + (", ..." if len(items) > 3 else "")

    said = [
        f"handed in {top(given[users[i]])}; the model says {top(made.get(users[i], [])) or 'nothing'}"
        for i in differ[:SHOWN]
    ]
    return users, Outcome("lists" if differ else None, np.array(differ, np.int64), shown=said)


_NUMBER = re.compile(r"[+-]?\d*(?:\.(\d*))?(?:[eE]([+-]?\d+))?")


def _rounding(path: Path, column: str) -> float:
    """Half a unit of the last decimal that the columns of that name (or beginning) show in any row."""
    table: Table = read_predictions(path, ())
    decimals = 0
    for name in table.names:
        if name == column or (column.endswith("_") and name.startswith(column)):
            for text in set(table.texts(name)):
                found = _NUMBER.fullmatch((text or "").strip())
                if found:
                    decimals = max(decimals, len((found[1] or "").rstrip()) - int(found[2] or 0))
                if decimals > 8:
                    return 0.0
    return 0.5 * 10.0**-decimals
