"""The shuffled labels themselves, and the verdict on scripts that use them and on scripts that do not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import quiet, split_rows
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from specweave_lab.errors import Refusal
from specweave_lab.shuffled_labels import measure_control, shuffle_labels

Register = Callable[..., tuple[dict[str, Any], Path]]


def hand_in(path: Path, ids: Any, model: Any, features: pd.DataFrame) -> str:
    frame = pd.DataFrame({"row_id": ids, "prediction": model.predict(features)})
    if hasattr(model, "predict_proba"):
        for name, column in zip(model.classes_, model.predict_proba(features).T, strict=True):
            frame[f"score_{name}"] = column
    frame.to_csv(path, index=False)
    return str(path)


def verdicts(out: Path, tmp_path: Path, models: list[Any], metric: str) -> list[tuple[str, str]]:
    """Of each model the verdicts: trained on the shuffled labels, and on the real ones."""
    shuffled = tmp_path / "shuffled"
    shuffle_labels({"dataset": str(out), "out": str(shuffled)}, quiet)
    real, dealt = pd.read_csv(out / "train.csv"), pd.read_csv(shuffled / "train.csv")
    held = pd.read_csv(out / "validation.csv")
    columns = [name for name in real.columns if name not in ("row_id", "target")]
    found = []
    for model in models:
        original = hand_in(
            tmp_path / "real.csv", held["row_id"], model.fit(real[columns], real["target"]), held[columns]
        )
        control = hand_in(
            tmp_path / "dealt.csv", held["row_id"], model.fit(dealt[columns], dealt["target"]), held[columns]
        )
        asked = {"dataset": str(out), "split": "validation", "original": original, "metric": metric}
        found.append(
            tuple(measure_control({**asked, "predictions": p}, quiet)["verdict"] for p in (control, original))
        )
    return found


def test_labels_are_dealt_anew_and_nothing_else_changes(
    register: Register, cancer: pd.DataFrame, tmp_path: Path
) -> None:
    _, out = register(cancer)
    first = shuffle_labels({"dataset": str(out), "out": str(tmp_path / "a")}, quiet)
    assert first == shuffle_labels({"dataset": str(out), "out": str(tmp_path / "b")}, quiet)
    for split in ("train", "validation"):
        real = split_rows(out)[split]
        dealt = pd.read_csv(tmp_path / "a" / f"{split}.csv", dtype=str, keep_default_na=False)
        pd.testing.assert_frame_equal(real.drop(columns="target"), dealt.drop(columns="target"))
        assert real["target"].value_counts().to_dict() == dealt["target"].value_counts().to_dict()
        assert (real["target"] != dealt["target"]).mean() > 0.3


def test_only_a_script_that_sees_the_labels_is_better_than_chance(
    register: Register, cancer: pd.DataFrame, iris: pd.DataFrame, diabetes: pd.DataFrame, tmp_path: Path
) -> None:
    classifiers = [
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)),
        RandomForestClassifier(40, random_state=0),
        HistGradientBoostingClassifier(max_iter=20),
    ]
    _, out = register(cancer)
    assert verdicts(out, tmp_path, classifiers, "roc_auc") == [("pass", "fail")] * 3
    assert verdicts(out, tmp_path, classifiers[:1], "accuracy") == [("pass", "fail")]
    _, out = register(iris, seed=1)
    assert verdicts(out, tmp_path, classifiers[:2], "f1") == [("pass", "fail")] * 2
    _, out = register(diabetes, problem_type="regression")
    regressors = [LinearRegression(), RandomForestRegressor(40, random_state=0)]
    assert verdicts(out, tmp_path, regressors, "rmse") == [("pass", "fail")] * 2


def test_one_strong_feature_is_no_luck(register: Register, tmp_path: Path) -> None:
    """Where labels are merely permuted, a model of one feature ranks as well as the real one in half of all cases."""
    for seed in range(4):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=500)
        frame = pd.DataFrame({"x": x, "target": np.where(2 * x + rng.normal(size=500) > 0, "yes", "no")})
        _, out = register(frame)
        place = tmp_path / str(seed)
        place.mkdir()
        assert verdicts(out, place, [LogisticRegression()], "roc_auc") == [("pass", "fail")]


def test_a_series_is_refused(register: Register, tmp_path: Path) -> None:
    days = pd.DataFrame(
        {"day": pd.date_range("2024-01-01", periods=60).strftime("%Y-%m-%d"), "target": range(60)}
    )
    _, out = register(days, problem_type="time_series", split={"time_column": "day"})
    with pytest.raises(Refusal, match="not a time_series"):
        shuffle_labels({"dataset": str(out), "out": str(tmp_path / "a")}, quiet)


FOUND_ILL = """
def evaluate(truth, predictions):
    ill = truth["target"] == "malignant"
    found = (predictions["prediction"] == "malignant")[ill].mean()
    return {"found_ill": float(found), "cost": float((ill & (predictions["prediction"] != "malignant")).mean())}
"""


@pytest.mark.parametrize("metric", ["found_ill", "cost"])
def test_a_metric_of_the_users_own_is_compared_itself(
    register: Register, cancer: pd.DataFrame, tmp_path: Path, metric: str
) -> None:
    metrics = {"found_ill": "maximize", "cost": "minimize"}
    # The control has the ill ones right, and of the others half: by accuracy it would hardly differ from chance.
    _, out = register(cancer, evaluator={"text": FOUND_ILL, "source": "own.py", "metrics": metrics})
    held = pd.read_csv(out / "validation.csv", dtype={"row_id": str})
    ill = held["target"] == "malignant"
    half = np.where(np.arange(len(held)) % 2 == 0, "malignant", "benign")
    paths = {}
    for name, said in (
        ("real", held["target"]),
        ("control", np.where(ill, "malignant", half)),
        ("chance", half),
    ):
        paths[name] = str(tmp_path / f"{name}.csv")
        pd.DataFrame({"row_id": held["row_id"], "prediction": said}).to_csv(paths[name], index=False)
    call = {"dataset": str(out), "split": "validation", "original": paths["real"], "metric": metric}
    found = measure_control({**call, "predictions": paths["control"]}, quiet)
    assert (found["metric"], found["verdict"]) == (metric, "fail")
    assert found["value"] == found["original"] == {"found_ill": 1.0, "cost": 0.0}[metric]
    found = measure_control({**call, "predictions": paths["chance"]}, quiet)
    assert (found["metric"], found["verdict"]) == (metric, "pass")
    # What cannot be measured is replaced, and the answer says by what.
    found = measure_control({**call, "predictions": paths["chance"], "metric": "roc_auc"}, quiet)
    assert found["metric"] == "accuracy"
