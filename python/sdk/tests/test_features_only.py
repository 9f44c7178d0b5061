"""``python -m specweave.predict``: in another order of the rows, and with the answers closed."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pandas")

SDK = Path(__file__).resolve().parents[1]

CODE = """
def by_row(model, table):
    return [str(value > 0.5) for value in table["x"]]

def by_place(model, table):
    return [str(place % 2 == 0) for place in range(len(table))]

def by_file(model, table):
    with open(model + ".answers") as file:
        return file.read().split()
"""


def _run(folder: Path, function: str) -> Path:
    (folder / "code").mkdir(parents=True)
    (folder / "events").mkdir()
    (folder / "run.json").write_text("{}")
    (folder / "code" / "model_code.py").write_text(CODE)
    (folder / "model.bin").write_text("")
    (folder / "model.bin.answers").write_text("True " * 40)
    event = {"k": "model", "n": "model.bin", "format": "file", "predict": f"code/model_code.py:{function}", "t": 1.0}
    (folder / "events" / "a.jsonl").write_text(json.dumps(event) + "\n")
    rows = "\n".join(f"r{i},{(i * 37 % 40) / 40}" for i in range(40))
    features = folder / "test.csv"
    features.write_text(f"row_id,x\n{rows}\n")
    return features


def _predict(folder: Path, features: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = ["--run-dir", str(folder), "--features", str(features), "--out", str(folder / "out.csv"), *more]
    return subprocess.run(
        [sys.executable, "-m", "specweave.predict", *command],
        env={**os.environ, "PYTHONPATH": str(SDK)},
        capture_output=True,
        text=True,
        check=False,
    )


def _rows(path: Path) -> dict[str, str]:
    with path.open(newline="") as file:
        return {row["row_id"]: row["prediction"] for row in csv.DictReader(file)}


def test_another_order_is_the_same_rows_and_shows_who_counts_them(tmp_path: Path) -> None:
    for function, same in (("by_row", True), ("by_place", False)):
        folder = tmp_path / function
        features = _run(folder, function)
        done = _predict(folder, features, "--shuffled", str(folder / "shuffled.csv"))
        assert done.returncode == 0, done.stderr
        out, shuffled = _rows(folder / "out.csv"), _rows(folder / "shuffled.csv")
        assert list(out) != list(shuffled)
        assert set(out) == set(shuffled)
        assert (out == shuffled) is same


def test_a_closed_file_cannot_be_opened_by_the_model(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    features = _run(folder, "by_file")
    assert _predict(folder, features).returncode == 0
    (tmp_path / "link").symlink_to(folder / "model.bin.answers")
    for closed in (folder / "model.bin.answers", tmp_path / "link"):
        refused = _predict(folder, features, "--closed", str(closed))
        assert refused.returncode == 1
        assert "the saved model opens model.bin.answers, which holds answers" in refused.stderr
