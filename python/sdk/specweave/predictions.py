"""``save_predictions``: what a run hands in for a split, checked against the split's rows and written whole."""

from __future__ import annotations

import os

from .arrays import one_column, to_list
from .artifacts import remove, write_new
from .dataset import SPLITS, Dataset, run_dataset
from .errors import SpecWeaveError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .run import Run


def save_predictions(
    run: Run,
    split: str,
    y_pred: Any,
    y_score: Any = None,
    ids: Iterable[Any] | None = None,
    classes: Iterable[Any] | None = None,
) -> str:
    """Hands in predictions: ``predictions/<split>.csv`` in the run's folder, which the lab scores.

    Parameters
    ----------
    split
        ``train``, ``validation`` or ``test``; or ``folds``, where `y_pred` and `y_score` are lists of one array a fold
        of ``ds.folds(k)``, each for that fold's ``validation``.
    y_pred : array-like, shape (rows,)
        Labels or numbers in the split's row order. For recommendation a table, a mapping of users to their items in order,
        or rows of ``user, item[, rank]``; for forecasts also a table of ``series_id, time, prediction``.
    y_score : array-like, shape (rows,) or (rows, classes), optional
        Of a binary problem the score of the positive class; else one column a class, in the order of `classes`.
    ids : iterable, optional
        The row ids that `y_pred` belongs to, where it is in another order; each row of the split once.
    classes : iterable, optional
        The order of the columns of `y_score`, for example ``model.classes_``; else that of ``ds.classes``. Where they
        lack a class that train has no row of, probabilities get a column of 0 for it. For folds also one order a fold.

    Returns
    -------
    str
        Absolute path of the file.

    Raises
    ------
    SpecWeaveError
        Where lengths, rows, labels or numbers do not fit; nothing is written then.

    Examples
    --------
    >>> exp.save_predictions("validation", y_pred, y_score=proba)
    >>> exp.save_predictions("folds", [model_of(fold).predict(fold.validation.features) for fold in ds.folds(5)])
    """
    run.require_folder()
    dataset = run_dataset(run)
    if split == "folds":
        from .fold_predictions import fold_rows

        return write_predictions(run, split, *fold_rows(dataset, y_pred, y_score, ids, classes))
    if split not in SPLITS:
        raise SpecWeaveError(
            f"There is no split {split!r} to hand in predictions for.", f"use one of: {', '.join(SPLITS)}, folds"
        )
    header, rows = prediction_rows(dataset, split, y_pred, y_score, ids, classes)
    return write_predictions(run, split, header, rows)


def prediction_rows(
    dataset: Dataset, split: str, y_pred: Any, y_score: Any, ids: Iterable[Any] | None, classes: Iterable[Any] | None
) -> tuple[list[str], list[tuple[str, ...]]]:
    """Header and rows of a predictions file, checked against the split.

    Raises
    ------
    SpecWeaveError
        Where something does not fit.
    """
    if dataset.problem_type == "recommendation":
        from .recommendations import recommendation_rows

        return recommendation_rows(dataset, split, y_pred)
    order = _order(dataset, split, ids)
    if dataset.problem_type == "time_series":
        from .forecasts import forecast_rows

        return forecast_rows(dataset, split, y_pred, order)
    if dataset.classes:
        from .classified import classified_rows

        return classified_rows(dataset, split, y_pred, y_score, classes, order)
    return ["row_id", "prediction"], regression_rows(dataset, split, y_pred, order)


def _order(dataset: Dataset, split: str, ids: Iterable[Any] | None) -> list[int] | None:
    """For each row of the split, where its prediction stands; None where they stand in the same order."""
    if ids is None:
        return None
    given = [str(value) for value in to_list(ids)]
    at = {value: index for index, value in enumerate(given)}
    expected = dataset.split(split).row_ids
    if len(at) < len(given):
        seen: set[str] = set()
        twice = [value for value in given if value in seen or seen.add(value)]  # type: ignore[func-returns-value]
        raise SpecWeaveError(f"ids names rows more than once: {_few(twice)}.", "name each row of the split once")
    missing = [value for value in expected if value not in at]
    if missing or len(given) > len(expected):
        known = set(expected)
        unknown = [value for value in given if value not in known]
        problems = []
        if missing:
            problems.append(f"{len(missing)} of its rows are missing ({_few(missing)})")
        if unknown:
            problems.append(f"{len(unknown)} ids are not in it ({_few(unknown)})")
        raise SpecWeaveError(
            f"ids do not fit the {split} split of {dataset.id}: {'; '.join(problems)}.",
            f"the ids are in {dataset.split(split).shown}.row_ids, as texts",
        )
    return [at[value] for value in expected]


def checked_column(dataset: Dataset, split: str, values: Any, what: str, order: list[int] | None) -> list[Any]:
    """A 1-D array, of the split's length, in the split's order.

    Raises
    ------
    SpecWeaveError
        Where it has another shape or length.
    """
    try:
        column = one_column(values)
    except (TypeError, ValueError) as error:
        hint = (
            f"hand in labels as y_pred and probabilities as y_score={what}" if what == "y_pred" else "one number a row"
        )
        raise SpecWeaveError(f"{what} for {split} is not one value a row: {error}.", hint) from error
    expected = len(dataset.split(split).row_ids)
    if len(column) != expected:
        raise SpecWeaveError(
            f"{what} has {len(column)} values, and the {split} split of {dataset.id} has {expected} rows.",
            f"predict on {dataset.split(split).shown}.features as it is (dropping rows needs ids=...)",
        )
    return column if order is None else [column[index] for index in order]


def number_texts(dataset: Dataset, split: str, values: list[Any], what: str) -> list[str]:
    """Finite numbers as texts.

    Raises
    ------
    SpecWeaveError
        With the rows where one is not.
    """
    texts, bad = [], []
    for index, value in enumerate(values):
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = float("nan")
        if number - number != 0:
            bad.append(index)
        texts.append(repr(number))
    if bad:
        ids = dataset.split(split).row_ids
        rows = ", ".join(f"{ids[i]} ({values[i]!r})" for i in bad[:5])
        raise SpecWeaveError(
            f"{what} for {split} is no finite number in {len(bad)} of {len(values)} rows: {rows}"
            f"{', ...' if len(bad) > 5 else ''}.",
            "see what the model does with missing values",
        )
    return texts


def regression_rows(dataset: Dataset, split: str, y_pred: Any, order: list[int] | None) -> list[tuple[str, ...]]:
    """Row ids with finite numbers.

    Raises
    ------
    SpecWeaveError
        Where one is none.
    """
    column = checked_column(dataset, split, y_pred, "y_pred", order)
    return list(zip(dataset.split(split).row_ids, number_texts(dataset, split, column, "y_pred")))


def write_predictions(run: Run, split: str, header: list[str], rows: Iterable[Iterable[str]]) -> str:
    """Writes the file whole, then records it: who reads it never sees half of it."""
    import csv
    import hashlib
    import io

    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    count = 0
    for row in rows:
        writer.writerow(row)
        count += 1
    content = buffer.getvalue().encode("utf-8")
    folder = f"{run.folder}/predictions"
    path, temporary = f"{folder}/{split}.csv", f"{folder}/.{split}-{os.urandom(6).hex()}"
    try:
        os.makedirs(folder, exist_ok=True)
        write_new(temporary, content)
        os.replace(temporary, path)
    except OSError as error:
        remove(temporary)
        raise SpecWeaveError(
            f"The predictions for {split} cannot be written to {path}: {error.strerror or error}"
        ) from error
    recorded = run._hand_in(k="predictions", n=split, sha256=hashlib.sha256(content).hexdigest(), rows=count)
    if not recorded:
        raise SpecWeaveError(f"The predictions for {split} are in {path}, but cannot be recorded (disk full?).")
    return path


def _few(values: Iterable[Any]) -> str:
    listed = list(values)
    return ", ".join(str(value) for value in listed[:5]) + (", ..." if len(listed) > 5 else "")
