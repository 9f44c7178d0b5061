"""The column ``fold`` of cross-validation predictions."""

from __future__ import annotations

import numpy as np

from specweave_lab.errors import first_few, predictions_invalid
from specweave_lab.folding import MOST_FOLDS
from specweave_lab.predictions import predicted_numbers
from specweave_lab.reading import Table


def fold_count(given: Table) -> int:
    """How many folds the column ``fold`` names; PREDICTIONS_INVALID where they are not numbered from 0."""
    numbers = predicted_numbers(given, np.arange(given.rows), "fold")
    count = int(numbers.max()) + 1
    if not (numbers == np.floor(numbers)).all() or numbers.min() < 0 or not 2 <= count <= MOST_FOLDS:
        raise predictions_invalid(
            f"fold goes from {numbers.min():g} to {numbers.max():g}.",
            f"Folds are numbered from 0; there are 2 to {MOST_FOLDS}.",
            "predictions.fold",
        )
    return count


def check_folds(given: Table, lines: np.ndarray, expected: np.ndarray) -> None:
    """Refuse (PREDICTIONS_INVALID) rows whose fold is another than the dataset's, shape (n,)."""
    said = predicted_numbers(given, lines, "fold")
    wrong = np.flatnonzero(said != expected)
    if len(wrong):
        ids = given.column("row_id")
        shown = first_few(
            f"{ids[int(lines[row])].as_py()} (fold {said[row]:g}, and it is in {expected[row]})"
            for row in wrong[:5]
        )
        raise predictions_invalid(
            f"{len(wrong):,} rows stand in another fold than the dataset's: {shown}.",
            "Predict fold.validation of each fold of ds.folds(k), by a model that was trained on its fold.train.",
            "predictions.fold",
        )
