"""A row once sealed stays sealed: what earlier versions of a dataset held in test is in test again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from specweave_lab.errors import dataset_invalid
from specweave_lab.identity import in_set, row_digests
from specweave_lab.reading import Table, read_table


def sealed_before(
    table: Table,
    unit_columns: Sequence[str],
    previous: Sequence[Path],
    vault: Path | None,
    recommendation: bool,
) -> tuple[np.ndarray, list[str]]:
    """Which rows of ``table`` an earlier version sealed.

    A row is found again by its unit (its id, its group, its features; user and item for recommendation).
    Where the columns have changed since, by the columns that both versions have.

    Parameters
    ----------
    unit_columns : sequence of str
        The columns whose equality makes two rows one unit.
    previous : sequence of Path
        Dataset folders of the earlier versions.
    vault : Path, optional
        Folder of the sealed labels. Only recommendation needs it: there the test file names users alone.

    Returns
    -------
    (ndarray of bool, shape (rows,), list of str)
        The rows, and warnings about versions that could not be compared.
    """
    sealed = np.zeros(table.rows, bool)
    warnings: list[str] = []
    for folder in previous:
        try:
            record = json.loads((folder / "dataset.json").read_text("utf-8"))
            name, test = record["dataset"], folder / record["splits"]["test"]["path"]
            id_column = record.get("id_column")
        except (OSError, ValueError, KeyError, TypeError) as problem:
            raise dataset_invalid(
                "previous",
                f"The record of an earlier version in {folder.name} cannot be read.",
                "Restore it from Git.",
            ) from problem
        if recommendation:
            test = vault / record["hash"] / "test.csv" if vault else Path()
        if not test.is_file():
            warnings.append(
                f"{name}: its test rows are not on this machine, so they could not be sealed again."
            )
            continue
        earlier = read_table(test)
        if id_column:
            earlier.data = earlier.data.rename_columns([id_column, *earlier.names[1:]])
        common = [column for column in unit_columns if column in earlier.names]
        if not common:
            warnings.append(
                f"{name}: no column is left of those that name a row, so none could be sealed again."
            )
            continue
        found = in_set(row_digests(table, common), row_digests(earlier, common))
        dropped = [c for c in earlier.names[1:] if c not in table.names]
        if (dropped or len(common) < len(unit_columns)) and found.sum() > 1.5 * earlier.rows + 10:
            warnings.append(
                f"{name}: the columns that both versions have ({len(common)}) do not tell its rows apart, so they "
                "could not be sealed again. Give an id_column."
            )
            continue
        sealed |= found
    return sealed, warnings
