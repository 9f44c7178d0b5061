"""The methods of the lab process, one line each. A method's module is imported when it is first asked for."""

from __future__ import annotations

import platform
from collections.abc import Callable
from importlib import import_module, metadata
from typing import Any

from specweave_lab import __version__
from specweave_lab.code_identity import STARTED_WITH

Progress = Callable[[str, float], None]
Method = Callable[[dict[str, Any], Progress], dict[str, Any]]

PACKAGES = ("numpy", "scipy", "pandas", "pyarrow", "scikit-learn", "joblib")


def ping(_params: dict[str, Any], _progress: Progress) -> dict[str, Any]:
    """Who answers: version and code of the lab, versions of Python and of the packages (null where one is missing)."""
    packages: dict[str, str | None] = {}
    for name in PACKAGES:
        try:
            packages[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            packages[name] = None
    return {
        "version": __version__,
        "sha256": STARTED_WITH,
        "python": platform.python_version(),
        "packages": packages,
    }


def _later(module: str, function: str) -> Method:
    """The function of that module, imported at the first call: SciPy and pandas take a second to load."""

    def method(params: dict[str, Any], progress: Progress) -> dict[str, Any]:
        return getattr(import_module(f"specweave_lab.{module}"), function)(params, progress)

    return method


METHODS: dict[str, Method] = {
    "ping": ping,
    "register_dataset": _later("registration", "register_dataset"),
    "check_data": _later("data_check", "check_data"),
    "evaluate": _later("evaluation", "evaluate"),
    "evaluation_report": _later("evaluation_report", "evaluation_report"),
    "choose_threshold": _later("thresholds", "choose_threshold"),
    "compare": _later("comparison", "compare"),
    "compare_folds": _later("paired_folds", "compare_folds"),
    "compare_seeds": _later("seeds", "compare_seeds"),
    "shuffle_labels": _later("shuffled_labels", "shuffle_labels"),
    "measure_control": _later("shuffled_labels", "measure_control"),
    "find_test_rows": _later("held_rows", "find_test_rows"),
    "cut_splits": _later("smoke", "cut_splits"),
    "check_smoke": _later("smoke_check", "check_smoke"),
    "lift": _later("lift", "lift"),
    "reproduce": _later("reproduction", "reproduce"),
}
