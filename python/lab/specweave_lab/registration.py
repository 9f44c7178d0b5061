"""``register_dataset``: a source becomes a split, sealed, described dataset version."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from specweave_lab.arguments import Arguments
from specweave_lab.controls import control_evaluator
from specweave_lab.custom_admission import admit_evaluator
from specweave_lab.drafting import Draft, Progress, draft_dataset
from specweave_lab.folding import fold_policy
from specweave_lab.leakage import search_leakage
from specweave_lab.panels import check_panel
from specweave_lab.profile import number, profile_column
from specweave_lab.reading import file_sha256, source_format
from specweave_lab.registration_request import read_request
from specweave_lab.sample import write_sample
from specweave_lab.source_warnings import warn_of_classes, warn_of_columns, warn_of_zones
from specweave_lab.splitting import IN_NONE, SPLITS, TEST, TRAIN
from specweave_lab.unused_time import check_time_column
from specweave_lab.writing import write_csv, write_split


def register_dataset(params: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Split and seal a source.

    Parameters
    ----------
    params : dict
        ``source, name, version, target, problem_type, split {method, validation, test, time_column?,
        group_column?, gap?, horizon?, seed}, positive?, id_column?, previous?: [folders],
        schema? (see :func:`~specweave_lab.schema_check.check_schema`), evaluator? {text, source, metrics}
        (see :mod:`specweave_lab.custom_evaluator`), out: empty folder, vault: folder``.
        Paths are absolute. ``known?: [hashes]`` of the versions that exist makes this a new registration:
        where the source is one of them nothing is written, and a panel whose series are not named is refused
        (see :mod:`specweave_lab.panels`), as is a time column that decides nothing
        (:mod:`specweave_lab.unused_time`). Without it a version is made again, as it was.

    Returns
    -------
    dict
        ``{"known": hash}``, or the DatasetRecord (``src/core/dataset-record.ts``), also written to
        ``out/dataset.json``, beside the splits and ``sample.csv``. Sealed labels go to
        ``vault/<hash>/test.csv``, mode 0600.

    Raises
    ------
    Refusal
        ``DATASET_INVALID`` or ``INPUT_INVALID``; then ``out`` and ``vault`` are as they were.
    """
    arguments = Arguments(params)
    version, out, vault = arguments.integer("version"), arguments.path("out"), arguments.path("vault")
    if not out.is_dir() or any(out.iterdir()):
        raise arguments.invalid("out", f'"{out}" must be a folder that is there and empty')
    draft = draft_dataset(read_request(params), progress)
    known = arguments.texts("known")
    if known is not None:
        if draft.hash in known:
            return {"known": draft.hash}
        check_time_column(draft.request)
        draft.warnings += check_panel(draft.request, draft.table)
    try:
        progress("writing the splits", 0.5)
        ids = pa.array(draft.row_ids, pa.large_string())
        splits = {name: _write_split(draft, code, ids, out) for code, name in enumerate(SPLITS)}
        _write_sample(draft, out)
        progress("describing the columns", 0.75)
        record = _record(draft, version, splits)
        progress("searching for leakage", 0.85)
        record["leakage"] = search_leakage(draft)
        record["warnings"] += [finding["message"] for finding in record["leakage"]["findings"]]
        record["controls"] = control_evaluator(draft, record, out)
        if draft.request.evaluator:
            progress("trying the evaluator", 0.95)
            record["evaluator"] = admit_evaluator(draft, record, out)
            record["controls"]["passed"] += sorted(record["evaluator"]["metrics"])
        splits["test"]["labels_sha256"] = _seal(draft, ids, vault)
        text = json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        (out / "dataset.json").write_text(text, encoding="utf-8")
    except BaseException:
        for name in (
            "dataset.json",
            "sample.csv",
            "evaluator.py",
            *(f"{split}.{end}" for split in SPLITS for end in ("csv", "parquet")),
        ):
            (out / name).unlink(missing_ok=True)
        raise
    return record


def _write_split(draft: Draft, code: int, ids: pa.Array, out: Path) -> dict[str, Any]:
    request, rows = draft.request, draft.assigned == code
    first = pa.chunked_array([ids])
    names = [name for name in draft.table.names if name not in (request.target, request.id_column)]
    data = draft.table.data.select(names)
    if code != TEST:
        data = data.append_column(request.target, draft.table.data.column(request.target))
    elif request.problem_type == "recommendation":
        user = str(request.policy.group_column)
        data = data.select([user])
        first = data.column(user).cast(pa.large_string())
        rows = rows & _first_of_each(first, rows)
    path = out / f"{SPLITS[code]}.{draft.table.format}"
    write_split(path, data.add_column(0, "row_id", first).filter(pa.array(rows)))
    split: dict[str, Any] = {"rows": int(rows.sum()), "path": path.name, "sha256": file_sha256(path)}
    if code == TEST:
        return split
    if draft.classes is not None and draft.codes is not None:
        counts = np.bincount(draft.codes[rows], minlength=len(draft.classes)).tolist()
        split["classes"] = dict(zip(draft.classes, counts, strict=True))
    elif draft.values is not None:
        values = draft.values[rows]
        spread = values.std(ddof=1) if len(values) > 1 else 0.0
        split["target"] = {
            "mean": number(values.mean()),
            "std": number(spread),
            "min": number(values.min()),
            "max": number(values.max()),
        }
    return split


def _write_sample(draft: Draft, out: Path) -> None:
    request = draft.request
    rows = np.flatnonzero(draft.assigned == TRAIN)
    names = [name for name in draft.table.names if name != request.target]
    write_sample(
        out / "sample.csv",
        draft.table.data.select([*names, request.target]).take(pa.array(rows)),
        [draft.row_ids[row] for row in rows.tolist()],
        {request.id_column} if request.id_column else set(),
    )


def _first_of_each(column: pa.ChunkedArray, rows: np.ndarray) -> np.ndarray:
    """Of the marked rows, the first with each value."""
    marked = np.flatnonzero(rows)
    _, first = np.unique(
        np.asarray(column.take(pa.array(marked)).to_pylist(), dtype=object), return_index=True
    )
    found = np.zeros(len(rows), bool)
    found[marked[first]] = True
    return found


def _seal(draft: Draft, ids: pa.Array, vault: Path) -> str:
    """Write ``vault/<hash>/test.csv``; its SHA-256. Rows stand in the order of their ids, so equal data is
    equal bytes.
    """
    request = draft.request
    names = [request.target]
    if request.problem_type == "time_series":
        names = [name for name in (request.policy.group_column, request.policy.time_column) if name] + names
    elif request.problem_type == "recommendation":
        rest = [
            n
            for n in draft.table.names
            if n not in (request.policy.group_column, request.target, request.id_column)
        ]
        names = [str(request.policy.group_column), *names, *rest]
    rows = np.flatnonzero(draft.assigned == TEST)
    # Stable, and by bytes of UTF-8, which is the order of the characters.
    rows = pa.array(rows).take(pc.array_sort_indices(ids.take(pa.array(rows))))
    labels = draft.table.data.select(names).take(rows).add_column(0, "row_id", ids.take(rows))

    folder = vault / draft.hash
    vault.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    path, new = folder / "test.csv", folder / f".test.csv.{os.getpid()}"
    try:
        new.unlink(missing_ok=True)
        write_csv(new, labels, mode=0o600)
        sha256 = file_sha256(new)
        if not (path.is_file() and file_sha256(path) == sha256):
            os.replace(new, path)
    except BaseException:
        if not path.exists():
            new.unlink(missing_ok=True)
            folder.rmdir()
        raise
    finally:
        new.unlink(missing_ok=True)
    return sha256


def _record(draft: Draft, version: int, splits: dict[str, dict[str, Any]]) -> dict[str, Any]:
    request, policy = draft.request, draft.request.policy
    record: dict[str, Any] = {
        "format": 1,
        "dataset": f"{request.name}@{version}",
        "name": request.name,
        "version": version,
        "hash": draft.hash,
        "created": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "source": {
            "path": request.source.name,
            "format": source_format(request.source),
            "sha256": draft.source_sha256,
            "bytes": draft.source_bytes,
        },
        "problem_type": request.problem_type,
        "target": request.target,
    }
    warnings = list(draft.warnings)
    if draft.classes is not None and len(draft.classes) == 2:
        record["positive"] = draft.positive or _rarer(draft, splits, warnings)
    if draft.classes is not None:
        record["classes"] = draft.classes
    for key, name in (("id_column", request.id_column), ("group_column", policy.group_column),
                      ("time_column", policy.time_column)):  # fmt: skip
        if name:
            record[key] = name
    record["rows"] = draft.table.rows
    record["columns"] = _columns(draft)
    warnings += warn_of_columns(draft.table, record["columns"])
    if policy.time_column:
        warnings += warn_of_zones(draft.table, policy.time_column)
    if draft.classes is not None and draft.codes is not None:
        warnings += warn_of_classes(draft.classes, draft.codes, draft.assigned)
    record["split"] = {"method": policy.method, "validation": policy.validation, "test": policy.test,
                       "seed": policy.seed, "key": policy.key}  # fmt: skip
    if policy.gap:
        record["split"] |= {
            "gap": policy.gap, "gap_us": policy.gap_us, "left_out": int((draft.assigned == IN_NONE).sum()),
        }  # fmt: skip
    if policy.horizon:
        record["split"]["horizon"] = policy.horizon
    if draft.cuts:
        record["split"]["cuts"] = draft.cuts
    if draft.carried:
        record["split"]["carried"] = draft.carried
    folds = fold_policy(record)
    if folds:
        record["folds"] = folds
    record["splits"] = splits
    record["warnings"] = warnings
    return record


def _rarer(draft: Draft, splits: dict[str, dict[str, Any]], warnings: list[str]) -> str:
    """The class with fewer rows in train and validation; of two equal ones the later in order (``yes``,
    ``1``).
    """
    counts = {
        name: splits["train"]["classes"][name] + splits["validation"]["classes"][name]
        for name in draft.classes or []
    }
    rarer = min(reversed(counts), key=lambda name: counts[name])
    share = counts[rarer] / max(1, sum(counts.values()))
    warnings.append(
        f'The positive class is "{rarer}", the rarer one ({share:.1%} of train and validation): '
        "name positive to choose."
    )
    return rarer


def _columns(draft: Draft) -> list[dict[str, Any]]:
    """Profiles in source order. What is sealed in test is described by train and validation alone."""
    request, roles = draft.request, draft.request.roles()
    every, unsealed = np.ones(draft.table.rows, bool), draft.assigned != TEST
    sealed = {request.target}
    if request.problem_type == "recommendation":
        sealed = set(draft.table.names) - {request.policy.group_column}
    return [
        profile_column(draft.table, name, roles.get(name, "feature"), unsealed if name in sealed else every)
        for name in draft.table.names
    ]
