"""What a saved model costs, measured in a clean process."""

from __future__ import annotations

import json
import os

import pytest

from specweave import model_cost

pytest.importorskip("pandas")
pytest.importorskip("sklearn")

TRAIN = """
import time
import specweave
from sklearn.dummy import DummyClassifier

class Slow(DummyClassifier):
    def predict(self, X):
        assert list(X.columns) == ["minutes", "plan", "calls", "intl"], list(X.columns)
        time.sleep({sleep})
        X["minutes"] = 0  # a model may change what it is given
        return super().predict(X)

def main():
    ds = specweave.load_dataset("churn")
    with specweave.track_experiment("x") as exp:
        exp.save_model(Slow().fit(ds.train.features, ds.train.target))

if __name__ == "__main__":
    main()
"""


def cost(work, seconds=30, split="validation", dataset="churn"):
    """The answer of the process, and its exit code and words."""
    out = work.root / "cost.json"
    ran = work.python(
        "-m", "specweave.model_cost",
        "--run-dir", str(work.experiments / "exp-001-x"),
        "--features", str(work.root / f".specweave/datasets/{dataset}/v1/{split}.csv"),
        "--out", str(out), "--seconds", str(seconds),
        env={"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    return json.loads(out.read_text()), ran


def values(answer):
    return {metric["name"]: metric["value"] for metric in answer["metrics"]}


def test_of_a_fast_model_is_measured_whole(churn):
    assert churn.script(TRAIN.format(sleep=0)).returncode == 0
    answer, ran = cost(churn)
    assert ran.returncode == 0, ran.stderr
    assert (answer["stage"], answer["unit"], answer["not_measured"]) == ("done", "row", [])
    found = values(answer)
    assert set(found) == {
        "model_size_bytes", "model_size_mb", "memory_mb", "latency_ms", "throughput_rps",
        *(f"latency_{kind}p{percent}_ms" for kind in ("", "batch_") for percent in (50, 90, 95, 99)),
    }  # fmt: skip
    assert 0 < found["latency_p50_ms"] <= found["latency_p95_ms"] <= found["latency_p99_ms"]
    assert found["model_size_bytes"] == os.path.getsize(churn.experiments / "exp-001-x/model.joblib")
    # scikit-learn itself is part of what the process has to hold.
    assert found["memory_mb"] > 1
    assert answer["single"]["calls"] >= 100
    assert answer["batch"]["size"] == 100
    # A batch of a hundred is one call: more rows a second than one at a time.
    assert found["throughput_rps"] > 1000 / found["latency_ms"]
    low, high = next(m["ci"] for m in answer["metrics"] if m["name"] == "latency_p50_ms")
    assert low <= found["latency_p50_ms"] <= high
    assert answer["machine"]["threads"] == {"OMP_NUM_THREADS": "1"}
    assert answer["machine"]["cores"] >= 1 and answer["machine"]["cpu"]


def test_of_a_slow_model_takes_no_longer_than_there_is_time(churn):
    assert churn.script(TRAIN.format(sleep=0.1)).returncode == 0
    answer, ran = cost(churn, seconds=6)
    assert ran.returncode == 0, ran.stderr
    found = values(answer)
    assert found["latency_ms"] >= 100
    # Not a hundred calls: no 99th percentile is made up.
    assert answer["single"]["calls"] < 100 and "latency_p99_ms" not in found
    reasons = {one["name"]: one["reason"] for one in answer["not_measured"]}
    assert "it needs 100 calls, and there was time for" in reasons["latency_p99_ms"]


def test_keeps_what_was_measured_before_a_model_fails(churn):
    assert churn.script(TRAIN.format(sleep="-1")).returncode == 0
    answer, ran = cost(churn)
    assert ran.returncode == 1
    assert "does not predict for one row: ValueError: sleep length must be non-negative" in ran.stderr
    assert answer["stage"] == "predicting"
    assert set(values(answer)) == {"model_size_bytes", "model_size_mb", "memory_mb"}


class Users:
    problem_type = "recommendation"
    record = {"group_column": "user"}


def test_asks_for_a_user_or_a_series_at_a_time():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"user": ["a", "b", "a", "c"], "x": range(4)})
    assert model_cost._requests(table, Users) == ([[0, 2], [1], [3]], "user")
    series = type("Series", (Users,), {"problem_type": "time_series"})
    assert model_cost._requests(table, series) == ([[0, 2], [1], [3]], "series")
    series.record = {}
    assert model_cost._requests(table, series) == ([[0, 1, 2, 3]], "series")
    series.problem_type = "regression"
    assert model_cost._requests(table, series) == ([[0], [1], [2], [3]], "row")


def test_sums_the_files_of_a_folder(tmp_path):
    (tmp_path / "model/part").mkdir(parents=True)
    (tmp_path / "model/a").write_bytes(b"12345")
    (tmp_path / "model/part/b").write_bytes(b"123")
    assert model_cost.disk_bytes(str(tmp_path / "model")) == 8
