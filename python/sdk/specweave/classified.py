"""Predictions of a classification: labels as the file writes them, and a score column a class."""

from __future__ import annotations

from .arrays import is_frame, to_list
from .errors import SpecWeaveError
from .labels import Labels
from .predictions import checked_column, number_texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .dataset import Dataset


def classified_rows(
    dataset: Dataset,
    split: str,
    y_pred: Any,
    y_score: Any,
    classes: Iterable[Any] | None,
    order: list[int] | None,
) -> tuple[list[str], list[tuple[str, ...]]]:
    """Header and rows of ``row_id,prediction[,score_<class>...]``.

    Raises
    ------
    SpecWeaveError
        Where a label is no class of the dataset, or the scores have another shape.
    """
    labels = Labels(dataset.classes or [])
    ids = dataset.split(split).row_ids
    predicted = checked_column(dataset, split, y_pred, "y_pred", order)
    found = [labels.find(value) for value in predicted]
    bad = [index for index, label in enumerate(found) if label is None]
    if bad:
        shown = ", ".join(f"{ids[i]} ({predicted[i]!r})" for i in bad[:5])
        hint = "predict labels; probabilities go into y_score"
        if all(isinstance(v, float) and 0 <= v <= 1 for v in predicted[:100]):
            hint = "these look like probabilities: hand in labels as y_pred, and these as y_score=..."
        raise SpecWeaveError(
            f"y_pred names no class of {dataset.id} in {len(bad)} of {len(ids)} rows: {shown}"
            f"{', ...' if len(bad) > 5 else ''}. The classes are {', '.join(labels.classes[:10])}.",
            hint,
        )
    columns: list[list[str]] = [ids, [str(label) for label in found]]
    header = ["row_id", "prediction"]
    if y_score is not None:
        for label, scores in _scores(dataset, split, y_score, classes, labels, order):
            header.append(f"score_{label}")
            columns.append(number_texts(dataset, split, scores, f"y_score of class {label}"))
    return header, list(zip(*columns))


def _scores(
    dataset: Dataset,
    split: str,
    y_score: Any,
    classes: Iterable[Any] | None,
    labels: Labels,
    order: list[int] | None,
) -> list[tuple[str, list[Any]]]:
    if is_frame(y_score) and classes is None and len(y_score.columns) > 1:
        classes = list(y_score.columns)
    rows = to_list(y_score)
    width = len(rows[0]) if rows and isinstance(rows[0], (list, tuple)) else 1
    if width == 1 and (classes is None or len(to_list(classes)) != 1):
        return _positive_score(dataset, split, y_score, labels, order)
    named = list(labels.classes) if classes is None else [labels.find(value) for value in to_list(classes)]
    if width != len(named) or None in named or len(set(named)) < len(named):
        raise SpecWeaveError(
            f"y_score for {split} has {width} columns, and the classes are {', '.join(labels.classes[:10])}.",
            "give one column a class, in the order of ds.classes, or name the columns: classes=model.classes_",
        )
    if width == 1 and not isinstance(rows[0], (list, tuple)):
        rows = [[row] for row in rows]
    if any(len(row) != width for row in rows):
        raise SpecWeaveError(
            f"y_score for {split} has rows of different lengths.", "give one score a class in each row"
        )
    by_label = {label: [row[i] for row in rows] for i, label in enumerate(named)}
    if _are_probabilities(rows):
        # A class that train lacks has no column: what the model cannot say has the probability 0. A margin has no such.
        for label in labels.classes:
            by_label.setdefault(label, [0.0] * len(rows))
    return [
        (label, checked_column(dataset, split, by_label[label], "y_score", order))
        for label in labels.classes
        if label in by_label
    ]


def _are_probabilities(rows: list[list[Any]]) -> bool:
    try:
        return all(0 <= score <= 1 for row in rows for score in row)
    except TypeError:
        return False


def _positive_score(
    dataset: Dataset, split: str, y_score: Any, labels: Labels, order: list[int] | None
) -> list[tuple[str, list[Any]]]:
    """One score a row: of the positive class. Probabilities give the other class's column as well."""
    if len(labels.classes) != 2:
        raise SpecWeaveError(
            f"y_score for {split} has one column, and there are {len(labels.classes)} classes.",
            "give one column a class, in the order of ds.classes: model.predict_proba(X)",
        )
    scores = checked_column(dataset, split, y_score, "y_score", order)
    positive = labels.find(dataset.positive) if dataset.positive is not None else None
    positive = positive or labels.classes[1]
    if not _are_probabilities([scores]):
        return [(positive, scores)]  # a margin has no counterpart
    other = labels.classes[0] if positive == labels.classes[1] else labels.classes[1]
    both = {positive: scores, other: [1 - score for score in scores]}
    return [(label, both[label]) for label in labels.classes]
