"""``choose_threshold``: the threshold of a score, chosen on validation, and the labels that it makes.

The candidates are the scores that stand in the validation predictions: between two of them no label changes. For a
level of precision or recall they are those of scikit-learn's ``precision_recall_curve``, for a maximum those of its
``roc_curve``, from which the counts follow. To choose and to measure on the same rows flatters: what the threshold
reaches there is optimistic, and the more so the fewer rows of the positive class there are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import metrics as sk

from specweave_lab.arguments import Arguments
from specweave_lab.drafting import Progress
from specweave_lab.errors import Refusal, predictions_invalid
from specweave_lab.predictions import align, predicted_scores, read_predictions
from specweave_lab.reading import content_sha256
from specweave_lab.truth import Truth, read_truth

LEVELS = ("precision", "recall")
"""Asked for with a level, which the threshold has to reach."""
MAXIMA = ("f1", "balanced_accuracy", "mcc")
"""Asked for without one: the threshold with the highest value is chosen."""

ROUNDING = 1e-12


def choose_threshold(params: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Choose by what a run handed in for validation.

    Parameters
    ----------
    params : dict
        ``dataset, split`` (``validation``), ``predictions``, ``problem_type?, positive?, classes?`` as for
        ``evaluate``; ``metric``: ``precision`` or ``recall`` with ``at_least``, a number in 0..1 (chosen is the
        highest value of the other one among the thresholds that reach it), or ``f1``, ``balanced_accuracy``, ``mcc``
        (chosen is the maximum).

    Returns
    -------
    dict
        ``value`` (a row is positive where its score is at least that), ``positive`` (the class), ``reached`` (the
        metric on validation), ``rows_positive`` (rows at or above it), ``rows`` and ``predictions_sha256``.

    Raises
    ------
    Refusal
        As ``evaluate``; ``INPUT_INVALID`` where there are not two classes, or no threshold reaches the level;
        ``PREDICTIONS_INVALID`` without score columns.
    """
    arguments = Arguments(params)
    arguments.choice("split", ("validation",))
    metric = arguments.choice("metric", LEVELS + MAXIMA)
    level = arguments.number("at_least", np.nan)
    if (metric in LEVELS) != (0 < level <= 1) or (metric in MAXIMA) != np.isnan(level):
        problem = f"{' and '.join(LEVELS)} take a level above 0 and up to 1, {', '.join(MAXIMA)} take none"
        raise arguments.invalid("at_least", problem)
    truth = read_truth(arguments)
    if truth.problem_type != "classification" or truth.positive is None:
        raise arguments.invalid("threshold", "a threshold is chosen between two classes")
    path = arguments.path("predictions")
    progress("choosing the threshold", 0.3)
    given = read_predictions(path, ("row_id", "prediction"))
    lines, _ = align(truth.row_ids, given)
    shares, _ = predicted_scores(given, lines, truth.classes)
    scores = require_scores(truth, shares)[:, truth.positive]
    hits = truth.class_codes() == truth.positive
    if hits.all() or not hits.any():
        raise arguments.invalid("split", "validation has rows of one class only")
    value, reached = best_threshold(hits, scores, metric, None if np.isnan(level) else level)
    return {
        "value": value,
        "positive": truth.classes[truth.positive],
        "reached": reached,
        "rows": len(hits),
        "rows_positive": int((scores >= value).sum()),
        "predictions_sha256": content_sha256(path),
    }


def best_threshold(
    hits: np.ndarray, scores: np.ndarray, metric: str, level: float | None
) -> tuple[float, float]:
    """The threshold and what it reaches.

    Parameters
    ----------
    hits : ndarray of bool, shape (n,)
        Whether each row is of the positive class; some are, some are not.
    scores : ndarray of float64, shape (n,)
    level : float or None
        Of precision or recall; None for a maximum. Of equals the highest threshold is taken.
    """
    if level is None:
        values, thresholds = _maxima(hits, scores, metric)
        place = int(np.flatnonzero(values == values.max())[np.argmax(thresholds[values == values.max()])])
        return between(scores, float(thresholds[place])), float(values[place])
    precision, recall, thresholds = sk.precision_recall_curve(hits, scores)
    # The curve's last point is an invented one, of no threshold.
    curve = {"precision": precision[:-1], "recall": recall[:-1]}
    value, other = curve[metric], curve["recall" if metric == "precision" else "precision"]
    reaching = np.flatnonzero(value >= level - ROUNDING)
    if len(reaching) == 0:
        best = int(np.argmax(value))
        problem = (
            f"no threshold has a {metric} of {level:g} on validation; the highest is {value[best]:.4g}, "
            f"at {thresholds[best]:.4g}"
        )
        raise Refusal(
            "INPUT_INVALID", problem[0].upper() + problem[1:] + ".", invalid=[("threshold.at_least", problem)]
        )
    order = np.lexsort((thresholds[reaching], value[reaching], other[reaching]))
    place = int(reaching[order[-1]])
    return between(scores, float(thresholds[place])), float(value[place])


def _maxima(hits: np.ndarray, scores: np.ndarray, metric: str) -> tuple[np.ndarray, np.ndarray]:
    """The metric at each threshold; both of shape (thresholds,)."""
    false_rate, true_rate, thresholds = sk.roc_curve(hits, scores, drop_intermediate=False)
    # The first point is that of no row, at infinity.
    false_rate, true_rate, thresholds = false_rate[1:], true_rate[1:], thresholds[1:]
    if metric == "balanced_accuracy":
        return (true_rate + 1 - false_rate) / 2, thresholds
    rows, others = float(hits.sum()), float((~hits).sum())
    right, wrong = np.rint(true_rate * rows), np.rint(false_rate * others)
    if metric == "f1":
        return 2 * right / (rows + right + wrong), thresholds
    missed, rejected = rows - right, others - wrong
    spread = np.sqrt((right + wrong) * rows * others * (missed + rejected))
    product = right * rejected - wrong * missed
    return np.divide(product, spread, out=np.zeros_like(product), where=spread > 0), thresholds


def between(scores: np.ndarray, threshold: float) -> float:
    """The same threshold in few decimals that give the same labels: between the next lower score and this one.

    A score that is computed again may differ in its last bit; one that stands exactly on the threshold would then
    change its label.

    >>> between(np.array([0.1234, 0.7612, 0.8391]), 0.8391)
    0.8
    """
    lower = scores[scores < threshold]
    low = float(lower.max()) if len(lower) else min(0.0, threshold)
    middle = (low + threshold) / 2
    for decimals in range(1, 16):
        short = round(middle, decimals)
        if low < short <= threshold:
            return short
    return threshold


def given_threshold(arguments: Arguments, name: str = "threshold") -> float | None:
    """A threshold that was chosen before, as a request names it; None where there is none."""
    if arguments.values.get(name) is None:
        return None
    value = arguments.number(name, np.nan)
    if not 0 <= value <= 1:
        raise arguments.invalid(name, "must lie in 0..1")
    return value


def given_thresholds(arguments: Arguments) -> dict[str, float | None]:
    """``thresholds: {run: number}``; a run that it does not name has none."""
    inner = arguments.inner("thresholds")
    return {run: given_threshold(inner, run) for run in inner.values}


def labels_at(truth: Truth, scores: np.ndarray | None, threshold: float) -> np.ndarray:
    """The labels that a threshold makes, as index into the classes, int64, shape (n,).

    Raises
    ------
    Refusal
        ``PREDICTIONS_INVALID`` without scores, ``INPUT_INVALID`` where there are not two classes.
    """
    if truth.positive is None:
        problem = "a threshold decides between two classes"
        raise Refusal("INPUT_INVALID", f"threshold: {problem}.", invalid=[("threshold", problem)])
    positive = require_scores(truth, scores)[:, truth.positive] >= threshold
    return np.where(positive, truth.positive, 1 - truth.positive).astype(np.int64)


def require_scores(truth: Truth, scores: np.ndarray | None) -> np.ndarray:
    """The scores, refused where none were handed in."""
    if scores is not None:
        return scores
    label = truth.classes[truth.positive or 0]
    raise predictions_invalid(
        f'There is no column "score_{label}", and a threshold decides by it.',
        "Hand in predict_proba with the labels.",
        "predictions.score",
    )
