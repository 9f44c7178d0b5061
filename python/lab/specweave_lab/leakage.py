"""What in a data set would let a model cheat without meaning to: searched once, when the data is
registered.

The searched rows are sampled by a hash of their ids, so that the findings are the same in any order of
the source and on any machine. Target values of test are never looked at for a number that is written
down: what is said of test is in features, and whether a stated share was passed.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from specweave_lab.drafting import Draft
from specweave_lab.leakage_columns import FOLDS, Finding, Open, search_column
from specweave_lab.leakage_duplicates import MOST_LATER, SHARE, find_repeats
from specweave_lab.leakage_time import search_future, search_order
from specweave_lab.reading import Table, as_numbers
from specweave_lab.splitting import IN_NONE, SPLITS, TEST, TRAIN, VALIDATION

MOST_ROWS = 30_000
"""Rows of train and validation on which columns are judged alone; fewer where there are many columns."""
MOST_CELLS = 3_000_000
MOST_COLUMNS = 500
ENTITY = re.compile(
    r"(?i)(^|[^a-z])(uu|gu)?id$|[a-z]I[Dd]$|(^|[^a-z])(user|customer|client|patient|subject|person|member|household|player|"
    r"device|session|student|employee|participant|visitor|account)([^a-z]*(id|no|nr|num|number|key|code))?$"
)
"""Names of columns that say who a row is about."""


def search_leakage(draft: Draft) -> dict[str, Any]:
    """The field ``leakage`` of dataset.json.

    Returns
    -------
    dict
        ``format, rows`` (on which columns were judged alone), ``columns`` (how many), ``searched`` (in
        words, with what was proved), ``findings`` (``kind, certain, message, column?, metric?, value?``;
        most severe first) and ``repeats`` (by split: ``rows`` looked up, ``equal``, ``near``,
        ``by_chance``, ``examples`` of row ids).
    """
    request, policy = draft.request, draft.request.policy
    if request.problem_type == "recommendation":
        told = "a user and an item are in one split only (rows of one pair are never divided)"
        return {"format": 1, "rows": 0, "columns": 0, "searched": [told], "findings": [], "repeats": {}}
    roles = request.roles()
    features = [name for name in draft.table.names if name not in roles]
    order = _order(draft)
    findings: list[Finding] = []
    searched: list[str] = []

    repeats = _repeats(draft, features, order, findings)
    searched.append("rows of train that stand in validation or test again")
    rows = _open(draft, order, max(1, len(features)))
    judged = features[:MOST_COLUMNS]
    for name in judged:
        findings += search_column(rows, name)
    searched.append(
        f"{len(judged)} of {len(features)} columns, each alone, against the target, on "
        f"{len(rows.target):,} rows of train and "
        "validation"
    )
    _search_groups(draft, features, findings, searched)
    search_order(draft, features, findings, searched)
    if policy.method == "time":
        search_future(draft, features[:MOST_COLUMNS], findings, searched)
    findings.sort(key=lambda finding: (not finding["certain"], -finding.get("value", 0)))
    return {
        "format": 1,
        "rows": len(rows.target),
        "columns": len(judged),
        "searched": searched,
        "findings": findings[:50],
        "repeats": repeats,
    }


def _order(draft: Draft) -> np.ndarray:
    """Places of all rows in the order of a hash of their ids."""
    hashes = pd.util.hash_array(np.asarray(draft.row_ids, dtype=object), categorize=False)
    return np.argsort(hashes, kind="stable")


def _of(draft: Draft, order: np.ndarray, split: int, most: int | None = None) -> np.ndarray:
    return order[draft.assigned[order] == split][:most]


def _repeats(draft: Draft, features: list[str], order: np.ndarray, findings: list[Finding]) -> dict[str, Any]:
    request, policy = draft.request, draft.request.policy
    columns = [*features, *([policy.time_column] if policy.time_column else [])]
    # A series is part of what a row is; another group's equal row is a row again.
    if policy.group_column and policy.method != "group":
        columns.append(policy.group_column)
    train, facts = _of(draft, order, TRAIN), {}
    if not columns or not len(train):
        return facts
    for split in (VALIDATION, TEST):
        later = _of(draft, order, split, MOST_LATER)
        if not len(later):
            continue
        found = find_repeats(draft.table, columns, request.target, draft.row_ids, train, later)
        facts[SPLITS[split]] = found.facts()
        share, near = found.equal / found.rows, (found.equal + found.near) / found.rows
        unlikely = found.by_chance < share / 10
        if split == TEST and found.same_target / found.rows > SHARE and unlikely:
            message = (
                f"{share:.1%} of the test rows stand in train with the same features, more than "
                f"{SHARE:.0%} of them with the "
                f"same target (such as {_pairs(found.examples)}): what a model knows by heart is scored "
                "as if it was learned. " + _divide(request.id_column, policy.group_column)
            )
            findings.append(
                {"kind": "duplicates", "certain": True, "message": message, "value": round(share, 4)}
            )
        elif share > SHARE and unlikely:
            message = (
                f"{share:.1%} of the {SPLITS[split]} rows stand in train with the same features (such as "
                f"{_pairs(found.examples)}). " + _divide(request.id_column, policy.group_column)
            )
            findings.append(
                {"kind": "duplicates", "certain": False, "message": message, "value": round(share, 4)}
            )
        elif near > SHARE and found.by_chance < near / 10:
            message = (
                f"{near:.1%} of the {SPLITS[split]} rows stand in train but for rounding, case or blanks: "
                "are they copies? "
                "Register the data without them."
            )
            findings.append(
                {"kind": "duplicates", "certain": False, "message": message, "value": round(near, 4)}
            )
    return facts


def _pairs(examples: list[list[str]]) -> str:
    return ", ".join(f"{later} = {first} of train" for later, first in examples)


def _divide(id_column: str | None, group_column: str | None) -> str:
    if id_column:
        return "Take the copies out, or register without id_column: equal rows then share a split."
    return "Take the copies out" + (", or give equal rows one group." if group_column else ".")


def _open(draft: Draft, order: np.ndarray, columns: int) -> Open:
    most = min(MOST_ROWS, max(2_000, MOST_CELLS // columns))
    train, held = _of(draft, order, TRAIN, most * 2 // 3), _of(draft, order, VALIDATION, most // 3)
    places = np.r_[train, held]
    codes, classes = draft.codes, len(draft.classes or [])
    target = codes[places] if codes is not None else np.asarray(draft.values)[places]
    ordered = draft.request.policy.method == "time" or draft.request.problem_type == "time_series"
    later = np.arange(len(places)) >= len(train)
    if ordered:
        folds = [(~later, later)]
    else:
        turn = np.arange(len(places)) % FOLDS
        folds = [(turn != fold, turn == fold) for fold in range(FOLDS)]
    table = Table(draft.table.data.take(pa.array(places)).combine_chunks(), draft.table.format)
    return Open(table, target, classes, folds, ordered)


def _search_groups(draft: Draft, features: list[str], findings: list[Finding], searched: list[str]) -> None:
    policy, table = draft.request.policy, draft.table
    if policy.method == "time" or draft.request.problem_type == "time_series":
        return
    if policy.method == "group" and policy.group_column:
        codes, used = _kinds(table, policy.group_column), draft.assigned != IN_NONE
        pairs = np.unique(codes[used] * len(SPLITS) + draft.assigned[used])
        shared = len(pairs) - len(np.unique(codes[used]))
        if shared == 0:
            searched.append(f'no group of "{policy.group_column}" is in two splits')
            return
        message = (
            f'{shared:,} groups of "{policy.group_column}" are in more than one split: register the data under '
            "a new name."
        )
        findings.append(
            {"kind": "groups", "certain": False, "column": policy.group_column, "message": message}
        )
        return
    for name in features:
        if not ENTITY.search(name):
            continue
        if pa.types.is_nested(table.column(name).type):
            continue
        kinds = Table(pa.table({name: _encoded(table, name).dictionary}), table.format)
        numbers = as_numbers(kinds, name).dropna().to_numpy()
        if len(numbers) and not np.all(numbers == np.trunc(numbers)):
            continue
        codes = _kinds(table, name)
        distinct = int(codes.max()) + 1
        if distinct < 20 or distinct > table.rows / 1.5:
            continue
        held = codes[draft.assigned == TEST]
        share = float(np.isin(held, codes[draft.assigned == TRAIN]).mean()) if len(held) else 0.0
        if share > 0.05:
            message = (
                f'Column "{name}" looks like an entity: {distinct:,} values in {table.rows:,} rows, and '
                f"{share:.0%} of the test "
                "rows are of one that is in train too. Where new ones are to be predicted, register with "
                f'split: {{"method": "group", "group_column": "{name}"}}.'
            )
            findings.append(
                {
                    "kind": "groups",
                    "certain": False,
                    "column": name,
                    "message": message,
                    "value": round(share, 4),
                }
            )
    searched.append("columns whose names say who a row is about")


def _kinds(table: Table, name: str) -> np.ndarray:
    return _encoded(table, name).indices.to_numpy(zero_copy_only=False).astype(np.int64)


def _encoded(table: Table, name: str) -> pa.DictionaryArray:
    return pc.dictionary_encode(table.column(name), null_encoding="encode")
