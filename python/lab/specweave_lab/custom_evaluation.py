"""What ``evaluate`` and ``compare`` ask about a data set's own evaluator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from specweave_lab.custom_measure import Measured, measure_custom
from specweave_lab.forecasts import read_forecasts
from specweave_lab.truth import Truth


def own_metrics(record: dict[str, Any]) -> dict[str, str]:
    """The metrics that the data set's own evaluator measures, with ``maximize`` or ``minimize``."""
    return dict((record.get("evaluator") or {}).get("metrics", {}))


def not_own(record: dict[str, Any], asked: list[str] | None) -> list[str] | None:
    """Of the metrics asked for those that the lab itself has to know."""
    return asked and [name for name in asked if name not in own_metrics(record)]


def evaluate_own(folder: Path, truth: Truth, path: Path, given: Any, asked: list[str] | None) -> Measured:
    """The own metrics of predictions; ``given`` is what was read of them, None of forecasts.

    Those of folds are measured with them (:mod:`specweave_lab.custom_folds`); recommendations have none.
    """
    if not own_metrics(truth.record):
        return [], []
    if truth.problem_type == "time_series":
        given = read_forecasts(truth, path)[0]
    return measure_custom(folder, truth, given, asked)
