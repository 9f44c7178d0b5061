"""What a target must be before anything is written: there, complete, and of the kind that the problem asks
for.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from specweave_lab.errors import dataset_invalid, first_few, nearest
from specweave_lab.labels import label_keys, sort_labels
from specweave_lab.reading import Table, as_numbers

MANY_CLASSES = 50


def require_column(table: Table, field: str, name: str) -> None:
    if name not in table.names:
        raise dataset_invalid(field, f'There is no column "{name}".', nearest(name, table.names))


def require_values(table: Table, field: str, name: str) -> None:
    """Refuse a column with missing values, saying how many and where (data rows, from 1)."""
    rows = np.flatnonzero(np.asarray(table.missing(name).to_pylist(), bool)) + 1
    if len(rows):
        cells = {table.column(name)[int(row) - 1].as_py() for row in rows[:1000]}
        texts = sorted(cell for cell in cells if isinstance(cell, str) and cell.strip())
        read = f" (read as missing: {first_few(texts)})" if texts else ""
        raise dataset_invalid(
            field,
            f'Column "{name}" has no value in {len(rows):,} of {table.rows:,} rows{read}: row {first_few(rows)}.',
            "Fill them in or take these rows out of the source.",
        )


def require_unique(table: Table, name: str) -> None:
    require_values(table, "id_column", name)
    twice = [f'"{value}"' for value, count in Counter(table.texts(name)).items() if count > 1]
    if twice:
        raise dataset_invalid(
            "id_column",
            f'The id column "{name}" names {len(twice):,} rows more than once: {first_few(twice)}.',
            "Name a column that is different in every row, or none.",
        )


def check_classes(
    table: Table, target: str, positive: str | None
) -> tuple[list[str], np.ndarray, str | None, list[str]]:
    """Classes of a classification target.

    Returns
    -------
    classes : list of str
        Sorted labels, each in its most frequent spelling.
    codes : ndarray of int64, shape (rows,)
        Index into ``classes`` of every row.
    positive : str or None
        The positive class as asked for, in the spelling of ``classes``.
    warnings : list of str
    """
    texts = [text or "" for text in table.texts(target)]
    keys = label_keys(texts)
    spellings: dict[str, str] = {}
    for (key, text), _count in Counter(zip(keys, texts, strict=True)).most_common():
        spellings.setdefault(key, text.strip())
    if len(spellings) < 2:
        only = next(iter(spellings.values()))
        raise dataset_invalid(
            "target", f'Column "{target}" has one class only, "{only}".', "A classifier needs at least two."
        )
    order = sort_labels(spellings)
    index = {key: i for i, key in enumerate(order)}
    classes = [spellings[key] for key in order]
    warnings = []
    if len(classes) > MANY_CLASSES:
        hint = " Is it a regression?" if all(_is_number(c) for c in classes) else ""
        warnings.append(f'Column "{target}" has {len(classes):,} classes.{hint}')
    if positive is not None:
        key = label_keys([positive])[0]
        if key not in index:
            raise dataset_invalid(
                "positive", f'"{positive}" is no class of "{target}".', nearest(positive, classes)
            )
        if len(classes) > 2:
            warnings.append(
                f'positive "{positive}" has no effect: with {len(classes)} classes metrics are macro means.'
            )
        positive = spellings[key]
    return classes, np.fromiter((index[key] for key in keys), np.int64, len(keys)), positive, warnings


def check_numbers(table: Table, target: str) -> tuple[np.ndarray, list[str]]:
    """Values of a regression target: float64, shape (rows,). Refused where one is no finite number."""
    values = as_numbers(table, target).to_numpy()
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        examples = first_few(
            (f'"{table.column(target)[int(row)].as_py()}" in row {row + 1}' for row in bad[:3]), 3
        )
        raise dataset_invalid(
            "target",
            f'Column "{target}" is no number in {len(bad):,} of {table.rows:,} rows: {examples}.',
            "Clean it, or register a classification.",
        )
    distinct = len(np.unique(values))
    if distinct == 1:
        raise dataset_invalid(
            "target", f'Column "{target}" has the same value in every row.', "Nothing can be learned."
        )
    few = (
        [f'Column "{target}" has {distinct} distinct values. Is it a classification?']
        if distinct <= 2
        else []
    )
    return values, few


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
