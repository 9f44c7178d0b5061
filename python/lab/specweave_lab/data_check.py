"""``check_data``: holding the split files of a registered data set against a schema, before a run takes them."""

from __future__ import annotations

from typing import Any

from specweave_lab.arguments import Arguments
from specweave_lab.drafting import Progress
from specweave_lab.errors import Refusal
from specweave_lab.reading import Table, read_table
from specweave_lab.schema_check import check_schema
from specweave_lab.truth import read_record

SPLITS = ("train", "validation", "test")
ROW_ID = "row_id"


def check_data(params: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Hold train, validation and test against a schema.

    Columns that the test file lacks because they are sealed are not asked of it. ``row_id`` stands for the id column;
    where there is none, no schema knows of it.

    Parameters
    ----------
    params : dict
        ``dataset`` (folder) and ``schema`` (see :func:`~specweave_lab.schema_check.check_schema`).

    Returns
    -------
    dict
        ``rows`` that were looked at, and ``problems``: ``{file, column, problem}``, rows counted from 1 below the
        file's header. Files that are not there are passed over.
    """
    arguments = Arguments(params)
    folder, schema = arguments.path("dataset"), arguments.inner("schema").values
    record = read_record(folder)
    known: list[str] = []
    rows = 0
    problems: list[dict[str, str]] = []
    for done, split in enumerate(SPLITS):
        path = folder / record["splits"][split]["path"]
        if not path.is_file():
            continue
        progress(f"holding {path.name} against its schema", done / len(SPLITS))
        table = _as_registered(read_table(path), record.get("id_column"))
        rows += table.rows
        sealed = set(known) - set(table.names) if split == "test" else set()
        known = table.names
        asked = [column for column in schema["columns"] if column["name"] not in sealed]
        try:
            check_schema(table, {**schema, "columns": asked})
        except Refusal as refusal:
            if refusal.code != "DATASET_INVALID":
                raise
            problems += [
                {
                    "file": path.name,
                    "column": one["field"].removeprefix("schema.columns."),
                    "problem": one["problem"],
                }
                for one in refusal.invalid
            ]
    return {"rows": rows, "problems": problems}


def _as_registered(table: Table, id_column: str | None) -> Table:
    """The columns by their names in the source."""
    if ROW_ID not in table.names:
        return table
    if id_column is None:
        return Table(table.data.drop_columns([ROW_ID]), table.format)
    names = [id_column if name == ROW_ID else name for name in table.names]
    return Table(table.data.rename_columns(names), table.format)
