"""The DataFrames that a user's evaluator is given: the truth with its features, and what a run handed in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from specweave_lab.errors import dataset_invalid
from specweave_lab.metrics.classification import ClassificationData
from specweave_lab.reading import Table, as_numbers, is_text
from specweave_lab.truth import Truth, read_registered


def truth_frame(truth: Truth, folder: Path) -> pd.DataFrame:
    """``row_id``, the target and the features of a split, in the order of the truth.

    Numbers of a CSV are numbers, everything else in it text. Sealed labels are set beside the features of
    the test file, by row_id.
    """
    record, target = truth.record, truth.record["target"]
    table = _test_features(truth, folder) if truth.split == "test" else truth.table
    types = {column["name"]: column["type"] for column in record["columns"]}
    columns: dict[str, Any] = {"row_id": pd.Series(truth.row_ids, dtype="str")}
    columns[target] = _class_values(truth, truth.class_codes()) if truth.classes else truth.numbers()
    for name in table.names:
        if name not in ("row_id", target):
            columns[name] = _column(table, name, types.get(name, "text"))
    return pd.DataFrame(columns)


def predictions_frame(truth: Truth, given: ClassificationData | np.ndarray) -> pd.DataFrame:
    """``row_id, prediction`` and, where there are scores, ``score_<class>``, in the order of the truth."""
    columns: dict[str, Any] = {"row_id": pd.Series(truth.row_ids, dtype="str")}
    if isinstance(given, ClassificationData):
        columns["prediction"] = _class_values(truth, given.predicted)
        if given.scores is not None:
            columns |= {f"score_{name}": given.scores[:, code] for code, name in enumerate(truth.classes)}
    else:
        columns["prediction"] = np.asarray(given, np.float64)
    return pd.DataFrame(columns)


def _test_features(truth: Truth, folder: Path) -> Table:
    table = read_registered(folder, truth.record, "test")
    places = pd.Index([str(text) for text in table.texts("row_id")]).get_indexer(pd.Index(truth.row_ids))
    if (places < 0).any():
        name = truth.record["splits"]["test"]["path"]
        raise dataset_invalid(
            "dataset", f"{name} lacks rows of the sealed labels.", "Register the source again."
        )
    return Table(table.data.take(pa.array(places)).combine_chunks(), table.format)


def _class_values(truth: Truth, codes: np.ndarray) -> pd.Series:
    """Class names of codes; as whole numbers where every class is one."""
    names = [str(name) for name in truth.classes]
    if all(name.lstrip("-").isdigit() for name in names):
        return pd.Series(np.array([int(name) for name in names])[codes])
    return pd.Series(np.array(names, dtype=object)[codes], dtype="str")


def _column(table: Table, name: str, kind: str) -> pd.Series:
    column = table.column(name)
    if not is_text(column.type):
        return pd.Series(column.to_pandas())
    return as_numbers(table, name) if kind == "numeric" else pd.Series(column.to_pylist(), dtype="str")
