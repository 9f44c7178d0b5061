"""Reading split files: ids with the standard library, frames with pandas, each column as the registration saw it."""

from __future__ import annotations

from .errors import SpecWeaveError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def need_pandas() -> Any:
    """pandas, or an error that says what works without it."""
    try:
        import pandas
    except ImportError as error:
        raise SpecWeaveError(
            "Reading a split as a table needs pandas, which this Python does not have.",
            "pip install pandas, or read the file yourself: ds.train.path is a plain file",
        ) from error
    return pandas


def first_column(path: str) -> list[str]:
    """The first column's values as texts, without the header."""
    if not path.endswith(".csv"):
        return [str(value) for value in read_frame(path).iloc[:, 0]]
    return [row[0] for row in read_columns(path, 1)[1]]


def read_columns(path: str, count: int | None = None) -> tuple[list[str], list[list[str]]]:
    """Header and rows of a CSV file as texts; the first `count` columns where given."""
    import csv

    try:
        with open(path, encoding="utf-8", newline="") as file:
            reader = csv.reader(file)
            header = next(reader, [])
            # A file of one column may hold an empty cell, which is an empty line; otherwise those are no rows.
            rows = [row[:count] for row in reader if row]
            return header[:count], rows
    except OSError as error:
        raise SpecWeaveError(
            f"The split file {path} cannot be read: {error.strerror or error}",
            "see that the dataset is on this machine; register_dataset with the same source makes it again",
        ) from error


def read_frame(path: str, record: dict[str, Any] | None = None) -> Any:
    """A split as a pandas DataFrame.

    Parameters
    ----------
    path
        CSV or Parquet.
    record
        The dataset's record: words stay text where the registration found words, so that train, validation and test
        get the same types; a class label is a whole number, a boolean or a text in all of them.
    """
    pandas = need_pandas()
    try:
        if path.endswith((".parquet", ".pq")):
            frame = pandas.read_parquet(path)
            first = frame.columns[0] if len(frame.columns) else None
            return frame if record is None or first is None else frame.astype({first: str})
        types = _types(path, record)
        target = record["target"] if record and record.get("classes") else None
        frame = pandas.read_csv(path, dtype=types, low_memory=False)
    except ImportError as error:
        raise SpecWeaveError(f"Reading {path} needs another package: {error}", "pip install pyarrow") from error
    except OSError as error:
        raise SpecWeaveError(f"The split file {path} cannot be read: {error.strerror or error}") from error
    if target and target in frame.columns:
        frame[target] = _labels(pandas, frame[target], record["classes"] if record else [])
    return frame


def _types(path: str, record: dict[str, Any] | None) -> dict[str, Any]:
    header = _header(path)
    types: dict[str, Any] = {header[0]: str} if header else {}
    if record is None:
        return types
    for column in record.get("columns", []):
        name = column.get("name")
        if name not in header or column.get("type") not in ("categorical", "text"):
            continue
        top = column.get("top") or []
        if not top or not all(_is_number(str(entry.get("value"))) for entry in top):
            types[name] = str
    if record.get("classes") and record["target"] in header:
        types[record["target"]] = str
    return types


def _header(path: str) -> list[str]:
    import csv

    with open(path, encoding="utf-8", newline="") as file:
        return next(csv.reader(file), [])


def _labels(pandas: Any, texts: Any, classes: list[str]) -> Any:
    """Labels as whole numbers where all classes are, as booleans where they are, else as the texts that stand there."""
    if all(_is_whole(label) for label in classes):
        return texts.astype(float).astype("int64")
    if {label.strip().lower() for label in classes} == {"true", "false"}:
        return texts.str.strip().str.lower() == "true"
    if all(_is_number(label) for label in classes):
        return texts.astype(float)
    return texts


def _is_whole(text: str) -> bool:
    return _is_number(text) and float(text).is_integer()


def _is_number(text: str) -> bool:
    try:
        return float(text) - float(text) == 0
    except ValueError:
        return False
