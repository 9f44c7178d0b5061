"""Reading a table: CSV and JSON Lines (also gzip) with every cell as the text that stands there, and Parquet
with its types.

A CSV cell is never parsed here: what is hashed, split and written again is the text of the source, so that no
library version can change a row. What the text means (a number, a date, missing) is asked column by column.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from specweave_lab.column_text import numbers_of, trimmed
from specweave_lab.errors import dataset_invalid, first_few
from specweave_lab.json_lines import ENDS, read_json_lines

MISSING_TEXTS = (
    "", "#N/A", "#NA", "-NaN", "-nan", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
)  # fmt: skip
"""Texts that pandas.read_csv reads as missing, so that lab and script agree about what is not there."""

SEPARATORS = ",;\t|"
BLOCK = 16 << 20
"""Bytes that are parsed at once: no row may be longer."""


@dataclass
class Table:
    """A source as read: ``data`` has one chunk a column; text columns are ``large_string``.

    ``format`` is how its splits are written, ``csv`` or ``parquet``: JSON Lines become CSV.
    """

    data: pa.Table
    format: str
    warnings: list[str] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        return list(self.data.column_names)

    @property
    def rows(self) -> int:
        return self.data.num_rows

    def column(self, name: str) -> pa.Array:
        """The column as one array."""
        column = self.data.column(name)
        return (
            column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks or [_empty(column)])
        )

    def missing(self, name: str) -> pa.BooleanArray:
        """Where the column has no value: a missing text in CSV, null or NaN in Parquet."""
        column = self.column(name)
        if is_text(column.type) and self.format == "csv":
            return pc.is_in(trimmed(column), value_set=pa.array(MISSING_TEXTS, column.type))
        return pc.is_null(column, nan_is_null=True)

    def texts(self, name: str) -> list[str | None]:
        """The column as texts, None where Parquet holds null. Booleans are ``True``/``False``, floats
        ``repr``.
        """
        column = self.column(name)
        if is_text(column.type):
            return column.to_pylist()
        return [None if value is None else str(value) for value in column.to_pylist()]


def _empty(column: pa.ChunkedArray) -> pa.Array:
    return pa.array([], type=column.type)


def is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def file_sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of the file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def content_sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of what the file holds: of a ``.gz`` the uncompressed bytes."""
    if not path.name.lower().endswith(".gz"):
        return file_sha256(path)
    with gzip.open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def source_format(path: Path) -> str:
    """``csv``, ``jsonl`` or ``parquet`` by the name's end; refused otherwise."""
    name = path.name.lower()
    if name.endswith((".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt")):
        return "csv"
    if name.endswith((".parquet", ".pq")):
        return "parquet"
    if name.endswith(ENDS):
        return "jsonl"
    raise dataset_invalid(
        "source",
        f'"{path.name}" is neither CSV, JSON Lines nor Parquet by its name.',
        "Name a .csv, .csv.gz, .jsonl or .parquet file.",
    )


def read_table(path: Path) -> Table:
    """Read a source.

    Raises
    ------
    Refusal
        ``DATASET_INVALID`` where the file is missing, cannot be read, has no header or a name twice.
    """
    if not path.is_file():
        kind = "is a folder" if path.is_dir() else "does not exist"
        raise dataset_invalid(
            "source", f'"{path.name}" {kind}.', "Give the path of a CSV, JSON Lines or Parquet file."
        )
    if path.stat().st_size == 0:
        raise dataset_invalid("source", f'"{path.name}" is empty.', "Give a file with a header and rows.")
    format_ = source_format(path)
    try:
        table = READERS[format_](path)
    except (pa.ArrowException, OSError, EOFError, UnicodeDecodeError, csv.Error) as problem:
        raise dataset_invalid(
            "source", f'"{path.name}" cannot be read: {_reason(problem)}', _advice(problem, format_)
        ) from problem
    if "row_id" in table.names[1:] and "row_id" in table.names[:1]:
        raise dataset_invalid("source", "The header has row_id twice.", "Rename one of the columns.")
    return table


def _read_csv(path: Path) -> Table:
    names, separator, warnings = _header(path)
    columns = [f"c{i}" for i in range(len(names))]
    data = pacsv.read_csv(
        path,
        read_options=pacsv.ReadOptions(column_names=columns, skip_rows_after_names=1, block_size=BLOCK),
        parse_options=pacsv.ParseOptions(delimiter=separator, newlines_in_values=True),
        convert_options=pacsv.ConvertOptions(
            column_types=dict.fromkeys(columns, pa.large_string()), strings_can_be_null=False
        ),
    )
    return Table(data.rename_columns(names).combine_chunks(), "csv", warnings)


def _header(path: Path) -> tuple[list[str], str, list[str]]:
    opener = gzip.open if path.name.lower().endswith(".gz") else open
    with opener(path, "rb") as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as text:
        first = text.readline(1 << 20)
        separator = max(SEPARATORS, key=first.count) if first.strip() else ","
        text.seek(0)
        names = next(csv.reader(text, delimiter=separator), [])
    warnings = []
    for index, name in enumerate(names):
        if not name.strip():
            names[index] = f"column_{index + 1}"
            warnings.append(
                f"Column {index + 1} has no name and is called column_{index + 1}; where it numbers the rows, "
                "name it as id_column."
            )
    _check_names(names)
    return names, separator, warnings


def _read_parquet(path: Path) -> Table:
    _check_names(pq.read_schema(path).names)
    data = pq.read_table(path).replace_schema_metadata(None)
    warnings = []
    if "__index_level_0__" in data.column_names:
        data = data.drop_columns(["__index_level_0__"])
        warnings.append("The index that pandas saved (__index_level_0__) is left out: it is no feature.")
    return Table(plain_columns(data).combine_chunks(), "parquet", warnings)


def plain_columns(data: pa.Table) -> pa.Table:
    """Dictionaries as their values, and all texts as ``large_string``."""
    for index, column in enumerate(data.schema):
        if pa.types.is_dictionary(column.type):
            data = data.set_column(index, column.name, data.column(index).cast(column.type.value_type))
        if is_text(data.schema.field(index).type) or pa.types.is_string_view(data.schema.field(index).type):
            data = data.set_column(index, column.name, data.column(index).cast(pa.large_string()))
    return data


def _read_jsonl(path: Path) -> Table:
    """As CSV from here on: texts, of which some mean that nothing is there."""
    return Table(read_json_lines(path).combine_chunks(), "csv")


READERS = {"csv": _read_csv, "jsonl": _read_jsonl, "parquet": _read_parquet}


def _check_names(names: list[str]) -> None:
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise dataset_invalid(
            "source",
            f"The header has these names more than once: {first_few(twice)}.",
            "Give each column one name.",
        )


def _reason(problem: BaseException) -> str:
    if isinstance(problem, UnicodeDecodeError) or "UTF8" in str(problem):
        return "it is not UTF-8 text."
    if "straddling" in str(problem):
        return f"a row is longer than {BLOCK:,} bytes."
    text = str(problem).removeprefix("CSV parse error: ").split("\n")[0]
    return text[:300] + ("" if text.endswith(".") else ".")


def _advice(problem: BaseException, format_: str) -> str:
    if format_ == "parquet":
        return "It is damaged, cut short or no Parquet file: write it again."
    if isinstance(problem, UnicodeDecodeError) or "UTF8" in str(problem):
        return "Save it as UTF-8 and register that."
    if isinstance(problem, (OSError, EOFError)):
        return "It is damaged or not what its name says: write it again."
    return "Look for a quote that is not closed, or a separator inside a value that is not quoted."


def as_numbers(table: Table, name: str) -> pd.Series:
    """The column as float64, NaN where it is missing or no number. CSV text is parsed, Parquet numbers are
    cast.
    """
    column = table.column(name)
    if is_text(column.type):
        return pd.Series(numbers_of(column))
    if pa.types.is_temporal(column.type):
        return pd.Series(float("nan"), index=range(len(column)))
    return pd.to_numeric(pd.Series(column.to_pandas(), dtype=object), errors="coerce").astype("float64")


def as_times(table: Table, name: str) -> pd.Series:
    """The column as UTC times in whole microseconds since 1970 (``Int64``), missing where it is no time.

    A column of numbers counts as times too (epoch seconds, a year, a step) and keeps its numbers, times one
    million.
    """
    column = table.column(name)
    if pa.types.is_temporal(column.type):
        times = pd.Series(pd.to_datetime(column.to_pandas(), utc=True, errors="coerce"))
    else:
        numbers = as_numbers(table, name)
        if numbers.notna().any() and bool(
            (numbers.notna() | pd.Series(table.missing(name).to_pylist())).all()
        ):
            return (numbers * 1e6).round().astype("Int64")
        texts = pd.Series(column.to_pylist(), dtype=object)
        times = pd.to_datetime(texts, utc=True, errors="coerce", format="ISO8601")
        if times.notna().sum() < texts.notna().sum():
            times = pd.to_datetime(texts, utc=True, errors="coerce")
    micros = times.astype("datetime64[us, UTC]").astype("int64").astype("Int64")
    return micros.mask(times.isna())
