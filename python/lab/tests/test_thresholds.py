"""Thresholds: chosen as a search over all of them does, and applied by everything that reads labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import quiet
from sklearn import metrics as sk
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from specweave_lab.comparison import compare
from specweave_lab.errors import Refusal
from specweave_lab.evaluation import evaluate
from specweave_lab.evaluation_report import evaluation_report
from specweave_lab.lift import lift
from specweave_lab.reading import read_table
from specweave_lab.reproduction import reproduce
from specweave_lab.thresholds import best_threshold, between, choose_threshold
from specweave_lab.train_folds import Folds

SCORERS = {
    "precision": lambda y, p: sk.precision_score(y, p, zero_division=0),
    "recall": sk.recall_score,
    "f1": sk.f1_score,
    "balanced_accuracy": sk.balanced_accuracy_score,
    "mcc": sk.matthews_corrcoef,
}
OTHER = {"precision": "recall", "recall": "precision"}


def brute(hits: np.ndarray, scores: np.ndarray, metric: str, level: float | None) -> list[float] | None:
    """By scikit-learn's scorers, threshold by threshold: what the best one has of the metric (and of the other)."""
    found = []
    for threshold in np.unique(scores):
        labels = scores >= threshold
        value = SCORERS[metric](hits, labels)
        if level is None:
            found.append((value,))
        elif value >= level - 1e-12:
            found.append((SCORERS[OTHER[metric]](hits, labels), value))
    return list(max(found)) if found else None


@pytest.mark.parametrize(
    ("metric", "level"),
    [("precision", 0.9), ("precision", 1.0), ("recall", 0.8), ("recall", 1.0),
     ("f1", None), ("balanced_accuracy", None), ("mcc", None)],
)  # fmt: skip
@pytest.mark.parametrize("decimals", [1, 16])
def test_the_chosen_one_is_the_best_by_a_search_over_all(
    metric: str, level: float | None, decimals: int
) -> None:
    for seed in range(4):
        rng = np.random.default_rng(seed)
        hits = rng.random(90) < 0.3
        scores = np.round(1 / (1 + np.exp(-rng.normal(2 * hits - 1, 1))), decimals)
        best = brute(hits, scores, metric, level)
        if best is None:
            with pytest.raises(Refusal, match="No threshold has a"):
                best_threshold(hits, scores, metric, level)
            continue
        value, reached = best_threshold(hits, scores, metric, level)
        labels = scores >= value
        own = SCORERS[metric](hits, labels)
        assert own == pytest.approx(reached)
        ours = [own] if level is None else [SCORERS[OTHER[metric]](hits, labels), own]
        assert ours == pytest.approx(best)


def test_a_threshold_is_written_in_few_decimals_that_change_no_label() -> None:
    scores = np.array([0.1234, 0.7612, 0.8391])
    assert between(scores, 0.8391) == 0.8
    assert between(scores, 0.1234) == 0.1
    close = np.array([0.50000001, 0.50000002])
    assert close[0] < between(close, close[1]) <= close[1]
    assert between(np.array([0.0, 0.4]), 0.0) == 0.0


@pytest.fixture
def run(register, cancer, tmp_path: Path) -> dict[str, Any]:
    """Predictions of a logistic regression for each split, with where they and the labels lie."""
    record, out = register(cancer, positive="malignant")
    features = list(cancer.columns[:-1])[:4]
    train = pd.read_csv(out / "train.csv")
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(train[features], train["target"])
    frames = {}
    for split in ("train", "validation", "test"):
        rows = pd.read_csv(out / f"{split}.csv")
        frame = pd.DataFrame({"row_id": rows["row_id"], "prediction": model.predict(rows[features])})
        frame["score_malignant"] = model.predict_proba(rows[features])[
            :, list(model.classes_).index("malignant")
        ]
        frame.to_csv(tmp_path / f"{split}.csv", index=False)
        frames[split] = frame
    truth = pd.read_csv(out / "validation.csv")["target"].eq("malignant").to_numpy()
    return {
        "frames": frames, "hits": truth, "folder": tmp_path,
        "params": {"dataset": str(out), "split": "validation", "predictions": str(tmp_path / "validation.csv")},
        "labels": str(tmp_path / "vault" / record["hash"] / "test.csv"),
    }  # fmt: skip


def values(answer: dict[str, Any]) -> dict[str, float]:
    return {one["name"]: one["value"] for one in answer["metrics"]}


def test_labels_are_those_of_the_scores_and_score_metrics_stay(run) -> None:
    chosen = choose_threshold({**run["params"], "metric": "precision", "at_least": 0.99}, quiet)
    assert chosen["positive"] == "malignant"
    scores = run["frames"]["validation"]["score_malignant"].to_numpy()
    labels = scores >= chosen["value"]
    assert chosen["rows_positive"] == labels.sum()
    before, after = (
        evaluate({**run["params"], **more}, quiet) for more in ({}, {"threshold": chosen["value"]})
    )
    for name, scorer in SCORERS.items():
        assert values(after)[name] == pytest.approx(scorer(run["hits"], labels)), name
    assert values(after)["precision"] >= 0.99 > values(before)["precision"]
    for name in ("roc_auc", "pr_auc", "log_loss", "brier", "ece"):
        assert values(after)[name] == values(before)[name]
    assert np.sum(after["confusion"]["matrix"], axis=0).tolist() == [(~labels).sum(), labels.sum()]


def test_compare_and_lift_read_the_same_labels(run) -> None:
    threshold = choose_threshold({**run["params"], "metric": "recall", "at_least": 0.97}, quiet)["value"]
    path = run["params"].pop("predictions")
    plain, moved = (
        values(evaluate({**run["params"], "predictions": path, **more}, quiet))["recall"]
        for more in ({}, {"threshold": threshold})
    )
    assert moved > plain
    compared = compare(
        {**run["params"], "metric": "recall", "predictions": {"a": path, "b": path}, "reference": "b",
         "thresholds": {"a": threshold}}, quiet,
    )  # fmt: skip
    assert compared["differences"][0]["difference"] == pytest.approx(moved - plain)
    lifted = lift(
        {**run["params"], "metric": "recall", "candidate": path, "baseline": path, "lift": 0,
         "thresholds": {"candidate": threshold}}, quiet,
    )  # fmt: skip
    assert (lifted["value"], lifted["baseline"]) == pytest.approx((moved, plain))


def again(run: dict[str, Any], change: Any, threshold: float | None) -> dict[str, Any]:
    made = run["frames"]["validation"].copy()
    change(made)
    made.to_csv(run["folder"] / "again.csv", index=False)
    handed_in = run["params"]["predictions"]
    more = {"handed_in": handed_in, "predicted": str(run["folder"] / "again.csv"), "threshold": threshold}
    return reproduce({**run["params"], **more}, quiet)


def test_with_a_threshold_the_scores_alone_are_reproduced(run) -> None:
    def other_labels(frame: pd.DataFrame) -> None:
        frame["prediction"] = np.where(frame["score_malignant"] > 0.9, "malignant", "benign")

    def other_scores(frame: pd.DataFrame) -> None:
        frame.loc[frame.index[:5], "score_malignant"] += 0.01 * np.where(
            frame["score_malignant"][:5] < 0.5, 1, -1
        )

    def no_scores(frame: pd.DataFrame) -> None:
        del frame["score_malignant"]

    assert again(run, other_labels, None)["what"] == "threshold"
    assert again(run, other_labels, 0.7)["what"] is None
    assert again(run, other_scores, 0.7)["what"] == "scores"
    assert again(run, no_scores, 0.7)["what"] == "no_scores"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"metric": "precision"}, "take a level"),
        ({"metric": "f1", "at_least": 0.9}, "take none"),
        ({"metric": "roc_auc"}, "none of precision"),
        ({"metric": "precision", "at_least": 1.2}, "take a level"),
        ({"metric": "f1", "split": "test"}, "none of validation"),
    ],
)
def test_what_cannot_be_chosen_is_refused(run, asked: dict[str, Any], said: str) -> None:
    with pytest.raises(Refusal, match=said):
        choose_threshold({**run["params"], **asked}, quiet)


def test_without_scores_it_is_refused(run) -> None:
    path = run["folder"] / "validation.csv"
    run["frames"]["validation"].drop(columns="score_malignant").to_csv(path, index=False)
    for ask in (
        lambda: choose_threshold({**run["params"], "metric": "f1"}, quiet),
        lambda: evaluate({**run["params"], "threshold": 0.5}, quiet),
    ):
        with pytest.raises(Refusal, match="score_malignant") as caught:
            ask()
        assert caught.value.code == "PREDICTIONS_INVALID"


def test_folds_and_reports_read_the_same_labels(run) -> None:
    out = Path(run["params"]["dataset"])
    record = json.loads((out / "dataset.json").read_text("utf-8"))
    train = read_table(out / "train.csv")
    frame = run["frames"]["train"].set_index("row_id").loc[train.texts("row_id")].reset_index()
    frame["fold"] = Folds(record, train, 3).of
    frame.to_csv(run["folder"] / "folds.csv", index=False)
    asked = {"dataset": str(out), "split": "folds", "predictions": str(run["folder"] / "folds.csv")}
    labels = frame["score_malignant"].to_numpy() >= 0.8
    targets = pd.read_csv(out / "train.csv").set_index("row_id")["target"]
    true = targets.loc[frame["row_id"]].eq("malignant").to_numpy()
    (found,) = evaluate({**asked, "metrics": ["recall"], "threshold": 0.8}, quiet)["metrics"]
    each = [sk.recall_score(true[of], labels[of]) for of in (frame["fold"].to_numpy() == k for k in range(3))]
    assert found["by_fold"] == pytest.approx(each)
    assert [sk.recall_score(true, labels)] != [sk.recall_score(true, frame["prediction"].eq("malignant"))]

    scores = run["frames"]["validation"]["score_malignant"].to_numpy()
    told = {"figures": str(run["folder"] / "figures"), "prefix": "x", "threshold": 0.8}
    pairs = evaluation_report({**run["params"], **told}, quiet)["pairs"]
    missed = int((run["hits"] & (scores < 0.8)).sum())
    assert [one["rows"] for one in pairs if one["true"] == "malignant"] == [missed]
