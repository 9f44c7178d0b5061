"""Each metric against a second source: the formula by hand, or a library that did not compute it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sk
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from specweave_lab.errors import Refusal
from specweave_lab.metrics.classification import ClassificationData, measure_classification
from specweave_lab.metrics.counts import confusion, count_statistic, counts_of
from specweave_lab.metrics.names import CLASSIFICATION, CLASSIFICATION_SCORES, chosen_metrics, sign_of_better
from specweave_lab.metrics.ranking import macro_auc_parts, macro_average_precision_parts
from specweave_lab.metrics.regression import measure_regression
from specweave_lab.metrics.sums import error_metric, probability_metric
from specweave_lab.resampling import EXACT_ROWS

ALL = list(CLASSIFICATION + CLASSIFICATION_SCORES)


def model(loader) -> ClassificationData:
    x, y = loader(return_X_y=True)
    fitted = make_pipeline(StandardScaler(), LogisticRegression(C=0.01)).fit(x[::2], y[::2])
    scores, classes = fitted.predict_proba(x[1::2]), [str(c) for c in np.unique(y)]
    return ClassificationData(
        y[1::2], scores.argmax(axis=1), scores, classes, 1 if len(classes) == 2 else None
    )


@pytest.fixture(scope="module")
def binary() -> ClassificationData:
    return model(load_breast_cancer)


@pytest.fixture(scope="module")
def multiclass() -> ClassificationData:
    data = model(load_wine)
    generator = np.random.default_rng(0)
    wrong = generator.random(len(data.true)) < 0.2
    predicted = np.where(wrong, generator.integers(0, 3, len(data.true)), data.predicted)
    return ClassificationData(data.true, predicted, data.scores, data.classes, None)


def values(data: ClassificationData) -> dict[str, float]:
    results, warnings = measure_classification(data, ALL)
    assert warnings == []
    for one in results:
        assert one["ci"][0] <= one["value"] <= one["ci"][1], one
        assert one["ci"][0] < one["ci"][1]
    return {one["name"]: one["value"] for one in results}


def test_binary_by_hand(binary) -> None:
    got, y, p = values(binary), binary.true, binary.scores[:, 1]
    tp, fp = np.sum((y == 1) & (binary.predicted == 1)), np.sum((y == 0) & (binary.predicted == 1))
    fn, tn = np.sum((y == 1) & (binary.predicted == 0)), np.sum((y == 0) & (binary.predicted == 0))
    assert got["accuracy"] == pytest.approx((tp + tn) / len(y))
    assert got["precision"] == pytest.approx(tp / (tp + fp))
    assert got["recall"] == pytest.approx(tp / (tp + fn))
    assert got["f1"] == pytest.approx(2 * tp / (2 * tp + fp + fn))
    assert got["balanced_accuracy"] == pytest.approx((tp / (tp + fn) + tn / (tn + fp)) / 2)
    assert got["mcc"] == pytest.approx(np.corrcoef(y, binary.predicted)[0, 1])
    u = stats.mannwhitneyu(p[y == 1], p[y == 0]).statistic
    assert got["roc_auc"] == pytest.approx(u / (np.sum(y == 1) * np.sum(y == 0)))
    assert got["log_loss"] == pytest.approx(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))
    assert got["brier"] == pytest.approx(np.mean((p - y) ** 2))
    order = np.argsort(-p)
    precision_at = np.cumsum(y[order]) / np.arange(1, len(y) + 1)
    assert got["pr_auc"] == pytest.approx(precision_at[y[order] == 1].mean())


def test_ece_by_hand(binary) -> None:
    p, y = binary.scores[:, 1], binary.true
    bins = np.array_split(np.argsort(p, kind="stable"), 10)
    by_hand = sum(abs(y[b].mean() - p[b].mean()) * len(b) for b in bins) / len(y)
    assert probability_metric("ece", y, binary.scores, 1).value() == pytest.approx(by_hand, rel=0.15)
    exact = ClassificationData(y[:280], binary.predicted[:280], binary.scores[:280], binary.classes, 1)
    bins = np.argsort(p[:280], kind="stable").reshape(10, 28)
    by_hand = np.abs(y[bins].mean(axis=1) - p[bins].mean(axis=1)).mean()
    assert values(exact)["ece"] == pytest.approx(by_hand)


def test_multiclass_is_macro(multiclass) -> None:
    got, y, s = values(multiclass), multiclass.true, multiclass.scores
    one_hot = np.eye(3)[y]
    per_class = [
        sk.precision_recall_fscore_support(y == c, multiclass.predicted == c, average="binary")
        for c in range(3)
    ]
    for place, name in enumerate(("precision", "recall", "f1")):
        assert got[name] == pytest.approx(np.mean([p[place] for p in per_class]))
    assert got["balanced_accuracy"] == pytest.approx(sk.balanced_accuracy_score(y, multiclass.predicted))
    assert got["roc_auc"] == pytest.approx(np.mean([sk.roc_auc_score(y == c, s[:, c]) for c in range(3)]))
    assert got["roc_auc"] == pytest.approx(macro_auc_parts(y, s)[0])
    assert got["pr_auc"] == pytest.approx(macro_average_precision_parts(y, s)[0])
    assert got["brier"] == pytest.approx(np.mean(np.sum((s - one_hot) ** 2, axis=1)))
    assert got["log_loss"] == pytest.approx(-np.mean(np.log(s[np.arange(len(y)), y])))


def test_formulas_over_counts_and_sums_agree_with_scikit_learn(binary, multiclass) -> None:
    for data in (binary, multiclass):
        got, counts = values(data), counts_of(confusion(data.true, data.predicted, len(data.classes)))
        for name in CLASSIFICATION:
            assert count_statistic(name, data.positive)(counts) == pytest.approx(got[name]), name
        for name in ("log_loss", "brier", "ece"):
            assert probability_metric(name, data.true, data.scores, data.positive).value() == pytest.approx(
                got[name]
            )


def test_regression_by_hand() -> None:
    x, y = load_diabetes(return_X_y=True)
    p = LinearRegression().fit(x[::2], y[::2]).predict(x[1::2])
    y = y[1::2]
    results, warnings = measure_regression(y, p, ["rmse", "mae", "median_ae", "r2", "mape"])
    got = {one["name"]: one["value"] for one in results}
    assert warnings == []
    assert got["rmse"] == pytest.approx(np.sqrt(np.mean((p - y) ** 2)))
    assert got["mae"] == pytest.approx(np.mean(np.abs(p - y)))
    assert got["median_ae"] == pytest.approx(np.median(np.abs(p - y)))
    assert got["r2"] == pytest.approx(1 - np.sum((p - y) ** 2) / np.sum((y - y.mean()) ** 2))
    assert got["mape"] == pytest.approx(np.mean(np.abs(p - y) / y))
    for one in results:
        assert one["ci"][0] < one["value"] < one["ci"][1]
        if one["name"] != "median_ae":
            assert error_metric(one["name"], y, p).value() == pytest.approx(one["value"])


def test_the_same_data_has_the_same_interval_and_many_rows_the_jackknife_s() -> None:
    generator = np.random.default_rng(0)
    y = generator.normal(size=EXACT_ROWS + 1)
    p = y + generator.normal(size=len(y))
    (many,), _ = measure_regression(y, p, ["rmse"])
    (fewer,), _ = measure_regression(y[:-1], p[:-1], ["rmse"])
    assert (many["ci_method"], fewer["ci_method"]) == ("jackknife_normal", "bootstrap_t")
    assert many["ci"] == pytest.approx(fewer["ci"], abs=0.002)
    assert measure_regression(y[:900], p[:900], ["r2"]) == measure_regression(y[:900], p[:900], ["r2"])


def test_what_has_no_value_is_left_out_and_said() -> None:
    results, warnings = measure_regression(np.array([0.0, 0, 0, 0]), np.ones(4), ["mape", "r2", "mae"])
    assert [one["name"] for one in results] == ["mae"]
    assert {w["code"] for w in warnings} == {"mape_undefined", "r2_undefined"}
    ones = ClassificationData(
        np.ones(40, int), np.ones(40, int), np.tile([0.2, 0.8], (40, 1)), ["no", "yes"], 1
    )
    results, warnings = measure_classification(ones, ALL)
    assert {w["code"] for w in warnings} == {"roc_auc_undefined", "pr_auc_undefined"}
    assert "mcc" in {one["name"] for one in results if one["ci"] is None}
    bare = ClassificationData(np.array([0, 1] * 9), np.zeros(18, int), None, ["no", "yes"], 1)
    results, warnings = measure_classification(bare, ALL)
    assert {one["name"] for one in results} == set(CLASSIFICATION)
    assert [w["code"] for w in warnings][-1] == "positive_never_predicted"


def test_a_perfect_model_still_has_an_interval() -> None:
    y = np.array([0, 1, 0] * 20)
    results, _ = measure_classification(
        ClassificationData(y, y, np.eye(2)[y] * 0.98 + 0.01, ["a", "b"], 1), ALL
    )
    for one in results:
        if sign_of_better(one["name"]) > 0:
            assert one["value"] == 1.0 == one["ci"][1] and 0.5 < one["ci"][0] < 1.0, one


def test_names_are_checked() -> None:
    assert chosen_metrics("recommendation", ["precision@5", "ndcg"]) == ["precision@5", "ndcg@10"]
    for problem, name in (
        ("classification", "acuracy"),
        ("regression", "f1"),
        ("classification", "precision@10"),
    ):
        with pytest.raises(Refusal) as caught:
            chosen_metrics(problem, [name])
        assert caught.value.code == "INPUT_INVALID"
