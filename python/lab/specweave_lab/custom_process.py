"""A user's evaluator in a process of its own: with a time limit, no workspace, and nothing of what it prints."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

LIMIT_S = 60
CPU_S = 30
"""A busy machine makes the time longer that passes, not the time that is used."""
MEMORY_BYTES = 16 * 1024**3
FILE_BYTES = 2 * 1024**3
NAME = "evaluator.py"
CHILD = Path(__file__).with_name("custom_child.py")


class EvaluatorFailed(Exception):
    """The user's code did not give what was asked of it.

    Parameters
    ----------
    place : str
        What happened without a word of the user's code, such as ``raised ValueError (evaluator.py, line 12)``. It
        may stand beside sealed labels.
    text : str
        With the message of the exception, which may hold anything that the code was given.
    """

    def __init__(self, place: str, text: str | None = None) -> None:
        super().__init__(place)
        self.place = place
        self.text = text or place


@dataclass
class Job:
    """What a process is asked to do.

    Attributes
    ----------
    text : str
        The evaluator's source.
    truth : DataFrame
    predictions : list of DataFrame
        Each with the rows of the truth, in its order.
    asked : list of dict
        ``do`` (``value``, ``losses`` or ``resample``), ``metrics``, ``of`` (places in predictions); of a value
        ``order`` (all rows in another order) or ``rows`` (some of them, as a frame of their own); of a resample
        ``count, seed, units`` (code of each row), ``block``.
    """

    text: str
    truth: pd.DataFrame
    predictions: list[pd.DataFrame]
    asked: list[dict[str, Any]] = field(default_factory=list)


def run_job(job: Job, limit_s: float = LIMIT_S) -> list[dict[str, Any] | EvaluatorFailed]:
    """One answer for what was asked, in order; an :class:`EvaluatorFailed` for what was not answered.

    ``value``: ``values``. ``losses``: ``arrays``. ``resample``: ``drawn``, shape (count, predictions, metrics),
    NaN where a value was not finite, and ``seconds`` a resample of one prediction.
    """
    with tempfile.TemporaryDirectory(prefix="specweave-evaluator-") as place:
        folder = Path(place)
        _write(job, folder, limit_s)
        ended = _start(folder, limit_s)
        return _read(job, folder, ended)


def _write(job: Job, folder: Path, limit_s: float) -> None:
    (folder / "work").mkdir()
    (folder / NAME).write_text(job.text, "utf-8")
    job.truth.to_feather(folder / "truth.feather")
    files = [f"predictions-{number}.feather" for number in range(len(job.predictions))]
    for name, frame in zip(files, job.predictions, strict=True):
        frame.to_feather(folder / name)
    asked = []
    for number, one in enumerate(job.asked):
        if "units" in one:
            np.save(folder / f"units-{number}.npy", one["units"])
            one = {**one, "units": f"units-{number}.npy"}
        asked.append(one)
    settings = {
        "limit_s": limit_s,
        "cpu_s": min(CPU_S, int(limit_s)),
        "memory_bytes": MEMORY_BYTES,
        "file_bytes": FILE_BYTES,
    }
    (folder / "job.json").write_text(json.dumps({**settings, "predictions": files, "asked": asked}), "utf-8")


def _start(folder: Path, limit_s: float) -> str:
    """Run the process to its end or its limit; how it ended, in words."""
    # A clean environment does what -I would, and leaves PYTHONHASHSEED: sums over a set come out the same each time.
    environment = {
        "PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder / "work"), "TMPDIR": str(folder / "work"),
        "LANG": "C.UTF-8", "PYTHONHASHSEED": "0", "PYTHONNOUSERSITE": "1", "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-P", "-s", "-B", str(CHILD), str(folder)],
        cwd=folder / "work", env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        code = process.wait(limit_s)
    except subprocess.TimeoutExpired:
        return f"took longer than {limit_s:g} s and was ended"
    finally:
        _end(process)
    if code == -signal.SIGXCPU:
        return f"used more than {min(CPU_S, int(limit_s))} s of processor time and was ended"
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"left the process with exit code {code}" if code else "left the process"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and what it started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _read(job: Job, folder: Path, ended: str) -> list[dict[str, Any] | EvaluatorFailed]:
    lines: list[dict[str, Any]] = []
    try:
        for line in (folder / "results.jsonl").read_text("utf-8").splitlines():
            lines.append(json.loads(line))
    except (OSError, ValueError):
        pass  # What was not written whole was not answered.
    loaded = _answer(lines[0], folder) if lines else EvaluatorFailed(ended)
    if isinstance(loaded, EvaluatorFailed):
        return [loaded for _ in job.asked]
    answers = [_answer(line, folder) for line in lines[1 : 1 + len(job.asked)]]
    return [*answers, *(EvaluatorFailed(ended) for _ in job.asked[len(answers) :])]


def _answer(line: dict[str, Any], folder: Path) -> dict[str, Any] | EvaluatorFailed:
    if "error" in line:
        error = line["error"]
        at = f" ({NAME}, line {error['line']})" if error["line"] else f" ({NAME})"
        if error["agreed"]:
            return EvaluatorFailed(f"does not keep to its contract{at}", error["text"])
        return EvaluatorFailed(f"raised {error['kind']}{at}", f"raised {error['kind']}: {error['text']}{at}")
    if "file" in line:
        with np.load(folder / Path(line["file"]).name) as arrays:
            found = {name: arrays[name] for name in arrays.files}
        return {**line, "drawn": found["drawn"]} if "drawn" in found else {**line, "arrays": found}
    return line
