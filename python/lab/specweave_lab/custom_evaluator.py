"""A user's own evaluator, ``evaluate(truth, predictions) -> {metric: value}``: what was registered of it, and its
frozen text beside the data.

The function gets two pandas DataFrames with the same rows in the same order:

``truth``
    ``row_id``, the target, and the features of the split.
``predictions``
    ``row_id``, ``prediction``, and ``score_<class>`` where the run handed in scores.

Classes are text as in dataset.json; whole numbers where all of them are. It answers with a finite number for each
registered metric. It may come with ``losses(truth, predictions) -> {metric: one loss for each row}`` for those metrics
that are the mean of them. It stands alone: it can import the lab's packages and no file of the project.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from specweave_lab.arguments import Arguments
from specweave_lab.errors import dataset_invalid
from specweave_lab.metrics.names import BY_PROBLEM

FILE = "evaluator.py"
DIRECTIONS = ("maximize", "minimize")
PROBLEMS = ("classification", "regression", "time_series")


@dataclass(frozen=True)
class CustomEvaluator:
    """An evaluator as registered.

    Attributes
    ----------
    text : str
        Its source.
    source : str
        Where it lay when it was registered, for people.
    metrics : dict
        ``maximize`` or ``minimize`` by name.
    losses : tuple of str
        The metrics that are means of losses of rows.
    resamples : dict
        How many resamples its time allows, by split; what it was registered with, so that it is the same later.
    """

    text: str
    source: str
    metrics: dict[str, str]
    losses: tuple[str, ...] = ()
    resamples: dict[str, int] | None = None

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode("utf-8")).hexdigest()

    def sign(self, metric: str) -> int:
        """1 where more is better, -1 where less is."""
        return 1 if self.metrics[metric] == "maximize" else -1

    def identity(self) -> dict[str, Any]:
        """What makes another evaluator another version of the data."""
        return {"sha256": self.sha256, "metrics": dict(sorted(self.metrics.items()))}


def asked_evaluator(arguments: Arguments, problem_type: str) -> CustomEvaluator | None:
    """The argument ``evaluator`` of ``register_dataset``: ``text, source, metrics``, and ``resamples`` where a
    version is made again.
    """
    given = arguments.inner("evaluator")
    if not given.values:
        return None
    if problem_type not in PROBLEMS:
        raise dataset_invalid(
            "evaluator",
            f"An evaluator of your own needs one prediction a row, and a {problem_type} has ranked lists.",
            "Leave evaluator out.",
        )
    metrics = given.inner("metrics")
    if not metrics.values:
        raise metrics.invalid("", "names no metric; such as {profit: maximize}")
    known = {name for names in BY_PROBLEM.values() for name in names}
    for name in metrics.values:
        metrics.choice(name, DIRECTIONS)
        if name in known:
            raise metrics.invalid(name, "is a metric of the lab; give yours a name of its own")
    resamples = given.inner("resamples").values or None
    return CustomEvaluator(given.text("text"), given.text("source", FILE), metrics.values, (), resamples)


def frozen_evaluator(folder: Path, record: dict[str, Any]) -> CustomEvaluator | None:
    """The evaluator of a registered version, read from beside its data.

    Raises
    ------
    Refusal
        ``DATASET_INVALID`` where its text is missing or is not the one that was registered.
    """
    described = record.get("evaluator")
    if not described:
        return None
    path = folder / described["path"]
    try:
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise dataset_invalid(
            "evaluator", f"{FILE} of {record['dataset']} is missing.", "Bring it back from Git."
        ) from problem
    found = CustomEvaluator(
        text, described["source"], described["metrics"], tuple(described["losses"]), described["resamples"]
    )
    if found.sha256 != described["sha256"]:
        raise dataset_invalid(
            "evaluator",
            f"{FILE} of {record['dataset']} is not what was registered: its SHA-256 has changed.",
            "Bring it back from Git, or register the data with the new evaluator: that is another version.",
        )
    return found
