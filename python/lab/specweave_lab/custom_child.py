"""The process in which a user's evaluator runs: a script, never imported by the lab.

It is started with the folder of a job, which holds ``job.json``, ``evaluator.py`` and frames as Feather files, and
appends one line of JSON to ``results.jsonl`` for each thing that was asked, so that what was done before a time
limit is there. It imports NumPy and pandas and nothing of the lab: what the user's code may change in this process
decides nothing else.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

NAME = "evaluator.py"


class NotAsAgreed(Exception):
    """The evaluator answered something that the contract does not have."""


def main(folder: Path) -> None:
    """Do the job that lies in the folder."""
    job = json.loads((folder / "job.json").read_text("utf-8"))
    _limit(job)
    truth = _read(folder / "truth.feather")
    given = [_read(folder / name) for name in job["predictions"]]
    with (folder / "results.jsonl").open("a", encoding="utf-8") as results:

        def answer(work: Callable[[], dict[str, Any]]) -> bool:
            try:
                line = work()
            except BaseException as problem:  # SystemExit is one of them.
                line = {"error": _described(problem)}
            results.write(json.dumps(line) + "\n")
            results.flush()
            return "error" not in line

        space: dict[str, Any] = {"__name__": "evaluator", "__file__": NAME}
        if not answer(lambda: _load(folder / NAME, space)):
            return
        for number, asked in enumerate(job["asked"]):
            answer(lambda asked=asked, number=number: _do(asked, number, folder, truth, given, space))


def _limit(job: dict[str, Any]) -> None:
    """Hold the process to its time, its memory and the size of what it prints."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(int(job["limit_s"]) + 5)  # Where the lab was killed and nobody else ends it.
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (job["cpu_s"], job["cpu_s"] + 5))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (job["file_bytes"], job["file_bytes"]))
        resource.setrlimit(resource.RLIMIT_AS, (job["memory_bytes"], job["memory_bytes"]))
    except (ImportError, ValueError, OSError):
        pass  # Not every system has each of them.


def _read(path: Path) -> pd.DataFrame:
    """A frame whose texts are Python's own: rows are drawn from it a thousand times, which Arrow's take twice as
    long for.
    """
    frame = pd.read_feather(path)
    own = pd.StringDtype("python", na_value=np.nan)
    return frame.astype({name: own for name, kind in frame.dtypes.items() if kind == "str"})


def _load(path: Path, space: dict[str, Any]) -> dict[str, Any]:
    exec(compile(path.read_text("utf-8"), NAME, "exec"), space)
    if not callable(space.get("evaluate")):
        raise NotAsAgreed("it has no function evaluate(truth, predictions)")
    if "losses" in space and not callable(space["losses"]):
        raise NotAsAgreed("losses is no function")
    return {"loaded": True}


def _do(
    asked: dict[str, Any],
    number: int,
    folder: Path,
    truth: pd.DataFrame,
    given: list[pd.DataFrame],
    space: dict[str, Any],
) -> dict[str, Any]:
    names, of = asked["metrics"], [given[place] for place in asked["of"]]
    if asked["do"] == "value" and "rows" in asked:
        return {"values": _values(space, *(_part(frame, asked["rows"]) for frame in (truth, of[0])), names)}
    if asked["do"] == "value":
        order = asked.get("order")
        rows = slice(None) if order is None else np.asarray(order)
        return {"values": _values(space, truth.iloc[rows].copy(), of[0].iloc[rows].copy(), names)}
    if asked["do"] == "losses":
        found = space["losses"](truth.copy(), of[0].copy()) if "losses" in space else {}
        if not isinstance(found, dict):
            raise NotAsAgreed(f"losses gave {_kind(found)}, not a dict")
        arrays = {str(name): np.asarray(one, np.float64) for name, one in found.items() if name in names}
        for name, one in arrays.items():
            if one.shape != (len(truth),):
                raise NotAsAgreed(
                    f"losses of {name} have the shape {one.shape}, and there are {len(truth)} rows"
                )
        np.savez(folder / f"{number}.npz", **arrays)
        return {"file": f"{number}.npz"}
    drawn, started = [], time.process_time()
    for rows in _draws(asked, folder):
        drawn.append(
            [
                list(_values(space, *(_part(frame, rows) for frame in (truth, one)), names).values())
                for one in of
            ]
        )
    np.savez(folder / f"{number}.npz", drawn=np.asarray(drawn, np.float64))
    return {"file": f"{number}.npz", "seconds": (time.process_time() - started) / max(1, len(drawn))}


def _part(frame: pd.DataFrame, rows: Any) -> pd.DataFrame:
    """Some rows as a frame of their own, numbered from 0."""
    return frame.iloc[rows].reset_index(drop=True)


def _values(
    space: dict[str, Any], truth: pd.DataFrame, predictions: pd.DataFrame, names: list[str]
) -> dict[str, float | None]:
    """What evaluate gives, in the order of the names; a number that is not finite as None."""
    found = space["evaluate"](truth, predictions)
    if not isinstance(found, dict):
        raise NotAsAgreed(f"evaluate gave {_kind(found)}, not a dict")
    if set(found) != set(names):
        raise NotAsAgreed(f"evaluate gave {_listed(found)}, and {_listed(names)} was registered")
    values: dict[str, float | None] = {}
    for name in names:
        try:
            value = float(found[name])
        except (TypeError, ValueError):
            raise NotAsAgreed(f"evaluate gave {_kind(found[name])} as {name}, not a number") from None
        values[name] = value if np.isfinite(value) else None
    return values


def _draws(asked: dict[str, Any], folder: Path) -> Iterator[np.ndarray]:
    """Rows of each resample: of rows, of whole units, or of stretches of units that follow one another."""
    generator = np.random.default_rng(asked["seed"])
    units = np.load(folder / asked["units"])
    kinds = int(units.max()) + 1
    order = np.argsort(units, kind="stable")
    ends = np.cumsum(np.bincount(units, minlength=kinds))
    starts, alone = ends - np.bincount(units, minlength=kinds), kinds == len(units)
    length = asked["block"]
    for _ in range(asked["count"]):
        first = generator.integers(0, kinds, size=-(-kinds // length))
        drawn = ((first[:, None] + np.arange(length)) % kinds).ravel()[:kinds]
        yield order[drawn] if alone else np.concatenate([order[starts[one] : ends[one]] for one in drawn])


def _kind(value: Any) -> str:
    return f"a {type(value).__name__}"


def _listed(names: Any) -> str:
    listed = sorted(str(name) for name in names)
    return ", ".join(listed[:8]) + ("" if len(listed) <= 8 else ", ...") if listed else "nothing"


def _described(problem: BaseException) -> dict[str, Any]:
    """What went wrong, and the last line of the evaluator that it came from."""
    line, trace = None, problem.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == NAME:
            line = trace.tb_lineno
        trace = trace.tb_next
    if isinstance(problem, SyntaxError) and problem.filename == NAME:
        line = problem.lineno
    text = str(problem)[:300]
    return {
        "kind": type(problem).__name__,
        "agreed": isinstance(problem, NotAsAgreed),
        "text": text,
        "line": line,
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
