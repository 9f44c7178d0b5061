"""The rows and classes on which a run is most wrong. Of open splits only: it shows labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from specweave_lab.metrics.classification import ClassificationData
from specweave_lab.reading import Table
from specweave_lab.sample import looks_personal

MOST_ROWS = 20
MOST_COLUMNS = 8
LONGEST = 40
MOST_PAIRS = 10


def confused_pairs(matrix: np.ndarray, classes: list[str]) -> list[dict[str, Any]]:
    """The pairs of classes that are taken for each other, most rows first.

    Returns
    -------
    list of dict
        ``true``, ``predicted``, ``rows`` and ``share`` (of the rows of the true class); at most 10.
    """
    wrong = [
        (int(matrix[i, j]), i, j)
        for i in range(len(classes))
        for j in range(len(classes))
        if i != j and matrix[i, j] > 0
    ]
    wrong.sort(key=lambda one: (-one[0], one[1], one[2]))
    return [
        {"true": classes[i], "predicted": classes[j], "rows": rows, "share": rows / int(matrix[i].sum())}
        for rows, i, j in wrong[:MOST_PAIRS]
    ]


def worst_of_classes(data: ClassificationData) -> tuple[np.ndarray, np.ndarray | None]:
    """Places of the wrong rows, those first whose true class was given the lowest probability (else by place), and that
    probability of each row, shape (n,), where there are scores.
    """
    wrong = np.flatnonzero(data.predicted != data.true)
    if data.scores is None:
        return wrong[:MOST_ROWS], None
    likelihood = data.scores[np.arange(len(data.true)), data.true]
    return wrong[np.argsort(likelihood[wrong], kind="stable")][:MOST_ROWS], likelihood


def worst_of_numbers(errors: np.ndarray) -> np.ndarray:
    """Places of the rows with the largest absolute errors, shape (at most 20,)."""
    return np.argsort(-np.abs(errors), kind="stable")[:MOST_ROWS]


def shown_rows(table: Table, places: np.ndarray, target: str) -> tuple[list[str], list[list[str]], list[str]]:
    """Cells of some rows, as text of at most 40 characters: names of the columns, a list a row, and the columns that
    were left out because there are many or because they look personal.
    """
    features = [name for name in table.names if name not in ("row_id", target)]
    personal = [name for name in features if looks_personal(name, table.data.column(name))]
    open_ones = [name for name in features if name not in personal]
    names = ["row_id", *open_ones[:MOST_COLUMNS]]
    columns = {name: table.column(name) for name in names}
    cells = [[_cell(columns[name][int(place)].as_py()) for name in names] for place in places]
    return names, cells, personal + open_ones[MOST_COLUMNS:]


def _cell(value: Any) -> str:
    text = "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
