"""A user's evaluator, a data set that is registered with it, and what is handed in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from specweave_lab.registration import register_dataset

PROFIT = """
def evaluate(truth, predictions):
    said, ill = predictions["prediction"] == "malignant", truth["target"] == "malignant"
    return {"profit": float((said & ill).sum() * 100 - said.sum() * 10), "missed": float((ill & ~said).mean())}

def losses(truth, predictions):
    return {"missed": ((truth["target"] == "malignant") & (predictions["prediction"] != "malignant")).astype(float)}
"""
METRICS = {"profit": "maximize", "missed": "minimize"}


def asked(text: str = PROFIT, metrics: dict[str, str] | None = None) -> dict[str, Any]:
    return {"text": text, "source": "scripts/profit.py", "metrics": metrics or METRICS}


@pytest.fixture(scope="session")
def registered(
    cancer: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], Path, dict]:
    place = tmp_path_factory.mktemp("own")
    (place / "out").mkdir()
    cancer.to_csv(place / "source.csv", index=False)
    params = {
        "name": "cancer", "version": 1, "target": "target", "problem_type": "classification", "split": {},
        "source": str(place / "source.csv"), "out": str(place / "out"), "vault": str(place / "vault"),
        # As many as there would be time for on an idle machine.
        "evaluator": {**asked(), "resamples": {"validation": 500, "test": 500}},
    }  # fmt: skip
    return register_dataset(params, lambda _message, _fraction: None), place / "out", params


def handed_in(out: Path, split: str, wrong: float, seed: int = 1) -> dict[str, Any]:
    """Arguments of an evaluation of predictions with a share of wrong answers."""
    record, features = out, pd.read_csv(out / f"{split}.csv", dtype={"row_id": str})
    if split == "test":
        labels = pd.read_csv(next((out.parent / "vault").glob("*/test.csv")), dtype={"row_id": str})
        true = features[["row_id"]].merge(labels, on="row_id")["target"].to_numpy()
    else:
        true = features["target"].to_numpy()
    turned = np.random.default_rng(seed).random(len(true)) < wrong
    said = np.where(turned, np.where(true == "malignant", "benign", "malignant"), true)
    path = record.parent / f"{split}-{wrong}.csv"
    pd.DataFrame({"row_id": features["row_id"], "prediction": said}).sample(frac=1, random_state=0).to_csv(
        path, index=False
    )
    labels_path = next((out.parent / "vault").glob("*/test.csv"))
    return {"dataset": str(out), "split": split, "predictions": str(path), "labels": str(labels_path)}


def measured(result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in result["metrics"]}
