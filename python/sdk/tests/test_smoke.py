"""In the smoke run of a preflight nothing is left behind in the increment."""

from __future__ import annotations

import json

import pytest

import specweave


@pytest.fixture
def smoke(work, monkeypatch):
    real = work.experiments / "exp-003-launched"
    folder = real / ".preflight" / "run"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(
        json.dumps({"format": 1, "run": "0042/exp-003-launched", "made_by": "lab", "dataset": None})
    )
    for name, value in {
        "RUN_DIR": folder, "RUN": "0042/exp-003-launched", "INCREMENT": "0042", "WORKSPACE": work.root, "SMOKE": "1",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"SPECWEAVE_{name}", str(value))
    return folder


def test_runs_that_the_script_makes_lie_in_the_scratch_folder(work, smoke):
    with specweave.track_experiment("first") as exp:
        exp.log_metric("a", 1)
    with specweave.track_experiment("second") as exp:
        exp.log_metric("a", 2)
        assert exp.folder.startswith(str(smoke))
        with specweave.track_experiment("third") as inner:
            assert inner.folder.startswith(str(smoke))
    assert work.names() == ["exp-003-launched"]
    assert not list((work.root / ".specweave").glob("reservations/*"))


def test_a_table_of_several_models_is_no_comparison(work, smoke):
    class Mean:
        def fit(self, features, target):
            self.mean = sum(target) / len(target)

        def predict(self, features):
            return [self.mean] * len(features)

    data = ([[1.0], [2.0]], [1.0, 2.0], [[3.0]], [3.0])
    results = specweave.run_experiments(
        [specweave.ModelExperiment("mean", Mean)], increment="0042", save_to="experiments/", data=data, max_workers=1
    )
    assert len(results) == 1
    assert not (work.experiments / "comparison.md").exists()
    assert work.names() == ["exp-003-launched"]
