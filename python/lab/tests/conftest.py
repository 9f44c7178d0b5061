"""Fixtures: real data sets as files, and a registered one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from own_evaluator import registered  # noqa: F401
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris

from specweave_lab.registration import register_dataset


def quiet(_message: str, _fraction: float) -> None:
    """A progress that nobody reads."""


@pytest.fixture(scope="session")
def cancer() -> pd.DataFrame:
    frame = load_breast_cancer(as_frame=True).frame
    frame["target"] = frame["target"].map({0: "malignant", 1: "benign"})
    return frame


@pytest.fixture(scope="session")
def diabetes() -> pd.DataFrame:
    return load_diabetes(as_frame=True).frame


@pytest.fixture(scope="session")
def iris() -> pd.DataFrame:
    frame = load_iris(as_frame=True).frame
    frame["target"] = np.asarray(["setosa", "versicolor", "virginica"])[frame["target"]]
    return frame


@pytest.fixture
def register(tmp_path: Path) -> Callable[..., tuple[dict[str, Any], Path]]:
    """Write a frame (or take a path) and register it; the record and its folder. The vault is ``tmp_path/vault``."""
    done = 0

    def call(data: pd.DataFrame | Path, **params: Any) -> tuple[dict[str, Any], Path]:
        nonlocal done
        done += 1
        source = data if isinstance(data, Path) else tmp_path / f"source-{done}.csv"
        if isinstance(data, pd.DataFrame):
            data.to_csv(source, index=False)
        out = tmp_path / f"v{done}"
        out.mkdir()
        defaults: dict[str, Any] = {
            "name": "data", "version": done, "target": "target", "problem_type": "classification",
            "split": {}, "vault": str(tmp_path / "vault"),
        }  # fmt: skip
        record = register_dataset({**defaults, "source": str(source), "out": str(out), **params}, quiet)
        return record, out

    return call


def split_rows(out: Path) -> dict[str, pd.DataFrame]:
    """The split files as text."""
    return {
        name: pd.read_csv(out / f"{name}.csv", dtype=str, keep_default_na=False)
        for name in ("train", "validation", "test")
    }
