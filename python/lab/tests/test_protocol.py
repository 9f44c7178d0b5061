"""The lab process: it answers, in order, whatever it is sent, and stdout holds nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

LAB = Path(__file__).parents[1]


def start(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "specweave_lab", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(LAB)},
    )


def ask(*lines: bytes, code: str = "") -> list[dict]:
    process = start() if not code else subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(LAB)},
    )  # fmt: skip
    out, err = process.communicate(b"\n".join(lines), timeout=60)
    assert process.returncode == 0, err.decode()
    return [json.loads(line) for line in out.splitlines()]


PING = b'{"id":7,"method":"ping","params":{}}'


def test_ping_names_versions_and_is_quick() -> None:
    with start() as process:
        assert process.stdin and process.stdout
        process.stdin.write(PING + b"\n")
        process.stdin.flush()
        first = json.loads(process.stdout.readline())
        begun = time.perf_counter()
        process.stdin.write(PING + b"\n")
        process.stdin.flush()
        process.stdout.readline()
        assert time.perf_counter() - begun < 10  # a guard against a hang; what it imports is tested below
        process.stdin.close()
    assert first["id"] == 7
    assert first["result"]["python"].startswith("3.")
    assert first["result"]["packages"]["scikit-learn"]


def test_ping_imports_nothing_scientific() -> None:
    code = (
        "import sys; from specweave_lab.methods import METHODS; METHODS['ping']({}, None); "
        "assert not {'numpy', 'pandas', 'sklearn', 'scipy', 'pyarrow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": str(LAB)})


@pytest.mark.parametrize(
    "line",
    [b"rubbish", b"[]", b"3", b"null", b'"text"', b"{", b"\xff\xfe\x00", b"[" * 200_000, b'{"id":1e999}'],
    ids=["words", "list", "number", "null", "text", "half", "bytes", "deep", "infinite"],
)
def test_garbage_is_answered_and_the_next_request_works(line: bytes) -> None:
    answers = ask(line, PING)
    assert [a["id"] for a in answers][-1] == 7
    assert answers[0]["error"]["code"] == "INPUT_INVALID"
    assert "result" in answers[1]


def test_a_bad_request_keeps_its_id() -> None:
    unknown, no_object, missing = ask(
        b'{"id":"a","method":"nope"}',
        b'{"id":2,"method":"ping","params":[]}',
        b'{"id":3,"method":"compare","params":{}}',
    )
    assert unknown["id"] == "a" and "register_dataset" in unknown["error"]["message"]
    assert no_object["id"] == 2 and no_object["error"]["code"] == "INPUT_INVALID"
    assert missing["id"] == 3 and missing["error"]["missing"] == ["dataset"]


def test_empty_lines_are_passed_over_and_a_last_line_needs_no_newline() -> None:
    assert [a["id"] for a in ask(b"", b"  ", PING)] == [7]


def test_a_huge_line_is_refused_and_skipped() -> None:
    huge = b'{"id":1,"params":{"x":"' + b"a" * (33 * 1024 * 1024) + b'"}}'
    refused, answered = ask(huge, PING)
    assert refused["id"] is None and refused["error"]["code"] == "INPUT_TOO_LARGE"
    assert answered["id"] == 7


def test_prints_and_exits_inside_a_method_do_not_reach_stdout() -> None:
    code = """
import os, sys
from specweave_lab import methods, protocol
def loud(params, progress):
    print("to stdout"); os.write(1, b"to fd 1\\n"); os.system("echo from a child"); sys.stdin.read()
    progress("half", 0.5)
    return {"n": float("nan"), "i": [float("inf")]}
def leave(params, progress):
    sys.exit(3)
def defect(params, progress):
    return {}["nothing"]
methods.METHODS.update(loud=loud, leave=leave, defect=defect)
sys.exit(protocol.serve(10))
"""
    answers = ask(
        b'{"id":1,"method":"loud"}',
        b'{"id":2,"method":"leave"}',
        b'{"id":3,"method":"defect"}',
        PING,
        code=code,
    )
    assert answers[0] == {"id": 1, "progress": {"message": "half", "fraction": 0.5}}
    assert answers[1] == {"id": 1, "result": {"n": "NaN", "i": ["Infinity"]}}
    assert answers[2]["error"]["code"] == answers[3]["error"]["code"] == "LAB_FAILED"
    assert answers[4]["id"] == 7


def test_it_ends_when_idle_and_when_stdin_closes() -> None:
    with start("--idle-s", "0.2") as process:
        assert process.wait(timeout=10) == 0
    with start() as process:
        assert process.stdin
        process.stdin.close()
        assert process.wait(timeout=10) == 0


def test_requests_end_to_end(tmp_path: Path, cancer: pd.DataFrame) -> None:
    source, out, vault = tmp_path / "c.csv", tmp_path / "v1", tmp_path / "vault"
    cancer.to_csv(source, index=False)
    out.mkdir()
    params = {
        "source": str(source), "name": "cancer", "version": 1, "target": "target",
        "problem_type": "classification", "split": {"seed": 3}, "out": str(out), "vault": str(vault),
    }  # fmt: skip
    answers = ask(json.dumps({"id": 0, "method": "register_dataset", "params": params}).encode())
    results = {a["id"]: a["result"] for a in answers if "result" in a}
    assert any("progress" in a for a in answers)
    assert results[0] == json.loads((out / "dataset.json").read_text())
