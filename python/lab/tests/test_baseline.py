"""Baselines as they are run: a process with the environment of a run, whose predictions the lab can measure."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import quiet

from specweave_lab import baseline
from specweave_lab.evaluation import evaluate

LAB = Path(__file__).parents[1]


class Launch:
    """Run a baseline in this process, with the environment of a run; ``process=True`` starts one of its own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self.monkeypatch, self.capfd = monkeypatch, capfd

    def __call__(self, out: Path, run: Path, strategy: str, process: bool = False, **environment: str) -> Any:
        run.mkdir(exist_ok=True)
        record = json.loads((out / "dataset.json").read_text())
        files = {
            f"SPECWEAVE_{s.upper()}": str(out / described["path"])
            for s, described in record["splits"].items()
        }
        variables = {"SPECWEAVE_RUN_DIR": str(run), "SPECWEAVE_SEED": "7", **files, **environment}
        arguments = ["--strategy", strategy]
        if process:
            command = [sys.executable, "-m", "specweave_lab.baseline", *arguments]
            env = {**os.environ, "PYTHONPATH": str(LAB), **variables}
            return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
        for name, value in variables.items():
            self.monkeypatch.setenv(name, value)
        self.capfd.readouterr()
        status = baseline.main(arguments)
        return subprocess.CompletedProcess(arguments, status, *self.capfd.readouterr())


@pytest.fixture
def launch(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Launch:
    return Launch(monkeypatch, capfd)


def measure(out: Path, run: Path) -> dict[str, float]:
    path = run / "predictions" / "validation.csv"
    answer = evaluate({"dataset": str(out), "split": "validation", "predictions": str(path)}, quiet)
    return {one["name"]: one["value"] for one in answer["metrics"]}


def events(run: Path) -> list[dict[str, Any]]:
    (file,) = (run / "events").iterdir()
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_classification_baselines(launch, register, cancer, tmp_path) -> None:
    record, out = register(cancer, positive="malignant")
    found = {}
    for strategy in ("random", "popularity", "majority", "rule-based"):
        run = tmp_path / strategy
        result = launch(out, run, strategy, process=strategy == "majority")
        assert result.returncode == 0, result.stderr
        found[strategy] = measure(out, run)
        kinds = [event["k"] for event in events(run)]
        assert kinds == [
            "status",
            "param",
            "param",
            "predictions",
            "predictions",
            "predictions",
            "note",
            "status",
        ]
        for event in events(run):
            if event["k"] == "predictions":
                data = (run / "predictions" / f"{event['n']}.csv").read_bytes()
                assert hashlib.sha256(data).hexdigest() == event["sha256"]
                assert event["rows"] == record["splits"][event["n"]]["rows"]
        assert events(run)[-1]["v"] == "succeeded"
    validation = record["splits"]["validation"]["classes"]
    assert found["majority"] == found["popularity"]
    assert found["majority"]["accuracy"] == pytest.approx(validation["benign"] / sum(validation.values()))
    assert (
        found["rule-based"]["accuracy"] > 0.85 > found["majority"]["accuracy"] > found["random"]["accuracy"]
    )
    assert found["random"]["roc_auc"] == 0.5


def test_random_depends_on_the_seed_alone(launch, register, cancer, tmp_path) -> None:
    _, out = register(cancer)
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        launch(out, tmp_path / name, "random", SPECWEAVE_SEED=seed)
    one, two, other = ((tmp_path / name / "predictions" / "test.csv").read_text() for name in "abc")
    assert one == two != other


@pytest.mark.parametrize("end", ["csv", "parquet"])
def test_regression_baselines(launch, register, diabetes, tmp_path, end: str) -> None:
    source = tmp_path / f"d.{end}"
    frame = diabetes.assign(kind=np.where(diabetes["bmi"] > 0, "high", "low"))
    frame.to_csv(source, index=False) if end == "csv" else frame.to_parquet(source)
    _, out = register(source, problem_type="regression")
    found = {}
    for strategy in ("random", "popularity", "rule-based"):
        result = launch(out, tmp_path / strategy, strategy)
        assert result.returncode == 0, result.stderr
        found[strategy] = measure(out, tmp_path / strategy)["rmse"]
    assert found["rule-based"] < found["popularity"] < found["random"]


def test_the_best_rule_over_categories_with_gaps(launch, register, tmp_path) -> None:
    generator = np.random.default_rng(0)
    colour = generator.choice(["red", "green", "", "rare"], 600, p=[0.5, 0.39, 0.1, 0.01])
    noise = generator.normal(size=600)
    noise[::7] = np.nan
    target = np.where(generator.random(600) < 0.9, colour == "red", colour != "red")
    frame = pd.DataFrame({"noise": noise, "colour": colour, "target": np.where(target, "yes", "no")})
    _, out = register(frame)
    result = launch(out, tmp_path / "run", "rule-based")
    assert "by colour" in result.stdout, result.stderr
    assert measure(out, tmp_path / "run")["accuracy"] > 0.8


def test_series_baselines(launch, register, tmp_path) -> None:
    days = pd.date_range("2026-01-01", periods=140)
    frame = pd.concat(
        [
            pd.DataFrame({"shop": s, "day": days.strftime("%Y-%m-%d"), "sales": k + np.arange(140) % 7})
            for k, s in enumerate("ab")
        ]
    )
    split = {"time_column": "day", "group_column": "shop"}
    _, out = register(frame, target="sales", problem_type="time_series", split=split)
    for strategy in ("naive", "seasonal-naive", "popularity"):
        result = launch(out, tmp_path / strategy, strategy)
        assert result.returncode == 0, result.stderr
    validation = pd.read_csv(out / "validation.csv")
    seasonal = pd.read_csv(tmp_path / "seasonal-naive" / "predictions" / "validation.csv")
    assert list(seasonal.columns) == ["series_id", "time", "prediction"]
    assert seasonal["prediction"].to_list() == validation["sales"].to_list()
    naive = pd.read_csv(tmp_path / "naive" / "predictions" / "test.csv")
    last = validation.groupby("shop")["sales"].last()
    assert naive["prediction"].to_list() == last[naive["series_id"]].to_list()


def test_recommendation_baselines(launch, register, tmp_path) -> None:
    generator = np.random.default_rng(1)
    items = generator.zipf(1.6, 3_000) % 80
    frame = pd.DataFrame({"user": generator.integers(0, 60, 3_000), "item": items}).drop_duplicates()
    _, out = register(frame, target="item", problem_type="recommendation", split={"group_column": "user"})
    train = pd.read_csv(out / "train.csv", dtype=str)
    owned = set(zip(train["user"], train["item"], strict=True))
    for strategy in ("random", "popularity", "rule-based"):
        result = launch(out, tmp_path / strategy, strategy)
        assert result.returncode == 0, result.stderr
        for split in ("validation", "test"):
            lists = pd.read_csv(tmp_path / strategy / "predictions" / f"{split}.csv", dtype=str)
            assert list(lists.columns) == ["user_id", "item_id", "rank"]
            assert not lists.duplicated(["user_id", "item_id"]).any()
            assert set(lists["user_id"]) == set(pd.read_csv(out / f"{split}.csv", dtype=str)["user"])
            assert not owned & set(zip(lists["user_id"], lists["item_id"], strict=True))


def test_a_call_that_cannot_be_carried_out(launch, register, cancer, tmp_path) -> None:
    _, out = register(cancer)
    for strategy, environment, said in (
        (
            "naive",
            {},
            '"naive" is no baseline of a classification. There are: random, popularity, rule-based.',
        ),
        ("random", {"SPECWEAVE_TRAIN": ""}, "SPECWEAVE_TRAIN is not set"),
        ("random", {"SPECWEAVE_TRAIN": str(tmp_path / "train.csv")}, "dataset.json"),
    ):
        result = launch(out, tmp_path / "run", strategy, process=strategy == "naive", **environment)
        assert result.returncode == 2 and said in result.stderr
        assert "Traceback" not in result.stderr
    assert not (tmp_path / "run" / "events").exists()
