"""``evaluate`` on registered data: it accepts what is right in any order, and says exactly what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import quiet
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression

from specweave_lab.errors import Refusal
from specweave_lab.evaluation import evaluate


@pytest.fixture
def cancer_run(register, cancer, tmp_path: Path) -> tuple[dict[str, Any], Path, pd.DataFrame, Path]:
    """A record, its folder, predictions of a forest for validation, and a path for them."""
    record, out = register(cancer, positive="malignant")
    train, validation = pd.read_csv(out / "train.csv"), pd.read_csv(out / "validation.csv")
    features = list(cancer.columns[:-1])
    forest = RandomForestClassifier(20, max_depth=2, random_state=0).fit(train[features], train["target"])
    frame = pd.DataFrame({"row_id": validation["row_id"], "prediction": forest.predict(validation[features])})
    for code, name in enumerate(forest.classes_):
        frame[f"score_{name}"] = forest.predict_proba(validation[features])[:, code]
    return record, out, frame, tmp_path / "p.csv"


def ask(out: Path, path: Path, frame: pd.DataFrame | None, **params: Any) -> dict[str, Any]:
    if frame is not None:
        frame.to_csv(path, index=False)
    return evaluate({"dataset": str(out), "split": "validation", "predictions": str(path), **params}, quiet)


def refused(out: Path, path: Path, frame: pd.DataFrame | None, **params: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        ask(out, path, frame, **params)
    return caught.value


def test_measured_with_confusion_and_hashes(cancer_run) -> None:
    record, out, frame, path = cancer_run
    answer = ask(out, path, frame)
    names = [one["name"] for one in answer["metrics"]]
    assert names == ["accuracy", "balanced_accuracy", "precision", "recall", "f1", "mcc",
                     "roc_auc", "pr_auc", "log_loss", "brier", "ece"]  # fmt: skip
    assert answer["rows"] == record["splits"]["validation"]["rows"]
    assert answer["labels_sha256"] == record["splits"]["validation"]["sha256"]
    assert np.sum(answer["confusion"]["matrix"]) == answer["rows"]
    assert answer["warnings"] == []
    only = ask(out, path, frame, metrics=["recall", "f1"])
    assert [one["name"] for one in only["metrics"]] == ["recall", "f1"]
    assert only["metrics"] == [one for one in answer["metrics"] if one["name"] in ("recall", "f1")]


def test_any_order_of_lines_and_one_score_column_are_the_same_answer(cancer_run) -> None:
    _, out, frame, path = cancer_run
    answer = ask(out, path, frame)
    shuffled = ask(out, path, frame.sample(frac=1, random_state=1))
    one = ask(out, path, frame.drop(columns="score_benign"))
    for other in (shuffled, one):
        for a, b in zip(answer["metrics"], other["metrics"], strict=True):
            assert (a["name"], a["value"], a["ci"]) == (
                b["name"],
                pytest.approx(b["value"]),
                pytest.approx(b["ci"], rel=1e-6),
            )


def test_test_labels_come_from_the_vault(register, cancer, tmp_path) -> None:
    record, out = register(cancer)
    ids = pd.read_csv(out / "test.csv")["row_id"]
    frame = pd.DataFrame({"row_id": ids, "prediction": "benign"})
    vault = tmp_path / "vault" / record["hash"] / "test.csv"
    answer = ask(out, tmp_path / "p.csv", frame, split="test", labels=str(vault))
    sealed = pd.read_csv(vault)["target"]
    assert answer["metrics"][0]["value"] == pytest.approx((sealed == "benign").mean())
    assert answer["labels_sha256"] == record["splits"]["test"]["labels_sha256"]
    gone = refused(out, tmp_path / "p.csv", frame, split="test", labels=str(tmp_path / "gone.csv"))
    assert gone.code == "VAULT_MISSING"
    vault.write_text(vault.read_text().replace("malignant", "benign"))
    changed = refused(out, tmp_path / "p.csv", frame, split="test", labels=str(vault))
    assert changed.code == "DATASET_INVALID" and "SHA-256" in changed.message


def test_changed_split_files_are_seen(cancer_run) -> None:
    _, out, frame, path = cancer_run
    (out / "validation.csv").write_text((out / "validation.csv").read_text().replace("malignant", "benign"))
    assert "validation.csv" in refused(out, path, frame).message


def test_wrong_rows_are_all_named(cancer_run) -> None:
    _, out, frame, path = cancer_run
    bad = pd.concat([frame.iloc[3:], frame.iloc[5:6], frame.iloc[:1].assign(row_id="stranger")])
    refusal = refused(out, path, bad)
    assert refusal.code == "PREDICTIONS_INVALID"
    twice, foreign, missing = (entry["problem"] for entry in refusal.invalid)
    assert frame["row_id"][5] in twice and "stranger" in foreign
    assert "3 of" in missing and all(row in missing for row in frame["row_id"][:3])


CHANGES: list[tuple[Any, str]] = [
    (lambda f: f.drop(columns="prediction"), 'no column "prediction"'),
    (lambda f: f.rename(columns={"row_id": "rowid"}), 'Did you mean "rowid"'),
    (lambda f: f.iloc[:0], "no rows"),
    (lambda f: f.assign(prediction="unsure"), '"unsure"'),
    (lambda f: f.assign(prediction=(f["prediction"] == "benign").astype(int)), "not their numbers"),
    (lambda f: f.assign(prediction=0.37), "score_<class>"),
    (lambda f: f.assign(prediction=f["prediction"].where(f.index != 4)), "in 1 rows"),
    (lambda f: f.assign(score_benign=f["score_benign"] * 3), "outside 0..1"),
    (lambda f: f.assign(score_benign=f["score_benign"] * 0.5), "do not sum to 1"),
    (lambda f: f.assign(score_benign=f["score_benign"].where(f.index != 2)), "no finite number in 1 rows"),
    (lambda f: f.assign(score_benign=np.inf), "no finite number"),
    (lambda f: f[["row_id", "prediction"]].assign(score_1=0.4), 'not "score_benign", "score_malignant"'),
]


@pytest.mark.parametrize(("change", "said"), CHANGES)
def test_bad_predictions_are_refused(cancer_run, change, said: str) -> None:
    _, out, frame, path = cancer_run
    refusal = refused(out, path, change(frame))
    assert refusal.code == "PREDICTIONS_INVALID" and said in refusal.message


def test_a_missing_or_broken_file(cancer_run) -> None:
    _, out, _, path = cancer_run
    assert refused(out, path, None).code == "PREDICTIONS_MISSING"
    path.write_bytes(b"\x00\xff\xfe")
    assert refused(out, path, None).code == "PREDICTIONS_INVALID"


@pytest.mark.parametrize(
    ("labels", "given"),
    [
        ([0, 1], ["0.0", "1.0"]),
        (["1.0", "2.0"], ["1", "2"]),
        (["True", "False"], ["true", "false"]),
        ([" a", " b"], ["a", "b"]),
    ],
)
def test_labels_are_compared_as_people_would(register, tmp_path, labels, given) -> None:
    frame = pd.DataFrame({"x": np.arange(200), "target": [labels[i % 2] for i in range(200)]})
    _, out = register(frame)
    rows = pd.read_csv(out / "validation.csv")
    predictions = pd.DataFrame({"row_id": rows["row_id"], "prediction": [given[x % 2] for x in rows["x"]]})
    answer = ask(out, tmp_path / "p.csv", predictions)
    assert answer["metrics"][0]["value"] == 1.0


def test_row_ids_that_lost_their_zeros_are_matched_and_said(register, tmp_path) -> None:
    frame = pd.DataFrame(
        {"key": [f"{i:05d}" for i in range(200)], "x": np.arange(200), "target": ["a", "b"] * 100}
    )
    _, out = register(frame, id_column="key")
    rows = pd.read_csv(out / "validation.csv")
    predictions = pd.DataFrame({"row_id": rows["row_id"].astype(float), "prediction": rows["target"]})
    answer = ask(out, tmp_path / "p.csv", predictions)
    assert answer["metrics"][0]["value"] == 1.0
    assert "row_ids_as_numbers" in [warning["code"] for warning in answer["warnings"]]


def test_multiclass_end_to_end(register, iris, tmp_path) -> None:
    record, out = register(iris, split={"seed": 5})
    rows = pd.read_csv(out / "validation.csv")
    predictions = pd.DataFrame({"row_id": rows["row_id"], "prediction": "setosa"})
    answer = ask(out, tmp_path / "p.csv", predictions)
    assert answer["confusion"]["classes"] == record["classes"] == ["setosa", "versicolor", "virginica"]
    values = {one["name"]: one["value"] for one in answer["metrics"]}
    assert values["recall"] == pytest.approx(1 / 3) and values["mcc"] == 0


@pytest.mark.parametrize("end", ["csv", "parquet"])
def test_regression_end_to_end(register, diabetes, tmp_path, end: str) -> None:
    source = tmp_path / f"d.{end}"
    diabetes.to_csv(source, index=False) if end == "csv" else diabetes.to_parquet(source)
    _, out = register(source, problem_type="regression")
    read = pd.read_csv if end == "csv" else pd.read_parquet
    train, validation = read(out / f"train.{end}"), read(out / f"validation.{end}")
    features = list(diabetes.columns[:-1])
    predicted = LinearRegression().fit(train[features], train["target"]).predict(validation[features])
    frame = pd.DataFrame({"row_id": validation["row_id"], "prediction": predicted})
    answer = ask(out, tmp_path / "p.csv", frame)
    assert [one["name"] for one in answer["metrics"]] == ["rmse", "mae", "median_ae", "r2", "mape"]
    assert answer["metrics"][0]["value"] == pytest.approx(
        np.sqrt(np.mean((predicted - validation["target"]) ** 2))
    )
    assert "confusion" not in answer
    for bad in (np.nan, np.inf, "much"):
        wrong = frame.astype({"prediction": object})
        wrong.loc[1, "prediction"] = bad
        assert frame["row_id"][1] in refused(out, tmp_path / "p.csv", wrong).message
    assert refused(out, tmp_path / "p.csv", frame, metrics=["accuracy"]).code == "INPUT_INVALID"
