"""Saved models, and the same model in a clean process."""

from __future__ import annotations

import json
from importlib.util import find_spec

import pytest

from specweave import SpecWeaveError, track_experiment
from specweave.models import class_name

pytest.importorskip("pandas")
pytest.importorskip("sklearn")


def model_event(work, name="exp-001-x"):
    return work.events(name, "model")[-1]


def predicted_again(work, name="exp-001-x", split="test"):
    """`python -m specweave.predict` on the sealed split; its lines beside those that the run handed in."""
    run = work.experiments / name
    features = work.root / f".specweave/datasets/churn/v1/{split}.csv"
    out = work.python(
        "-m",
        "specweave.predict",
        "--run-dir",
        str(run),
        "--features",
        str(features),
        "--out",
        str(work.root / "again.csv"),
    )
    assert out.returncode == 0, out.stderr
    return (work.root / "again.csv").read_text().splitlines(), (
        run / f"predictions/{split}.csv"
    ).read_text().splitlines()


PIPELINE = """
import specweave
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder, FunctionTransformer
{helper}
def main():
    ds = specweave.load_dataset("churn")
    model = make_pipeline({step} ColumnTransformer([("words", OrdinalEncoder(), ["plan"])], remainder="passthrough"),
                          HistGradientBoostingClassifier(max_iter=20, random_state=0))
    model.fit(ds.train.features, ds.train.target)
    with specweave.track_experiment("x") as exp:
        for split in (ds.validation, ds.test):
            exp.save_predictions(split.name, model.predict(split.features), model.predict_proba(split.features))
        exp.save_model(model, example=ds.train.features[:3]{options})
{guard}main()
"""
GUARD = 'if __name__ == "__main__":\n    '


def pipeline(helper="", step="", options="", guard=GUARD):
    return PIPELINE.format(helper=helper, step=step, options=options, guard=guard)


def test_a_pipeline_predicts_the_same_in_a_clean_process(churn):
    out = churn.script(pipeline())
    assert out.returncode == 0 and "not_reproducible" not in out.stderr, out.stderr
    again, handed_in = predicted_again(churn)
    assert again == handed_in and again[0] == "row_id,prediction,score_no,score_yes" and len(again) == 49
    event = model_event(churn)
    assert event["n"] == "model.joblib" and event["format"] == "joblib" and "warnings" not in event
    example = json.loads((churn.experiments / "exp-001-x/model.example.json").read_text())
    assert example["columns"][0] == "minutes" and len(example["rows"]) == 3 and len(example["predictions"]) == 3
    assert [e["kind"] for e in churn.events("exp-001-x", "artifact")] == ["model"]


def test_what_holds_a_model_is_named_by_what_it_holds():
    class Boosting: ...

    class Pipeline:
        def __init__(self, last):
            self.steps = [("encode", object()), ("model", last)]

    class Search:
        def __init__(self, best):
            self.best_estimator_ = best

    assert class_name(Boosting()) == "Boosting"
    assert class_name(Pipeline(Search(Pipeline(Boosting())))) == "Boosting"
    assert class_name(Pipeline("passthrough")) == "Pipeline"


HELPER = "def round_minutes(table):\n    return table.assign(minutes=table.minutes.round())\n"


def test_code_of_the_script_is_kept_with_the_model(churn):
    out = churn.script(pipeline(HELPER, "FunctionTransformer(round_minutes),"))
    assert out.returncode == 0 and "not_reproducible" not in out.stderr, out.stderr
    assert model_event(churn)["code"] == {"__main__": "code/train.py"}
    (churn.root / "train.py").unlink()
    again, handed_in = predicted_again(churn)
    assert again == handed_in
    assert churn.names() == ["exp-001-x"]  # it was loaded, not run again


def test_code_of_a_module_is_kept_with_the_model(churn):
    (churn.root / "prep").mkdir()
    (churn.root / "prep/__init__.py").write_text("")
    (churn.root / "prep/steps.py").write_text(HELPER)
    out = churn.script(pipeline("from prep.steps import round_minutes", "FunctionTransformer(round_minutes),"))
    assert out.returncode == 0, out.stderr
    assert model_event(churn)["code"] == {"prep.steps": "code/prep/steps.py", "prep": "code/prep/__init__.py"}
    (churn.root / "prep/steps.py").write_text("")
    again, handed_in = predicted_again(churn)
    assert again == handed_in


def test_a_script_without_a_guard_is_told(churn):
    out = churn.script(pipeline(HELPER, "FunctionTransformer(round_minutes),", guard=""))
    assert out.returncode == 0 and "model_not_reproducible" in out.stderr and "__main__" in out.stderr
    assert model_event(churn)["warnings"][0]["code"] == "model_not_reproducible"
    assert churn.status("exp-001-x") == "succeeded"


def test_a_predict_function_of_the_script(churn):
    helper = "def predict(model, features):\n    return ['no'] * len(features)\n"
    out = churn.script(pipeline(helper, options=', predict="train.py:predict"'))
    assert out.returncode == 0, out.stderr
    assert model_event(churn)["predict"] == "code/train.py:predict"
    again, _ = predicted_again(churn)
    assert {line.split(",")[1] for line in again[1:]} == {"no"}


def test_predict_that_is_not_there(churn):
    with track_experiment("x") as exp:
        for given in ("nowhere.py:predict", "predict", __file__ + ":no_such_function"):
            with pytest.raises(SpecWeaveError, match="predict|no_such_function"):
                exp.save_model([1], predict=given)


def test_a_file_of_its_own_kind(churn):
    out = churn.script("""
import specweave
def predict(path, features):
    return [open(path).read()] * len(features), None
if __name__ == "__main__":
    open("weights.txt", "w").write("yes")
    with specweave.track_experiment("x") as exp:
        exp.save_predictions("test", ["yes"] * 48)
        exp.save_model("weights.txt", predict="train.py:predict")
""")
    assert out.returncode == 0, out.stderr
    again, handed_in = predicted_again(churn)
    assert again == handed_in


SOME_COLUMNS = """
import specweave
from sklearn.ensemble import HistGradientBoostingClassifier
ds = specweave.load_dataset("churn")
{fit}
with specweave.track_experiment("x") as exp:
    for split in (ds.validation, ds.test):
        exp.save_predictions(split.name, model.predict({rows}), model.predict_proba({rows}))
    exp.save_model(model{example})
"""
FITTED = "model = HistGradientBoostingClassifier(max_iter=20, random_state=0).fit({}, ds.train.target)"


@pytest.mark.parametrize(
    ("rows", "example"),
    [
        # In an order of its own, and told by the model's own feature_names_in_.
        ('split.features[["calls", "minutes"]]', ""),
        # The model has seen no names: the example has.
        (
            'split.features[["calls", "minutes"]].to_numpy()',
            ', example=ds.train.features[["calls", "minutes"]].head(5)',
        ),
    ],
)
def test_a_model_of_some_columns_is_handed_those(churn, rows, example):
    fit = FITTED.format(rows.replace("split", "ds.train"))
    out = churn.script(SOME_COLUMNS.format(fit=fit, rows=rows, example=example))
    assert out.returncode == 0 and "not_reproducible" not in out.stderr, out.stderr
    again, handed_in = predicted_again(churn)
    assert again == handed_in and len(again) == 49


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("pandas.get_dummies(split.features)", "columns that the data set's features lack (plan_basic, plan_max"),
        ("pandas.get_dummies(split.features).to_numpy()", "without names, and the data set has 4 features"),
    ],
)
def test_a_model_that_the_features_do_not_fit_is_told_when_it_is_saved(churn, rows, said):
    fit = "import pandas\n" + FITTED.format(rows.replace("split", "ds.train"))
    out = churn.script(SOME_COLUMNS.format(fit=fit, rows=rows, example=""))
    assert out.returncode == 0 and said in out.stderr, out.stderr
    assert said in model_event(churn)["warnings"][0]["message"]


def test_saving_twice_keeps_both(work):
    with track_experiment("x") as exp:
        assert exp.save_model({"a": 1}) == "model.joblib"
        assert exp.save_model({"a": 1}) == "model.joblib"
        assert exp.save_model({"a": 2}) == "model-2.joblib"
        with pytest.raises(SpecWeaveError, match="pickled"):
            exp.save_model(lambda: 0)
        with pytest.raises(SpecWeaveError, match="no model format"):
            exp.save_model({"a": 1}, format="zip")
    assert not [p for p in (work.experiments / "exp-001-x").iterdir() if p.name.startswith(".")]


def test_no_model_and_a_broken_model_are_said(churn):
    with track_experiment("x"):
        pass
    with track_experiment("y") as exp:
        exp.save_model({"no": "predict"})
    features = str(churn.root / ".specweave/datasets/churn/v1/test.csv")
    for name, said in (("exp-001-x", "no saved model"), ("exp-002-y", "does not predict")):
        out = churn.python(
            "-m",
            "specweave.predict",
            "--run-dir",
            str(churn.experiments / name),
            "--features",
            features,
            "--out",
            "o.csv",
        )
        assert out.returncode == 1 and said in out.stderr and "Traceback" not in out.stderr
    assert not (churn.root / "o.csv").exists()


def test_skops(churn):
    pytest.importorskip("skops", reason="skops is not installed")
    out = churn.script(pipeline(options=', format="skops"'))
    assert out.returncode == 0, out.stderr
    again, handed_in = predicted_again(churn)
    assert again == handed_in and model_event(churn)["n"] == "model.skops"


NUMBERS = """
import specweave
{imports}
if __name__ == "__main__":
    ds = specweave.load_dataset("churn")
    columns = ["minutes"]
    X, y = ds.train.features, (ds.train.target == "yes").astype(int)
    {train}
    with specweave.track_experiment("x") as exp:
        {save}
"""


def test_xgboost_and_lightgbm(churn):
    pytest.importorskip("xgboost", reason="xgboost is not installed")
    pytest.importorskip("lightgbm", reason="lightgbm is not installed")
    for kind, train in (
        (
            "xgboost",
            "import xgboost; model = xgboost.XGBRegressor(n_estimators=5).fit(X[['minutes']], y); check = model.predict",
        ),
        (
            "lightgbm",
            "import lightgbm; model = lightgbm.train({'objective': 'binary', 'verbose': -1}, lightgbm.Dataset(X[['minutes']], y), 5)",
        ),
    ):
        save = f"exp.save_model(model, predict='{kind}_train.py:predict')"
        helper = "def predict(model, features):\n    return ['yes' if p > 0.5 else 'no' for p in model.predict(features[['minutes']])]"
        save += "\n        exp.save_predictions('test', predict(model, ds.test.features))"
        out = churn.script(NUMBERS.format(imports=helper, train=train, save=save), name=f"{kind}_train.py")
        assert out.returncode == 0, out.stderr
        name = churn.names()[-1]
        assert churn.events(name, "model")[0]["format"] == kind
        again, handed_in = predicted_again(churn, name)
        assert again == handed_in


TORCH = """
import torch, specweave
from torch import nn
class Net(nn.Module):
    def __init__(self, hidden{default}):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(1, hidden), nn.ReLU(), nn.Linear(hidden, 2))
    def forward(self, x):
        return self.layers(x)
def predict(model, features):
    x = torch.tensor(features[["minutes"]].to_numpy(dtype="float32")) / 100
    with torch.no_grad():
        p = torch.softmax(model(x), 1)
    return ["yes" if i else "no" for i in p.argmax(1).tolist()], p
{guard}
    with specweave.track_experiment("x") as exp:
        ds = specweave.load_dataset("churn")
        torch.manual_seed(0)
        model = {build}
        exp.save_predictions("test", *predict(model, ds.test.features))
        exp.save_model(model, predict="train.py:predict"{init})
"""


def test_torch(churn):
    pytest.importorskip("torch", reason="torch is not installed")
    guard = 'if __name__ == "__main__":'
    out = churn.script(TORCH.format(default="", guard=guard, build="Net(4)", init=", init={'hidden': 4}"))
    assert out.returncode == 0 and "not_reproducible" not in out.stderr, out.stderr
    again, handed_in = predicted_again(churn)
    assert again == handed_in and again[0].startswith("row_id,prediction,score_no")
    event = model_event(churn)
    assert event["format"] == "torch_state_dict" and event["class"] == "Net" and event["init"] == {"hidden": 4}
    out = churn.script(TORCH.format(default="", guard=guard, build="Net(4)", init=""))
    assert "init={'hidden': ...}" in out.stderr and out.returncode == 0
    out = churn.script(TORCH.format(default="=4", guard="if True:", build="Net()", init=""))
    assert "would train again" in out.stderr and "trains at its top level" in out.stderr and out.returncode == 0
    out = churn.script(TORCH.format(default="=4", guard=guard, build="nn.Sequential(nn.Linear(1, 2))", init=""))
    assert out.returncode == 0, out.stderr
    assert model_event(churn, "exp-001-x-r4")["format"] == "torch_pickle"
    again, handed_in = predicted_again(churn, "exp-001-x-r4")
    assert again == handed_in


def test_onnx(churn):
    pytest.importorskip("skl2onnx", reason="skl2onnx is not installed")
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    train = "model = LogisticRegression().fit(X[['minutes']].to_numpy('float32'), ds.train.target); onx = to_onnx(model, X[['minutes']].to_numpy('float32')[:1])"
    helper = """from sklearn.linear_model import LogisticRegression
from skl2onnx import to_onnx
def predict(session, features):
    return session.run(None, {"X": features[["minutes"]].to_numpy("float32")})[0]"""
    save = "exp.save_model(onx, predict='train.py:predict')\n        exp.save_predictions('test', model.predict(ds.test.features[['minutes']].to_numpy('float32')))"
    out = churn.script(NUMBERS.format(imports=helper, train=train, save=save))
    assert out.returncode == 0, out.stderr
    again, handed_in = predicted_again(churn)
    assert again == handed_in and model_event(churn)["format"] == "onnx"


def test_keras(churn):
    if not find_spec("keras") or not find_spec("torch"):
        pytest.skip("keras or its torch backend is not installed")
    helper = """import os
os.environ["KERAS_BACKEND"] = "torch"
import keras
def predict(model, features):
    return ["yes" if p > 0.5 else "no" for p in model.predict(features[["minutes"]].to_numpy("float32") / 100, verbose=0)[:, 0]]"""
    train = """model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(loss="binary_crossentropy")
    model.fit(X[["minutes"]].to_numpy("float32") / 100, y.to_numpy(), epochs=1, verbose=0)"""
    save = "exp.save_model(model, predict='train.py:predict')\n        exp.save_predictions('test', predict(model, ds.test.features))"
    out = churn.script(NUMBERS.format(imports=helper, train=train, save=save))
    assert out.returncode == 0, out.stderr
    again, handed_in = predicted_again(churn)
    assert again == handed_in and model_event(churn)["n"] == "model.keras"


def test_raw_outputs_become_labels():
    np = pytest.importorskip("numpy")
    from specweave.model_answers import _from_outputs

    class Two:
        classes = ["no", "yes"]

    class Three:
        classes = ["a", "b", "c"]

    labels, scores, _ = _from_outputs(np.array([[0.2], [0.9]]), Two)
    assert labels == ["no", "yes"] and scores[1].tolist() == pytest.approx([0.1, 0.9])
    labels, scores, _ = _from_outputs(np.array([-3.0, 2.0]), Two)
    assert labels == ["no", "yes"] and scores[1][1] == pytest.approx(1 / (1 + np.exp(-2)))
    labels, scores, _ = _from_outputs(np.array([[1.0, 5.0, 2.0]]), Three)
    assert labels == ["b"] and scores.sum() == pytest.approx(1)
    with pytest.raises(ValueError):
        _from_outputs(np.array([[1.0, 5.0]]), Three)
