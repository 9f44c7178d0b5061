"""Predictions as Git keeps them, compressed: the same answer and the same hash as the CSV that they were."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pandas as pd
from conftest import quiet

from specweave_lab.evaluation import evaluate


def test_compressed_predictions_are_the_csv(register, cancer, tmp_path: Path) -> None:
    _, out = register(cancer, positive="malignant")
    validation = pd.read_csv(out / "validation.csv")
    frame = pd.DataFrame({"row_id": validation["row_id"], "prediction": "benign"})
    plain, packed = tmp_path / "validation.csv", tmp_path / "validation.csv.gz"
    frame.to_csv(plain, index=False)
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    first, again = (
        evaluate({"dataset": str(out), "split": "validation", "predictions": str(path)}, quiet)
        for path in (plain, packed)
    )
    assert first["predictions_sha256"] == hashlib.sha256(plain.read_bytes()).hexdigest()
    assert again["metrics"] == first["metrics"]
    assert again["predictions_sha256"] == first["predictions_sha256"]
