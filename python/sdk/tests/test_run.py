"""A run's record: values of every kind, names, outcomes."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from fractions import Fraction

import pytest

import specweave
from specweave import SpecWeaveError, track_experiment


def metrics(work, name="exp-001-x"):
    return {e["n"]: e["v"] for e in work.events(name, "metric")}


def test_plain_numbers_and_steps(work):
    with track_experiment("x") as exp:
        exp.log_metric("loss", 0.1, step=10)
        exp.log_metric("loss", 1e-300, step=11)
        exp.log_metric("count", 12)
        exp.log_metric("flag", True)
        exp.log_metrics({"a": 1.5, "nested": {"b": 2}}, step=3)
    lines = work.events("exp-001-x", "metric")
    assert [(e["n"], e["v"], e.get("s")) for e in lines] == [
        ("loss", 0.1, 10), ("loss", 1e-300, 11), ("count", 12, None), ("flag", 1, None), ("a", 1.5, 3), ("nested.b", 2, 3),
    ]  # fmt: skip
    assert all(1.7e9 < e["t"] < 1e10 for e in lines)


def test_values_that_are_not_finite(work):
    with track_experiment("x") as exp:
        exp.log_metrics({"a": math.nan, "b": math.inf, "c": -math.inf, "d": Decimal("NaN")})
        exp.log_param("p", math.nan)
    assert metrics(work) == {"a": "NaN", "b": "Infinity", "c": "-Infinity", "d": "NaN"}
    assert work.events("exp-001-x", "param")[0]["v"] == "NaN"


def test_numbers_of_other_kinds(work):
    np = pytest.importorskip("numpy")
    pd = pytest.importorskip("pandas")
    with track_experiment("x") as exp:
        exp.log_metrics({
            "f64": np.float64(0.5), "f32": np.float32(0.25), "i64": np.int64(7), "bool": np.bool_(True), "one": np.array([3.5]),
            "zero_d": np.array(4), "series": pd.Series([5.5]), "decimal": Decimal("0.1"), "fraction": Fraction(1, 4),
            "nan": np.float64("nan"), "sum": pd.DataFrame({"a": [None, 1]}).isnull().sum().sum(),
        })  # fmt: skip
        exp.log_metric("stepped", 1.0, step=np.int64(4))
        exp.log_params(
            {
                "shape": (2, 3),
                "f": np.float64(0.5),
                "array": np.array([1, 2]),
                "kind": dict,
                "when": pd.Timestamp("2026-11-21"),
            }
        )
    assert metrics(work) == {
        "f64": 0.5, "f32": 0.25, "i64": 7, "bool": 1, "one": 3.5, "zero_d": 4, "series": 5.5, "decimal": 0.1, "fraction": 0.25,
        "nan": "NaN", "sum": 1, "stepped": 1.0,
    }  # fmt: skip
    assert work.events("exp-001-x", "metric")[-1]["s"] == 4
    params = {e["n"]: e["v"] for e in work.events("exp-001-x", "param")}
    assert params == {"shape": [2, 3], "f": 0.5, "array": [1, 2], "kind": "dict", "when": "2026-11-21T00:00:00"}


@pytest.mark.parametrize("bad", ["0.9", None, [1, 2], 1j, b"1", object(), {"a": 1}.keys(), 10**400])
def test_a_bad_value_is_told_and_the_training_goes_on(work, capfd, bad):
    with track_experiment("x") as exp:
        exp.log_metric("bad", bad)
        exp.log_metric("bad", bad)
        exp.log_metric("good", 1)
    assert metrics(work) == {"good": 1}
    told = capfd.readouterr().err
    assert told.count("specweave:") == 1 and "'bad'" in told and "goes on" in told
    assert work.status("exp-001-x") == "succeeded"


def test_an_array_of_many_is_told(work, capfd):
    np = pytest.importorskip("numpy")
    with track_experiment("x") as exp:
        exp.log_metric("many", np.arange(3))
        exp.log_metric("bad step", 1.0, step="last")
        exp.log_metrics(7)
        exp.log_params("no mapping")
    assert metrics(work) == {} and capfd.readouterr().err.count("specweave:") == 4


def test_params_are_flattened_and_secrets_masked(work):
    from argparse import Namespace

    with track_experiment("x") as exp:
        exp.log_params({"model": {"depth": 3, "opt": {"lr": 0.1}}, "layers": [1, 2], "none": None, "empty": {}})
        exp.log_params(Namespace(epochs=5))
        exp.log_params({"api_key": "sk-abcdef", "max_tokens": 512, "tokenizer": "bpe", "db": {"password": "hunter2"}})
        exp.set_tag("team", "growth")
        exp.log_note("token ghp_0123456789012345678901 was used; über")
    params = {e["n"]: e["v"] for e in work.events("exp-001-x", "param")}
    assert params == {
        "model.depth": 3, "model.opt.lr": 0.1, "layers": [1, 2], "none": None, "empty": {}, "epochs": 5,
        "api_key": "********", "max_tokens": 512, "tokenizer": "bpe", "db.password": "********",
    }  # fmt: skip
    assert work.events("exp-001-x", "note")[0]["v"] == "token ******** was used; über"
    text = "".join(f.read_text() for f in (work.experiments / "exp-001-x").rglob("*") if f.is_file())
    assert "hunter2" not in text and "sk-abcdef" not in text


def test_an_exception_is_recorded_and_raised_again(work):
    with pytest.raises(ZeroDivisionError):
        with track_experiment("x") as exp:
            exp.log_metric("a", 1)
            1 / 0
    last = work.events("exp-001-x", "status")[-1]
    assert last["v"] == "failed" and last["reason"] == "ZeroDivisionError: division by zero"
    note = work.events("exp-001-x", "note")[0]["v"]
    assert note.startswith("Traceback") and "1 / 0" in note


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (SystemExit(0), "succeeded", None),
        (SystemExit(), "succeeded", None),
        (SystemExit(3), "failed", "SystemExit: the script ended itself with 3"),
        (SystemExit("no data"), "failed", "SystemExit: the script ended itself with no data"),
        (KeyboardInterrupt(), "failed", "KeyboardInterrupt: interrupted from the keyboard"),
    ],
)
def test_how_a_script_may_end(work, error, status, reason):
    with pytest.raises(type(error)):
        with track_experiment("x"):
            raise error
    last = work.events("exp-001-x", "status")[-1]
    assert last["v"] == status and last.get("reason") == reason


def test_a_status_is_lowered_and_never_raised(work, capfd):
    with track_experiment("x") as exp:
        exp.set_status("succeeded")
        exp.set_status("failed", "overfits")
        exp.set_status("succeeded")
        exp.set_status("brilliant")
    assert work.status("exp-001-x") == "failed"
    told = capfd.readouterr().err
    assert "never raised" in told and "brilliant" in told
    with track_experiment("y") as exp:
        pass
    exp.set_status("failed", "seen later")
    assert work.status("exp-002-y") == "failed"


def test_the_second_run_of_a_name(work):
    for _ in range(3):
        with track_experiment("exp-001-eda"):
            pass
    for _ in range(2):
        with track_experiment("XGBoost v2!"):
            pass
    assert work.names() == [
        "exp-001-eda",
        "exp-001-eda-r2",
        "exp-001-eda-r3",
        "exp-002-xgboost-v2",
        "exp-002-xgboost-v2-r2",
    ]
    assert work.run_json("exp-001-eda-r3")["previous"] == "0042/exp-001-eda-r2"
    assert work.run_json("exp-002-xgboost-v2-r2")["previous"] == "0042/exp-002-xgboost-v2"
    assert not list((work.root / ".specweave/reservations").iterdir())
    assert not [p for p in work.experiments.iterdir() if p.name.startswith(".")]


@pytest.mark.parametrize("name", ["", "  ", "../../etc", "a/b", "..", "x" * 300, "\0", "数据", None, 7])
def test_names_that_cannot_be(work, name):
    with pytest.raises(SpecWeaveError, match="What to do"):
        track_experiment(name)
    assert work.names() == []


def test_increments(work, monkeypatch, tmp_path_factory):
    from conftest import make_increment

    make_increment(work.root, "0043-ltv", "completed")
    with track_experiment("a") as exp:
        assert exp.id == "0042/exp-001-a"
    with track_experiment("b", increment=43) as exp:
        assert exp.id == "0043/exp-001-b"
    monkeypatch.setenv("SPECWEAVE_INCREMENT", "0043-ltv")
    with track_experiment("c") as exp:
        assert exp.id == "0043/exp-002-c"
    monkeypatch.delenv("SPECWEAVE_INCREMENT")
    with pytest.raises(SpecWeaveError, match="0042-recommendation-model, 0043-ltv"):
        track_experiment("d", increment="0099")
    (work.root / ".specweave/increments/0043-ltv/metadata.json").write_text('{"status": "active"}')
    with pytest.raises(SpecWeaveError, match="Several increments"):
        track_experiment("d")
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    with pytest.raises(SpecWeaveError, match="create-increment"):
        track_experiment("d")
    monkeypatch.setenv("SPECWEAVE_WORKSPACE", str(work.root))
    with track_experiment("e", increment="0042") as exp:
        assert exp.id == "0042/exp-002-e"


def test_run_json(work):
    out = work.script(
        "import sys, specweave\nwith specweave.track_experiment('x') as e:\n    print(e.id, e.folder)\n",
        "--lr", "0.1", "--api-key", "s3cret-value", "--data", str(work.root / "d.csv"),
    )  # fmt: skip
    assert out.stdout.split()[0] == "0042/exp-001-x", out.stderr
    record = work.run_json("exp-001-x")
    assert record["command"][:3] == ["python", "train.py", "--lr"] and record["made_by"] == "sdk"
    assert "s3cret-value" not in json.dumps(record)
    assert record["script"] == "train.py" and record["cwd"] == "." and record["previous"] is None
    started = json.loads((work.experiments / "exp-001-x/started.json").read_text())
    [events] = (work.experiments / "exp-001-x/events").iterdir()
    assert started["events"]["ino"] == events.stat().st_ino and started["pid"] > 0 and started["start_time"].isdigit()
    assert record["host"]["machine_id"] == started["machine_id"]


def test_a_run_without_with(work):
    out = work.script("import specweave\ne = specweave.track_experiment('x')\ne.log_metric('a', 1)\n")
    assert out.returncode == 0 and work.status("exp-001-x") == "succeeded", out.stderr
    out = work.script("import specweave\ne = specweave.track_experiment('y')\nraise ValueError('bad data')\n")
    assert out.returncode == 1 and work.events("exp-002-y", "status")[-1]["reason"] == "ValueError: bad data"


def test_late_words_are_kept(work):
    with track_experiment("x") as exp:
        exp.log_metric("a", 1)
    exp.log_metric("a", 2)
    exp.log_note("seen afterwards")
    assert [e["v"] for e in work.events("exp-001-x", "metric")] == [1, 2]
    assert len(list((work.experiments / "exp-001-x/events").iterdir())) == 1


def test_artifacts_are_written_once(work, capfd):
    file = work.root / "notes.txt"
    with track_experiment("x") as exp:
        file.write_text("one")
        assert exp.log_artifact("notes.txt") == "notes.txt"
        assert exp.log_artifact("notes.txt") == "notes.txt"
        file.write_text("two")
        assert exp.log_artifact("notes.txt") == "notes-2.txt"
        assert exp.log_artifact(file, name="sub/b.txt") == "sub/b.txt"
        inside = f"{exp.folder}/plot.png"
        open(inside, "wb").close()
        assert exp.log_artifact(inside) == "plot.png"
        (work.root / "run.json").write_text("{}")
        assert exp.log_artifact("run.json") == "files/run.json"
        assert exp.log_artifact("missing.csv") is None
        assert exp.log_artifact("notes.txt", name="../../escape.txt") is None
    folder = work.experiments / "exp-001-x"
    assert (folder / "notes.txt").read_text() == "one" and (folder / "notes-2.txt").read_text() == "two"
    told = capfd.readouterr().err
    assert "written once" in told and "missing.csv" in told and "escape" in told
    assert not list(work.root.rglob("escape.txt")) and work.run_json("exp-001-x")["run"] == "0042/exp-001-x"


def test_save_artifact_that_cannot_be_pickled_says_so(work):
    with track_experiment("x") as exp:
        with pytest.raises(SpecWeaveError, match="cannot be pickled"):
            exp.save_artifact(lambda: 0, "f.pkl")
    assert not [p for p in (work.experiments / "exp-001-x").iterdir() if p.name.startswith(".")]


def test_reports_of_two_runs_do_not_overwrite_each_other(work):
    for value in (1, 2):
        with track_experiment("exp-001-eda") as exp:
            exp.log_metric("rows", value)
            exp.save_report("eda-summary.md")
    with track_experiment("own") as exp:
        path = exp.save_report("words", "# Mine\n")
        assert exp.save_report("words", "# Mine, later\n") == path  # its own, not edited since
        with pytest.raises(SpecWeaveError):
            exp.save_report("../x.md")
    reports = {p.name: p.read_text() for p in (work.increment / "reports").iterdir()}
    assert "| rows | 1 |" in reports["eda-summary.md"] and "| rows | 2 |" in reports["eda-summary.exp-001-eda-r2.md"]
    assert reports["words.md"] == "# Mine, later\n" and len(reports) == 3


def test_current_run_and_repr(work):
    assert specweave.current_run() is None
    with track_experiment("a") as a:
        with track_experiment("b") as b:
            assert specweave.current_run() is b and "exp-002-b" in repr(b)
        assert specweave.current_run() is a
    assert specweave.current_run() is None and "SPECWEAVE_RUN_DIR" not in __import__("os").environ
