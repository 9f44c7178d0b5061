"""The corrected resampled t-test on folds: the published formula, the lab's own pairing, and how often it is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import quiet
from scipy import stats
from sklearn.metrics import accuracy_score

from specweave_lab.errors import Refusal
from specweave_lab.paired_folds import compare_folds, fold_difference
from specweave_lab.reading import read_table
from specweave_lab.train_folds import Folds

K = 5


@pytest.fixture
def cross_validated(register, tmp_path) -> dict[str, Any]:
    """Three runs on five folds, each right in another share of the rows."""
    random = np.random.default_rng(4)
    frame = pd.DataFrame({"x": random.normal(size=900), "target": random.choice(["no", "yes"], 900)})
    record, out = register(frame, name="d")
    train = read_table(out / record["splits"]["train"]["path"])
    folds = Folds(record, train, K)
    true = np.array(train.texts("target"))
    other = np.where(true == "yes", "no", "yes")
    predicted, files = {}, {}
    for run, right in {"best": 0.9, "near": 0.89, "far": 0.7}.items():
        predicted[run] = np.where(random.random(train.rows) < right, true, other)
        files[run] = str(tmp_path / f"{run}.csv")
        rows = {"row_id": train.texts("row_id"), "prediction": predicted[run], "fold": folds.of}
        pd.DataFrame(rows).to_csv(files[run], index=False)
    return {"dataset": str(out), "files": files, "true": true, "predicted": predicted, "folds": folds}


def asked(given: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "dataset": given["dataset"],
        "predictions": given["files"],
        "reference": "best",
        "metric": "accuracy",
        **more,
    }


def test_is_the_published_formula(cross_validated) -> None:
    true, folds, predicted = (cross_validated[name] for name in ("true", "folds", "predicted"))
    answer = compare_folds(asked(cross_validated), quiet)
    assert [one["a"] for one in answer["differences"]] == ["near", "far"]
    expected = []
    for told in answer["differences"]:
        rows = [folds.rows(fold) for fold in range(K)]
        d = [
            accuracy_score(true[at], predicted[told["a"]][at])
            - accuracy_score(true[at], predicted["best"][at])
            for at in rows
        ]
        ratio = np.mean([len(at) / (len(true) - len(at)) for at in rows])
        t = np.mean(d) / np.sqrt((1 / K + ratio) * np.var(d, ddof=1))
        expected.append(2 * stats.t.cdf(-abs(t), K - 1))
        assert told["difference"] == pytest.approx(np.mean(d))
        assert told["p"] == pytest.approx(expected[-1])
        half = stats.t.ppf(0.975, K - 1) * abs(np.mean(d) / t)
        assert told["ci"] == pytest.approx([np.mean(d) - half, np.mean(d) + half])
    # Holm over two: the smaller p twice.
    assert [one["p_adjusted"] for one in answer["differences"]] == pytest.approx(
        [expected[0], 2 * expected[1]]
    )
    assert [one["verdict"] for one in answer["differences"]] == ["no_difference_shown", "worse"]
    wider = compare_folds(asked(cross_validated, family=40), quiet)
    assert wider["differences"][1]["p_adjusted"] == pytest.approx(min(1, 40 * expected[1]))


def test_other_folds_are_not_paired(cross_validated, tmp_path) -> None:
    out = Path(cross_validated["dataset"])
    train = read_table(out / "train.csv")
    ten = Folds(json.loads((out / "dataset.json").read_text()), train, 10)
    path = tmp_path / "ten.csv"
    pd.DataFrame(
        {"row_id": train.texts("row_id"), "prediction": cross_validated["true"], "fold": ten.of}
    ).to_csv(path, index=False)
    shifted = pd.read_csv(cross_validated["files"]["far"])
    shifted["fold"] = (shifted["fold"] + 1) % K
    shifted.to_csv(tmp_path / "shifted.csv", index=False)
    files = {**cross_validated["files"], "ten": str(path), "shifted": str(tmp_path / "shifted.csv")}
    answer = compare_folds(asked(cross_validated, predictions=files), quiet)
    assert [one["a"] for one in answer["differences"]] == ["near", "far"]
    reasons = {one["run"]: one["reason"] for one in answer["left_out"]}
    assert reasons["ten"] == "was measured on 10 folds, and the best on 5"
    assert "another fold than the dataset's" in reasons["shifted"]
    with pytest.raises(Refusal, match="not among the predictions"):
        compare_folds(asked(cross_validated, reference="none"), quiet)


def test_without_a_spread_there_is_no_test() -> None:
    sizes = [(20, 80)] * 5
    same = fold_difference(np.zeros(5), sizes)
    assert not isinstance(same, str) and same.p == 1
    shifted = fold_difference(
        np.array([0.3, 0.4, 0.5, 0.6, 0.7]) - np.array([0.2, 0.3, 0.4, 0.5, 0.6]), sizes
    )
    assert isinstance(shifted, str) and "differs by 0.1 in every fold" in shifted


def test_wrong_about_as_often_as_it_says() -> None:
    """Two learners that are equally good by symmetry (least squares on 20 features each, of which one tells), trained
    anew on 48 of 60 rows: in 1,000 studies a plain paired t-test calls one of them better in 12 %.
    """
    random = np.random.default_rng(20)
    studies, rows, width, k = 1000, 60, 20, 5
    label = random.choice([-1.0, 1.0], (studies, rows))
    right = np.empty((2, studies, rows))
    for learner in range(2):
        x = random.normal(size=(studies, rows, width + 1))
        x[:, :, 0] += 0.35 * label
        x[:, :, width] = 1
        for part in np.array_split(np.arange(rows), k):
            left = np.setdiff1d(np.arange(rows), part)
            turned = x[:, left].transpose(0, 2, 1)
            weights = np.linalg.solve(turned @ x[:, left], turned @ label[:, left, None])
            right[learner][:, part] = (x[:, part] @ weights)[:, :, 0] * label[:, part] > 0
    per_fold = np.subtract(*right.reshape(2, studies, k, rows // k).mean(axis=3))
    results = [fold_difference(d, [(12, 48)] * k) for d in per_fold]
    corrected = np.mean([not isinstance(one, str) and one.p < 0.05 for one in results])
    plain = np.mean(stats.ttest_1samp(per_fold, 0, axis=1).pvalue < 0.05)
    assert 0.03 < corrected < 0.065, corrected
    assert plain > 0.09, plain
