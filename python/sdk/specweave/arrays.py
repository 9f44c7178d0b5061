"""Arrays of any library as plain lists: NumPy, pandas, torch, TensorFlow, or lists already."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def to_list(values: Any) -> list[Any]:
    """Rows of an array-like as Python values; rows of a 2-D one as lists."""
    if hasattr(values, "detach"):  # torch
        values = values.detach().cpu()
    elif hasattr(values, "numpy") and not hasattr(values, "tolist"):  # TensorFlow
        values = values.numpy()
    if hasattr(values, "toarray"):  # SciPy sparse
        values = values.toarray()
    if is_frame(values):
        return values.to_numpy().tolist()
    if hasattr(values, "tolist"):
        values = values.tolist()
        return values if isinstance(values, list) else [values]
    if isinstance(values, (str, bytes, dict)):
        raise TypeError(f"{type(values).__name__} is no array")
    return list(values)


def is_frame(values: Any) -> bool:
    """Whether this is a table with named columns (pandas, polars)."""
    return hasattr(values, "columns") and hasattr(values, "to_numpy")


def one_column(values: Any) -> list[Any]:
    """A 1-D array as a list; one of a single column counts as 1-D.

    Raises
    ------
    ValueError
        Where the rows hold more than one value.
    """
    rows = to_list(values)
    if rows and isinstance(rows[0], (list, tuple)):
        if any(len(row) != 1 for row in rows):
            raise ValueError(f"it has {len(rows[0])} columns")
        rows = [row[0] for row in rows]
    return rows
