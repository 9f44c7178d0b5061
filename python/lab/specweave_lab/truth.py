"""The labels of a split: from its file for train and validation, from the vault for test. Checked against the
record's hashes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from specweave_lab.arguments import PROBLEM_TYPES, Arguments
from specweave_lab.errors import Refusal, dataset_invalid
from specweave_lab.labels import label_keys
from specweave_lab.reading import Table, as_numbers, file_sha256, read_table


@dataclass
class Truth:
    """What predictions of a split are held against."""

    record: dict[str, Any]
    problem_type: str
    split: str
    table: Table
    sha256: str
    classes: list[str]
    positive: int | None

    def rows(self, places: np.ndarray) -> Truth:
        """The truth of some rows, by their places."""
        return replace(
            self, table=Table(self.table.data.take(pa.array(places)).combine_chunks(), self.table.format)
        )

    @property
    def row_ids(self) -> list[str]:
        return [str(text) for text in self.table.texts("row_id")]

    def class_codes(self) -> np.ndarray:
        """Index into ``classes`` of each row's label, int64, shape (n,)."""
        index = {key: i for i, key in enumerate(label_keys(self.classes))}
        keys = label_keys(str(text) for text in self.table.texts(self.record["target"]))
        unknown = {key for key in keys if key not in index}
        if unknown:
            raise dataset_invalid(
                "labels", f"The labels hold {sorted(unknown)[:5]}, which are no classes.", "Restore them."
            )
        return np.fromiter((index[key] for key in keys), np.int64, len(keys))

    def numbers(self) -> np.ndarray:
        """The target of each row, float64, shape (n,)."""
        return as_numbers(self.table, self.record["target"]).to_numpy()


def read_record(folder: Path) -> dict[str, Any]:
    """``dataset.json`` of a dataset folder."""
    try:
        return json.loads((folder / "dataset.json").read_text("utf-8"))
    except (OSError, ValueError) as problem:
        raise dataset_invalid(
            "dataset", f"{folder.name}/dataset.json cannot be read.", "Register the dataset again."
        ) from problem


def read_registered(folder: Path, record: dict[str, Any], split: str) -> Table:
    """A split's rows, where its file is the one that was registered.

    Raises
    ------
    Refusal
        ``DATASET_INVALID`` where it is missing or another.
    """
    described = record["splits"][split]
    path = folder / described["path"]
    problem = (
        "is missing"
        if not path.is_file()
        else "is not what was registered"
        if file_sha256(path) != described["sha256"]
        else None
    )
    if problem:
        raise dataset_invalid(
            "dataset", f"{path.name} of {record['dataset']} {problem}.", "Register the source again."
        )
    return read_table(path)


def read_truth(arguments: Arguments, folds: bool = False) -> Truth:
    """Read the labels that ``evaluate`` and ``compare`` were asked to use.

    Parameters
    ----------
    folds : bool
        Whether the split may be ``folds``, whose labels are those of train.

    Raises
    ------
    Refusal
        ``VAULT_MISSING`` where sealed labels are not there; ``DATASET_INVALID`` where a file is not the one
        registered.
    """
    known = ("train", "validation", "test", *(("folds",) if folds else ()))
    folder, split = arguments.path("dataset"), arguments.choice("split", known)
    record = read_record(folder)
    problem_type = arguments.choice("problem_type", PROBLEM_TYPES, record["problem_type"])
    described = record["splits"]["train" if split == "folds" else split]
    path, expected = folder / described["path"], described["sha256"]
    if split == "test":
        path, expected = arguments.path("labels"), described.get("labels_sha256")
    if not path.is_file():
        if split == "test":
            raise Refusal(
                "VAULT_MISSING",
                "The sealed labels are not on this machine. Register the source again here to rebuild them.",
                missing=["labels"],
            )
        raise dataset_invalid(
            "dataset", f"{path.name} of {record['dataset']} is missing.", "Register the source again."
        )
    sha256 = file_sha256(path)
    if expected and sha256 != expected:
        what = "The sealed labels" if split == "test" else path.name
        raise dataset_invalid(
            "labels" if split == "test" else "dataset",
            f"{what} of {record['dataset']} is not what was registered: its SHA-256 has changed.",
            "Restore the file, or register a new version.",
        )
    classes = arguments.texts("classes") or record.get("classes") or []
    return Truth(
        record, problem_type, split, read_table(path), sha256, classes, _positive(arguments, record, classes)
    )


def _positive(arguments: Arguments, record: dict[str, Any], classes: list[str]) -> int | None:
    asked = arguments.optional_text("positive") or record.get("positive")
    if len(classes) != 2:
        return None
    keys = label_keys(classes)
    if asked is None:
        return 1
    if label_keys([asked])[0] not in keys:
        raise arguments.invalid("positive", f'"{asked}" is no class: {classes[0]}, {classes[1]}')
    return keys.index(label_keys([asked])[0])
