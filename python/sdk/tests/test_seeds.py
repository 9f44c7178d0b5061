# fmt: off
"""The calls of the seeds, as they stand there, against real pandas and scikit-learn."""

from __future__ import annotations

import sys

import pytest

pd = pytest.importorskip("pandas")
pytest.importorskip("sklearn")


def test_exploration(work):
    (work.root / "data").mkdir()
    pd.DataFrame({"user": [1, 2, None], "item": [3, None, 4]}).to_csv(work.root / "data/interactions.csv", index=False)
    import pandas as pd_
    from specweave import track_experiment

    with track_experiment("exp-001-eda") as exp:
        df = pd_.read_csv("data/interactions.csv")

        # EDA
        exp.log_param("dataset_size", len(df))
        exp.log_metric("missing_values", df.isnull().sum().sum())

        # Auto-generates report in increment folder
        exp.save_report("eda-summary.md")

    assert work.names() == ["exp-001-eda"]
    report = (work.increment / "reports/eda-summary.md").read_text()
    assert "| dataset_size | 3 |" in report and "| missing_values | 2 |" in report
    assert (work.experiments / "exp-001-eda/eda-summary.md").read_text() == report
    assert work.status("exp-001-eda") == "succeeded"


def test_baseline(work):
    X_train, y_train = [[0], [1], [2], [3]], [0, 1, 0, 1]
    from sklearn.dummy import DummyClassifier
    from specweave import track_model

    with track_model("baseline-random", increment="0042") as model:
        clf = DummyClassifier(strategy="uniform")
        clf.fit(X_train, y_train)

        # Automatically logged to increment
        model.log_metrics({
            "accuracy": 0.12,
            "precision@10": 0.08
        })
        model.save_artifact(clf, "baseline.pkl")

    [name] = work.names()
    assert name == "exp-001-baseline-random"
    assert {e["n"]: e["v"] for e in work.events(name, "metric")} == {"accuracy": 0.12, "precision@10": 0.08}
    import joblib

    assert joblib.load(work.experiments / name / "baseline.pkl").predict([[1]])[0] in (0, 1)
    [artifact] = work.events(name, "artifact")
    assert artifact["n"] == "baseline.pkl" and artifact["kind"] == "model" and artifact["bytes"] > 0
    assert work.events(name, "model")[0]["n"] == "baseline.pkl"


def test_candidates(churn, capsys):
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression

    XGBClassifier, LGBMClassifier, KerasModel = HistGradientBoostingClassifier, RandomForestClassifier, LogisticRegression
    params_xgb, params_lgbm, params_nn = {"max_iter": 30}, {"n_estimators": 20}, {"max_iter": 500}
    from specweave import ModelExperiment, run_experiments

    # Parallel experiments with auto-tracking
    experiments = [
        ModelExperiment("xgboost", XGBClassifier, params_xgb),
        ModelExperiment("lightgbm", LGBMClassifier, params_lgbm),
        ModelExperiment("neural-net", KerasModel, params_nn)
    ]

    results = run_experiments(
        experiments,
        increment="0042",
        save_to="experiments/"
    )

    assert [r.name for r in results] == ["xgboost", "lightgbm", "neural-net"]
    assert [r.status for r in results] == ["succeeded"] * 3, results
    assert all(r.metrics["accuracy"] > 0.6 for r in results), results
    for result in results:
        folder = churn.experiments / result.run.split("/")[1]
        for split, rows in (("train", 144), ("validation", 48), ("test", 48)):
            lines = (folder / f"predictions/{split}.csv").read_text().splitlines()
            assert lines[0] == "row_id,prediction,score_no,score_yes" and len(lines) == rows + 1
        assert churn.run_json(folder.name)["dataset"] == "churn@1"
        assert {e["v"] for e in churn.events(folder.name, "param")} <= {20, 30, 500}
    table = (churn.experiments / "comparison.md").read_text()
    assert all(r.run in table for r in results) and str(results) in table


def test_cross_validation_and_everything_logged(work):
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_score
    from specweave import track_experiment

    X, y = load_iris(return_X_y=True)
    model = LogisticRegression(max_iter=500).fit(X, y)
    acc, f1 = 0.9, pd.Series([0.8]).iloc[0]
    (work.root / "requirements.txt").write_text("scikit-learn\n")
    (work.root / "model.pkl").write_bytes(b"a model")

    with track_experiment("logistic") as exp:
        cv_scores = cross_val_score(model, X, y, cv=5)
        exp.log_metric("cv_mean", cv_scores.mean())
        exp.log_metric("cv_std", cv_scores.std())
        exp.log_params(model.get_params())
        exp.log_metrics({"accuracy": acc, "f1": f1})
        exp.log_artifact("model.pkl")
        exp.log_artifact("requirements.txt")  # Reproducibility

    [name] = work.names()
    metrics = {e["n"]: e["v"] for e in work.events(name, "metric")}
    assert metrics["cv_mean"] == cv_scores.mean() and metrics["f1"] == 0.8
    params = {e["n"]: e["v"] for e in work.events(name, "param")}
    assert params["max_iter"] == 500 and params["random_state"] is None
    assert {e["n"]: e["kind"] for e in work.events(name, "artifact")} == {"model.pkl": "model", "requirements.txt": "file"}
    assert (work.experiments / name / "requirements.txt").read_text() == "scikit-learn\n"
    assert "scikit-learn" in work.run_json(name)["packages"]


def test_failure_is_recorded(work):
    from specweave import track_experiment

    # Failed experiments are valuable learnings
    with track_experiment("exp-006-failed-lstm") as exp:
        # ... training fails ...
        exp.log_note("FAILED: LSTM overfits badly, needs regularization")
        exp.set_status("failed")
    # This documents why LSTM wasn't chosen

    assert work.status("exp-006-failed-lstm") == "failed"
    assert work.events("exp-006-failed-lstm", "note")[0]["v"].startswith("FAILED: LSTM")


def test_baselines(churn, monkeypatch):
    """The lab's interpreter is asked for each strategy; a stand-in answers here, the real one in the whole loop's tests."""
    lab = churn.root / "lab" / "specweave_lab"
    lab.mkdir(parents=True)
    (lab / "__init__.py").touch()
    (lab / "baseline.py").write_text(LAB)
    python = churn.root / "lab-python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{lab.parent}:$PYTHONPATH" exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    monkeypatch.setenv("SPECWEAVE_LAB_PYTHON", str(python))
    from specweave import train_baseline_model

    # Before training complex models, establish baseline
    baseline_results = train_baseline_model(
        strategies=["random", "popularity", "rule-based"]
    )
    # Requirement: New model must beat best baseline by 20%+

    assert [r.status for r in baseline_results] == ["succeeded"] * 3, baseline_results
    assert [r.run for r in baseline_results] == [f"0042/exp-00{i}-baseline-{s}" for i, s in enumerate(("random", "popularity", "rule-based"), 1)]
    record = churn.run_json("exp-003-baseline-rule-based")
    assert record["made_by"] == "baseline" and record["baseline"] == "rule-based" and record["dataset"] == "churn@1"
    truth = pd.read_csv(churn.root / ".specweave/datasets/churn/v1/validation.csv")["churn"]
    assert baseline_results[1].metrics["accuracy"] == (truth == "no").mean() and "accuracy" in str(baseline_results)
    assert churn.status("exp-001-baseline-random") == "succeeded"


LAB = """
import argparse, os
import specweave
strategy = argparse.ArgumentParser()
strategy.add_argument("--strategy")
assert strategy.parse_args().strategy in ("random", "popularity", "rule-based")
for name in ("RUN_DIR", "WORKSPACE", "INCREMENT", "DATASET", "TRAIN", "VALIDATION", "TEST"):
    assert os.environ["SPECWEAVE_" + name]
assert os.path.exists(os.environ["SPECWEAVE_TEST"])
with specweave.track_experiment("baseline") as run:
    run.save_predictions("validation", ["no"] * 48)
"""
