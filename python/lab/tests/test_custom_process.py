"""A user's evaluator runs in a process of its own, which is held to its contract and to its limits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from specweave_lab.custom_process import EvaluatorFailed, Job, run_job


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
