"""``train_baseline_model``: what a model has to beat, made by the lab on the same splits."""

from __future__ import annotations

import os
import sys

from .errors import SpecWeaveError
from .results import ExperimentResult, Results

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .run import Run

STRATEGIES = {
    "random": "the classes at random, as frequent as in train; for regression a value of train",
    "popularity": "the most frequent class, the median, the most popular items",
    "majority": "another name for popularity",
    "rule-based": "the best rule on one column of train",
    "naive": "the last value of a series",
    "seasonal-naive": "the value one season before",
}


def train_baseline_model(
    strategies: Iterable[str] = ("random", "popularity", "rule-based"),
    increment: str | int | None = None,
    dataset: str | None = None,
) -> Results:
    """Trains baselines in the lab's interpreter, each a tracked run ``exp-NNN-baseline-<strategy>``.

    Parameters
    ----------
    strategies
        Of ``random``, ``popularity`` (or ``majority``), ``rule-based``; for series ``naive``, ``seasonal-naive``.
    increment
        As for :func:`specweave.track_experiment`.
    dataset
        ``"churn@1"``; else the increment's.

    Returns
    -------
    list of ExperimentResult
        In the order given, with its scores on validation; it prints as a table.

    Raises
    ------
    SpecWeaveError
        Where a strategy is unknown, there is no dataset, or the lab has not been set up.

    Examples
    --------
    >>> baselines = train_baseline_model(strategies=["random", "popularity", "rule-based"])
    """
    from .dataset import load_dataset
    from .workspace import find_increment, find_workspace, increment_dataset

    listed = [strategies] if isinstance(strategies, str) else list(strategies)
    unknown = [name for name in listed if name not in STRATEGIES]
    if unknown or not listed:
        raise SpecWeaveError(
            f"There is no baseline {unknown[0]!r}." if unknown else "No baseline is named.",
            f"use one of: {', '.join(STRATEGIES)}",
        )
    workspace = find_workspace()
    folder = find_increment(workspace, increment)
    named = dataset or increment_dataset(f"{workspace}/.specweave/increments/{folder}")
    if named is None and not os.environ.get("SPECWEAVE_DATASET"):
        raise SpecWeaveError(
            f"{folder} has no registered dataset to train baselines on.",
            "register one for it: specweave-ml register-dataset",
        )
    data = load_dataset(named)
    python = lab_python()
    return Results(_run(listed, python, workspace, folder, data))


def lab_python() -> str:
    """The lab's interpreter: ``SPECWEAVE_LAB_PYTHON``, else what ``lab/current`` in the user's state folder names.

    Raises
    ------
    SpecWeaveError
        Where there is none.
    """
    named = os.environ.get("SPECWEAVE_LAB_PYTHON")
    if not named:
        try:
            with open(f"{_labs_folder()}/current", encoding="utf-8") as file:
                named = file.read().strip()
        except OSError:
            named = None
    if named and os.access(named, os.X_OK):
        return named
    raise SpecWeaveError(
        "Baselines are made by the lab, whose Python environment has not been set up on this machine"
        + (f" ({named} is not there)." if named else "."),
        "specweave-ml setup (a few minutes, once)",
    )


def _labs_folder() -> str:
    named = os.environ.get("SPECWEAVE_LAB_DIR")
    if named:
        return named
    state = os.environ.get("SPECWEAVE_STATE_DIR")
    if not state and sys.platform == "darwin":
        state = os.path.expanduser("~/Library/Application Support/specweave-ml")
    if not state:
        base = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
        state = f"{base}/specweave-ml"
    return f"{state}/lab"


def _run(strategies: list[str], python: str, workspace: str, folder: str, data: Any) -> list[ExperimentResult]:
    import subprocess

    from .session import start

    begun: list[tuple[str, Run, Any]] = []
    try:
        for strategy in strategies:
            command = [python, "-m", "specweave_lab.baseline", "--strategy", strategy]
            run = start(
                f"baseline-{strategy}",
                folder,
                announce=False,
                made_by="baseline",
                baseline=strategy,
                command=["python", *command[1:]],
                dataset=data.id,
                script=None,
            )
            home = run.require_folder()
            os.makedirs(f"{home}/logs", exist_ok=True)
            with open(f"{home}/logs/stdout.log", "wb") as out, open(f"{home}/logs/stderr.log", "wb") as err:
                environment = _environment(workspace, folder, run, data)
                process = subprocess.Popen(
                    command, cwd=workspace, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err
                )
            begun.append((strategy, run, process))
        return [_wait(strategy, run, process, data) for strategy, run, process in begun]
    except BaseException:
        for _, run, process in begun:
            process.terminate()
            process.wait()
            run.finish("failed", "the script that asked for it was interrupted")
        raise


def _environment(workspace: str, folder: str, run: Run, data: Any) -> dict[str, str]:
    from .workspace import increment_number

    environment = {name: value for name, value in os.environ.items() if not name.startswith("SPECWEAVE_RUN")}
    sdk = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    lab = os.path.join(os.path.dirname(sdk), "lab")  # in a checkout and in the package; else it is installed
    paths = [sdk, *([lab] if os.path.isdir(f"{lab}/specweave_lab") else []), environment.get("PYTHONPATH", "")]
    environment.update(
        SPECWEAVE_RUN_DIR=str(run.folder),
        SPECWEAVE_RUN=str(run.id),
        SPECWEAVE_WORKSPACE=workspace,
        SPECWEAVE_INCREMENT=increment_number(folder),
        SPECWEAVE_DATASET=data.id,
        SPECWEAVE_TRAIN=data.train.path,
        SPECWEAVE_VALIDATION=data.validation.path,
        SPECWEAVE_TEST=data.test.path,
        SPECWEAVE_SEED=environment.get("SPECWEAVE_SEED") or "0",
        PYTHONPATH=os.pathsep.join(path for path in paths if path),
        PYTHONUNBUFFERED="1",
    )
    return environment


def _wait(strategy: str, run: Run, process: Any, data: Any) -> ExperimentResult:
    from .logged import last_metrics

    code = process.wait()
    if code == 0:
        run.finish()
        metrics = last_metrics(str(run.folder)) or _scores(run, data)
        return ExperimentResult(strategy, run.id, "succeeded", metrics)
    reason = f"exit code {code}" if code > 0 else f"ended by signal {-code}"
    last = _last_line(f"{run.folder}/logs/stderr.log")
    reason = f"{reason}: {last}" if last else reason
    run.finish("failed", reason)
    return ExperimentResult(strategy, run.id, "failed", {}, reason)


def _scores(run: Run, data: Any) -> dict[str, float]:
    """The baseline on validation, for the caller to see; the record gets its numbers from the lab alone."""
    from .labels import Labels
    from .scoring import reported_metrics
    from .tables import read_columns

    path = data.validation.path
    if data.problem_type not in ("classification", "regression") or not path.endswith(".csv"):
        return {}
    try:
        header, rows = read_columns(path)
        said = {row[0]: row[1] for row in read_columns(f"{run.folder}/predictions/validation.csv", 2)[1]}
        at = header.index(data.target)
        pairs = [(row[at], said[row[0]]) for row in rows]
    except (SpecWeaveError, KeyError, ValueError):
        return {}
    truth, predicted = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    if not data.classes:
        return reported_metrics(truth, predicted, classifies=False)
    labels = Labels(data.classes)
    return reported_metrics([labels.find(v) for v in truth], [labels.find(v) for v in predicted], data.positive)


def _last_line(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = [line.strip() for line in file.read()[-4000:].splitlines() if line.strip()]
    except OSError:
        return ""
    return lines[-1][:300] if lines else ""
