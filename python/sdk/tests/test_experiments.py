"""Several models side by side: processes, failures, bare models on tables with words."""

from __future__ import annotations

import os
import sys
import time

import pytest

import specweave
from specweave import ModelExperiment, SpecWeaveError, run_experiments

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")
pytest.importorskip("sklearn")


def meet(folder, name, number):
    """Waits until so many have come here; nobody would, one after the other."""
    open(f"{folder}/{name}", "w").close()
    for _ in range(1200):
        if len(os.listdir(folder)) >= number:
            return
        time.sleep(0.05)
    raise RuntimeError(f"{name} waits alone")


class Constant:
    """Says one label. Its parameters make it misbehave."""

    def __init__(self, label="no", meets=None, how="well"):
        self.label, self.meets, self.how = label, meets, how

    def fit(self, X, y):
        if self.meets:
            meet(*self.meets)
        if self.how == "raises":
            raise RuntimeError("diverged")
        if self.how == "exits":
            sys.exit(4)
        if self.how == "dies":
            os.kill(os.getpid(), 9)
        return self

    def predict(self, X):
        return [self.label] * len(X)


def test_one_failure_leaves_the_others_alone(churn):
    results = run_experiments(
        [
            ModelExperiment("fine", Constant),
            ModelExperiment("raises", Constant, {"how": "raises"}),
            ModelExperiment("exits", Constant, {"how": "exits"}),
            ModelExperiment("dies", Constant, {"how": "dies"}),
            ModelExperiment("wrong", Constant, {"label": "maybe"}),
            ModelExperiment("last", Constant, {"label": "yes"}),
        ],
        save_to="experiments/",
    )
    assert [r.status for r in results] == ["succeeded", "failed", "failed", "failed", "failed", "succeeded"], results
    assert results["raises"].error == "RuntimeError: diverged" and "signal 9" in results["dies"].error
    assert "'maybe'" in results["wrong"].error
    for result in results:
        name = result.run.split("/")[1]
        assert churn.status(name) == result.status
    dead = results["dies"].run.split("/")[1]
    assert churn.events(dead, "status")[-1]["reason"].endswith("(killed or out of memory)")
    assert any("diverged" in e["v"] for e in churn.events(results["raises"].run.split("/")[1], "note"))
    table = (churn.experiments / "comparison.md").read_text()
    assert "failed: RuntimeError: diverged" in table and results.path == str(churn.experiments / "comparison.md")
    assert str(results) == repr(results) and results[0].name == "fine" and len(results[:2]) == 2


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="threads there")
def test_they_run_side_by_side(churn, tmp_path_factory):
    place = str(tmp_path_factory.mktemp("meeting"))
    results = run_experiments(
        [ModelExperiment(f"m{i}", Constant, {"meets": (place, f"m{i}", 4)}) for i in range(4)], max_workers=4
    )
    assert [r.status for r in results] == ["succeeded"] * 4, results


def test_threads_where_a_fork_is_unsafe(churn, monkeypatch):
    from types import SimpleNamespace

    from specweave import workers

    assert workers.can_fork() is sys.platform.startswith("linux")
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=SimpleNamespace(is_initialized=lambda: True)))
    assert workers.can_fork() is False
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("forked"))
    results = run_experiments(
        [ModelExperiment("a", Constant), ModelExperiment("b", Constant, {"how": "raises"})], max_workers=2
    )
    assert [r.status for r in results] == ["succeeded", "failed"]
    assert specweave.current_run() is None


def test_bare_models_on_words_and_gaps(churn):
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import SVC

    models = [ModelExperiment("logistic", LogisticRegression, {"max_iter": 1000}), ModelExperiment("svc", SVC)]
    for name, kind in (("xgboost", "XGBClassifier"), ("lightgbm", "LGBMClassifier")):
        library = pytest.importorskip(name, reason=f"{name} is not installed")
        models.append(ModelExperiment(name, getattr(library, kind), {"n_estimators": 10}))
    results = run_experiments(models)
    assert [r.status for r in results] == ["succeeded"] * 4, results
    for result in results:
        name = result.run.split("/")[1]
        assert any("specweave.encoding" in e["v"] for e in churn.events(name, "note"))
        header = (churn.experiments / name / "predictions/validation.csv").read_text().splitlines()[0]
        assert header == ("row_id,prediction" if result.name == "svc" else "row_id,prediction,score_no,score_yes")
        out = churn.python(
            "-m", "specweave.predict", "--run-dir", str(churn.experiments / name), "--out", "again.csv",
            "--features", str(churn.root / ".specweave/datasets/churn/v1/test.csv"),
        )  # fmt: skip
        assert out.returncode == 0, out.stderr
        assert (churn.root / "again.csv").read_text() == (churn.experiments / name / "predictions/test.csv").read_text()
    assert max(r.metrics["accuracy"] for r in results) > 0.7


def test_a_model_that_takes_the_table_is_left_alone(churn):
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    def build(**params):
        words = ColumnTransformer([("words", OneHotEncoder(), ["plan"])], remainder="passthrough")
        return make_pipeline(words, HistGradientBoostingClassifier(**params))

    [result] = run_experiments([ModelExperiment("boosted", build, {"max_iter": 10})])
    assert result.status == "succeeded", result
    assert churn.events("exp-001-boosted", "note") == []


def test_an_openmp_pool_of_the_parent_does_not_stop_the_children(churn):
    pytest.importorskip("xgboost", reason="xgboost is not installed")
    out = churn.script("""
import specweave, xgboost, numpy
from sklearn.ensemble import HistGradientBoostingClassifier
X = numpy.random.rand(5000, 10); y = (X[:, 0] > .5).astype(int)
xgboost.XGBClassifier(n_estimators=5, n_jobs=2).fit(X, y)   # starts a pool of threads in this process
HistGradientBoostingClassifier(max_iter=5).fit(X, y)
results = specweave.run_experiments(
    [specweave.ModelExperiment("x", xgboost.XGBClassifier, {"n_estimators": 5, "n_jobs": 2}),
     specweave.ModelExperiment("h", HistGradientBoostingClassifier, {"max_iter": 5})])
print([r.status for r in results])
""")
    assert "['succeeded', 'succeeded']" in out.stdout, out.stdout + out.stderr


def test_data_of_the_callers_own(work):
    from sklearn.datasets import load_diabetes, load_iris
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.metrics import f1_score, r2_score

    X, y = load_iris(return_X_y=True)
    [result] = run_experiments(
        [ModelExperiment("iris", LogisticRegression, {"max_iter": 500})], data=(X[::2], y[::2], X[1::2], y[1::2])
    )
    model = LogisticRegression(max_iter=500).fit(X[::2], y[::2])
    assert result.metrics["f1"] == pytest.approx(f1_score(y[1::2], model.predict(X[1::2]), average="macro"))
    assert any("nothing is measured" in e["v"] for e in work.events("exp-001-iris", "note"))
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    [result] = run_experiments(
        [ModelExperiment("diabetes", LinearRegression)], data=(X[:300], y[:300], X[300:], y[300:])
    )
    model = LinearRegression().fit(X[:300], y[:300])
    assert result.metrics["r2"] == pytest.approx(r2_score(y[300:], model.predict(X[300:])))
    assert set(result.metrics) == {"rmse", "mae", "r2"}


def test_reported_metrics_are_those_of_scikit_learn():
    from sklearn import metrics as sk

    from specweave.scoring import reported_metrics

    random = np.random.default_rng(1)
    for classes, positive in ((["no", "yes"], "yes"), (["a", "b", "c"], None)):
        truth, said = random.choice(classes, 200).tolist(), random.choice(classes, 200).tolist()
        ours = reported_metrics(truth, said, positive)
        how = {"pos_label": positive} if positive else {"average": "macro"}
        assert ours["accuracy"] == pytest.approx(sk.accuracy_score(truth, said))
        for name in ("precision", "recall", "f1"):
            assert ours[name] == pytest.approx(getattr(sk, f"{name}_score")(truth, said, **how))
    truth, said = random.normal(size=50), random.normal(size=50)
    ours = reported_metrics(truth.tolist(), said.tolist(), classifies=False)
    assert ours["rmse"] == pytest.approx(sk.root_mean_squared_error(truth, said)) and ours["mae"] == pytest.approx(
        sk.mean_absolute_error(truth, said)
    )


def test_the_comparison_leaves_other_text_alone(churn, capfd):
    path = churn.experiments / "comparison.md"
    lab = "# Comparison\n\n<!-- specweave:begin comparison sha=0123456789ab -->\nBEST: exp-009\n<!-- specweave:end comparison -->\n\nMy words.\n"
    path.write_text(lab)
    run_experiments([ModelExperiment("a", Constant)], save_to="experiments/")
    first = path.read_text()
    assert first.startswith(lab.rstrip("\n")) and "exp-001-a" in first
    run_experiments([ModelExperiment("b", Constant)], save_to="experiments/")
    second = path.read_text()
    assert second.count("specweave:begin run-experiments") == 1 and "exp-002-b" in second and "My words." in second
    path.write_text(second.replace("| succeeded |", "| my own note |"))
    results = run_experiments([ModelExperiment("c", Constant)], save_to="experiments/")
    assert "exp-003-c" not in path.read_text() and results.path is None and "edited by hand" in capfd.readouterr().err


def test_what_cannot_be_run(churn, work):
    with pytest.raises(SpecWeaveError, match="ModelExperiment"):
        run_experiments([("a", Constant)])
    with pytest.raises(SpecWeaveError, match="cannot be called"):
        ModelExperiment("a", Constant())
    with pytest.raises(SpecWeaveError, match="four things"):
        run_experiments([ModelExperiment("a", Constant)], data=(1, 2))
    with pytest.raises(SpecWeaveError, match="leads out"):
        run_experiments([ModelExperiment("a", Constant)], save_to="../../elsewhere")
    [result] = run_experiments([ModelExperiment("a", dict)])
    assert result.status == "failed" and "no fit and predict" in result.error
    spec = churn.increment / "spec.md"
    spec.write_text(spec.read_text().replace("dataset: churn@1", "dataset: null"))
    with pytest.raises(SpecWeaveError, match="data="):
        run_experiments([ModelExperiment("a", Constant)])


def test_baselines_need_the_lab(churn, monkeypatch):
    monkeypatch.setenv("SPECWEAVE_STATE_DIR", str(churn.root / "state"))
    with pytest.raises(SpecWeaveError, match="specweave-ml setup"):
        specweave.train_baseline_model()
    with pytest.raises(SpecWeaveError, match="use one of: random"):
        specweave.train_baseline_model(strategies=["best"])
    (churn.root / "state/lab").mkdir(parents=True)
    (churn.root / "state/lab/current").write_text("/nowhere/python\n")
    with pytest.raises(SpecWeaveError, match="/nowhere/python"):
        specweave.train_baseline_model()
    failing = churn.root / "python"
    failing.write_text("#!/bin/sh\necho 'no such strategy here' >&2\nexit 3\n")
    failing.chmod(0o755)
    (churn.root / "state/lab/current").write_text(f"{failing}\n")
    [result] = specweave.train_baseline_model("random")
    assert result.status == "failed" and result.error == "exit code 3: no such strategy here"
    assert churn.status("exp-001-baseline-random") == "failed"
