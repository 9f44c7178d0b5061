"""The material of a report: figures are drawn the same twice; bins, slices, worst rows, pairs by a second source."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import quiet
from scipy import stats
from sklearn.calibration import calibration_curve
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression
from sklearn.metrics import accuracy_score, auc, mean_absolute_error, roc_auc_score

from specweave_lab.calibration import reliability
from specweave_lab.curves import class_curves, errors_by_horizon
from specweave_lab.error_analysis import confused_pairs
from specweave_lab.errors import Refusal
from specweave_lab.evaluation import evaluate
from specweave_lab.evaluation_report import evaluation_report
from specweave_lab.forecasts import SeriesFrame
from specweave_lab.metrics.classification import ClassificationData
from specweave_lab.reading import read_table
from specweave_lab.slices import parts_of

Asked = dict[str, Any]


def ask(out: Path, predictions: Path, **params: Any) -> dict[str, Any]:
    base = {"dataset": str(out), "split": "validation", "predictions": str(predictions), "prefix": "e"}
    return evaluation_report({**base, "figures": str(predictions.parent / "figures"), **params}, quiet)


def hashes(folder: Path) -> dict[str, str]:
    return {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in sorted(folder.iterdir())}


@pytest.fixture
def flowers(register, iris, tmp_path: Path) -> tuple[Path, pd.DataFrame, pd.DataFrame, Path]:
    """Iris four times over with some noise and a column of towns; a forest's predictions."""
    generator = np.random.default_rng(0)
    frame = pd.concat([iris] * 4, ignore_index=True)
    frame.iloc[:, :4] += generator.normal(scale=0.9, size=(600, 4))
    frame["town"] = np.where(generator.random(600) < 0.05, "Rare", np.where(frame.index % 2, "A|b", "B"))
    frame["e_mail"] = [f"person{i}@example.org" for i in range(600)]
    _, out = register(frame)
    train, validation = pd.read_csv(out / "train.csv"), pd.read_csv(out / "validation.csv")
    features = list(iris.columns[:-1])
    forest = RandomForestClassifier(10, max_depth=3, random_state=0).fit(train[features], train["target"])
    given = pd.DataFrame({"row_id": validation["row_id"], "prediction": forest.predict(validation[features])})
    for code, name in enumerate(forest.classes_):
        given[f"score_{name}"] = forest.predict_proba(validation[features])[:, code]
    given.to_csv(tmp_path / "p.csv", index=False)
    return out, validation, given, tmp_path / "p.csv"


def test_figures_of_classes_are_the_same_bytes_twice(flowers, tmp_path, monkeypatch) -> None:
    out, _, _, path = flowers
    logged = [{"name": "loss $x^", "points": [[0, 1.0], [1, 0.5]]}]
    first = ask(out, path, slices=["town"], curves=logged)
    kinds = [one["kind"] for one in first["figures"]]
    assert kinds == ["slices", "confusion", "curves", "calibration", "learning"]
    before = hashes(tmp_path / "figures")
    assert set(before) == {one["file"] for one in first["figures"]}
    # A user's own settings, as a matplotlibrc makes them, change no figure.
    import matplotlib

    monkeypatch.setitem(matplotlib.rcParams, "axes.labelsize", 30)
    monkeypatch.setitem(matplotlib.rcParams, "axes.grid", True)
    assert ask(out, path, slices=["town"], curves=logged) == first
    assert hashes(tmp_path / "figures") == before
    for file in (tmp_path / "figures").iterdir():
        assert file.read_bytes().startswith(b"\x89PNG") and b"Date" not in file.read_bytes()
        assert file.stat().st_size < 150_000


def test_slices_are_the_metric_of_those_rows(flowers) -> None:
    out, validation, given, path = flowers
    found = ask(out, path, slices=["town", "sepal length (cm)"])["slices"]
    right = validation["target"] == given["prediction"]
    by_part = {(one["column"], one["part"]): one for one in found["slices"]}
    for town in ("A|b", "B", "Rare"):
        rows = validation["town"] == town
        one = by_part["town", town]
        assert one["rows"] == rows.sum()
        assert one["value"] == pytest.approx(
            accuracy_score(validation["target"][rows], given["prediction"][rows])
        )
        assert one["ranked"] == (rows.sum() >= 30)
    quarters = [one for one in found["slices"] if one["column"] == "sepal length (cm)"]
    assert len(quarters) == 4 and sum(one["rows"] for one in quarters) == len(validation)
    ranked = [one for one in found["slices"] if one["ranked"]]
    assert [one["value"] for one in ranked] == sorted(one["value"] for one in ranked)
    assert found["ranked"] == len(ranked) and not found["slices"][-1]["ranked"]
    # Fisher's test by SciPy's hypergeometric distribution; Holm's factor of the smallest is their number.
    p = {}
    for one in ranked:
        inside = (validation["town"] == one["part"]) if one["column"] == "town" else None
        if inside is not None:
            law = stats.hypergeom(len(right), int((~right).sum()), int(inside.sum()))
            seen = law.pmf(int((~right & inside).sum()))
            support = np.arange(law.support()[0], law.support()[1] + 1)
            p[one["part"]] = law.pmf(support)[law.pmf(support) <= seen * (1 + 1e-7)].sum()
    assert all(by_part["town", part]["p_adjusted"] >= value - 1e-9 for part, value in p.items())
    with pytest.raises(Refusal, match='Did you mean "town"'):
        ask(out, path, slices=["twon"])
    with pytest.raises(Refusal, match="is the target"):
        ask(out, path, slices=["target"])


def test_a_slice_in_which_all_is_wrong_is_called_worse(flowers, tmp_path) -> None:
    out, validation, given, _ = flowers
    wrong = given.copy()
    bad = (validation["town"] == "B").to_numpy()
    other = validation["target"].map({"setosa": "virginica", "versicolor": "setosa", "virginica": "setosa"})
    wrong["prediction"] = np.where(bad, other, validation["target"])
    wrong[["row_id", "prediction"]].to_csv(tmp_path / "w.csv", index=False)
    answer = ask(out, tmp_path / "w.csv", slices=["town"])
    worst = answer["slices"]["slices"][0]
    assert (worst["part"], worst["value"], worst["differs"]) == ("B", 0.0, "worse")
    assert worst["p_adjusted"] < 1e-6
    assert "calibration" not in answer


def test_worst_rows_and_pairs(flowers) -> None:
    out, validation, given, path = flowers
    answer = ask(out, path)
    scores = given[[f"score_{c}" for c in ("setosa", "versicolor", "virginica")]].to_numpy()
    of_true = scores[np.arange(len(given)), validation["target"].map(
        {"setosa": 0, "versicolor": 1, "virginica": 2})]  # fmt: skip
    wrong = validation["target"] != given["prediction"]
    order = validation["row_id"].astype(str)[wrong].iloc[np.argsort(of_true[wrong], kind="stable")]
    worst = answer["worst"]
    assert [row[0] for row in worst["rows"]] == list(order[:20])
    assert worst["left_out"] == ["e_mail"]
    assert not any("@example.org" in cell for row in worst["rows"] for cell in row)
    table = pd.crosstab(validation["target"], given["prediction"])
    for pair in answer["pairs"]:
        assert pair["rows"] == table.loc[pair["true"], pair["predicted"]]
    assert answer["pairs"][0]["rows"] == max(
        table.loc[a, b] for a in table.index for b in table.columns if a != b
    )


def test_calibration_is_scikit_learns_and_adds_up_to_ece(flowers) -> None:
    out, _, _, path = flowers
    answer = ask(out, path)["calibration"]
    measured = {one["name"]: one["value"] for one in evaluate(
        {"dataset": str(out), "split": "validation", "predictions": str(path)}, quiet)["metrics"]}  # fmt: skip
    rows = sum(one["rows"] for one in answer)
    gap = sum(one["rows"] * abs(one["predicted"] - one["observed"]) for one in answer) / rows
    assert gap == pytest.approx(measured["ece"])
    generator = np.random.default_rng(1)
    p = generator.random(1000)
    y = generator.random(1000) < p**2
    data = ClassificationData(
        y.astype(np.int64), (p > 0.5).astype(np.int64), np.stack([1 - p, p], 1), ["0", "1"], 1
    )
    observed, predicted = calibration_curve(y, p, n_bins=10, strategy="quantile")
    bins = reliability(data)
    assert [one["observed"] for one in bins] == pytest.approx(observed, abs=0.011)
    assert [one["predicted"] for one in bins] == pytest.approx(predicted, abs=0.011)


def test_curves_have_the_area_that_is_measured() -> None:
    generator = np.random.default_rng(2)
    true = np.arange(300) % 3
    scores = generator.random((300, 3)) + np.eye(3)[true]
    scores /= scores.sum(axis=1, keepdims=True)
    curves = class_curves(ClassificationData(true, scores.argmax(1), scores, ["a", "b", "c"], None))
    areas = [auc(one["false_positive_rate"], one["true_positive_rate"]) for one in curves]
    assert np.mean(areas) == pytest.approx(roc_auc_score(true, scores, multi_class="ovr"))


def test_regression_has_residuals_and_slices_by_quarters(register, diabetes, tmp_path) -> None:
    more = pd.concat([diabetes] * 4, ignore_index=True)
    more["bmi"] += np.random.default_rng(0).normal(scale=1e-3, size=len(more))
    _, out = register(more, problem_type="regression")
    train, validation = pd.read_csv(out / "train.csv"), pd.read_csv(out / "validation.csv")
    fitted = LinearRegression().fit(train[["bmi", "s5"]], train["target"])
    given = pd.DataFrame(
        {"row_id": validation["row_id"], "prediction": fitted.predict(validation[["bmi", "s5"]])}
    )
    given.to_csv(tmp_path / "p.csv", index=False)
    answer = ask(out, tmp_path / "p.csv", slices=["bmi", "sex"], slice_metric="mae")
    assert [one["kind"] for one in answer["figures"]][-1] == "residuals"
    errors = (given["prediction"] - validation["target"]).abs()
    assert answer["worst"]["rows"][0][0] == str(validation["row_id"][errors.idxmax()])
    for one in answer["slices"]["slices"]:
        if one["column"] == "bmi" and one["part"].split(" to ")[1] == f"{validation['bmi'].max():.6g}":
            top = validation["bmi"] >= validation["bmi"].quantile(0.75)
            assert one["value"] == pytest.approx(
                mean_absolute_error(validation["target"][top], given["prediction"][top]))  # fmt: skip
            p = stats.mannwhitneyu(errors[top], errors[~top]).pvalue
            assert one["p_adjusted"] == pytest.approx(min(1, p * answer["slices"]["ranked"])) or p > 0.01
            assert one["p_adjusted"] >= p
            break
    else:
        raise AssertionError("no upper quarter")


def test_forecasts_by_horizon() -> None:
    times = np.tile(np.arange(10, 34), 2)
    series = np.repeat(["a", "b"], 24)
    true = np.arange(48, dtype=float) + 1
    predicted = true + np.where(series == "a", times - 9.0, 0.0)
    found = errors_by_horizon(SeriesFrame(true, times, series, {"a": (2.0, 2.0), "b": (1.0, 1.0)}), predicted)
    assert [(one["first"], one["last"], one["rows"]) for one in found][:2] == [(1, 2, 4), (3, 4, 4)]
    assert found[0]["mae"] == pytest.approx((1 + 2) / 4)
    assert found[0]["mase"] == pytest.approx((1 + 2) / 2 / 4)
    assert found[-1]["rmsse"] == pytest.approx(np.sqrt(((23 / 2) ** 2 + (24 / 2) ** 2) / 4))


def test_series_and_recommendations_have_their_own_figures(register, tmp_path) -> None:
    days = pd.date_range("2026-01-01", periods=240, freq="D")
    frame = pd.DataFrame(
        {"day": days, "target": np.sin(np.arange(240) / 7) * 5 + 20, "promo": np.arange(240) % 2}
    )
    _, out = register(
        frame, problem_type="time_series", time_column="day", split={"method": "time", "time_column": "day"}
    )
    validation = pd.read_csv(out / "validation.csv")
    given = pd.DataFrame(
        {"row_id": validation["row_id"], "prediction": validation["target"].shift(1).bfill()}
    )
    given.to_csv(tmp_path / "p.csv", index=False)
    answer = ask(out, tmp_path / "p.csv", slices=["promo"])
    assert [one["kind"] for one in answer["figures"]][-2:] == ["forecast", "horizon"]
    assert not any("p_adjusted" in one for one in answer["slices"]["slices"])
    assert len(answer["horizons"]) == 12


def test_of_test_and_folds_only_the_recorded_matrix_is_drawn(tmp_path) -> None:
    matrix = {"classes": ["no", "yes"], "matrix": [[5, 1], [2, 4]]}
    for split in ("test", "folds"):
        # Neither the data set nor the predictions exist.
        answer = ask(tmp_path / "none", tmp_path / "p.csv", split=split, confusion=matrix)
        assert list(answer) == ["figures"] and [one["kind"] for one in answer["figures"]] == ["confusion"]
        with pytest.raises(Refusal, match="train and validation alone"):
            ask(tmp_path, tmp_path / "p.csv", split=split, slices=["a"])


def test_parts_of_a_column(tmp_path) -> None:
    path = tmp_path / "t.csv"
    pd.DataFrame(
        {
            "n": [*range(20), None],
            "few": [1, 2] * 10 + [3],
            "text": [f"v{i % 18}" for i in range(21)],
            "when": pd.date_range("2026-01-01", periods=21).astype(str),
        }
    ).to_csv(path, index=False)
    table = read_table(path)
    names, codes = parts_of(table, "n")
    assert names == ["0 to 4.75", "4.75 to 9.5", "9.5 to 14.25", "14.25 to 19", "(missing)"]
    assert np.bincount(codes).tolist() == [5, 5, 5, 5, 1]
    assert parts_of(table, "few")[0] == ["1", "2", "3"]
    names, codes = parts_of(table, "text")
    assert names[-1] == "(6 other values)" and np.bincount(codes)[-1] == 6
    assert parts_of(table, "when", True)[0][0] == "2026-01-01 to 2026-01-06"


def test_confused_pairs_leave_out_what_is_right() -> None:
    pairs = confused_pairs(np.array([[9, 1, 0], [4, 6, 0], [0, 2, 0]]), ["a", "b", "c"])
    assert [(one["true"], one["predicted"], one["rows"], one["share"]) for one in pairs] == [
        ("b", "a", 4, 0.4),
        ("c", "b", 2, 1.0),
        ("a", "b", 1, 0.1),
    ]


def test_a_plain_evaluation_loads_no_matplotlib() -> None:
    code = "import sys, specweave_lab.evaluation, specweave_lab.evaluation_report; print('matplotlib' in sys.modules)"
    folder = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
