"""Predictions of cross-validation folds: ``row_id,prediction,fold[,score_<class>...]``."""

from __future__ import annotations

from .errors import SpecWeaveError
from .folds import Fold, FoldPart, make_folds
from .predictions import prediction_rows, regression_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .dataset import Dataset

_HOW = 'exp.save_predictions("folds", [predictions of fold 0, predictions of fold 1, ...])'


class _OneFold:
    """A dataset of which only the part of one fold is looked at: predictions are checked against it as for a split."""

    def __init__(self, dataset: Dataset, fold: Fold) -> None:
        self._dataset = dataset
        self._part = fold.validation

    def __getattr__(self, name: str) -> Any:
        return getattr(self._dataset, name)

    def split(self, _name: str) -> FoldPart:
        return self._part


def fold_rows(
    dataset: Dataset, y_pred: Any, y_score: Any, ids: Iterable[Any] | None, classes: Iterable[Any] | None
) -> tuple[list[str], list[tuple[str, ...]]]:
    """Header and rows.

    Parameters
    ----------
    y_pred, y_score : list of array-like
        One a fold of ``ds.folds(len(y_pred))``, each in the order of that fold's ``validation``.
    ids
        Not taken: each array is in its fold's order.
    classes
        The order of the columns of every fold's scores; or one such order a fold, since a model names only the classes
        that its fold's train holds.

    Raises
    ------
    SpecWeaveError
        Where something does not fit.
    """
    if ids is not None:
        raise SpecWeaveError("save_predictions takes no ids for folds: each array is in its fold's order.", _HOW)
    predicted = _each(y_pred, "y_pred")
    folds = make_folds(dataset, len(predicted))
    scores = [None] * len(folds) if y_score is None else _each(y_score, "y_score")
    if len(scores) != len(folds):
        raise SpecWeaveError(
            f"y_score has {len(scores)} arrays, and y_pred has {len(folds)}.", "give one of each a fold"
        )
    named = _class_orders(classes, len(folds))
    headers: list[list[str]] = []
    rows: list[tuple[str, ...]] = []
    for fold in folds:
        view: Any = _OneFold(dataset, fold)
        name = f"fold {fold.index}"
        if dataset.problem_type == "time_series":
            header, found = ["row_id", "prediction"], regression_rows(view, name, predicted[fold.index], None)
        else:
            order = named[fold.index]
            header, found = prediction_rows(view, name, predicted[fold.index], scores[fold.index], None, order)
        headers.append(header)
        rows += [(*row[:2], str(fold.index), *row[2:]) for row in found]
    _check_alike(headers)
    return [*headers[0][:2], "fold", *headers[0][2:]], rows


def _class_orders(classes: Iterable[Any] | None, count: int) -> list[list[Any] | None]:
    """For each fold the order of its score columns."""
    if classes is None:
        return [None] * count
    named = list(classes)
    nested = [_is_array(one) for one in named]
    if not any(nested):
        return [named] * count
    if not all(nested) or len(named) != count:
        raise SpecWeaveError(
            f"classes names {len(named)} orders of columns, and there are {count} folds.",
            "give one order for all folds, or one list a fold: classes=[model.classes_ of fold 0, ...]",
        )
    return [list(one) for one in named]


def _check_alike(headers: list[list[str]]) -> None:
    """One header stands for all rows: where folds score other classes, it would name wrong ones."""
    for index, header in enumerate(headers):
        if header != headers[0]:
            raise SpecWeaveError(
                f"y_score gives {', '.join(header[2:])} in fold {index}, and {', '.join(headers[0][2:])} in fold 0.",
                "hand in probabilities of each fold (predict_proba): a class that a fold's model never saw gets 0",
            )


def _each(values: Any, what: str) -> list[Any]:
    """One array a fold, as a list of arrays."""
    if hasattr(values, "__next__"):
        values = list(values)
    if not isinstance(values, (list, tuple)) or not all(_is_array(one) for one in values):
        raise SpecWeaveError(f"{what} for folds is a list of one array a fold.", _HOW)
    if len(values) < 2:
        raise SpecWeaveError(f"{what} for folds holds {len(values)} arrays: there are at least 2 folds.", _HOW)
    return list(values)


def _is_array(value: Any) -> bool:
    return hasattr(value, "__len__") and not isinstance(value, (str, bytes))
