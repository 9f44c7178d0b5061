"""``ds.folds(k)``, and handing in what was predicted out of fold. That the lab divides alike is tested there."""

from __future__ import annotations

import csv

import pytest
from conftest import churn_tables, write_dataset

import specweave
from specweave import SpecWeaveError, track_experiment

pd = pytest.importorskip("pandas")
np = pytest.importorskip("numpy")


@pytest.fixture
def dataset(work):
    train, validation, test, _ = churn_tables()
    write_dataset(
        work.root, "churn", train, validation, test,
        problem_type="classification", target="churn", classes=["no", "yes"], positive="yes",
        id_column="row_id", split={"method": "stratified", "key": "churn:0"},
    )  # fmt: skip
    work.set_dataset("churn@1")
    return specweave.load_dataset("churn")


def test_every_row_is_predicted_once_and_never_by_what_it_trained(dataset):
    folds = dataset.folds(5)
    assert [fold.index for fold in folds] == [0, 1, 2, 3, 4] and "fold" in repr(folds[0]).lower()
    assert sorted(row for fold in folds for row in fold.validation.row_ids) == sorted(dataset.train.row_ids)
    for fold in folds:
        assert not set(fold.train.row_ids) & set(fold.validation.row_ids)
        assert len(fold.train) + len(fold.validation) == 144
        assert list(fold.train.features.columns) == ["minutes", "plan", "calls", "intl"]
        assert len(fold.validation.target) == len(fold.validation.features) == len(fold.validation)
        assert fold.validation.features.index[0] == 0
        assert not hasattr(fold.train, "path")
    assert [f.validation.indices for f in dataset.folds(5)] == [f.validation.indices for f in folds]


def test_scikit_learn_takes_the_places(dataset):
    model_selection = pytest.importorskip("sklearn.model_selection")
    from sklearn.dummy import DummyClassifier

    cv = [(fold.train.indices, fold.validation.indices) for fold in dataset.folds(4)]
    scores = model_selection.cross_val_score(DummyClassifier(), dataset.train.features, dataset.train.target, cv=cv)
    assert len(scores) == 4


def test_what_is_handed_in_stands_under_its_fold(work, dataset):
    folds = dataset.folds(3)
    with track_experiment("folds") as exp:
        path = exp.save_predictions(
            "folds",
            [np.array(fold.validation.target) for fold in folds],
            y_score=[np.linspace(0, 1, len(fold.validation)) for fold in folds],
        )
    assert path.endswith("predictions/folds.csv")
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["row_id", "prediction", "fold", "score_no", "score_yes"]
    truth = dict(zip(dataset.train.row_ids, dataset.train.target))
    fold_of = {row: str(fold.index) for fold in folds for row in fold.validation.row_ids}
    assert {row["row_id"]: row["prediction"] for row in rows} == truth
    assert {row["row_id"]: row["fold"] for row in rows} == fold_of
    (event,) = work.events(exp.id.partition("/")[2], "predictions")
    assert event["n"] == "folds" and event["rows"] == 144


@pytest.fixture
def three_classes(work):
    """36 rows of three classes."""
    labels = ["a", "b", "c"]
    table = pd.DataFrame({"row_id": [f"r{i}" for i in range(36)], "x": range(36), "y": [labels[i % 3] for i in range(36)]})
    write_dataset(
        work.root, "rare", table, table, table.drop(columns="y"),
        problem_type="classification", target="y", classes=labels, id_column="row_id",
        split={"method": "stratified", "key": "rare:0"},
    )  # fmt: skip
    work.set_dataset("rare@1")
    return specweave.load_dataset("rare")


def test_each_fold_may_order_its_classes(three_classes):
    """A model that never saw a class names two; and tables of scores come in any order of columns."""
    folds = three_classes.folds(3)
    orders = [["b", "c"], ["a", "b"], ["c", "a", "b"]]
    share = {"a": 0.2, "b": 0.3, "c": 0.5}
    predicted = [["a"] * len(fold.validation) for fold in folds]
    scores = [
        np.tile([share[label] for label in order], (len(fold.validation), 1)) for fold, order in zip(folds, orders)
    ]
    expected = {
        str(place): [repr(share[label]) if label in order else "0.0" for label in "abc"]
        for place, order in enumerate(orders)
    }
    tables = [pd.DataFrame(rows, columns=order) for rows, order in zip(scores, orders)]
    with track_experiment("orders") as exp:
        for given in (
            {"y_score": scores, "classes": [np.array(order) for order in orders]},
            {"y_score": tables},
        ):
            with open(exp.save_predictions("folds", predicted, **given), newline="") as file:
                header, *rows = csv.reader(file)
            assert header == ["row_id", "prediction", "fold", "score_a", "score_b", "score_c"]
            assert all(row[3:] == expected[row[2]] for row in rows) and len(rows) == 36


def test_folds_that_score_other_classes_are_refused(work, three_classes):
    """One header names the columns of all folds: of margins none can be left out, and none be made up."""
    folds = three_classes.folds(3)
    predicted = [["a"] * len(fold.validation) for fold in folds]

    def margins(*orders):
        return [pd.DataFrame(-3.5, range(len(fold.validation)), list(order)) for fold, order in zip(folds, orders)]

    with track_experiment("margins") as exp:
        with pytest.raises(SpecWeaveError, match="score_b, score_c in fold 1, and score_a, score_b in fold 0"):
            exp.save_predictions("folds", predicted, y_score=margins("ab", "bc", "ab"))
        with pytest.raises(SpecWeaveError, match="2 orders of columns, and there are 3 folds"):
            exp.save_predictions("folds", predicted, y_score=margins("ab", "bc", "ab"), classes=["ab", ["b", "c"]])
        assert not (work.experiments / exp.id.partition("/")[2] / "predictions").exists()
        exp.save_predictions("folds", predicted, y_score=margins("cba", "abc", "bca"))


def test_what_does_not_fit_writes_nothing(work, dataset):
    folds = dataset.folds(3)
    good = [["no"] * len(fold.validation) for fold in folds]
    with track_experiment("bad") as exp:
        for wrong, message in (
            (["no"] * 144, "one array a fold"),
            ("no", "one array a fold"),
            (good[:1], "at least 2 folds"),
            ([*good[:2], good[2][:-1]], "fold.validation.features"),
            ([*good[:2], ["never"] * len(good[2])], "names no class"),
            ([[label] for label in range(101)], "between 2 and 100"),
        ):
            with pytest.raises(SpecWeaveError, match=message):
                exp.save_predictions("folds", wrong)
        with pytest.raises(SpecWeaveError, match="takes no ids"):
            exp.save_predictions("folds", good, ids=dataset.train.row_ids)
        with pytest.raises(SpecWeaveError, match="2 arrays, and y_pred has 3"):
            exp.save_predictions("folds", good, y_score=[[0.5], [0.5]])
        with pytest.raises(SpecWeaveError, match="use one of: train, validation, test, folds"):
            exp.save_predictions("fold", good)
    assert not (work.experiments / exp.id.partition("/")[2] / "predictions").exists()


@pytest.mark.parametrize(
    ("count", "message"), [(1, "between 2"), (145, "between 2"), (2.5, "whole number"), (True, "whole")]
)
def test_numbers_of_folds_that_cannot_be(dataset, count, message):
    with pytest.raises(SpecWeaveError, match=message):
        dataset.folds(count)


def test_recommendations_have_none(work):
    table = pd.DataFrame({"row_id": ["a", "b"], "user": ["u", "u"], "item": ["i", "j"]})
    write_dataset(
        work.root, "shop", table, table, table, problem_type="recommendation", target="item",
        split={"method": "random", "key": "shop:0"},
    )  # fmt: skip
    with pytest.raises(SpecWeaveError, match="no folds"):
        specweave.load_dataset("shop").folds(5)


def test_too_few_groups(work):
    train, validation, test, _ = churn_tables()
    write_dataset(
        work.root, "d", train, validation, test, problem_type="classification", target="churn", group_column="plan",
        classes=["no", "yes"], split={"method": "group", "key": "d:0"},
    )  # fmt: skip
    folds = specweave.load_dataset("d").folds(3)
    assert [fold.validation.features["plan"].nunique() for fold in folds] == [1, 1, 1]
    with pytest.raises(SpecWeaveError, match="3 different rows or groups, too few for 4 folds"):
        specweave.load_dataset("d").folds(4)
