"""What is handed in: accepted where it fits the split, refused with the rows where it does not."""

from __future__ import annotations

import hashlib

import pytest
from conftest import write_dataset

import specweave
from specweave import SpecWeaveError, track_experiment

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")


def small(work, classes=("no", "yes"), labels=("no", "yes", "no"), positive=None, **record):
    rows = pd.DataFrame({"row_id": ["a", "b", "c"], "x": [1, 2, 3], "y": list(labels)})
    record = {"problem_type": "classification", "target": "y", "classes": list(classes), **record}
    if positive:
        record["positive"] = positive
    write_dataset(work.root, "d", rows, rows, rows.drop(columns="y"), **record)
    work.set_dataset("d@1")


def written(work, split="validation"):
    return (work.experiments / "exp-001-x" / f"predictions/{split}.csv").read_text().splitlines()


@pytest.fixture
def binary(work):
    small(work, positive="yes")
    with track_experiment("x") as exp:
        yield exp


def test_labels_and_probabilities(work, binary):
    path = binary.save_predictions("validation", np.array(["no", "yes", "yes"]), y_score=np.array([0.25, 0.5, 1.0]))
    assert written(work) == ["row_id,prediction,score_no,score_yes", "a,no,0.75,0.25", "b,yes,0.5,0.5", "c,yes,0.0,1.0"]
    [event] = work.events("exp-001-x", "predictions")
    assert event["n"] == "validation" and event["rows"] == 3
    assert event["sha256"] == hashlib.sha256(open(path, "rb").read()).hexdigest()
    assert [p.name for p in (work.experiments / "exp-001-x/predictions").iterdir()] == ["validation.csv"]


def test_scores_of_other_shapes(work, binary):
    binary.save_predictions("validation", ["no", "yes", "no"], y_score=[-1.5, 2.5, 0.0])  # a margin
    assert written(work)[0] == "row_id,prediction,score_yes" and written(work)[1] == "a,no,-1.5"
    binary.save_predictions("validation", ["no", "yes", "no"], y_score=[[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]])
    assert written(work)[:2] == ["row_id,prediction,score_no,score_yes", "a,no,0.9,0.1"]
    binary.save_predictions(
        "validation", ["no", "yes", "no"], y_score=pd.DataFrame({"yes": [0.1, 0.8, 0.3], "no": [0.9, 0.2, 0.7]})
    )
    assert written(work)[:2] == ["row_id,prediction,score_no,score_yes", "a,no,0.9,0.1"]
    binary.save_predictions(
        "validation", ["no", "yes", "no"], [[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]], classes=["yes", "no"]
    )
    assert written(work)[1] == "a,no,0.9,0.1"
    binary.save_predictions("test", pd.Series(["no", "yes", "no"], index=[7, 8, 9]))
    assert written(work, "test") == ["row_id,prediction", "a,no", "b,yes", "c,no"]


def test_a_class_that_train_lacks_has_the_probability_0(work):
    small(work, classes=("a", "b", "c"), labels=("a", "c", "b"))
    said, given = ["a", "c", "a"], [[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]]
    with track_experiment("x") as exp:
        exp.save_predictions("validation", said, given, classes=["a", "c"])
        assert written(work)[:3] == ["row_id,prediction,score_a,score_b,score_c", "a,a,0.9,0.0,0.1", "b,c,0.2,0.0,0.8"]
        exp.save_predictions("validation", ["c"] * 3, np.ones((3, 1)), classes=np.array(["c"]), ids=["c", "b", "a"])
        assert written(work)[:2] == ["row_id,prediction,score_a,score_b,score_c", "a,c,0.0,0.0,1.0"]
        # A margin of 0 would say something, so that none is made up.
        exp.save_predictions("validation", said, [[1.9, -0.1], *given[1:]], classes=["a", "c"])
        assert written(work)[0] == "row_id,prediction,score_a,score_c"
        with pytest.raises(SpecWeaveError, match="classes=model.classes_"):
            exp.save_predictions("validation", said, given)


def test_ids_in_another_order(work, binary):
    binary.save_predictions("validation", ["yes", "no", "no"], y_score=[0.9, 0.1, 0.2], ids=["c", "a", "b"])
    assert [line.split(",")[:2] for line in written(work)[1:]] == [["a", "no"], ["b", "no"], ["c", "yes"]]
    assert written(work)[3].endswith(",0.9")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"y_pred": ["no", "yes"]}, "2 values, and the validation split of d@1 has 3 rows"),
        ({"y_pred": ["no", "maybe", "yes"]}, r"b \('maybe'\).*classes are no, yes"),
        ({"y_pred": [0.2, 0.9, 0.4]}, "look like probabilities"),
        ({"y_pred": [[0.2, 0.8]] * 3}, "2 columns"),
        ({"y_pred": "no"}, "one value a row"),
        ({"y_pred": ["no"] * 3, "y_score": [0.1, 0.2]}, "y_score has 2 values"),
        ({"y_pred": ["no"] * 3, "y_score": [0.1, float("nan"), 0.2]}, r"no finite number in 1 of 3 rows: b"),
        ({"y_pred": ["no"] * 3, "y_score": [[0.1, 0.2, 0.7]] * 3}, "3 columns, and the classes are no, yes"),
        ({"y_pred": ["no"] * 3, "ids": ["a", "b", "b"]}, "more than once: b"),
        ({"y_pred": ["no"] * 3, "ids": ["a", "b", "z"]}, r"missing \(c\).*not in it \(z\)"),
        ({"y_pred": ["no"] * 3, "split": "holdout"}, "train, validation, test"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_written(work, binary, arguments, said):
    arguments = {"split": "validation", **arguments}
    with pytest.raises(SpecWeaveError, match=f"(?s){said}"):
        binary.save_predictions(arguments.pop("split"), **arguments)
    assert not (work.experiments / "exp-001-x/predictions").exists() and not work.events("exp-001-x", "predictions")


@pytest.mark.parametrize(
    ("classes", "given", "expected"),
    [
        (["0", "1"], [0.0, True, np.int64(1)], ["0", "1", "1"]),
        (["false", "true"], np.array([True, False, True]), ["true", "false", "true"]),
        (["False", "True"], [1 == 1, "false", "TRUE"], ["True", "False", "True"]),
        (["2", "10"], np.array([10.0, 2.0, 2.0]), ["10", "2", "2"]),
    ],
)
def test_a_label_is_written_as_the_file_writes_it(work, classes, given, expected):
    small(work, classes=classes, labels=[classes[0], classes[1], classes[0]])
    with track_experiment("x") as exp:
        exp.save_predictions("validation", given)
    assert [line.split(",")[1] for line in written(work)[1:]] == expected


def test_regression(work):
    small(work, labels=(1.0, 2.0, 3.0), problem_type="regression", classes=[])
    with track_experiment("x") as exp:
        exp.save_predictions("validation", np.array([[1.5], [2.25], [0.1]], dtype="float64"))
        with pytest.raises(SpecWeaveError, match="no finite number in 2 of 3"):
            exp.save_predictions("train", [1, float("inf"), "x"])
    assert written(work) == ["row_id,prediction", "a,1.5", "b,2.25", "c,0.1"]


def test_without_a_dataset(work):
    with track_experiment("x") as exp:
        with pytest.raises(SpecWeaveError, match="load_dataset"):
            exp.save_predictions("validation", [1])


def test_recommendation(work):
    rows = pd.DataFrame({"row_id": ["1", "2", "3"], "userId": [7, 7, 8], "movieId": [1, 2, 3]})
    test = pd.DataFrame({"row_id": [7, 9], "userId": [7, 9]})
    write_dataset(
        work.root, "d", rows, rows, test, problem_type="recommendation", target="movieId", group_column="userId"
    )
    work.set_dataset("d@1")
    expected = ["user_id,item_id,rank", "7,3,1", "7,1,2", "8,2,1"]
    frame = pd.DataFrame({"userId": [7, 7, 8], "movieId": [1, 3, 2], "rank": [2, 1, 1]})
    with track_experiment("x") as exp:
        for given in ({7: [3, 1], 8: [2]}, frame, [(7, 3), (7, 1), (8, 2)], [(7, 1, 2), (7, 3, 1), (8, 2, 1)]):
            exp.save_predictions("validation", given)
            assert written(work) == expected
        exp.save_predictions("test", {7: np.array([1.0, 2.0])})
        assert written(work, "test")[1:] == ["7,1,1", "7,2,2"]
        for bad, said in (
            ({7: [1, 1]}, "twice"), ([(7, 1, 1), (7, 2, 1)], "rank twice"), ({99: [1]}, "None of the 1 users"), ([7], "user, item"),
            (frame.rename(columns={"movieId": "film"}), "no column item_id"),
        ):  # fmt: skip
            with pytest.raises(SpecWeaveError, match=said):
                exp.save_predictions("validation", bad)


def test_forecasts(work):
    rows = pd.DataFrame(
        {
            "row_id": ["1", "2", "3"],
            "day": ["2026-01-01", "2026-01-02", "2026-01-01"],
            "shop": ["A", "A", "B"],
            "sales": [1.0, 2.0, 3.0],
        }
    )
    write_dataset(
        work.root, "d", rows, rows, rows.drop(columns="sales"),
        problem_type="time_series", target="sales", time_column="day", group_column="shop",
    )  # fmt: skip
    work.set_dataset("d@1")
    expected = ["series_id,time,prediction", "A,2026-01-01,1.5", "A,2026-01-02,2.5", "B,2026-01-01,3.5"]
    table = pd.DataFrame(
        {
            "shop": ["B", "A", "A"],
            "day": pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-01"]),
            "prediction": [3.5, 2.5, 1.5],
        }
    )
    with track_experiment("x") as exp:
        for given in ([1.5, 2.5, 3.5], table):
            exp.save_predictions("validation", given)
            assert written(work) == expected
        with pytest.raises(SpecWeaveError, match="2 of the 3 rows"):
            exp.save_predictions("validation", table[:1])


def test_handing_in_again_replaces(work, binary):
    binary.save_predictions("validation", ["no"] * 3)
    binary.save_predictions("validation", ["yes"] * 3)
    assert written(work)[1] == "a,yes" and len(work.events("exp-001-x", "predictions")) == 2


def test_a_full_disk_is_an_error(work, binary, monkeypatch):
    import os

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(SpecWeaveError, match="No space left"):
        binary.save_predictions("validation", ["no"] * 3)
    assert list((work.experiments / "exp-001-x/predictions").iterdir()) == []


def test_torch_tensors():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    from specweave.arrays import one_column

    assert one_column(torch.tensor([[1.5], [2.5]], requires_grad=True)) == [1.5, 2.5]


def test_load_dataset_in_a_run_binds_its_predictions(work):
    rows = pd.DataFrame({"row_id": ["a"], "x": [1], "y": ["no"]})
    write_dataset(
        work.root,
        "e",
        rows,
        rows,
        rows.drop(columns="y"),
        problem_type="classification",
        target="y",
        classes=["no", "yes"],
    )
    with track_experiment("x") as exp:
        specweave.load_dataset("e")
        exp.save_predictions("validation", ["yes"])
    assert written(work) == ["row_id,prediction", "a,yes"]
