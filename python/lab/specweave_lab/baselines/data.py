"""What a baseline learns from: the split files that any script gets, and the record beside them."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from specweave_lab.splitting import SPLITS


@dataclass
class BaselineData:
    """The splits as frames. ``row_id``, classes, users and items are text; the rest is as pandas reads it."""

    record: dict[str, Any]
    train: pd.DataFrame
    validation: pd.DataFrame
    test: pd.DataFrame
    seed: int
    params: dict[str, Any]

    @property
    def problem_type(self) -> str:
        return str(self.record["problem_type"])

    @property
    def target(self) -> str:
        return str(self.record["target"])

    @property
    def features(self) -> list[str]:
        """Plain feature columns, in source order."""
        return [column["name"] for column in self.record["columns"] if column["role"] == "feature"]

    def column_type(self, name: str) -> str:
        return next(column["type"] for column in self.record["columns"] if column["name"] == name)

    def splits(self) -> dict[str, pd.DataFrame]:
        return {"train": self.train, "validation": self.validation, "test": self.test}


def read_data(environment: os._Environ[str] | dict[str, str]) -> BaselineData:
    """Read what the environment of a launched run names.

    Raises
    ------
    SystemExit
        With status 2 and a sentence, where a variable or a file is missing.
    """
    for name in ("SPECWEAVE_TRAIN", "SPECWEAVE_VALIDATION", "SPECWEAVE_TEST", "SPECWEAVE_RUN_DIR"):
        if not environment.get(name):
            raise BadCall(
                f"{name} is not set: a baseline is launched by run_baselines, on a registered dataset."
            )
    train_path = Path(environment["SPECWEAVE_TRAIN"])
    record_path = train_path.parent / "dataset.json"
    if not record_path.is_file():
        raise BadCall(
            f"There is no dataset.json beside {train_path.name}: SPECWEAVE_TRAIN must lie in a dataset's folder."
        )
    record = json.loads(record_path.read_text("utf-8"))
    texts = ["row_id"]
    if record["problem_type"] in ("classification", "recommendation"):
        texts.append(record["target"])
    if record.get("group_column"):
        texts.append(record["group_column"])
    params: dict[str, Any] = {}
    if environment.get("SPECWEAVE_PARAMS") and Path(environment["SPECWEAVE_PARAMS"]).is_file():
        params = json.loads(Path(environment["SPECWEAVE_PARAMS"]).read_text("utf-8"))
    train, validation, test = (
        _read(Path(environment[f"SPECWEAVE_{name.upper()}"]), texts) for name in SPLITS
    )
    return BaselineData(record, train, validation, test, int(environment.get("SPECWEAVE_SEED") or 0), params)


class BadCall(SystemExit):
    """The call cannot be carried out as made: a sentence for stderr, status 2."""

    def __init__(self, message: str) -> None:
        super().__init__(2)
        self.message = message


def _read(path: Path, texts: list[str]) -> pd.DataFrame:
    if not path.is_file():
        raise BadCall(f"{path.name} is missing: register the dataset again.")
    if path.suffix == ".parquet":
        frame = pd.read_parquet(path)
    else:
        frame = pd.read_csv(path, dtype=dict.fromkeys(texts, str), low_memory=False)
    for name in texts:
        if name in frame:
            frame[name] = frame[name].astype(str)
    return frame
