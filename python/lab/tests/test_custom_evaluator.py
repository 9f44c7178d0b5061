"""A user's own evaluator: admitted by its controls, frozen, run in a process of its own, and measured as any other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import quiet

from specweave_lab.comparison import compare
from specweave_lab.custom_process import EvaluatorFailed, Job, run_job
from specweave_lab.drafting import draft_dataset
from specweave_lab.errors import Refusal
from specweave_lab.evaluation import evaluate
from specweave_lab.lift import lift
from specweave_lab.paired_folds import compare_folds
from specweave_lab.reading import read_table
from specweave_lab.registration import register_dataset
from specweave_lab.registration_request import read_request
from specweave_lab.train_folds import Folds

PROFIT = """
def evaluate(truth, predictions):
    said, ill = predictions["prediction"] == "malignant", truth["target"] == "malignant"
    return {"profit": float((said & ill).sum() * 100 - said.sum() * 10), "missed": float((ill & ~said).mean())}

def losses(truth, predictions):
    return {"missed": ((truth["target"] == "malignant") & (predictions["prediction"] != "malignant")).astype(float)}
"""
METRICS = {"profit": "maximize", "missed": "minimize"}


def asked(text: str = PROFIT, metrics: dict[str, str] | None = None) -> dict[str, Any]:
    return {"text": text, "source": "scripts/profit.py", "metrics": metrics or METRICS}


@pytest.fixture(scope="module")
def registered(
    cancer: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], Path, dict]:
    place = tmp_path_factory.mktemp("own")
    (place / "out").mkdir()
    cancer.to_csv(place / "source.csv", index=False)
    params = {
        "name": "cancer", "version": 1, "target": "target", "problem_type": "classification", "split": {},
        "source": str(place / "source.csv"), "out": str(place / "out"), "vault": str(place / "vault"),
        # As many as there would be time for on an idle machine.
        "evaluator": {**asked(), "resamples": {"validation": 500, "test": 500}},
    }  # fmt: skip
    return register_dataset(params, quiet), place / "out", params


def handed_in(out: Path, split: str, wrong: float, seed: int = 1) -> dict[str, Any]:
    """Arguments of an evaluation of predictions with a share of wrong answers."""
    record, features = out, pd.read_csv(out / f"{split}.csv", dtype={"row_id": str})
    if split == "test":
        labels = pd.read_csv(next((out.parent / "vault").glob("*/test.csv")), dtype={"row_id": str})
        true = features[["row_id"]].merge(labels, on="row_id")["target"].to_numpy()
    else:
        true = features["target"].to_numpy()
    turned = np.random.default_rng(seed).random(len(true)) < wrong
    said = np.where(turned, np.where(true == "malignant", "benign", "malignant"), true)
    path = record.parent / f"{split}-{wrong}.csv"
    pd.DataFrame({"row_id": features["row_id"], "prediction": said}).sample(frac=1, random_state=0).to_csv(
        path, index=False
    )
    labels_path = next((out.parent / "vault").glob("*/test.csv"))
    return {"dataset": str(out), "split": split, "predictions": str(path), "labels": str(labels_path)}


def measured(result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in result["metrics"]}


def test_the_record_holds_what_was_registered(registered: tuple) -> None:
    record, out, params = registered
    described = record["evaluator"]
    assert described["metrics"] == METRICS
    assert described["losses"] == ["missed"]
    assert (out / described["path"]).read_text("utf-8") == PROFIT
    assert {"profit", "missed"} <= set(record["controls"]["passed"])
    assert draft_dataset(read_request(params), quiet).hash == record["hash"]
    assert described["resamples"] == {"validation": 500, "test": 500}
    hashes = {
        draft_dataset(read_request({**params, "evaluator": other}), quiet).hash
        for other in (asked(PROFIT + "\n"), asked(metrics={**METRICS, "missed": "maximize"}), None)
    }
    assert len(hashes | {record["hash"]}) == 4


def test_values_and_intervals_beside_the_labs_own(registered: tuple) -> None:
    _, out, _ = registered
    params = handed_in(out, "test", 0.2)
    result = evaluate(params, quiet)
    found = measured(result)
    frame = pd.read_csv(params["predictions"], dtype={"row_id": str}).merge(
        pd.read_csv(params["labels"], dtype={"row_id": str}), on="row_id"
    )
    said, ill = frame["prediction"] == "malignant", frame["target"] == "malignant"
    assert found["profit"]["value"] == (said & ill).sum() * 100 - said.sum() * 10
    assert found["missed"]["value"] == pytest.approx((ill & ~said).mean())
    for name, method in (("profit", "bootstrap_percentile"), ("missed", "bootstrap_bca")):
        low, high = found[name]["ci"]
        assert low < found[name]["value"] < high
        assert found[name]["ci_method"] == method
    # The standard error of a sum of rows: the interval is near the normal one.
    gain = (said & ill) * 100.0 - said * 10.0
    half = 1.96 * gain.std() * len(gain) ** 0.5
    assert (found["profit"]["ci"][1] - found["profit"]["ci"][0]) / 2 == pytest.approx(half, rel=0.15)
    assert "accuracy" in found
    assert evaluate(params, quiet)["metrics"] == result["metrics"]
    assert [one["name"] for one in evaluate({**params, "metrics": ["f1"]}, quiet)["metrics"]] == ["f1"]
    assert [one["name"] for one in evaluate({**params, "metrics": ["profit"]}, quiet)["metrics"]] == [
        "profit"
    ]


@pytest.mark.parametrize("metric", ["profit", "missed"])
def test_runs_are_compared_on_the_same_rows(registered: tuple, metric: str) -> None:
    _, out, _ = registered
    good, bad = handed_in(out, "validation", 0.02), handed_in(out, "validation", 0.4)
    result = compare(
        {
            "dataset": str(out), "split": "validation", "metric": metric, "reference": "bad",
            "predictions": {"bad": bad["predictions"], "good": good["predictions"], "same": bad["predictions"]},
        },
        quiet,
    )  # fmt: skip
    first, same = result["differences"]
    values = [measured(evaluate(one, quiet))[metric]["value"] for one in (good, bad)]
    assert first["difference"] == pytest.approx(values[0] - values[1])
    assert first["verdict"] == "better"
    assert first["ci"][0] <= first["difference"] <= first["ci"][1]
    assert same["difference"] == 0
    assert same["verdict"] == "no_difference_shown"


@pytest.mark.parametrize("metric", ["profit", "missed"])
def test_the_lift_has_an_interval(registered: tuple, metric: str) -> None:
    _, out, _ = registered
    good, bad = handed_in(out, "test", 0.02), handed_in(out, "test", 0.4)
    found = lift(
        {
            **good, "metric": metric, "lift": 0.2, "bounded": False,
            "candidate": good["predictions"], "baseline": bad["predictions"],
        },
        quiet,
    )  # fmt: skip
    sign = 1 if metric == "profit" else -1
    assert found["target"] == pytest.approx(found["baseline"] * (1 + 0.2 * sign))
    assert min(sign * end for end in found["ci"]) > 0
    assert found["ci"][0] <= found["difference"] <= found["ci"][1]


def test_an_edited_copy_is_noticed(registered: tuple) -> None:
    _, out, _ = registered
    params = handed_in(out, "validation", 0.2)
    (out / "evaluator.py").write_text(PROFIT.replace("* 100", "* 1000"), "utf-8")
    with pytest.raises(Refusal, match="is not what was registered") as refusal:
        evaluate(params, quiet)
    (out / "evaluator.py").unlink()
    with pytest.raises(Refusal, match="is missing"):
        evaluate(params, quiet)
    (out / "evaluator.py").write_text(PROFIT, "utf-8")
    assert refusal.value.code == "DATASET_INVALID"
    assert "profit" in measured(evaluate(params, quiet))


ONE = "def evaluate(truth, predictions):\n    return {'m': float(%s)}\n"
RIGHT = "(truth['target'] == predictions['prediction']).mean()"
NOT_ADMITTED = {
    "blind": (ONE % "(truth['target'] == 'benign').mean()", "maximize", "it must prefer the truth"),
    "wrong way": (ONE % RIGHT, "minimize", "to be minimized, is 1 for the truth itself"),
    "by order": (
        ONE % f"{RIGHT} - truth['mean radius'].head(3).sum()", "maximize", "the order must not matter",
    ),
    "random": (ONE % f"__import__('random').random() * 0.01 + {RIGHT}", "maximize", "the same must come out each time"),
    "of a process": (ONE % f"__import__('os').getpid() * 1e-5 + {RIGHT}", "maximize", "in another process"),
    "leaves": ("import sys\n" + ONE % "sys.exit(0)", "maximize", "raised SystemExit"),
    "losses that are not its own": (
        ONE % RIGHT + "def losses(truth, predictions):\n    return {'m': [0.5] * len(truth)}\n",
        "maximize", "the mean of its losses is 0.5",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NOT_ADMITTED)
def test_what_is_not_admitted_leaves_nothing(cancer: pd.DataFrame, tmp_path: Path, name: str) -> None:
    text, direction, said = NOT_ADMITTED[name]
    cancer.to_csv(tmp_path / "source.csv", index=False)
    (tmp_path / "out").mkdir()
    with pytest.raises(Refusal) as refusal:
        register_dataset(
            {
                "name": "c", "version": 1, "target": "target", "problem_type": "classification", "split": {},
                "source": str(tmp_path / "source.csv"), "out": str(tmp_path / "out"),
                "vault": str(tmp_path / "vault"), "evaluator": asked(text, {"m": direction}),
            },
            quiet,
        )  # fmt: skip
    assert refusal.value.code == "DATASET_INVALID"
    assert said in refusal.value.message
    assert list((tmp_path / "out").iterdir()) == []
    assert not (tmp_path / "vault").exists()


def frames(rows: int = 5) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    ids = pd.Series([str(n) for n in range(rows)], dtype="str")
    return pd.DataFrame({"row_id": ids, "target": np.arange(rows)}), [
        pd.DataFrame({"row_id": ids, "prediction": 1.0})
    ]


def value_of(text: str, limit_s: float = 60) -> Any:
    truth, given = frames()
    asked_for = [{"do": "value", "metrics": ["m"], "of": [0]}]
    return run_job(Job(text, truth, given, asked_for), limit_s)[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def evaluate(truth, predictions):\n    return {'n': 1.0}\n", "gave n, and m was registered"),
        ("def evaluate(truth, predictions):\n    return {'m': 'x'}\n", "gave a str as m, not a number"),
        ("def evaluate(truth, predictions):\n    return 1.0\n", "gave a float, not a dict"),
        ("value = 1\n", "it has no function evaluate"),
        ("def evaluate(truth,\n", "raised SyntaxError"),
        ("import profit_tables\n", "No module named 'profit_tables' (evaluator.py, line 1)"),
        (
            "import os\ndef evaluate(truth, predictions):\n    os._exit(3)\n",
            "left the process with exit code 3",
        ),
    ],
)
def test_what_does_not_keep_to_the_contract_is_said(text: str, said: str) -> None:
    found = value_of(text)
    assert isinstance(found, EvaluatorFailed)
    assert said in found.text


def test_a_loop_for_ever_is_ended_with_its_children(tmp_path: Path) -> None:
    started = tmp_path / "pid"
    text = (
        "import subprocess\ndef evaluate(truth, predictions):\n"
        f"    open({str(started)!r}, 'w').write(str(subprocess.Popen(['sleep', '60']).pid))\n    while True: pass\n"
    )
    found = value_of(text, limit_s=5)
    assert isinstance(found, EvaluatorFailed)
    assert "and was ended" in found.place
    child = Path("/proc") / started.read_text()
    assert not child.exists() or "Z" in (child / "stat").read_text().split()[2]


def test_what_it_prints_goes_nowhere_and_labels_stay_out_of_what_is_said(
    capfd: pytest.CaptureFixture[str],
) -> None:
    found = value_of(
        "import sys\ndef evaluate(truth, predictions):\n    print('SECRET')\n    sys.stderr.write('SECRET')\n"
        "    raise ValueError('labels: ' + str(truth['target'].tolist()))\n"
    )
    assert isinstance(found, EvaluatorFailed)
    assert found.place == "raised ValueError (evaluator.py, line 5)"
    assert "[0, 1, 2, 3, 4]" in found.text
    assert capfd.readouterr() == ("", "")


def test_it_sees_nothing_of_the_labs_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_TOKEN", "hidden")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    text = (
        "import os, sys\ndef evaluate(truth, predictions):\n"
        "    assert 'API_TOKEN' not in os.environ and '/somewhere' not in sys.path\n"
        "    assert os.listdir('.') == [] and 'specweave_lab' not in sys.modules\n    return {'m': 1.0}\n"
    )
    assert value_of(text) == {"values": {"m": 1.0}}


def test_a_metric_that_fails_on_a_split_is_said_and_the_others_are_measured(
    cancer: pd.DataFrame, register: Any, tmp_path: Path
) -> None:
    text = (
        "def evaluate(truth, predictions):\n    if len(truth) < 100:\n"
        "        raise KeyError(str(truth['target'].tolist()))\n"
        f"    return {{'m': float({RIGHT})}}\n"
    )
    record, out = register(
        cancer, split={"test": 0.1, "validation": 0.3}, evaluator=asked(text, {"m": "maximize"})
    )
    assert record["splits"]["test"]["rows"] < 100 < record["splits"]["validation"]["rows"]
    labels = tmp_path / "vault" / record["hash"] / "test.csv"
    frame = pd.read_csv(labels, dtype={"row_id": str})
    frame.rename(columns={"target": "prediction"}).to_csv(tmp_path / "p.csv", index=False)
    result = evaluate(
        {"dataset": str(out), "split": "test", "predictions": str(tmp_path / "p.csv"), "labels": str(labels)},
        quiet,
    )
    assert "m" not in measured(result)
    assert measured(result)["accuracy"]["value"] == 1
    (warning,) = [one for one in result["warnings"] if one["code"] == "m_undefined"]
    assert warning["message"] == "m was not measured: evaluate raised KeyError (evaluator.py, line 3)."


def test_groups_and_numbers(diabetes: pd.DataFrame, register: Any, tmp_path: Path) -> None:
    rows = diabetes.assign(ward=[f"w{n % 30}" for n in range(len(diabetes))])
    text = (
        "import numpy as np\ndef evaluate(truth, predictions):\n"
        "    assert truth['bmi'].dtype == 'float64'\n"
        "    return {'cost': float(np.abs(truth['target'] - predictions['prediction']).mean())}\n"
        "def losses(truth, predictions):\n    return {'cost': np.abs(truth['target'] - predictions['prediction'])}\n"
    )
    record, out = register(
        rows, problem_type="regression", split={"method": "group", "group_column": "ward"},
        evaluator=asked(text, {"cost": "minimize"}),
    )  # fmt: skip
    frame = pd.read_csv(out / "validation.csv", dtype={"row_id": str})
    # Errors that a whole ward shares: drawn row by row, the interval would be far too narrow.
    shift = frame["ward"].str[1:].astype(int) * 10.0
    frame.assign(prediction=frame["target"] + shift)[["row_id", "prediction"]].to_csv(
        tmp_path / "p.csv", index=False
    )
    result = evaluate(
        {"dataset": str(out), "split": "validation", "predictions": str(tmp_path / "p.csv")}, quiet
    )
    found = measured(result)["cost"]
    assert found["value"] == pytest.approx(shift.mean())
    assert found["ci_method"] == "bootstrap_percentile"
    by_row = 2 * 1.96 * shift.std() / len(shift) ** 0.5
    assert found["ci"][1] - found["ci"][0] > 2 * by_row


def test_ranked_lists_are_refused_in_words(register: Any) -> None:
    frame = pd.DataFrame({"user": ["a", "b"] * 10, "item": [str(n) for n in range(20)]})
    with pytest.raises(Refusal, match="needs one prediction a row"):
        register(
            frame,
            target="item",
            problem_type="recommendation",
            split={"group_column": "user"},
            evaluator=asked(),
        )


def test_series_are_drawn_in_blocks_of_time(register: Any, tmp_path: Path) -> None:
    generator = np.random.default_rng(3)
    days = pd.date_range("2024-01-01", periods=400).strftime("%Y-%m-%d")
    rows = pd.DataFrame({"day": days, "weekday": np.arange(400) % 7, "target": generator.normal(10, 1, 400)})
    text = (
        "def evaluate(truth, predictions):\n"
        "    return {'cost': float(abs(truth['target'] - predictions['prediction']).mean())}\n"
    )
    _, out = register(
        rows,
        problem_type="time_series",
        split={"time_column": "day", "validation": 0.3},
        evaluator=asked(text, {"cost": "minimize"}),
    )
    frame = pd.read_csv(out / "validation.csv", dtype={"row_id": str})
    # Errors that stay for ten days: rows drawn one by one would make the interval far too narrow.
    errors = np.repeat(generator.gamma(1, 5, len(frame) // 10 + 1), 10)[: len(frame)]
    path = tmp_path / "p.csv"
    frame.assign(prediction=frame["target"] + errors, time=frame["day"]).sample(frac=1, random_state=1)[
        ["time", "prediction"]
    ].to_csv(path, index=False)
    result = evaluate({"dataset": str(out), "split": "validation", "predictions": str(path)}, quiet)
    found = measured(result)["cost"]
    assert found["value"] == pytest.approx(errors.mean())
    by_row = 2 * 1.96 * errors.std() / len(errors) ** 0.5
    assert found["ci"][1] - found["ci"][0] > 1.4 * by_row


def folded(out: Path, wrong: float) -> tuple[str, pd.DataFrame]:
    """Predictions of five folds with a share of wrong answers, as a file and beside the truth."""
    record = json.loads((out / "dataset.json").read_text("utf-8"))
    train = read_table(out / record["splits"]["train"]["path"])
    true, fold = np.array(train.texts("target")), Folds(record, train, 5).of
    turned = np.random.default_rng(5).random(len(true)) < wrong
    said = np.where(turned, np.where(true == "malignant", "benign", "malignant"), true)
    frame = pd.DataFrame({"row_id": train.texts("row_id"), "prediction": said, "fold": fold})
    path = out.parent / f"folds-{wrong}.csv"
    frame.sample(frac=1, random_state=1).to_csv(path, index=False)
    return str(path), frame.assign(true=true)


def test_folds_are_measured_each_by_itself(registered: tuple) -> None:
    _, out, _ = registered
    path, frame = folded(out, 0.2)
    asked_for = {"dataset": str(out), "split": "folds", "predictions": path}
    result = evaluate(asked_for, quiet)
    found = measured(result)
    said, ill = frame["prediction"] == "malignant", frame["true"] == "malignant"
    by_fold = ((said & ill) * 100 - said * 10).groupby(frame["fold"]).sum()
    assert found["profit"]["by_fold"] == by_fold.tolist()
    assert found["profit"]["value"] == pytest.approx(by_fold.mean())
    assert found["profit"]["ci_method"] == "nadeau_bengio_t"
    assert found["profit"]["ci"][0] < found["profit"]["value"] < found["profit"]["ci"][1]
    assert {"accuracy", "missed"} <= set(found)
    assert not [one for one in result["warnings"] if one["code"].startswith(("profit", "missed"))]
    assert [one["name"] for one in evaluate({**asked_for, "metrics": ["missed"]}, quiet)["metrics"]] == [
        "missed"
    ]


def test_a_loss_may_lie_below_0_on_folds(registered: tuple) -> None:
    _, out, _ = registered
    path, _ = folded(out, 1.0)
    found = measured(evaluate({"dataset": str(out), "split": "folds", "predictions": path}, quiet))
    assert found["profit"]["value"] < found["profit"]["ci"][1] < 0


@pytest.mark.parametrize(("metric", "verdict"), [("profit", "worse"), ("missed", "worse")])
def test_runs_are_compared_on_the_same_folds(registered: tuple, metric: str, verdict: str) -> None:
    _, out, _ = registered
    files = {str(wrong): folded(out, wrong)[0] for wrong in (0.05, 0.06, 0.4)}
    answer = compare_folds(
        {"dataset": str(out), "metric": metric, "reference": "0.05", "predictions": files}, quiet
    )
    near, far = answer["differences"]
    assert (near["verdict"], far["verdict"], far["method"]) == (
        "no_difference_shown",
        verdict,
        "nadeau_bengio_t",
    )
    values = [
        measured(evaluate({"dataset": str(out), "split": "folds", "predictions": files[run]}, quiet))[metric][
            "value"
        ]
        for run in ("0.4", "0.05")
    ]
    assert far["difference"] == pytest.approx(values[0] - values[1])


def test_a_fold_without_a_value_says_where(register: Any, cancer: pd.DataFrame) -> None:
    _, plain = register(cancer, split={})
    path, frame = folded(plain, 0.1)
    row, fold = frame["row_id"].iloc[0], frame["fold"].iloc[0]
    text = f"""
def evaluate(truth, predictions):
    if {row!r} in set(truth["row_id"]):
        raise ValueError("said " + truth["target"].iloc[0])
    return {{"profit": float((truth["target"] == predictions["prediction"]).mean())}}
"""
    _, out = register(cancer, split={}, evaluator=asked(text, {"profit": "maximize"}))
    result = evaluate({"dataset": str(out), "split": "folds", "predictions": path}, quiet)
    (told,) = [one for one in result["warnings"] if one["code"] == "profit_undefined"]
    assert told["message"].startswith(f"fold {fold}: ") and "ValueError" in told["message"]
    assert "said" not in told["message"]
    assert "profit" not in measured(result) and "accuracy" in measured(result)
    answer = compare_folds(
        {"dataset": str(out), "metric": "profit", "reference": "a", "predictions": {"a": path, "b": path}},
        quiet,
    )
    assert answer["differences"] == [] and "has no value on some fold" in answer["left_out"][0]["reason"]
