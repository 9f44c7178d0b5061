"""Whether a user's evaluator is admitted: by its controls, and then frozen with the version."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import quiet
from own_evaluator import METRICS, PROFIT, asked, handed_in, measured

from specweave_lab.drafting import draft_dataset
from specweave_lab.errors import Refusal
from specweave_lab.evaluation import evaluate
from specweave_lab.registration import register_dataset
from specweave_lab.registration_request import read_request


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
