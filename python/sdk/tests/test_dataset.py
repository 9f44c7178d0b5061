"""Registered data: versions, types, and the seal."""

from __future__ import annotations

import pytest
from conftest import write_dataset

import specweave
from specweave import SpecWeaveError, track_experiment

pd = pytest.importorskip("pandas")


def table(*rows, columns=("row_id", "x", "word", "y")):
    return pd.DataFrame(list(rows), columns=list(columns))


def test_features_and_target(churn):
    ds = specweave.load_dataset("churn")
    X, y = ds.train.features, ds.train.target
    assert list(X.columns) == ["minutes", "plan", "calls", "intl"] and len(X) == len(y) == len(ds.train) == 144
    assert set(y) == {"no", "yes"} and ds.train.row_ids[:2] == ["r0000", "r0001"]
    assert X["intl"].dtype == bool and X["calls"].isna().sum() > 0
    assert list(ds.test.features.columns) == list(X.columns)
    X["new"] = 1
    assert "new" not in ds.train.features.columns
    assert "churn@1" in repr(ds) and ds.train.path.endswith("churn/v1/train.csv")


def test_the_test_labels_are_sealed(churn):
    ds = specweave.load_dataset("churn")
    with pytest.raises(SpecWeaveError, match="sealed") as caught:
        ds.test.target
    assert 'save_predictions("test"' in str(caught.value) and "evaluate_run" in str(caught.value)


@pytest.mark.parametrize(
    ("labels", "classes", "expected"),
    [
        (["0", "1"], ["0", "1"], [0, 1]),
        (["True", "False"], ["False", "True"], [True, False]),
        (["true", "false"], ["false", "true"], [True, False]),
        ([" no", "Yes"], ["Yes", "no"], [" no", "Yes"]),
        (["1.5", "2"], ["1.5", "2"], [1.5, 2.0]),
        (["007", "010"], ["007", "010"], [7, 10]),
    ],
)
def test_labels_are_what_the_file_says(work, labels, classes, expected):
    rows = table(*[(i, i, "w", label) for i, label in enumerate(labels)])
    write_dataset(
        work.root, "d", rows, rows, rows.drop(columns="y"), problem_type="classification", target="y", classes=classes
    )
    assert specweave.load_dataset("d").train.target.tolist() == expected


def test_words_stay_words_in_every_split(work):
    columns = [
        {
            "name": "word",
            "role": "feature",
            "type": "categorical",
            "top": [{"value": "a", "count": 2}, {"value": "1", "count": 1}],
        }
    ]
    train, other = table(("a1", 1, "a", 0.5), ("a2", 2, "1", 1.5)), table(("a3", 3, "1", 2.5), ("a4", None, "1", 3.5))
    write_dataset(
        work.root, "d", train, other, other.drop(columns="y"), problem_type="regression", target="y", columns=columns
    )
    ds = specweave.load_dataset("d")
    assert ds.train.features["word"].tolist() == ["a", "1"] and ds.validation.features["word"].tolist() == ["1", "1"]
    assert ds.train.target.tolist() == [0.5, 1.5]


def test_versions(churn, monkeypatch):
    rows = table(("a", 1, "w", "no"), ("b", 2, "w", "yes"))
    write_dataset(
        churn.root,
        "churn",
        rows,
        rows,
        rows.drop(columns="y"),
        version=2,
        problem_type="classification",
        target="y",
        classes=["no", "yes"],
    )
    assert specweave.load_dataset("churn").version == 2  # no run is bound to one: the newest
    assert specweave.load_dataset("churn@1").version == 1
    assert specweave.load_dataset().id == "churn@1"  # the increment's
    monkeypatch.setenv("SPECWEAVE_DATASET", "churn@1")
    assert specweave.load_dataset("churn").version == 1
    with pytest.raises(SpecWeaveError, match="bound to churn@1"):
        specweave.load_dataset("churn@2")
    monkeypatch.setenv("SPECWEAVE_TRAIN", "/elsewhere/train.csv")
    assert specweave.load_dataset("churn").train.path == "/elsewhere/train.csv"


def test_what_is_not_there(churn):
    for name, said in (
        ("chrun", "use one of: churn"),
        ("churn@9", "churn@1"),
        ("churn@x", "version"),
        ("../churn", "cannot be"),
    ):
        with pytest.raises(SpecWeaveError, match=said):
            specweave.load_dataset(name)
    with pytest.raises(SpecWeaveError, match="train, validation, test"):
        specweave.load_dataset("churn").split("holdout")


def test_the_dataset_is_recorded_in_run_json(work):
    rows = table(("a", 1, "w", 0.5), ("b", 2, "w", 1.5))
    write_dataset(work.root, "d", rows, rows, rows.drop(columns="y"), problem_type="regression", target="y")
    with track_experiment("x"):
        assert work.run_json("exp-001-x")["dataset"] is None
        specweave.load_dataset("d")
        assert work.run_json("exp-001-x")["dataset"] == "d@1"
    assert not [p for p in (work.experiments / "exp-001-x").iterdir() if p.name.startswith(".")]


def test_paths_and_ids_work_without_pandas(churn):
    out = churn.script(
        "import sys\nsys.modules['pandas'] = None\nimport specweave\nds = specweave.load_dataset('churn')\n"
        "print(ds.train.path, len(ds.train.row_ids))\n"
        "with specweave.track_experiment('x') as e:\n    e.save_predictions('validation', ['no'] * 48)\n"
        "try:\n    ds.train.features\nexcept specweave.SpecWeaveError as error:\n    print(error)\n"
    )
    assert out.returncode == 0, out.stderr
    assert out.stdout.split()[1] == "144" and "pip install pandas" in out.stdout


def test_parquet(work):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    rows = table(("a", 1, "w", "no"), ("b", 2, "v", "yes"))
    folder = write_dataset(
        work.root,
        "d",
        rows,
        rows,
        rows.drop(columns="y"),
        problem_type="classification",
        target="y",
        classes=["no", "yes"],
    )
    for split, frame in (("train", rows), ("validation", rows), ("test", rows.drop(columns="y"))):
        frame.to_parquet(folder / f"{split}.parquet")
    text = (folder / "dataset.json").read_text().replace(".csv", ".parquet")
    (folder / "dataset.json").write_text(text)
    ds = specweave.load_dataset("d")
    assert ds.train.row_ids == ["a", "b"] and ds.train.target.tolist() == ["no", "yes"]
    with track_experiment("x") as exp:
        specweave.load_dataset("d")
        exp.save_predictions("validation", ["no", "yes"])
