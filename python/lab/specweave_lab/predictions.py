"""Reading what a script handed in, and checking that it answers for the split: each row once, with values
that can be.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from specweave_lab.errors import Refusal, first_few, nearest, predictions_invalid
from specweave_lab.labels import label_key, label_keys
from specweave_lab.reading import Table, as_numbers, read_table

Warning_ = dict[str, str]

SUM_TOLERANCE = 0.01
"""Scores of a row may miss 1 by this much (they may have been rounded); they are then scaled to 1."""


def read_predictions(path: Path, needed: tuple[str, ...]) -> Table:
    """Read a predictions file and refuse it where a column is missing.

    Raises
    ------
    Refusal
        ``PREDICTIONS_MISSING`` or ``PREDICTIONS_INVALID``.
    """
    if not path.is_file():
        raise Refusal("PREDICTIONS_MISSING", f'There is no file "{path.name}".', missing=["predictions"])
    try:
        table = read_table(path)
    except Refusal as refusal:
        raise predictions_invalid(refusal.message, "Write it with save_predictions or as CSV.") from refusal
    for name in needed:
        if name not in table.names:
            raise predictions_invalid(
                f'"{path.name}" has no column "{name}".',
                f"The header is {','.join(needed)}. {nearest(name, table.names)}",
            )
    if table.rows == 0:
        raise predictions_invalid(
            f'"{path.name}" has a header and no rows.', "Hand in one line for each row."
        )
    return table


def align(truth_ids: list[str], given: Table) -> tuple[np.ndarray, list[Warning_]]:
    """For each row of the split its line in the predictions, int64, shape (n,). Any order of lines will do.

    Raises
    ------
    Refusal
        ``PREDICTIONS_INVALID`` with every kind of wrong row id (twice, foreign, missing), the first five of
        each.
    """
    given_ids = [str(text).strip() for text in given.texts("row_id")]
    expected, warnings = [text.strip() for text in truth_ids], []
    if set(given_ids) != set(expected):
        as_numbers_given, as_numbers_expected = label_keys(given_ids), label_keys(expected)
        if set(as_numbers_given) == set(as_numbers_expected) and len(set(as_numbers_expected)) == len(
            expected
        ):
            given_ids, expected = as_numbers_given, as_numbers_expected
            message = "Row ids were matched as numbers (17.0 or 017 as 17): read row_id as text to be safe."
            warnings.append({"code": "row_ids_as_numbers", "message": message})
    index = pd.Index(given_ids)
    problems = []
    twice = index[index.duplicated()].unique()
    if len(twice):
        problems.append(f"{len(twice):,} row ids stand there more than once: {first_few(twice)}.")
    foreign = index[~index.isin(expected)].unique()
    if len(foreign):
        problems.append(f"{len(foreign):,} row ids are not in the split: {first_few(foreign)}.")
    absent = [
        row for row, there in zip(expected, pd.Index(expected).isin(given_ids), strict=True) if not there
    ]
    if absent:
        problems.append(
            f"{len(absent):,} of {len(expected):,} rows of the split are missing: {first_few(absent)}."
        )
    if problems:
        refusal = predictions_invalid(
            " ".join(problems), "Hand in each row of the split's file once, by its row_id."
        )
        refusal.invalid = [{"field": "predictions.row_id", "problem": problem} for problem in problems]
        raise refusal
    return index.get_indexer(pd.Index(expected)).astype(np.int64), warnings


def predicted_numbers(given: Table, lines: np.ndarray, column: str = "prediction") -> np.ndarray:
    """A column as float64, shape (n,), in the split's order; refused where a value is missing or not finite."""
    values = as_numbers(given, column).to_numpy()[lines]
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        raise predictions_invalid(
            f"{column} is no finite number in {len(bad):,} rows: {_rows(given, lines, bad, column)}.",
            "Each row needs a number.",
            f"predictions.{column}",
        )
    return values


def predicted_classes(given: Table, lines: np.ndarray, classes: list[str]) -> np.ndarray:
    """Predicted classes as index into ``classes``, int64, shape (n,), in the split's order."""
    index = {key: i for i, key in enumerate(label_keys(classes))}
    texts = [text if text is not None else "" for text in given.texts("prediction")]
    keys = label_keys(texts)
    codes = np.array([index.get(key, -1) for key in keys], np.int64)[lines]
    bad = np.flatnonzero(codes < 0)
    if len(bad):
        kinds = {keys[lines[row]] for row in bad[:1000]}
        names = first_few((f'"{name}"' for name in classes), 12)
        hint = f"The classes are {names}."
        if kinds <= {str(i) for i in range(len(classes))} | {""} and kinds != {""}:
            hint = f"Hand in class names, not their numbers: {names}."
        elif all(_is_share(kind) for kind in kinds):
            hint = f"Probabilities belong in columns score_<class>; prediction is one of {names}."
        raise predictions_invalid(
            f"prediction is no class of the target in {len(bad):,} rows: {_rows(given, lines, bad, 'prediction')}.",
            hint,
            "predictions.prediction",
        )
    return codes


def predicted_scores(
    given: Table, lines: np.ndarray, classes: list[str]
) -> tuple[np.ndarray | None, list[Warning_]]:
    """Probabilities of the classes, float64, shape (n, K), each row summing to 1; None where there are no
    score columns.

    With two classes one column is enough. Refused: columns missing for some classes, values outside 0..1 or
    not finite, rows that do not sum to 1.
    """
    index = {key: i for i, key in enumerate(label_keys(classes))}
    columns: dict[int, str] = {}
    foreign: list[str] = []
    for name in given.names:
        if name.startswith("score_"):
            code = index.get(label_key(name.removeprefix("score_")))
            if code is None or code in columns:
                foreign.append(name)
            else:
                columns[code] = name
    if not columns and not foreign:
        return None, []
    absent = [f'"score_{classes[code]}"' for code in range(len(classes)) if code not in columns]
    if not columns or (absent and not (len(classes) == 2 and len(columns) == 1)):
        problem = f"There are score columns, but not {first_few(absent)}."
        also = f" {first_few(foreign)} is of no class." if foreign else ""
        raise predictions_invalid(
            problem + also,
            "Name each class as it stands in the data; one that the model does not know gets 0.",
            "predictions.score",
        )
    warnings = []
    if foreign:
        warnings.append(
            {"code": "scores_ignored", "message": f"{first_few(foreign)} is of no class and was ignored."}
        )
    scores = np.zeros((len(lines), len(classes)))
    for code, name in columns.items():
        scores[:, code] = values = predicted_numbers(given, lines, name)
        bad = np.flatnonzero((values < -1e-6) | (values > 1 + 1e-6))
        if len(bad):
            raise predictions_invalid(
                f"{name} lies outside 0..1 in {len(bad):,} rows: {_rows(given, lines, bad, name)}.",
                "Scores are probabilities, such as predict_proba gives; decision values are not.",
                f"predictions.{name}",
            )
    scores = np.clip(scores, 0.0, 1.0)
    if absent:
        (code,) = columns
        scores[:, 1 - code] = 1.0 - scores[:, code]
    total = scores.sum(axis=1)
    bad = np.flatnonzero(np.abs(total - 1) > SUM_TOLERANCE)
    if len(bad):
        rows = first_few(f"{given.texts('row_id')[lines[row]]} (sum {total[row]:.4g})" for row in bad[:5])
        raise predictions_invalid(
            f"The scores of {len(bad):,} rows do not sum to 1: {rows}.",
            "Hand in one probability a class.",
            "predictions.score",
        )
    return scores / total[:, None], warnings


def _rows(given: Table, lines: np.ndarray, bad: np.ndarray, column: str) -> str:
    """``17 ("nan"), 20 ("x") and 3 more``: row ids with what stands there."""
    ids, values = given.column("row_id"), given.column(column)
    shown = (f'{ids[int(lines[row])].as_py()} ("{values[int(lines[row])].as_py()}")' for row in bad[:5])
    more = f" and {len(bad) - 5:,} more" if len(bad) > 5 else ""
    return first_few(shown) + more


def _is_share(text: str) -> bool:
    try:
        return 0.0 <= float(text) <= 1.0
    except ValueError:
        return False
