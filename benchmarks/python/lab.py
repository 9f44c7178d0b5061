"""How long the lab takes over a million rows, a line of JSON a figure.

``lab.py <python/lab> <empty folder> [--quick]``. Its process is asked as the server asks it; what it is given and what
pandas makes of the same file is made here, from one seed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

LAB, WORK = sys.argv[1], Path(sys.argv[2])
ROWS = 100_000 if "--quick" in sys.argv else 1_000_000
SEED = 20_261_121


class Lab:
    """A lab process; a request waits for its answer."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "specweave_lab"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": LAB},
        )

    def ask(self, method: str, **params: Any) -> tuple[dict[str, Any], float]:
        """The result, and the seconds until it came."""
        assert self.process.stdin and self.process.stdout
        began = time.perf_counter()
        request = {"id": 1, "method": method, "params": params}
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()
        while "progress" in (answer := json.loads(self.process.stdout.readline())):
            pass
        if "result" not in answer:
            raise SystemExit(f"{method}: {answer['error']}")
        return answer["result"], time.perf_counter() - began

    def peak_gib(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        kib = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
        return int(kib) / 1024**2

    def end(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


def say(name: str, value: float, **more: object) -> None:
    print(json.dumps({"name": name, "value": value, **more}), flush=True)


def table(rows: int, numbers: int, texts: int) -> pd.DataFrame:
    """An id, columns of numbers with four digits, of texts with ten values, and a target of two classes."""
    rng = np.random.default_rng(SEED)
    values = rng.normal(size=(rows, numbers))
    likely = 1 / (1 + np.exp(-values[:, 0]))
    columns = {"id": np.arange(rows)}
    columns |= {f"x{i}": np.round(values[:, i], 4) for i in range(numbers)}
    columns |= {f"kind{i}": rng.choice([f"k{n}" for n in range(10)], rows) for i in range(texts)}
    return pd.DataFrame(columns | {"y": np.where(rng.random(rows) < likely, "yes", "no")})


def register(lab: Lab, name: str, source: Path, split: dict[str, float]) -> tuple[dict[str, Any], Path, float]:
    out, vault = WORK / name / "v1", WORK / "vault"
    out.mkdir(parents=True)
    record, seconds = lab.ask(
        "register_dataset",
        source=str(source),
        name=name,
        version=1,
        target="y",
        positive="yes",
        id_column="id",
        problem_type="classification",
        split={"method": "stratified", "seed": 0, **split},
        previous=[],
        out=str(out),
        vault=str(vault),
    )
    return record, out, seconds


def registration() -> None:
    source = WORK / "wide.csv"
    table(ROWS, 14, 4).to_csv(source, index=False)
    began = time.perf_counter()
    frame = pd.read_csv(source)
    part = np.random.default_rng(SEED).random(len(frame))
    for low, high, file in ((0, 0.7, "train"), (0.7, 0.85, "validation"), (0.85, 1, "test")):
        frame[(low <= part) & (part < high)].to_csv(WORK / f"pandas-{file}.csv", index=False)
    bare = time.perf_counter() - began
    lab = Lab()
    lab.ask("ping")
    _, _, seconds = register(lab, "wide", source, {"validation": 0.15, "test": 0.15})
    say("register", seconds, floor=bare, rows=len(frame), columns=len(frame.columns))
    say("register.memory", lab.peak_gib())
    lab.end()


def evaluation(rows: int) -> None:
    name = f"of{rows}"
    source = WORK / f"{name}.csv"
    table(int(rows * 1.25), 2, 0).to_csv(source, index=False)
    first = Lab()
    record, out, _ = register(first, name, source, {"validation": 0.8, "test": 0.1})
    first.end()
    truth = pd.read_csv(out / record["splits"]["validation"]["path"])
    score = 1 / (1 + np.exp(-truth["x0"]))
    predictions = WORK / f"{name}-predictions.csv"
    pd.DataFrame(
        {
            "row_id": truth["row_id"],
            "prediction": np.where(score > 0.5, "yes", "no"),
            "score_no": (1 - score).round(6),
            "score_yes": score.round(6),
        }
    ).to_csv(predictions, index=False)
    request = {
        "dataset": str(out),
        "split": "validation",
        "predictions": str(predictions),
        "problem_type": "classification",
        "positive": "yes",
        "classes": record["classes"],
    }
    lab = Lab()
    lab.ask("evaluate", **request)
    times = [lab.ask("evaluate", **request)[1] for _ in range(3)]
    say("evaluate", sorted(times)[1], rows=len(truth))
    say("evaluate.memory", lab.peak_gib(), rows=len(truth))
    lab.end()


registration()
evaluation(10_000)
evaluation(ROWS)
