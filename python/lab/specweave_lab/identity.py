"""Who a row is: canonical cells, row digests, row ids and the hash of a dataset.

A row's text is the canonical text of its cells in the order of their column names, each behind its length, so
that no content can imitate a border. Digests are BLAKE2b (RFC 7693), 128 bits. They depend on the row alone:
not on its place in the file, on the machine, or on a library's way to print a number.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from specweave_lab.reading import Table, is_text

DIGEST_BYTES = 16
BORDER = "\x1f"
NULL = "\x00"


def canonical_cells(table: Table, name: str) -> pa.Array:
    """The cells of a column as text that stands for their value.

    CSV: the text of the cell. Parquet: text as it is; whole numbers in decimal, also those in a float column,
    so that a missing value that turned integers to floats changes no other row; other floats as the decimal
    of their 64 bits behind ``f`` (exact, and printed the same by every library); ``true``/``false``; times as
    UTC microseconds behind ``t``; anything else (lists, decimals, bytes) as JSON or ``str``. Null stays null.
    """
    column = table.column(name)
    kind = column.type
    text = pa.large_string()
    if is_text(kind):
        return column
    if pa.types.is_integer(kind):
        return column.cast(text)
    if pa.types.is_boolean(kind):
        return pc.if_else(column, pa.scalar("true", text), pa.scalar("false", text))
    if pa.types.is_floating(kind):
        numbers = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
        whole = np.isfinite(numbers) & (np.abs(numbers) < 2**53) & (np.trunc(numbers) == numbers)
        integers = pa.array(np.where(whole, numbers, 0).astype(np.int64)).cast(text)
        bits = pa.array(numbers.view(np.uint64)).cast(text)
        floats = pc.binary_join_element_wise(pa.scalar("f", text), bits, pa.scalar("", text))
        return pc.if_else(
            pa.array(np.isnan(numbers)), pa.scalar(None, text), pc.if_else(pa.array(whole), integers, floats)
        )
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        micros = (
            column.cast(pa.timestamp("us", getattr(kind, "tz", None)), safe=False).cast(pa.int64()).cast(text)
        )
        return pc.binary_join_element_wise(pa.scalar("t", text), micros, pa.scalar("", text))
    return pa.array(
        [None if v is None else json.dumps(v, sort_keys=True, default=str) for v in column.to_pylist()], text
    )


def row_digests(table: Table, columns: Sequence[str]) -> np.ndarray:
    """BLAKE2b-128 of each row over these columns: uint64, shape (rows, 2). The order of ``columns`` does not
    matter.
    """
    cells: list[pa.Array] = []
    for name in sorted(columns):
        column = canonical_cells(table, name)
        cells += [pc.binary_length(column).cast(pa.large_string()), column]
    joined = pc.binary_join_element_wise(
        *cells, pa.scalar(BORDER, pa.large_string()), null_handling="replace", null_replacement=NULL
    )
    blake2b = hashlib.blake2b
    digests = b"".join(
        [
            blake2b(row, digest_size=DIGEST_BYTES).digest()
            for row in joined.cast(pa.large_binary()).to_pylist()
        ]
    )
    return np.frombuffer(digests, dtype=">u8").astype(np.uint64).reshape(-1, 2)


def row_ids(identity: np.ndarray, content: np.ndarray) -> list[str]:
    """Row ids for rows without an id column: 12 hex digits of the identity, ``-``, occurrence from 1.

    Rows of one identity (equal features) are numbered in the order of their content digest, not of the file,
    so that another order of rows gives the same ids.
    """
    prefix = identity[:, 0] >> np.uint64(16)
    order = _sorted_by(identity[:, 0], identity[:, 1], content[:, 0], content[:, 1])
    ranked = prefix[order]
    starts = np.r_[True, ranked[1:] != ranked[:-1]] if len(ranked) else np.array([], bool)
    first = np.maximum.accumulate(np.where(starts, np.arange(len(ranked)), 0))
    occurrence = np.empty(len(ranked), np.int64)
    occurrence[order] = np.arange(len(ranked)) - first + 1
    return [f"{p:012x}-{n}" for p, n in zip(prefix.tolist(), occurrence.tolist(), strict=True)]


def _sorted_by(first: np.ndarray, *more: np.ndarray) -> np.ndarray:
    """Places in the order of ``first``, then of what follows: ``np.lexsort``, quick where ``first`` has few ties."""
    order = np.argsort(first, kind="stable")
    ranked = first[order]
    same = ranked[1:] == ranked[:-1]
    if same.any():
        tied = np.flatnonzero(np.r_[same, False] | np.r_[False, same])
        rows = order[tied]
        order[tied] = rows[np.lexsort((*(keys[rows] for keys in reversed(more)), first[rows]))]
    return order


def in_set(digests: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Which digests are among ``known``; both uint64 of shape (n, 2). Judged by their first 64 bits."""
    return np.isin(digests[:, 0], known[:, 0])


def dataset_sha256(policy: dict[str, Any], content: np.ndarray, carried: np.ndarray) -> str:
    """Hash of a dataset: SHA-256 over the policy (canonical JSON), the sorted row digests, and the carried
    rows.

    Parameters
    ----------
    policy : dict
        Everything that decides roles and splits: columns, target, problem type, split policy and key.
    content : ndarray of uint64, shape (rows, 2)
        Digests over all columns. Sorted here, so that the order of rows does not matter.
    carried : ndarray of uint64, shape (k, 2)
        Rows that are in test only because an earlier version sealed them. Empty for the same source and
        policy again, so a repeat has the hash of its first registration, whatever came between.
    """
    digest = hashlib.sha256(
        json.dumps(policy, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    )
    for rows in (content, carried):
        digest.update(len(rows).to_bytes(8, "big"))
        digest.update(rows[_sorted_by(rows[:, 0], rows[:, 1])].astype(">u8").tobytes())
    return digest.hexdigest()
