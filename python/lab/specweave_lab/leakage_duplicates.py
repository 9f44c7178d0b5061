"""Rows that stand in train and again in validation or test: equal ones, and ones that are equal but for
rounding, case and blanks.

Rows of few-valued columns are equal by chance. How often is estimated from the columns as if they were
independent: a row's chance to meet one of n rows is 1 - exp(-n * product over the columns of sum p^2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from specweave_lab.reading import Table, as_numbers, is_text

MOST_LATER, MOST_TRAIN = 10_000, 200_000
"""Rows of validation and of test that are looked up, and rows of train that are compared in full with
them.
"""
DIGITS = 4
SHARE = 0.01
"""More than this share of test is no accident."""
EXAMPLES = 3


@dataclass(frozen=True)
class Repeats:
    """Of the rows looked up in one split: those that stand in train."""

    rows: int
    equal: int
    near: int
    same_target: int
    by_chance: float
    examples: list[list[str]]

    def facts(self) -> dict[str, Any]:
        """How many of each kind; how many have the same target too is told by the caller alone."""
        return {
            "rows": self.rows, "equal": self.equal, "near": self.near, "by_chance": round(self.by_chance,
            6),
            "examples": self.examples,
        }  # fmt: skip


def find_repeats(
    table: Table, columns: list[str], target: str, row_ids: list[str], train: np.ndarray, later: np.ndarray
) -> Repeats:
    """Look up rows in train.

    Parameters
    ----------
    columns : list of str
        Those that make two rows equal: the features.
    train, later : ndarray of int64
        Places of the rows of train, and of those that are looked up.
    """
    sample = Table(table.data.select(columns).take(pa.array(later)).combine_chunks(), table.format)
    richest = sorted(columns, key=lambda name: (-_distinct(sample, name), name))[:2]
    candidates = train
    for name in richest:
        places = np.r_[candidates, later]
        there = Table(table.data.select([name]).take(pa.array(places)).combine_chunks(), table.format)
        values, n = pd.Series(rounded_cells(there, name)), len(candidates)
        candidates = candidates[values[:n].isin(values[n:]).to_numpy()]
    candidates = candidates[:MOST_TRAIN]
    places = np.r_[candidates, later]
    both = Table(table.data.select([*columns, target]).take(pa.array(places)).combine_chunks(), table.format)
    near = np.zeros((len(places), 2), np.uint64)
    exact = np.zeros((len(places), 2), np.uint64)
    log_collision = 0.0
    for place, name in enumerate(columns):
        rounded, cells = rounded_cells(both, name), _cells(both, name)
        near_codes = pd.factorize(rounded, use_na_sentinel=False)[0]
        for digests, found in ((near, near_codes), (exact, pd.factorize(cells, use_na_sentinel=False)[0])):
            codes = found.astype(np.uint64)
            digests[:, 0] = _mixed(digests[:, 0], codes, 2 * place + 1)
            digests[:, 1] = _mixed(digests[:, 1], codes, 2 * place + 2)
        shares = np.bincount(near_codes[len(candidates) :]) / len(later)
        log_collision += float(np.log(np.sum(shares**2)))
    n, seen = len(candidates), {}
    met = np.flatnonzero(np.isin(exact[:n, 0], exact[n:, 0])).tolist()
    for row in met:
        seen.setdefault((int(exact[row, 0]), int(exact[row, 1])), row)
    known_near = {(a, b) for a, b in near[:n][np.isin(near[:n, 0], near[n:, 0])].tolist()}
    targets = pd.factorize(pd.Series(_cells(both, target)), use_na_sentinel=False)[0]
    matched = [(row, seen.get((a, b))) for row, (a, b) in enumerate(exact[n:].tolist())]
    equal = [(row, first) for row, first in matched if first is not None]
    targets_of: dict[tuple[int, int], set[int]] = {}
    for row in met:
        targets_of.setdefault((int(exact[row, 0]), int(exact[row, 1])), set()).add(int(targets[row]))
    same = sum(int(targets[n + row]) in targets_of[tuple(exact[n + row].tolist())] for row, _ in equal)
    return Repeats(
        rows=len(later),
        equal=len(equal),
        near=sum((a, b) in known_near for a, b in near[n:].tolist()) - len(equal),
        same_target=same,
        by_chance=float(-np.expm1(-len(train) * np.exp(log_collision))),
        examples=[
            [row_ids[int(later[row])], row_ids[int(candidates[first])]] for row, first in equal[:EXAMPLES]
        ],
    )


def _mixed(digests: np.ndarray, codes: np.ndarray, salt: int) -> np.ndarray:
    """SplitMix64 (Steele, Lea, Flood 2014) over what was mixed so far and the next code."""
    with np.errstate(over="ignore"):
        z = digests * np.uint64(0x9E3779B97F4A7C15) + codes + np.uint64(salt)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def _distinct(sample: Table, name: str) -> int:
    column = sample.column(name)
    if is_text(column.type):
        return len({text.strip() for text in pc.unique(column).to_pylist() if text is not None})
    return int(pd.Series(_cells(sample, name)).nunique())


def _cells(table: Table, name: str) -> np.ndarray:
    column = table.column(name)
    if not is_text(column.type):
        return np.asarray(
            [None if text is None else text.strip() for text in table.texts(name)], dtype=object
        )
    codes = pc.dictionary_encode(column, null_encoding="encode")
    texts = [None if text is None else text.strip() for text in codes.dictionary.to_pylist()]
    return np.asarray(texts, dtype=object)[codes.indices.to_numpy(zero_copy_only=False)]


def combined_digests(columns: list[np.ndarray]) -> np.ndarray:
    """One uint64 for each row, equal where rows agree in all columns (and else by a chance of 2^-64)."""
    digests = np.zeros(len(columns[0]), np.uint64)
    for place, values in enumerate(columns):
        codes = pd.factorize(pd.Series(values), use_na_sentinel=False)[0].astype(np.uint64)
        digests = _mixed(digests, codes, place + 1)
    return digests


def rounded_cells(table: Table, name: str) -> np.ndarray:
    """Numbers by their first digits, texts without case and blanks."""
    column = table.column(name)
    numbers = as_numbers(table, name).to_numpy()
    if not is_text(column.type) or np.isfinite(numbers).mean() > 0.5:
        with np.errstate(divide="ignore", invalid="ignore"):
            scale = 10.0 ** (DIGITS - 1 - np.floor(np.log10(np.abs(numbers))))
            shortened = np.where(np.isfinite(scale), np.round(numbers * scale) / scale, numbers)
        if np.isfinite(numbers).any():
            return shortened
    return np.asarray([str(cell).lower() for cell in _cells(table, name)], dtype=object)
