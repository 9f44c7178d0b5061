"""Cross-validation folds: the SDK makes those that the lab scores, and their mean says how sure it is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import quiet
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, roc_auc_score

from specweave_lab import folding
from specweave_lab.errors import Refusal
from specweave_lab.evaluation import evaluate
from specweave_lab.folding import FoldProblem, hash_folds, time_folds
from specweave_lab.folds import corrected_interval
from specweave_lab.reading import read_table
from specweave_lab.train_folds import Folds

SDK = Path(__file__).parents[2] / "sdk"
sys.path.insert(0, str(SDK))
from specweave.dataset import Dataset  # noqa: E402
from specweave.fold_predictions import fold_rows  # noqa: E402


def test_both_sides_have_one_definition() -> None:
    assert Path(folding.__file__).read_bytes() == (SDK / "specweave" / "folding.py").read_bytes()


def series(rows: int = 120) -> pd.DataFrame:
    days = pd.date_range("2024-01-01", periods=rows // 2).strftime("%Y-%m-%d")
    return pd.DataFrame(
        {"day": list(days) * 2, "shop": ["a", "b"] * (rows // 2), "target": np.arange(float(rows)) % 13}
    )


CASES = {
    "stratified": ("csv", {}, {}),
    "random": ("csv", {"method": "random"}, {}),
    "by id": ("csv", {}, {"id_column": "key"}),
    "group": ("csv", {"method": "group", "group_column": "who"}, {}),
    "group in parquet": ("parquet", {"method": "group", "group_column": "number"}, {}),
    "stratified in parquet": ("parquet", {}, {}),
    "time": ("csv", {"method": "time", "time_column": "day"}, {}),
    "time in parquet": ("parquet", {"method": "time", "time_column": "moment"}, {}),
    "time as numbers": ("csv", {"method": "time", "time_column": "number"}, {}),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("count", [2, 5, 9])
def test_sdk_and_lab_divide_alike(register, tmp_path, case, count) -> None:
    kind, split, params = CASES[case]
    random = np.random.default_rng(3)
    moments = pd.Timestamp("2024-03-01", tz="Europe/Berlin") + pd.to_timedelta(np.arange(400) // 2, unit="h")
    frame = pd.DataFrame(
        {
            "key": [f"k{i}" for i in range(400)],
            "x": random.integers(0, 60, 400),
            "who": random.choice([f"p{i}" for i in range(80)], 400),
            "number": random.integers(0, 90, 400),
            "day": moments.strftime("%Y-%m-%dT%H:00:00+01:00"),
            "moment": moments,
            "target": random.choice(["no", "yes", "perhaps"], 400, p=[0.8, 0.15, 0.05]),
        }
    ).sample(frac=1, random_state=1)
    if case in ("stratified", "random"):
        frame = frame[["x", "target"]]  # equal rows
    source: Any = frame.drop(columns="moment", errors="ignore")
    if kind == "parquet":
        source = tmp_path / "s.parquet"
        frame.to_parquet(source, index=False)
    record, out = register(source, split=split, **params)
    train = read_table(out / record["splits"]["train"]["path"])
    lab = Folds(record, train, count)
    sdk = Dataset(str(out), record).folds(count)
    assert [fold.validation.indices for fold in sdk] == [lab.rows(fold).tolist() for fold in range(count)]
    assert [fold.train.indices for fold in sdk] == [rows.tolist() for rows in lab.training]
    for fold in sdk:
        assert fold.validation.indices and fold.train.indices
        assert not set(fold.train.indices) & set(fold.validation.indices)
    if not case.startswith("time"):
        tested = sorted(index for fold in sdk for index in fold.validation.indices)
        assert tested == list(range(train.rows))
    else:
        column = split["time_column"]
        for fold in sdk:
            assert fold.train.frame[column].max() < fold.validation.frame[column].min()
    if "group" in case:
        for fold in sdk:
            column = split["group_column"]
            assert not set(fold.train.frame[column]) & set(fold.validation.frame[column])
    if case == "stratified":
        for fold in sdk:
            assert not set(fold.train.features["x"]) & set(fold.validation.features["x"])


def test_folds_are_even_and_every_class_is_spread() -> None:
    labels = ["rare"] * 10 + ["common"] * 193
    ids = [f"r{i}" for i in range(203)]
    folds = np.asarray(hash_folds(ids, labels, 5, "d:0:folds"))
    assert sorted(np.bincount(folds)) == [40, 40, 41, 41, 41]
    assert (np.bincount(folds[:10]) == 2).all()
    backwards = hash_folds(ids[::-1], labels[::-1], 5, "d:0:folds")
    assert backwards[::-1] == folds.tolist(), "the order of the rows must not matter"
    assert hash_folds(ids, labels, 5, "d:1:folds") != folds.tolist()


def test_the_folds_of_a_key_stay_what_they_are() -> None:
    assert hash_folds([f"r{i}" for i in range(12)], None, 3, "data:0:folds") == FIXED


FIXED = [0, 1, 1, 1, 1, 2, 0, 0, 0, 2, 2, 2]


def test_windows_grow_and_equal_times_stay_together() -> None:
    folds, starts = time_folds([1, 1, 2, 2, 3, 3, 4, 4], 3)
    assert folds == [-1, -1, 0, 0, 1, 1, 2, 2] and starts == [2, 3, 4]
    with pytest.raises(FoldProblem, match="2 different times"):
        time_folds([1, 1, 2, 2], 2)
    with pytest.raises(FoldProblem, match="0 different"):
        time_folds([], 2)
    with pytest.raises(FoldProblem, match="3 different rows"):
        hash_folds(["a", "b", "c"], None, 4, "k")
    for count in (1, 101):
        with pytest.raises(FoldProblem, match="between 2 and"):
            hash_folds(["a", "b", "c"], None, count, "k")


def test_the_corrected_interval_is_that_of_the_paper() -> None:
    values = np.array([0.81, 0.84, 0.78, 0.80, 0.86])
    low, high = corrected_interval(values, [(20, 80)] * 5)
    half = stats.t.ppf(0.975, 4) * np.sqrt((1 / 5 + 20 / 80) * np.var(values, ddof=1))
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half))
    assert corrected_interval(np.ones(5), [(20, 80)] * 5) is None


def handed_in(out: Path, record: dict[str, Any], count: int = 5) -> tuple[pd.DataFrame, list[Any]]:
    """Out-of-fold predictions of a logistic regression, and the folds."""
    folds = Dataset(str(out), record).folds(count)
    parts = []
    for fold in folds:
        model = LogisticRegression(max_iter=200).fit(fold.train.features.iloc[:, :6], fold.train.target)
        features = fold.validation.features.iloc[:, :6]
        part = pd.DataFrame({"row_id": fold.validation.row_ids, "prediction": model.predict(features)})
        part["fold"] = fold.index
        for code, name in enumerate(model.classes_):
            part[f"score_{name}"] = model.predict_proba(features)[:, code]
        parts.append(part)
    return pd.concat(parts), folds


def ask(out: Path, path: Path, frame: pd.DataFrame) -> dict[str, Any]:
    frame.to_csv(path, index=False)
    return evaluate({"dataset": str(out), "split": "folds", "predictions": str(path)}, quiet)


def test_folds_are_measured_one_by_one(register, cancer, tmp_path) -> None:
    record, out = register(cancer, positive="malignant")
    frame, folds = handed_in(out, record)
    result = ask(out, tmp_path / "folds.csv", frame.sample(frac=1, random_state=0))
    assert result["folds"] == 5 and result["rows"] == record["splits"]["train"]["rows"]
    metrics = {one["name"]: one for one in result["metrics"]}
    assert len(metrics) == 11 and metrics["accuracy"]["ci_method"] == "nadeau_bengio_t"
    parts = [(fold.validation.target, frame[frame["fold"] == fold.index]) for fold in folds]
    expected = [accuracy_score(true, part["prediction"]) for true, part in parts]
    assert metrics["accuracy"]["by_fold"] == pytest.approx(expected)
    assert metrics["accuracy"]["value"] == pytest.approx(np.mean(expected))
    areas = [roc_auc_score(true == "malignant", part["score_malignant"]) for true, part in parts]
    assert metrics["roc_auc"]["value"] == pytest.approx(np.mean(areas))
    assert metrics["roc_auc"]["ci"][0] < np.mean(areas) <= metrics["roc_auc"]["ci"][1] <= 1
    assert np.sum(result["confusion"]["matrix"]) == result["rows"]


def test_what_does_not_fit_is_refused(register, cancer, tmp_path) -> None:
    record, out = register(cancer)
    frame, _ = handed_in(out, record)
    path = tmp_path / "folds.csv"
    moved = frame.assign(fold=[(fold + 1) % 5 for fold in frame["fold"]])
    with pytest.raises(Refusal, match="another fold than the dataset's") as caught:
        ask(out, path, moved)
    assert caught.value.code == "PREDICTIONS_INVALID" and "ds.folds" in caught.value.message
    for wrong, message in (
        (frame.drop(columns="fold"), 'no column "fold"'),
        (frame.iloc[1:], "1 of .* rows of the split are missing"),
        (frame.assign(fold=0), "fold goes from 0 to 0"),
        (frame.assign(fold=frame["fold"] + 0.5), "fold goes from 0.5"),
        (frame.assign(fold=frame["fold"] * 40), "fold goes from 0 to 160"),
        (pd.concat([frame, frame.iloc[:1]]), "more than once"),
    ):
        with pytest.raises(Refusal, match=message):
            ask(out, path, wrong)


def test_a_fold_of_one_class_is_named(register, tmp_path) -> None:
    frame = pd.DataFrame(
        {"x": range(90), "target": ["rare" if i in (3, 40, 77) else "common" for i in range(90)]}
    )
    record, out = register(frame, split={"method": "random"})
    parts = [
        pd.DataFrame(
            {"row_id": f.validation.row_ids, "prediction": "common", "fold": f.index, "score_rare": 0.1}
        )
        for f in Dataset(str(out), record).folds(5)
    ]
    result = ask(out, tmp_path / "folds.csv", pd.concat(parts))
    assert not {"roc_auc", "pr_auc"} & {one["name"] for one in result["metrics"]}
    (warning,) = [w["message"] for w in result["warnings"] if w["code"] == "roc_auc_undefined"]
    assert warning.startswith("fold ") and "no row of this split is of class rare" in warning


def test_folds_whose_models_saw_other_classes(register, iris, tmp_path) -> None:
    """What the SDK writes of them is read as each model meant it: a model names the classes that it saw."""
    record, out = register(iris)
    sdk, random = Dataset(str(out), record), np.random.default_rng(5)
    orders = [["versicolor", "virginica"], ["setosa", "versicolor"], ["virginica", "setosa", "versicolor"]]
    scores, meant = [], []
    for fold, order in zip(sdk.folds(3), orders, strict=True):
        scores.append(random.dirichlet(np.ones(len(order)), len(fold.validation)))
        table = pd.DataFrame(scores[-1], columns=[f"score_{label}" for label in order])
        meant.append(table.assign(row_id=fold.validation.row_ids, fold=fold.index, prediction=order[0]))
    header, rows = fold_rows(sdk, [table["prediction"] for table in meant], scores, None, orders)
    written = ask(out, tmp_path / "folds.csv", pd.DataFrame(rows, columns=header))
    expected = ask(out, tmp_path / "meant.csv", pd.concat(meant).fillna(0.0))
    assert {"accuracy", "log_loss"} <= {one["name"] for one in expected["metrics"]}
    assert written["metrics"] == expected["metrics"]


@pytest.mark.parametrize("problem_type", ["regression", "time_series"])
def test_numbers_and_series(register, tmp_path, problem_type) -> None:
    split = {"time_column": "day", "group_column": "shop"} if problem_type == "time_series" else {}
    record, out = register(series(), problem_type=problem_type, split=split)
    parts = []
    for fold in Dataset(str(out), record).folds(4):
        guess = float(fold.train.target.mean())
        ids = fold.validation.row_ids
        parts.append(pd.DataFrame({"row_id": ids, "prediction": guess, "fold": fold.index}))
    result = ask(out, tmp_path / "folds.csv", pd.concat(parts))
    metrics = {one["name"]: one for one in result["metrics"]}
    assert metrics["rmse"]["ci"][0] >= 0 and len(metrics["rmse"]["by_fold"]) == 4
    if problem_type == "time_series":
        assert "mase" in metrics
        assert 0 < result["rows"] < record["splits"]["train"]["rows"], "the first stretch is only trained on"
