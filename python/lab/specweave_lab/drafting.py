"""A dataset version as it would be: everything decided and checked, nothing written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from specweave_lab.errors import Refusal, dataset_invalid
from specweave_lab.gaps import check_gap
from specweave_lab.horizons import check_horizon
from specweave_lab.identity import canonical_cells, dataset_sha256, row_digests, row_ids
from specweave_lab.json_lines import MOST_COLUMNS
from specweave_lab.memory import require_memory
from specweave_lab.reading import Table, as_times, file_sha256, read_table, source_format
from specweave_lab.registration_request import Request
from specweave_lab.schema_check import check_schema
from specweave_lab.sealing import sealed_before
from specweave_lab.split_checks import check_splits
from specweave_lab.splitting import (
    SPLITS,
    TEST,
    TRAIN,
    split_by_hash,
    split_by_time,
    split_last_out,
)
from specweave_lab.target_checks import (
    check_classes,
    check_numbers,
    require_column,
    require_unique,
    require_values,
)

Progress = Callable[[str, float], None]


@dataclass
class Draft:
    """A dataset version before it is written. Arrays have one entry a row of the source, in its order."""

    request: Request
    table: Table
    source_sha256: str
    source_bytes: int
    assigned: np.ndarray
    row_ids: list[str]
    hash: str
    classes: list[str] | None = None
    codes: np.ndarray | None = None
    values: np.ndarray | None = None
    positive: str | None = None
    cuts: dict[str, str] = field(default_factory=dict)
    carried: int = 0
    warnings: list[str] = field(default_factory=list)


def draft_dataset(request: Request, progress: Progress) -> Draft:
    """Read, check, identify and split a source.

    Raises
    ------
    Refusal
        ``DATASET_INVALID`` with the field, the problem and what to do. Nothing has been written.
    """
    progress(f"reading {request.source.name}", 0.02)
    if not request.source.is_file():
        read_table(request.source)
    require_memory(request.source, source_format(request.source))
    before = request.source.stat()
    table = read_table(request.source)  # first: it says in words what it cannot read
    sha256 = file_sha256(request.source)
    after = request.source.stat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise dataset_invalid(
            "source", f'"{request.source.name}" was written to while it was read.', "Try again."
        )
    _check_columns(request, table)
    if request.schema:
        progress("checking the schema", 0.1)
        check_schema(table, request.schema)

    draft = Draft(request, table, sha256, before.st_size, np.empty(0), [], "", warnings=list(table.warnings))
    _check_target(draft)
    progress("naming and splitting the rows", 0.25)
    content = row_digests(table, table.names)
    units = _unit_columns(request, table)
    unit_digests = row_digests(table, units)
    _split(draft, unit_digests, content)
    sealed, warnings = sealed_before(
        table, units, request.previous, request.vault, request.problem_type == "recommendation"
    )
    moved = sealed & (draft.assigned != TEST)
    draft.assigned[moved] = TEST
    draft.carried = int(moved.sum())
    draft.warnings += warnings
    if draft.carried:
        draft.warnings.append(f"{draft.carried:,} rows are in test because an earlier version sealed them.")
    draft.row_ids = _row_ids(request, table, unit_digests, content)
    draft.hash = dataset_sha256(_policy(draft), content, content[moved])
    draft.warnings += check_splits(
        draft.assigned, unit_digests, request.policy, draft.classes, draft.codes, request.problem_type
    )
    if request.policy.horizon:
        check_horizon(table, str(request.policy.time_column), draft.assigned == TRAIN, request.policy.horizon)
    return draft


def _check_columns(request: Request, table: Table) -> None:
    if table.rows == 0:
        raise dataset_invalid("source", f'"{request.source.name}" has a header and no rows.', "Give it rows.")
    if len(table.names) > MOST_COLUMNS:
        raise dataset_invalid(
            "source",
            f'"{request.source.name}" has {len(table.names):,} columns, more than {MOST_COLUMNS:,}.',
            "Choose columns, or put many into one, such as a list in Parquet.",
        )
    policy = request.policy
    require_column(table, "target", request.target)
    for where, name in (
        ("split.time_column", policy.time_column),
        ("split.group_column", policy.group_column),
    ):
        if name:
            require_column(table, where, name)
            require_values(table, where, name)
    if request.id_column:
        require_column(table, "id_column", request.id_column)
        require_unique(table, request.id_column)
    if "row_id" in table.names and request.id_column != "row_id":
        raise dataset_invalid(
            "source",
            "The source has a column row_id, which is the name of ours.",
            "Name it as id_column or rename it.",
        )
    if len(table.names) - (request.id_column is not None) < 2:
        raise dataset_invalid(
            "source", f'There is no column beside "{request.target}".', "Features are needed."
        )


def _check_target(draft: Draft) -> None:
    request, table = draft.request, draft.table
    require_values(table, "target", request.target)
    if request.problem_type == "classification":
        draft.classes, draft.codes, draft.positive, warnings = check_classes(
            table, request.target, request.positive
        )
    elif request.problem_type == "recommendation":
        warnings = []
    else:
        draft.values, warnings = check_numbers(table, request.target)
    if request.positive is not None and request.problem_type != "classification":
        raise Refusal("INPUT_INVALID", f"positive is for a classification, and this is a {request.problem_type}.",
                      invalid=[("positive", "only for a classification")])  # fmt: skip
    draft.warnings += warnings


def _unit_columns(request: Request, table: Table) -> list[str]:
    """The columns whose equality makes rows one unit, which is never divided between splits."""
    if request.problem_type == "recommendation":
        return [str(request.policy.group_column), request.target]
    if request.policy.method == "group":
        return [str(request.policy.group_column)]
    if request.id_column:
        return [request.id_column]
    return [name for name in table.names if name != request.target]


def _split(draft: Draft, units: np.ndarray, content: np.ndarray) -> None:
    policy = draft.request.policy
    if policy.time_column and policy.method in ("time", "leave_last_out"):
        times = as_times(draft.table, policy.time_column)
        bad = np.flatnonzero(times.isna().to_numpy())
        if len(bad):
            example = draft.table.column(policy.time_column)[int(bad[0])].as_py()
            raise dataset_invalid(
                "split.time_column",
                f'"{example}" in row {bad[0] + 1} of "{policy.time_column}" is no time ({len(bad):,} such rows).',
                "Write times as 2026-11-21T08:00:00Z, as dates, or as numbers.",
            )
        moments = times.to_numpy(np.int64)
        if policy.method == "leave_last_out":
            users = row_digests(draft.table, [str(policy.group_column)])
            draft.assigned = split_last_out(users, units, moments, content)
            return
        if policy.gap:
            check_gap(draft.table, policy.time_column, policy.gap)
        draft.assigned, cuts = split_by_time(moments, policy.validation, policy.test, policy.gap_us)
        texts = draft.table.texts(policy.time_column)
        draft.cuts = {name: str(texts[row]) for name, row in cuts.items()}
        if any("/" in cut for cut in draft.cuts.values()):
            draft.warnings.append(
                f'Times of "{policy.time_column}" may be read day first or month first: use 2026-11-21.'
            )
    else:
        draft.assigned = split_by_hash(units, policy.key, policy.validation, policy.test)


def _row_ids(request: Request, table: Table, units: np.ndarray, content: np.ndarray) -> list[str]:
    if request.id_column:
        return canonical_cells(table, request.id_column).to_pylist()
    if request.problem_type == "recommendation" or request.policy.method == "group":
        names = [n for n in table.names if n != request.target or request.problem_type == "recommendation"]
        return row_ids(row_digests(table, names), content)
    return row_ids(units, content)


def _policy(draft: Draft) -> dict:
    request, policy = draft.request, draft.request.policy
    return {
        "format": 1, "columns": sorted(draft.table.names), "target": request.target, "positive": draft.positive,
        "problem_type": request.problem_type, "id_column": request.id_column, "splits": list(SPLITS),
        "method": policy.method, "validation": policy.validation, "test": policy.test, "key": policy.key,
        "time_column": policy.time_column, "group_column": policy.group_column,
        **({"gap_us": policy.gap_us} if policy.gap_us else {}),
        **({"horizon": policy.horizon} if policy.horizon else {}),
        **({"evaluator": request.evaluator.identity()} if request.evaluator else {}),
    }  # fmt: skip
