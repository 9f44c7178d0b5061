"""Rolling origins: folds of a series train on what lies before them, forecast the horizon, and never shuffle."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import quiet
from sklearn.model_selection import TimeSeriesSplit

from specweave_lab.errors import Refusal
from specweave_lab.evaluation import evaluate
from specweave_lab.folding import FoldProblem, time_folds
from specweave_lab.paired_folds import compare_folds
from specweave_lab.reading import read_table
from specweave_lab.train_folds import Folds

sys.path.insert(0, str(Path(__file__).parents[2] / "sdk"))
from specweave.dataset import Dataset  # noqa: E402
from specweave.errors import SpecWeaveError  # noqa: E402

MONTHS, HORIZON = 90, 6
SPLIT = {"time_column": "month", "group_column": "shop", "horizon": HORIZON}


def sales(shops: str = "ab", late: int = 0) -> pd.DataFrame:
    """Months of shops; the last shop opens ``late`` months later."""
    months = pd.date_range("2015-01-01", periods=MONTHS, freq="MS").strftime("%Y-%m-%d")
    rng = np.random.default_rng(5)
    parts = []
    for number, shop in enumerate(shops):
        start = late if shop == shops[-1] else 0
        at = np.arange(start, MONTHS)
        target = 50 * (number + 1) + at / 2 + 5 * np.sin(at * np.pi / 6) + rng.normal(0, 1, len(at))
        parts.append(pd.DataFrame({"month": months[start:], "shop": shop, "target": target.round(3)}))
    return pd.concat(parts, ignore_index=True)


def registered(register, frame: pd.DataFrame, **split: Any) -> tuple[dict[str, Any], Path]:
    return register(frame, problem_type="time_series", split={**SPLIT, **split})


def test_windows_are_those_of_scikit_learn() -> None:
    times = list(range(0, 500, 10))
    for count, horizon in ((5, 6), (2, 24), (3, 1)):
        of, starts = time_folds(times, count, horizon)
        expected = list(TimeSeriesSplit(count, test_size=horizon).split(times))
        assert [np.flatnonzero(np.asarray(of) == fold).tolist() for fold in range(count)] == [
            held.tolist() for _, held in expected
        ]
        assert starts == [times[held[0]] for _, held in expected]
    for count, horizon in ((5, 10), (2, 25)):
        with pytest.raises(FoldProblem, match=f"50 different times, too few for {count} folds of {horizon}"):
            time_folds(times, count, horizon)


@pytest.mark.parametrize("gap", [None, "62d"])
def test_each_origin_forecasts_the_horizon_from_the_past_alone(register, gap) -> None:
    record, out = registered(register, sales(late=20), **({"gap": gap} if gap else {}))
    assert record["folds"]["horizon"] == record["split"]["horizon"] == HORIZON
    train = read_table(out / record["splits"]["train"]["path"])
    lab, folds = Folds(record, train, 5), Dataset(str(out), record).folds(5)
    assert [fold.validation.indices for fold in folds] == [lab.rows(fold).tolist() for fold in range(5)]
    assert [fold.train.indices for fold in folds] == [rows.tolist() for rows in lab.training]
    months = sorted(set(train.texts("month")))
    for number, fold in enumerate(folds):
        held = months[len(months) - (5 - number) * HORIZON :][:HORIZON]
        assert sorted(set(fold.validation.frame["month"])) == held
        assert set(fold.validation.frame["shop"]) == {"a", "b"}
        before = [one for one in months if one < held[0]]
        # 62 days before the first of a month are two months, and the one on the border is left out, too.
        limit = pd.Timestamp(held[0]) - pd.Timedelta(gap.upper()) if gap else pd.Timestamp(held[0])
        assert sorted(set(fold.train.frame["month"])) == [one for one in before if pd.Timestamp(one) < limit]
    assert len(folds[0].train) < len(folds[-1].train), "the training window grows"


def test_they_are_part_of_the_version_and_of_no_order(register) -> None:
    record, out = registered(register, sales())
    shuffled, other = registered(register, sales().sample(frac=1, random_state=0))
    assert shuffled["hash"] == record["hash"] and shuffled["folds"] == record["folds"]
    ids = [
        [sorted(fold.validation.row_ids) for fold in Dataset(str(folder), one).folds(4)]
        for folder, one in ((out, record), (other, shuffled))
    ]
    assert ids[0] == ids[1]
    longer, _ = registered(register, sales(), horizon=7)
    plain, _ = registered(register, sales(), horizon=None)
    assert len({record["hash"], longer["hash"], plain["hash"]}) == 3
    assert plain["folds"] == {"method": "time", "column": "month", "gap_us": 0}
    assert {one["splits"]["test"]["sha256"] for one in (record, longer, plain)} == {
        record["splits"]["test"]["sha256"]
    }


@pytest.mark.parametrize(
    ("params", "code", "message"),
    [
        ({"split": {**SPLIT, "horizon": 0}}, "INPUT_INVALID", "0 is no number of times above 0"),
        ({"split": {**SPLIT, "horizon": 2.5}}, "INPUT_INVALID", "must be a whole number"),
        ({"split": {**SPLIT, "horizon": 40}}, "DATASET_INVALID", "54 different times.*at most 26"),
        (
            {"problem_type": "regression", "split": {"method": "random", "horizon": 3}},
            "INPUT_INVALID",
            "regression split by random",
        ),
    ],
)
def test_what_fits_no_windows_is_refused(register, params, code, message) -> None:
    with pytest.raises(Refusal, match=message) as caught:
        register(sales(), **{"problem_type": "time_series", **params})
    assert caught.value.code == code


def handed_in(out: Path, record: dict[str, Any], path: Path, count: int, drift: float) -> pd.DataFrame:
    """The last value of each shop, and ``drift`` beside it, on each fold."""
    parts = []
    for fold in Dataset(str(out), record).folds(count):
        last = fold.train.frame.sort_values("month").groupby("shop")["target"].last()
        guess = fold.validation.frame["shop"].map(last).to_numpy() + drift
        parts.append(
            pd.DataFrame({"row_id": fold.validation.row_ids, "prediction": guess, "fold": fold.index})
        )
    frame = pd.concat(parts)
    frame.to_csv(path, index=False)
    return frame


def test_they_are_measured_with_the_scale_of_their_own_past(register, tmp_path) -> None:
    record, out = registered(register, sales(late=8))
    path = tmp_path / "folds.csv"
    frame = handed_in(out, record, path, 4, 0.0)
    ask = {"dataset": str(out), "split": "folds", "predictions": str(path), "season": 1}
    metrics = {one["name"]: one for one in evaluate(ask, quiet)["metrics"]}
    expected = []
    for fold in Dataset(str(out), record).folds(4):
        past = fold.train.frame.sort_values("month").groupby("shop")["target"]
        scale = past.apply(lambda values: values.diff().abs().mean())
        guess = frame[frame["fold"] == fold.index]["prediction"].to_numpy()
        size = np.abs(fold.validation.target.to_numpy() - guess)
        expected.append(np.mean(size / fold.validation.frame["shop"].map(scale).to_numpy()))
    assert metrics["mase"]["by_fold"] == pytest.approx(expected)
    assert metrics["mase"]["value"] == pytest.approx(np.mean(expected))


def test_they_are_compared_and_another_division_is_refused(register, tmp_path) -> None:
    record, out = registered(register, sales())
    files = {name: tmp_path / f"{name}.csv" for name in ("good", "poor")}
    frame = handed_in(out, record, files["good"], 5, 0.0)
    handed_in(out, record, files["poor"], 5, -9.0)
    ask = {"dataset": str(out), "metric": "mase", "reference": "good", "season": 1}
    found = compare_folds({**ask, "predictions": {name: str(path) for name, path in files.items()}}, quiet)
    (difference,) = found["differences"]
    assert difference["method"] == "nadeau_bengio_t" and difference["difference"] > 0
    # A shuffled division of the same rows.
    dealt = frame.assign(fold=np.random.default_rng(0).permutation(frame["fold"].to_numpy()))
    dealt.to_csv(files["good"], index=False)
    with pytest.raises(Refusal, match="another fold than the dataset's"):
        evaluate({"dataset": str(out), "split": "folds", "predictions": str(files["good"])}, quiet)


def test_a_series_without_a_past_is_named(register, tmp_path) -> None:
    record, out = registered(register, sales(late=38))
    path = tmp_path / "folds.csv"
    parts = [
        pd.DataFrame({"row_id": f.validation.row_ids, "prediction": 1.0, "fold": f.index})
        for f in Dataset(str(out), record).folds(4)
    ]
    pd.concat(parts).to_csv(path, index=False)
    result = evaluate({"dataset": str(out), "split": "folds", "predictions": str(path), "season": 1}, quiet)
    (told,) = [one["message"] for one in result["warnings"] if one["code"] == "mase_undefined"]
    assert told.startswith("fold 0: mase is not measured: a series"), told
    assert "mase" not in {one["name"] for one in result["metrics"]}
    with pytest.raises(SpecWeaveError, match="too few for 20 folds of 6"):
        Dataset(str(out), record).folds(20)
