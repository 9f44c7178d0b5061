"""Whether what a smoke run handed in for the cut splits has the form that the lab asks for. Nothing is measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from specweave_lab.arguments import Arguments
from specweave_lab.drafting import Progress
from specweave_lab.errors import Refusal
from specweave_lab.evaluation import read_classification, read_regression
from specweave_lab.folds import evaluate_folds
from specweave_lab.forecasts import read_forecasts, read_lists
from specweave_lab.metrics.names import chosen_metrics
from specweave_lab.reading import Table, read_table
from specweave_lab.truth import Truth, read_record

FORMS = ("train", "validation", "test", "folds")


def check_smoke(params: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Whether predictions for the cut splits have the form that the lab asks for. Nothing is measured.

    Parameters
    ----------
    params : dict
        ``dataset`` (the folder that :func:`specweave_lab.smoke.cut_splits` filled) and ``predictions`` (a folder).

    Returns
    -------
    dict
        ``handed_in`` (names of splits, ``folds`` too) and ``problems`` (``split, problem``).
    """
    arguments = Arguments(params)
    folder, given = arguments.path("dataset"), arguments.path("predictions")
    record = read_record(folder)
    progress("reading what was handed in", 0.2)
    handed_in, problems = [], []
    for split in FORMS:
        path = given / f"{split}.csv"
        if not path.is_file():
            continue
        handed_in.append(split)
        try:
            _read(_truth(folder, record, split), path)
        except Refusal as refusal:
            problems.append({"split": split, "problem": refusal.message})
    return {"handed_in": handed_in, "problems": problems}


def _read(truth: Truth, path: Path) -> None:
    if truth.split == "folds":
        evaluate_folds(truth, path, chosen_metrics(truth.problem_type, None), 1)
    elif truth.problem_type == "classification":
        read_classification(truth, path)
    elif truth.problem_type == "regression":
        read_regression(truth, path)
    elif truth.problem_type == "time_series":
        read_forecasts(truth, path)
    else:
        read_lists(truth, path)


def _truth(folder: Path, record: dict[str, Any], split: str) -> Truth:
    """What predictions are held against; of test with a made-up answer in each row, for there is none here."""
    table = read_table(folder / record["splits"]["train" if split == "folds" else split]["path"])
    classes = record.get("classes") or []
    target = record["target"]
    if target not in table.names:
        made_up = pa.array([classes[0] if classes else "0"] * table.rows, pa.large_string())
        table = Table(table.data.append_column(target, made_up), table.format)
    positive = 1 if len(classes) == 2 else None
    return Truth(record, record["problem_type"], split, table, "", classes, positive)
